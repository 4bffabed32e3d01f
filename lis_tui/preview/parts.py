"""What a preview is made of: plain data that a decoder gives, that crosses a pipe, and that a screen draws.

Every text in it comes out of a hostile file: it is made safe where it is drawn, never here.
"""

from typing import Literal

from msgspec import Struct

from lis_tui.preview.kinds import Kind

MOST_TEXT = 4000
"""Characters of one text, a cell's or a line's; decoders cut what is longer."""


class CannotShow(Exception):
    """A file cannot be shown; carries one sentence for the pane that says why, and what would help."""


class Wanted(Struct, frozen=True, kw_only=True):
    """How much of a file is asked for, and how large it may be drawn."""

    name: str = ""
    """The file's name without its folders: it only tells a text's language."""
    width_px: int = 640
    height_px: int = 480
    """The box that a picture is made to fit; smaller pictures stay as they are."""
    page: int = 0
    """Which page, sheet, table, frame of an animation or member; counted from 0."""
    at_s: float | None = None
    """Which moment of moving pictures or sound; None: the one that stands for all of it."""
    first: int = 0
    """The first row, line or byte (of a hex view), counted from 0."""
    count: int = 200
    """So many rows or lines at most."""


class Pixels(Struct, frozen=True, tag=True):
    """A picture, ready to be drawn."""

    width: int
    height: int
    data: bytes
    """RGBA, 8 bits each, row by row from the top: width x height x 4 bytes."""
    natural_width: int = 0
    natural_height: int = 0
    """Its size in the file."""
    at_s: float | None = None
    """Which moment of moving pictures it is."""


class Lines(Struct, frozen=True, tag=True):
    """Text, from line `first` of the file on."""

    lines: tuple[str, ...]
    language: str = ""
    """What pygments calls it; empty: prose."""
    first: int = 0
    title: str = ""


class Column(Struct, frozen=True):
    """A column of a table; `type` in the words of the format, or as it was inferred."""

    name: str
    type: str = ""
    is_number: bool = False


class Table(Struct, frozen=True, tag=True):
    """Rows from `first` on, each as long as there are columns; a cell without a value is None."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str | None, ...], ...]
    first: int = 0
    rows_in_all: int | None = None
    """None: it would take too long to count them."""
    title: str = ""


class Item(Struct, frozen=True):
    """One line of an outline. What follows with a greater depth is in it, and is folded with it."""

    depth: int
    label: str
    value: str = ""
    tone: Literal["", "text", "number", "word", "muted"] = ""
    """What the value is: a text, a number, a word such as `null`; muted: said about it, not in it."""


class Outline(Struct, frozen=True, tag=True):
    """A tree, flattened in order: JSON, a notebook's cells, an archive's folders."""

    items: tuple[Item, ...]
    title: str = ""


class Wave(Struct, frozen=True, tag=True):
    """Sound as its lowest and highest values, -1.0 to 1.0, in equal spans of the whole duration."""

    peaks: tuple[tuple[float, float], ...]
    duration_s: float


class Note(Struct, frozen=True, array_like=True):
    """One note of a piano roll; `pitch` as MIDI counts, 60 is the middle C."""

    start_s: float
    end_s: float
    pitch: int
    track: int = 0


class Roll(Struct, frozen=True, tag=True):
    """Music as notes, in the order of their beginnings."""

    notes: tuple[Note, ...]
    duration_s: float
    tracks: tuple[str, ...] = ()


class Hex(Struct, frozen=True, tag=True):
    """Bytes from `first` on."""

    data: bytes
    first: int = 0


Part = Pixels | Lines | Table | Outline | Wave | Roll | Hex


class Preview(Struct, frozen=True, kw_only=True):
    """What is shown of a file."""

    kind: Kind
    called: str
    """What it is, in words: `a PNG picture`."""
    facts: tuple[str, ...] = ()
    """Short, the most telling first: `800×600`, `3.2 s`, `h264`, `12 pages`."""
    parts: tuple[Part, ...] = ()
    """Drawn one below the other."""
    note: str = ""
    """A sentence below them: what is not shown, and why."""
    pages: int = 1
    """How many pages, sheets, tables or frames there are to ask for."""
    has_more: bool = False
    """There are rows, lines or bytes after those that are shown."""
    next_first: int | None = None
    """What `first` to ask for next where there is more; None: it follows from the part that is shown."""
    duration_s: float | None = None
    """Of sound and moving pictures."""
