"""Pictures as half blocks: a cell shows two pixels, one above the other, as its ink and its ground."""

from functools import lru_cache
from itertools import groupby

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from lis_tui.ui.media.graphics import Colour

_STEPS = (0, 95, 135, 175, 215, 255)
"""The levels of the 6×6×6 cube of terminals with 256 colours."""
_NEAREST = tuple(min(range(6), key=lambda step: abs(_STEPS[step] - level)) for level in range(256))


def half_blocks(
    data: bytes, width: int, height: int, ground: Colour, *, has_true_colour: bool = True
) -> list[Strip]:
    """Give one strip for two rows of RGB pixels; an odd last row stands on the ground."""
    if height % 2:
        data += bytes(ground) * width
    style = _true_style if has_true_colour else _coarse_style
    strips = []
    for start in range(0, len(data), width * 6):
        pairs = [
            data[at : at + 3] + data[at + width * 3 : at + width * 3 + 3]
            for at in range(start, start + width * 3, 3)
        ]
        strips.append(
            Strip([_run(pair, len(list(same)), style(pair)) for pair, same in groupby(pairs)], width)
        )
    return strips


def _run(pair: bytes, count: int, style: Style) -> Segment:
    return Segment((" " if pair[:3] == pair[3:] else "▀") * count, style)


@lru_cache(maxsize=8192)
def _true_style(pair: bytes) -> Style:
    return Style.from_color(Color.from_rgb(*pair[:3]), Color.from_rgb(*pair[3:]))


@lru_cache(maxsize=8192)
def _coarse_style(pair: bytes) -> Style:
    upper, lower = nearest(pair[0], pair[1], pair[2]), nearest(pair[3], pair[4], pair[5])
    return Style.from_color(Color.from_ansi(upper), Color.from_ansi(lower))


def nearest(red: int, green: int, blue: int) -> int:
    """Give the nearest of the 256 colours that no theme changes: the cube's and the greys."""
    parts = (red, green, blue)
    cube = tuple(_NEAREST[part] for part in parts)
    grey = min(max((sum(parts) // 3 - 3) // 10, 0), 23)
    levels = tuple(_STEPS[step] for step in cube)
    if _distance(parts, (8 + grey * 10,) * 3) < _distance(parts, levels):
        return 232 + grey
    return 16 + 36 * cube[0] + 6 * cube[1] + cube[2]


def _distance(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    return sum((left - right) ** 2 for left, right in zip(one, other, strict=True))
