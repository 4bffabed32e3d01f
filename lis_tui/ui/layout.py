"""How the panes of the workbench are arranged: by the size of the terminal, and by what a person asks for."""

from typing import TYPE_CHECKING

from textual.geometry import Size
from textual.widget import Widget

from lis_tui.ui.rows import Ink

if TYPE_CHECKING:
    from lis_tui.ui.screens.workbench import Workbench

WIDE, MEDIUM = 120, 80
LEAST_WIDTH, LEAST_HEIGHT = 60, 15
STEP = 5
_START = {"wide": (30, 25), "medium": (40, 35)}
"""Percent: of the reasoning (wide: its width, medium: its height) and of the files' width."""


class Layout:
    """Arranges one workbench's panes."""

    def __init__(self, screen: "Workbench") -> None:
        self._screen = screen
        self._kind = "wide"
        self._parts = dict(_START)
        self.is_zoomed = False
        self._is_tiny = False
        self._kept: Widget | None = None
        """Had the focus before there was no room for it."""

    @property
    def is_single(self) -> bool:
        """One pane at a time: zoomed, or too narrow for more."""
        return self.is_zoomed or self._kind == "narrow"

    def fit(self, size: Size) -> None:
        """Choose the arrangement for a size."""
        kind = "wide" if size.width >= WIDE else "medium" if size.width >= MEDIUM else "narrow"
        was_tiny, self._is_tiny = self._is_tiny, size.width < LEAST_WIDTH or size.height < LEAST_HEIGHT
        if self._is_tiny:  # Textual takes the focus from what is not shown
            self._kept = self._screen.focused or self._kept
        self._screen.set_class(self._is_tiny, "-tiny")
        if kind != self._kind:
            self._kind = kind
            self.apply()
        if was_tiny:
            self._screen.call_after_refresh(self._come_back)

    def _come_back(self) -> None:
        """Give the focus back once there is room again."""
        if self._is_tiny or self._kept is None:
            return
        if self._screen.focused is None:
            self._screen.set_focus(self._kept, scroll_visible=False)
        self._kept = None

    def zoom(self) -> None:
        """Show the focused pane alone, or all again."""
        self.is_zoomed = not self.is_zoomed
        self.apply()

    def resize(self, direction: int) -> None:
        """Make the focused pane wider (1) or narrower (-1)."""
        if self._kind == "narrow":
            return
        first, last = self._parts[self._kind]
        pane = self._screen.focused.id if self._screen.focused is not None else ""
        if pane in ("files", "preview"):
            last += STEP * direction
        else:
            first += STEP * (direction if pane == "reasoning" else -direction)
        if 10 <= first <= 80 and 10 <= last <= 60 and (self._kind != "wide" or first + last <= 85):
            self._parts[self._kind] = (first, last)
        self.apply()

    def show(self, pane_id: str) -> None:
        """Bring a pane to the front where only one is seen."""
        if self.is_single:
            self._front(pane_id)

    def apply(self) -> None:
        """Set classes and sizes."""
        screen = self._screen
        screen.set_class(self._kind == "medium" and not self.is_zoomed, "-medium")
        screen.set_class(self.is_single, "-single")
        focused = screen.focused or self._kept
        self._front((focused.id if focused is not None else None) or "commands")
        if not self.is_single:
            self._size()

    def _front(self, pane_id: str) -> None:
        screen = self._screen
        for pane in screen.panes:
            pane.set_class(pane.id == pane_id, "-front")
            pane.tabs = _tabs(pane_id) if self._kind == "narrow" else None
            pane.refresh()
        is_left = pane_id in ("reasoning", "commands")
        screen.query_one("#left").set_class(self.is_single and not is_left, "-behind")
        screen.query_one("#right").set_class(self.is_single and is_left, "-behind")
        if self.is_single:
            for widget in (screen.query_one("#left"), screen.query_one("#right"), *screen.panes):
                widget.styles.width = None
                widget.styles.height = None

    def _size(self) -> None:
        first, last = self._parts[self._kind]
        screen = self._screen
        screen.query_one("#left").styles.width = f"{100 - last}fr"
        screen.query_one("#right").styles.width = f"{last}fr"
        if self._kind == "wide":
            screen.reasoning.styles.width = f"{first}fr"
            screen.commands.styles.width = f"{100 - last - first}fr"
            screen.reasoning.styles.height = screen.commands.styles.height = None
        else:
            screen.reasoning.styles.height = f"{first}fr"
            screen.commands.styles.height = f"{100 - first}fr"
            screen.reasoning.styles.width = screen.commands.styles.width = None


def _tabs(front: str) -> list[Ink]:
    names = ("reasoning", "commands", "files", "preview")
    inks: list[Ink] = []
    for number, name in enumerate(names, 1):
        tone = "accent bold underline" if name == front else "muted"
        inks += [(" ", ""), (f"{number} {name.capitalize()}", tone), (" ", "")]
    return inks
