"""A piano roll: pitch upwards, time across, each voice in a tone and a sign of its own."""

from itertools import groupby

from lis_tui.core.text import one_line
from lis_tui.preview.parts import Note, Roll
from lis_tui.ui.media.axis import axis_line
from lis_tui.ui.media.sheet import LEAD, Drawn
from lis_tui.ui.rows import Ink, Row, cells, cut

_VOICES = (
    ("█", "accent"),
    ("▓", "ok"),
    ("▒", "warning"),
    ("░", "human"),
    ("■", "error"),
    ("●", "syntax-number"),
    ("◆", "syntax-string"),
    ("▲", "command"),
)
_SPLIT = "▌"
"""Ends a note that the next of its pitch follows at once."""
_NAMES = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")
_KEYS = 5
"""Cells of the names at the left."""
_LONGEST_NAME = 24
_LEAST_ROWS = 4

Cell = tuple[str, str]


class RollSheet:
    """A piano roll that takes so many lines at most, with the time and the voices below."""

    def __init__(self, part: Roll, rows: int) -> None:
        self._part = part
        span = _span(part.notes)
        step = -(-span // max(rows - 2, _LEAST_ROWS))
        self._rows = -(-span // step)
        self._drawn: tuple[int, list[list[Ink]]] = (0, [])

    def __len__(self) -> int:
        return self._rows + 2 if self._part.notes else 0

    def line(self, number: int, width: int) -> Drawn:
        """Give a line for a pane of this width."""
        if self._drawn[0] != width:
            self._drawn = (width, roll_lines(self._part, max(width - cells(LEAD), 1), self._rows))
        return Row(self._drawn[1][number], lead=LEAD)


def roll_lines(roll: Roll, width: int, height: int) -> list[list[Ink]]:
    """Draw it in at most `height` lines, one for the time and one for the voices; nothing without notes."""
    if not roll.notes:
        return []
    scale = _Scale(roll, max(width - _KEYS, 1), height)
    for note in sorted(roll.notes, key=lambda note: -note.track):  # the first voice lies on top
        scale.put(note)
    indent = (" " * _KEYS, "")
    lines = [[(scale.name(row), "muted"), *_inks(line)] for row, line in enumerate(scale.lines)]
    return [*lines, [indent, *axis_line(roll.duration_s, scale.width)], cut([indent, *_legend(roll)], width)]


class _Scale:
    """Where pitches and moments are in a field of cells."""

    def __init__(self, roll: Roll, width: int, height: int) -> None:
        self.width = width
        self._a_second = width / roll.duration_s if roll.duration_s > 0 else 0.0
        self._low = min(note.pitch for note in roll.notes)
        self._step = -(-_span(roll.notes) // max(height, 1))
        rows = -(-_span(roll.notes) // self._step)
        self.lines: list[list[Cell]] = [self._empty(rows - 1 - row) for row in range(rows)]

    def put(self, note: Note) -> None:
        """Draw a note; a short one takes a cell."""
        row = len(self.lines) - 1 - (note.pitch - self._low) // self._step
        first = min(int(note.start_s * self._a_second), self.width - 1)
        last = min(max(round(note.end_s * self._a_second), first + 1), self.width)
        sign, tone = _VOICES[note.track % len(_VOICES)]
        line = self.lines[row]
        line[first:last] = [(sign, tone)] * (last - first)
        if first and line[first - 1] == (sign, tone):
            line[first - 1] = (_SPLIT, tone)

    def name(self, row: int) -> str:
        """Give what stands at the left: white keys where there is room, else octaves."""
        lowest = self._low + (len(self.lines) - 1 - row) * self._step
        pitches = range(lowest, lowest + self._step)
        named = next((pitch for pitch in pitches if pitch % 12 == 0), None)
        is_edge = row in (0, len(self.lines) - 1)
        if named is None and (is_edge or (self._step == 1 and "♯" not in pitch_name(lowest))):
            named = lowest
        return (pitch_name(named) if named is not None else "").ljust(_KEYS)

    def _empty(self, number: int) -> list[Cell]:
        """Give a line without notes; octaves are ruled."""
        lowest = self._low + number * self._step
        is_octave = any(pitch % 12 == 0 for pitch in range(lowest, lowest + self._step))
        return [("─", "rule") if is_octave else (" ", "")] * self.width


def pitch_name(pitch: int) -> str:
    """Give what a pitch is called: 60 is `C4`."""
    return f"{_NAMES[pitch % 12]}{pitch // 12 - 1}"


def _span(notes: tuple[Note, ...]) -> int:
    """How many pitches there are from the lowest to the highest."""
    pitches = [note.pitch for note in notes] or [0]
    return max(pitches) - min(pitches) + 1


def _inks(line: list[Cell]) -> list[Ink]:
    return [
        ("".join(sign for sign, _ in part), tone) for tone, part in groupby(line, key=lambda cell: cell[1])
    ]


def _legend(roll: Roll) -> list[Ink]:
    found: list[Ink] = []
    for number, name in enumerate(roll.tracks):
        sign, tone = _VOICES[number % len(_VOICES)]
        found += [(f"{sign} ", tone), (f"{one_line(name, _LONGEST_NAME)}   ", "muted")]
    return found
