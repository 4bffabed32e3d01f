"""A file as it was after two steps, line by line; the other files that differ are one key away."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.geometry import Size

from lis_tui.core.bus import spawn
from lis_tui.core.differing import TextDiff
from lis_tui.core.errors import LisError
from lis_tui.core.events import StepAddress
from lis_tui.core.text import one_line
from lis_tui.ui.beside import side_by_side
from lis_tui.ui.media.drawing import Easel
from lis_tui.ui.media.fitting import Room
from lis_tui.ui.media.sheet import Sheet
from lis_tui.ui.media.view import MediaView
from lis_tui.ui.paint import Paint
from lis_tui.ui.previewing import easel_in
from lis_tui.ui.rows import Ink, cells, cut
from lis_tui.ui.screens.diff import DiffScreen, key_line

if TYPE_CHECKING:
    from lis_tui.trajectory.past_files import Past

_KEYS = (("esc", "back"), ("n p", "next file, file before"), ("j k", "move"), ("g G", "ends"))


class FileDiffScreen(DiffScreen):
    """Shows one of `paths` after the steps `between`; what is read is read away from the keys."""

    BINDINGS = [
        Binding("n,right_square_bracket", "file(1)", "next file"),
        Binding("p,N,left_square_bracket", "file(-1)", "file before"),
    ]

    def __init__(
        self,
        past: "Past",
        paths: Sequence[str],
        path: str,
        between: tuple[StepAddress, StepAddress],
        paint: Paint,
    ) -> None:
        super().__init__(path, (), paint)
        self._past = past
        self._paths = paths
        self._between = between
        self._wanted = path
        self.pictures = MediaView(paint, id="pictures")
        self.pictures.display = False
        self._drawn_for = Size(0, 0)

    def compose(self) -> ComposeResult:
        """Draw title, lines or pictures, and keys."""
        yield self.head
        yield self.lines
        yield self.pictures
        yield self.status

    def on_mount(self) -> None:
        """Have the keys act on the lines, and read the first diff."""
        super().on_mount()
        self._read_on()

    def _head(self, width: int) -> list[list[Ink]]:
        left, right = self._between
        number = f"{self._paths.index(self._wanted) + 1} of " if self._wanted in self._paths else ""
        where: Ink = (f"{number}{len(self._paths)} that differ · {_after(left)} → {_after(right)} ", "muted")
        name = cut([(f" {one_line(self._wanted, 300)}", "command bold")], max(width - cells([where]) - 2, 8))
        return [cut([*name, (" " * max(width - cells([*name, where]), 1), ""), where], width)]

    def _keys(self, width: int) -> list[list[Ink]]:
        return [key_line(_KEYS, width)]

    def action_file(self, direction: int) -> None:
        """To the next file that differs, or the one before."""
        if not self._paths:
            return
        at = self._paths.index(self._wanted) if self._wanted in self._paths else -direction
        self._wanted = self._paths[(at + direction) % len(self._paths)]
        self._read_on()

    def _read_on(self) -> None:
        self.head.refresh()
        spawn(self._read(self._wanted), "diff", lambda error: self._failed(self._wanted, error))

    async def _read(self, path: str) -> None:
        left, right = self._between
        drawn = await side_by_side(
            self._past,
            path,
            self._between,
            self.app.previews,  # type: ignore[attr-defined]  # LisApp has them
            self._easel(),
            (_after(left), _after(right)),
        )
        if drawn is not None:
            self._show_pictures(path, drawn)
            return
        diff = await asyncio.to_thread(self._past.diff, path, *self._between)
        self._show(path, diff)

    def _easel(self) -> Easel:
        self._drawn_for = self.app.size
        width, height = self._drawn_for
        return easel_in(self.app, self.pictures.paint, Room(max(width - 2, 1), max(height - 3, 1)))

    def on_resize(self, event: events.Resize) -> None:
        """Draw pictures for the new size."""
        if self.pictures.display and self.app.size != self._drawn_for:
            self._read_on()

    def repaint(self, paint: Paint) -> None:
        """Draw everything with another theme."""
        super().repaint(paint)
        self.pictures.repaint(paint)
        if self.pictures.display:
            self._read_on()

    def _show_pictures(self, path: str, drawn: Sequence[Sheet]) -> None:
        if path == self._wanted and self.is_attached:
            self._turn(has_pictures=True)
            self.pictures.put(drawn)

    def _turn(self, *, has_pictures: bool) -> None:
        self.pictures.display, self.lines.display = has_pictures, not has_pictures
        (self.pictures if has_pictures else self.lines).focus()

    def _failed(self, path: str, error: Exception) -> None:
        if not isinstance(error, LisError):
            raise error
        self._show(path, TextDiff(note=error.sentence))

    def _show(self, path: str, diff: TextDiff) -> None:
        if path == self._wanted and self.is_attached:
            self._turn(has_pictures=False)
            self.lines.show([("", diff)])


def _after(address: StepAddress) -> str:
    return f"after {address}" if address.step else f"before {address.turn}.1" if address.turn else "at first"
