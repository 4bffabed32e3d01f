"""The Textual app: screens, theme, exit; no logic of a run."""

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.screen import Screen

from lis_tui.ui.net import SafeApp, terminal_notice, terminal_title
from lis_tui.ui.paint import Paint
from lis_tui.ui.screens.workbench import Workbench
from lis_tui.ui.themes import PREFIX, Palette, textual_theme


class LisApp(SafeApp[int]):
    """Shows one screen after the other; its result is the exit code."""

    CSS_PATH = "lis.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(
        self,
        first: Callable[["LisApp"], Screen[None]],
        themes: dict[str, Palette],
        theme: str = "dark",
    ) -> None:
        self.palettes = themes
        self.paint = Paint(themes.get(theme) or next(iter(themes.values())))
        self._first = first
        super().__init__()
        self.title = "lis-tui"
        for palette in themes.values():
            self.register_theme(textual_theme(palette))
        self.theme = PREFIX + self.paint.palette.name

    def get_default_screen(self) -> Screen[None]:
        """Begin with the screen that was asked for, so that nothing is painted twice."""
        return self._first(self)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Give every role a value before a theme is chosen."""
        return self.paint.palette.colours()

    def take_theme(self, name: str) -> None:
        """Draw everything with another theme."""
        self.paint = Paint(self.palettes[name])
        self.theme = PREFIX + name
        for screen in self.screen_stack:
            if isinstance(screen, Workbench):
                screen.repaint(self.paint)

    @on(Workbench.ThemeAsked)
    def _next_theme(self) -> None:
        names = list(self.palettes)
        place = names.index(self.paint.palette.name)
        self.take_theme(names[(place + 1) % len(names)])

    @on(Workbench.Notable)
    def _tell(self, message: Workbench.Notable) -> None:
        """Tell a person who looks elsewhere."""
        if message.has_bell:
            self.bell()
        self._write(terminal_notice(message.sentence))

    def watch_title(self, title: str) -> None:
        """Name the window."""
        self._write(terminal_title(title))

    def _write(self, sequence: str) -> None:
        if self._driver is not None and not self.is_headless:
            self._driver.write(sequence)


def user_theme_folders(config: Path) -> tuple[Path, ...]:
    """Where a person's own themes are."""
    return (config / "themes",)
