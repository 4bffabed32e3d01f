"""Workbooks: sheets as pages, cells with the values that were saved last."""

import re
from collections.abc import Sequence
from contextlib import closing
from importlib import import_module
from typing import cast

from lis_tui.preview.decoders import Decoder, cells, lacking
from lis_tui.preview.decoders.inferred import has_header
from lis_tui.preview.decoders.workbook import Attributes, Enough, Sheet, Workbook
from lis_tui.preview.file import File
from lis_tui.preview.parts import MOST_TEXT, Column, Preview, Table, Wanted
from lis_tui.preview.zipped import opened_zip

_PLACE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_SAMPLE_ROWS = 100
_NUMBER = "number"


def decode(file: File, wanted: Wanted) -> Preview:
    """Show the rows of one sheet."""
    if not file.read_at(0, 4).startswith(b"PK"):
        return _other(file, wanted)
    with closing(opened_zip(file)) as archive:
        if "xl/workbook.bin" in archive.NameToInfo or "mimetype" in archive.NameToInfo:
            return _other(file, wanted)
        book = Workbook(archive)
        page = min(max(0, wanted.page), max(0, len(book.sheets) - 1))
        parts: tuple[Table, ...] = ()
        note, has_more = "", False
        if book.sheets:
            shown = _Shown(book, book.sheets[page], wanted)
            parts, note, has_more = (shown.table(),), shown.note(), shown.has_more
        facts = sheet_facts([sheet.name for sheet in book.sheets])
    return Preview(
        kind="xlsx",
        called="an Excel workbook",
        facts=facts,
        parts=parts,
        note=note,
        pages=max(1, len(book.sheets)),
        has_more=has_more,
    )


def _other(file: File, wanted: Wanted) -> Preview:
    # Most workbooks are read without a library, so none is imported for them.
    try:
        other = import_module("lis_tui.preview.decoders.other_sheets")
    except ModuleNotFoundError as error:
        raise lacking((error.name or "").partition(".")[0]) from error
    return cast("Decoder", other.decode)(file, wanted)


class _Shown:
    """The rows of a sheet that are asked for, and what was met on the way to them."""

    def __init__(self, book: Workbook, sheet: Sheet, wanted: Wanted) -> None:
        self._sheet = sheet
        self.first, self.count = max(0, wanted.first), min(max(1, wanted.count), cells.MOST_ROWS)
        # The header and a sample stand at the beginning, wherever the rows that are asked for are.
        head = _Reading(_SAMPLE_ROWS)
        if sheet.part:
            head.run(book, sheet.part, 0)
        sample = head.rows(0, _SAMPLE_ROWS)
        self._has_header = has_header([[text for text, _ in row] for row in sample])
        start = self.first + self._has_header
        self._body = _Reading(self.count + 1)
        if sheet.part:
            self._body.run(book, sheet.part, start)
        self._rows = self._body.rows(start, self.count)
        self.has_more = self._body.last_row >= start + self.count
        self._columns = _columns(sample, [*sample[self._has_header :], *self._rows], self._has_header)
        self._in_all = self._counted(head)

    def table(self) -> Table:
        """Give them as a table."""
        rows = [[text for text, _ in row] for row in self._rows]
        title = f"{self._sheet.name} (hidden)" if self._sheet.is_hidden else self._sheet.name
        return cells.table(self._columns, rows, first=self.first, rows_in_all=self._in_all, title=title)

    def note(self) -> str:
        """Say what is not shown."""
        formulas = self._body.formulas
        return cells.sentences(
            "" if self._sheet.part else "This sheet has no cells: it is a chart or a dialog.",
            f"{cells.counted(formulas, 'formula')} without a saved value: as written." if formulas else "",
            "The sheet is too large to be read to its end." if self._body.is_cut else "",
            cells.hidden_columns(self._body.width),
        )

    def _counted(self, head: "_Reading") -> int | None:
        for reading in (head, self._body):
            if reading.is_whole:
                return max(0, reading.last_row + 1 - self._has_header)
        return max(0, head.claimed_rows - self._has_header) if head.claimed_rows else None


class _Reading:
    """One pass over a sheet that keeps some of its rows."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._first = 0
        self._found: dict[tuple[int, int], tuple[str, str, int]] = {}
        self._shared: dict[int, str] = {}
        self._row = self._column = -1
        self._type = self._inside = ""
        self._style = 0
        self._value: list[str] = []
        self._formula: list[str] = []
        self._texts: dict[tuple[int, int], tuple[str, str]] = {}
        self.last_row = -1
        self.width = 0
        self.formulas = 0
        self.claimed_rows = 0
        self.is_whole = self.is_cut = False

    def run(self, book: Workbook, part: str, first: int) -> None:
        """Read the rows from there on, and resolve what their cells refer to."""
        self._first = first
        self._has_enough = False
        self.is_whole = book.read(part, self._begin, self._end, self._text)
        self.is_cut = not self.is_whole and not self._has_enough
        wanted = {_index(value) for kind, value, _ in self._found.values() if kind == "s"}
        shared = book.texts(wanted - {-1})
        for place, (kind, value, style) in self._found.items():
            self._texts[place] = _resolved(book, shared, kind, value, style)

    def rows(self, first: int, count: int) -> list[list[tuple[str | None, str]]]:
        """Give them from there on, with blank ones between."""
        width = min(self.width, cells.MOST_COLUMNS)
        end = min(first + count, self.last_row + 1)
        nothing = (None, "")
        return [
            [self._texts.get((row, column), nothing) for column in range(width)] for row in range(first, end)
        ]

    def _begin(self, name: str, attributes: Attributes) -> None:
        if name == "dimension":
            corner = _PLACE.fullmatch(attributes.get("ref", "").rpartition(":")[2])
            self.claimed_rows = int(corner[2]) if corner else 0
        elif name == "row":
            number = attributes.get("r", "")
            self._row = int(number) - 1 if number.isdigit() and len(number) < 8 else self._row + 1
            self._column = -1
        elif name == "c":
            self._begin_cell(attributes)
        self._inside = name

    def _begin_cell(self, attributes: Attributes) -> None:
        place = _PLACE.fullmatch(attributes.get("r", ""))
        self._column = _column_number(place[1]) if place else self._column + 1
        self._type, self._style = attributes.get("t", "n"), _index(attributes.get("s", "0"))
        self._value, self._formula = [], []

    def _text(self, data: str) -> None:
        if self._inside in {"v", "t"}:
            self._value.append(data[:MOST_TEXT])
        elif self._inside == "f":
            self._formula.append(data[:MOST_TEXT])

    def _end(self, name: str) -> None:
        self._inside = ""
        if name == "c" and (self._value or self._formula):
            self._end_cell()

    def _end_cell(self) -> None:
        self.last_row = max(self.last_row, self._row)
        if self._row >= self._first + self._count:
            self._has_enough = True
            raise Enough
        self.width = max(self.width, self._column + 1)
        if self._row < self._first or self._column >= cells.MOST_COLUMNS:
            return
        if self._value:
            found = (self._type, "".join(self._value)[: MOST_TEXT + 1], self._style)
        else:
            self.formulas += 1
            found = ("str", "=" + "".join(self._formula)[:MOST_TEXT], 0)
        self._found[self._row, self._column] = found


def _resolved(book: Workbook, shared: dict[int, str], kind: str, value: str, style: int) -> tuple[str, str]:
    """Give a cell's text, and what it is."""
    if kind == "s":
        return shared.get(_index(value), "(a text out of reach)"), "text"
    if kind == "b":
        return {"1": "TRUE", "0": "FALSE"}.get(value, value), "boolean"
    if kind == "n":
        return book.number(value, style)
    return value, {"e": "error", "d": "date"}.get(kind, "text")


def _columns(
    sample: Sequence[Sequence[tuple[str | None, str]]],
    rows: Sequence[Sequence[tuple[str | None, str]]],
    has_header: bool,
) -> list[Column]:
    width = max((len(row) for row in (*sample[:1], *rows)), default=0)
    head = [text or "" for text, _ in sample[0]] if has_header else []
    return [
        _column(head[place] if place < len(head) and head[place] else letters_of(place), rows, place)
        for place in range(width)
    ]


def _column(name: str, rows: Sequence[Sequence[tuple[str | None, str]]], place: int) -> Column:
    kinds = {row[place][1] for row in rows if place < len(row)} - {"", "error"}
    kind = kinds.pop() if len(kinds) == 1 else "mixed" if kinds else ""
    return Column(name, kind, is_number=kind == _NUMBER)


def sheet_facts(titles: Sequence[str]) -> tuple[str, ...]:
    """Say how many sheets there are, and what they are called."""
    number = cells.counted(len(titles), "sheet")
    if len(titles) < 2:
        return (number,)
    listed = ", ".join(cells.cut(title, 40) for title in titles[:8])
    return (number, f"{listed}, …" if len(titles) > 8 else listed)


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def letters_of(place: int) -> str:
    """Name a column as a workbook does: A, B, …, Z, AA."""
    letters = ""
    while place >= 0:
        letters = chr(65 + place % 26) + letters
        place = place // 26 - 1
    return letters


def _index(text: str) -> int:
    return int(text) if text.isdigit() and len(text) < 10 else -1
