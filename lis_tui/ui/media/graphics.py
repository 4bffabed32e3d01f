"""In which way this terminal is given pictures: told by its environment and its size, never by asking it."""

import struct
from collections.abc import Mapping
from typing import Literal, get_args

from msgspec import Struct

Way = Literal["half", "none", "kitty", "sixel", "iterm"]
"""`half`: two pixels a cell; `none`: no pictures; else the terminal's own graphics of that name."""
Colour = tuple[int, int, int]

_KITTY_TERMS = ("xterm-kitty", "xterm-ghostty")
_SIXEL_TERMS = ("foot", "mlterm", "contour", "yaft")
_PROGRAMS: Mapping[str, Way] = {
    "ghostty": "kitty",
    # WezTerm knows kitty's pictures, but not its placeholders.
    "wezterm": "iterm",
    "iterm.app": "iterm",
    "iterm2": "iterm",
    "mintty": "sixel",
}
_NAMED: Mapping[str, Way] = {way: way for way in get_args(Way)}
_MULTIPLEXERS = ("TMUX", "STY", "ZELLIJ")


class Cell(Struct, frozen=True):
    """How many pixels one character takes; only their ratio counts where they are not known."""

    width: int = 10
    height: int = 20

    @property
    def half_ratio(self) -> float:
        """How much wider than high half a cell is."""
        return 2 * self.width / self.height


class Look(Struct, frozen=True):
    """What drawing a picture depends on beside the picture."""

    way: Way = "half"
    ground: Colour = (0, 0, 0)
    """The theme's background, which is seen through a picture."""
    cell: Cell = Cell()
    has_true_colour: bool = True


def way_of(asked: str, environ: Mapping[str, str]) -> Way:
    """Tell how pictures are shown; what was asked for by name is believed."""
    return _NAMED.get(asked) or _guessed(environ)


def _guessed(environ: Mapping[str, str]) -> Way:
    term = environ.get("TERM", "")
    if any(environ.get(name) for name in _MULTIPLEXERS) or term.startswith(("tmux", "screen")):
        return "half"  # what they pass on is drawn where the outer terminal's cursor happens to be
    if environ.get("KITTY_WINDOW_ID") or term in _KITTY_TERMS:
        return "kitty"
    for name in ("TERM_PROGRAM", "LC_TERMINAL"):
        if found := _PROGRAMS.get(environ.get(name, "").lower()):
            return found
    if term.partition("-")[0] in _SIXEL_TERMS or environ.get("KONSOLE_VERSION"):
        return "sixel"
    return "half"


def is_wrapped(environ: Mapping[str, str]) -> bool:
    """Whether tmux stands between; it passes on only what is wrapped for it."""
    return bool(environ.get("TMUX"))


def cell_of(descriptor: int) -> Cell | None:
    """Ask the system how large the terminal's cells are; None where the terminal never told it."""
    try:
        from fcntl import ioctl
        from termios import TIOCGWINSZ
    except ImportError:
        return None
    try:
        rows, columns, width, height = struct.unpack("HHHH", ioctl(descriptor, TIOCGWINSZ, bytes(8)))
    except OSError:
        return None
    if not rows or not columns or width < columns or height < rows:
        return None
    return Cell(width // columns, height // rows)
