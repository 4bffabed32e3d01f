"""A wave form in blocks, a moment a cell and eight levels a line, above and below a middle."""

from collections.abc import Iterator
from itertools import groupby

from lis_tui.preview.parts import Wave
from lis_tui.ui.media.axis import axis_line
from lis_tui.ui.media.sheet import LEAD, Drawn
from lis_tui.ui.rows import Ink, Row, cells

_BLOCKS = " ▁▂▃▄▅▆▇"
"""Filled from below, by eighths. Where the colours are exchanged they leave as much free; a space is full, as
fonts draw their full blocks smaller than cells."""
_FULL = 8
_FAINTEST = 0.02
"""What is quieter all through is not drawn larger."""
_MOST_ROWS = 20
Extent = tuple[float, float]
Cell = tuple[str, str]


class WaveSheet:
    """A wave form that takes so many lines at most, with the time below."""

    def __init__(self, part: Wave, rows: int, at_s: float | None = None) -> None:
        self._part = part
        self._rows = max(min(rows - 1, _MOST_ROWS), 2) // 2 * 2
        self._at_s = at_s
        self._drawn: tuple[int, list[list[Ink]]] = (0, [])

    def __len__(self) -> int:
        return self._rows + 1

    def move_to(self, at_s: float | None) -> None:
        """Have what comes after a moment drawn pale; None: nothing is."""
        self._at_s = at_s
        self._drawn = (0, [])

    def line(self, number: int, width: int) -> Drawn:
        """Give a line for a pane of this width."""
        if self._drawn[0] != width:
            room = max(width - cells(LEAD), 1)
            self._drawn = (width, wave_lines(self._part, room, self._rows, self._at_s))
        return Row(self._drawn[1][number], lead=LEAD)


def wave_lines(wave: Wave, width: int, height: int, at_s: float | None = None) -> list[list[Ink]]:
    """Draw it in `height` lines (an even number) and one for the time; what comes after `at_s` is pale.

    The loudest moment fills the height; how loud it is is said where that is little.
    """
    loudest = max((max(-low, high) for low, high in wave.peaks), default=0.0)
    half = max(height // 2, 1)
    scale = half * _FULL / max(loudest, _FAINTEST)
    columns = [(round(-low * scale), round(high * scale)) for low, high in _spread(wave.peaks, width)]
    heard = width if at_s is None or wave.duration_s <= 0 else round(at_s / wave.duration_s * width)
    tones = ["accent" if place < heard else "muted" for place in range(width)]
    above = [
        _joined(
            _above(high - row * _FULL, tone, is_middle=not row)
            for (_, high), tone in zip(columns, tones, strict=True)
        )
        for row in reversed(range(half))
    ]
    below = [
        _joined(_below(low - row * _FULL, tone) for (low, _), tone in zip(columns, tones, strict=True))
        for row in range(half)
    ]
    return [*above, *below, _time_line(wave.duration_s, width, loudest)]


def _above(eighths: int, tone: str, *, is_middle: bool) -> Cell:
    """Fill a cell from below; the middle is seen also where it is silent."""
    if eighths >= _FULL:
        return " ", f"{tone} reverse"
    return _BLOCKS[max(eighths, int(is_middle))], tone


def _below(eighths: int, tone: str) -> Cell:
    """Fill a cell from above."""
    if eighths <= 0:
        return " ", tone
    return _BLOCKS[max(_FULL - eighths, 0)], f"{tone} reverse"


def _joined(line: Iterator[Cell]) -> list[Ink]:
    return [
        ("".join(sign for sign, _ in part), tone) for tone, part in groupby(line, key=lambda cell: cell[1])
    ]


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


def _time_line(duration_s: float, width: int, loudest: float) -> list[Ink]:
    said = "silence" if loudest <= 0 else f"at most {loudest:.0%} loud" if loudest < 0.5 else ""
    if len(said) > width // 2:
        return axis_line(duration_s, width)
    axis = axis_line(duration_s, width, len(said) + 2 if said else 0)
    return [*axis, (" " * (width - cells(axis) - len(said)), ""), (said, "muted")] if said else axis
