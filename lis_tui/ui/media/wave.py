"""A wave form in braille: two moments and four levels a cell, mirrored as sound is."""

from itertools import groupby

from lis_tui.preview.parts import Wave
from lis_tui.ui.media.axis import axis_line
from lis_tui.ui.media.sheet import LEAD, Drawn
from lis_tui.ui.rows import Ink, Row, cells

_BRAILLE = 0x2800
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""The dots of a cell: its left and its right column, from the top."""
_FAINTEST = 0.02
"""What is quieter all through is not drawn larger."""
_MOST_ROWS = 13
Extent = tuple[float, float]


class WaveSheet:
    """A wave form that takes so many lines at most, with the time below."""

    def __init__(self, part: Wave, rows: int, at_s: float | None = None) -> None:
        self._part = part
        self._rows = max(min(rows - 1, _MOST_ROWS), 3)
        self._at_s = at_s
        self._drawn: tuple[int, list[list[Ink]]] = (0, [])

    def __len__(self) -> int:
        return self._rows + 1

    def line(self, number: int, width: int) -> Drawn:
        """Give a line for a pane of this width."""
        if self._drawn[0] != width:
            room = max(width - cells(LEAD), 1)
            self._drawn = (width, wave_lines(self._part, room, self._rows, self._at_s))
        return Row(self._drawn[1][number], lead=LEAD)


def wave_lines(wave: Wave, width: int, height: int, at_s: float | None = None) -> list[list[Ink]]:
    """Draw it in `height` lines and one for the time; what comes after `at_s` is pale.

    The loudest moment fills the height; how loud it is is said where that is little.
    """
    loudest = max((max(-low, high) for low, high in wave.peaks), default=0.0)
    scale = 1 / max(loudest, _FAINTEST)
    columns = [(low * scale, high * scale) for low, high in _spread(wave.peaks, width * 2)]
    masks = [[0] * width for _ in range(height)]
    for place, (low, high) in enumerate(columns):
        top, bottom = _level(high, height), _level(low, height)
        for level in range(top, bottom + 1):
            masks[level // 4][place // 2] |= _DOTS[place % 2][level % 4]
    heard = width if at_s is None or wave.duration_s <= 0 else round(at_s / wave.duration_s * width)
    lines = [_inks(line, heard) for line in masks]
    return [*lines, _time_line(wave.duration_s, width, loudest)]


def _spread(peaks: tuple[Extent, ...], count: int) -> list[Extent]:
    """Give so many extents of equal spans."""
    if not peaks:
        return [(0.0, 0.0)] * count
    found: list[Extent] = []
    for place in range(count):
        first = place * len(peaks) // count
        last = max((place + 1) * len(peaks) // count, first + 1)
        part = peaks[first:last]
        found.append((min(low for low, _ in part), max(high for _, high in part)))
    return found


def _level(value: float, height: int) -> int:
    """Give the row of dots of a value between -1 and 1, counted from the top."""
    dots = height * 4
    return min(max(round((1 - value) / 2 * (dots - 1)), 0), dots - 1)


def _inks(line: list[int], heard: int) -> list[Ink]:
    signs = [(chr(_BRAILLE + mask) if mask else " ", place < heard) for place, mask in enumerate(line)]
    return [
        ("".join(sign for sign, _ in part), "accent" if is_heard else "muted")
        for is_heard, part in groupby(signs, key=lambda sign: sign[1])
    ]


def _time_line(duration_s: float, width: int, loudest: float) -> list[Ink]:
    said = "silence" if loudest <= 0 else f"at most {loudest:.0%} loud" if loudest < 0.5 else ""
    if len(said) > width // 2:
        return axis_line(duration_s, width)
    axis = axis_line(duration_s, width, len(said) + 2 if said else 0)
    return [*axis, (" " * (width - cells(axis) - len(said)), ""), (said, "muted")] if said else axis
