"""The terminal as pictures need it: in which way it shows them, how large its cells are, and a line to it."""

import os
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from textual.geometry import Offset

from lis_tui.ui.media.graphics import Cell, Look, Way, cell_of, is_wrapped, way_of
from lis_tui.ui.media.kitty import wrapped

if TYPE_CHECKING:
    from lis_tui.ui.app import LisApp


class Terminal:
    """Sends what goes beside the cells. `write` writes to it, in order with what Textual writes."""

    def __init__(
        self,
        asked: str,
        write: Callable[[str], None],
        *,
        environ: Mapping[str, str] = os.environ,
        has_true_colour: bool = True,
        cell: Callable[[], Cell | None] | None = None,
    ) -> None:
        self.way: Way = way_of(asked, environ)
        self._write = write
        self._has_true_colour = has_true_colour
        self._is_wrapped = is_wrapped(environ)
        self._cell = _measured if cell is None else cell

    def look(self, ground: str) -> Look:
        """Tell how a picture is drawn now, over a ground of `#rrggbb`."""
        red, green, blue = bytes.fromhex(ground.removeprefix("#"))
        return Look(self.way, (red, green, blue), self._cell() or Cell(), self._has_true_colour)

    def send(self, *sequences: str) -> None:
        """Send what changes no cell."""
        for sequence in sequences:
            if sequence:
                self._write(wrapped(sequence) if self._is_wrapped else sequence)

    def paint(self, place: Offset, sequence: str) -> None:
        """Send what draws at a place of the screen; the cursor is put back."""
        self._write(f"\x1b7\x1b[{place.y + 1};{place.x + 1}H")
        self.send(sequence)
        self._write("\x1b8")


def terminal_of(app: "LisApp") -> Terminal:
    """Give the terminal that an app is shown on; without one, half blocks in all colours."""
    if app.is_headless:
        return Terminal(app.graphics, app.write, environ={}, cell=lambda: None)
    has_true_colour = app.console.color_system in ("truecolor", None)
    asked = "none" if app.no_color and app.graphics == "auto" else app.graphics
    return Terminal(asked, app.write, has_true_colour=has_true_colour)


def _measured() -> Cell | None:
    out = sys.__stdout__
    try:
        return cell_of(out.fileno()) if out is not None else None
    except (OSError, ValueError):
        return None
