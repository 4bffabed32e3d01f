"""SQLite: the tables and views of a database as pages, read by its library; all but reading is forbidden."""

import sqlite3
from contextlib import closing
from typing import NamedTuple

from lis_tui.preview.decoders import cells
from lis_tui.preview.decoders.database import (
    BROKEN,
    MOST_S,
    beginning_note,
    limited,
    log_note,
    opened,
)
from lis_tui.preview.file import File
from lis_tui.preview.parts import MOST_TEXT, CannotShow, Column, Preview, Table, Wanted

_MOST_TABLES = 1000


class _Place(NamedTuple):
    """A table or view of the database."""

    name: str
    kind: str
    sql: str

    @property
    def is_virtual(self) -> bool:
        """Its rows come out of a module of code: it is named, and not opened."""
        return self.sql.lstrip().upper().startswith("CREATE VIRTUAL")

    @property
    def quoted(self) -> str:
        return _quoted(self.name)


class _Rows(NamedTuple):
    """What was read of a place."""

    columns: tuple[Column, ...]
    rows: list[list[str | None]]
    has_more: bool
    trouble: str = ""


def decode(file: File, wanted: Wanted) -> Preview:
    """Show the rows of one table."""
    try:
        with closing(opened(file)) as database:
            return _shown(database, wanted, beginning_note(file), log_note(file))
    except BROKEN as error:
        raise CannotShow(f"The database cannot be read: {cells.cut(str(error), 200)}.") from error


def _shown(database: sqlite3.Connection, wanted: Wanted, cut: str, log: str) -> Preview:
    places = _places(database)
    tables = sum(place.kind == "table" for place in places)
    views = len(places) - tables
    found = _Rows((), [], has_more=False)
    parts: tuple[Table, ...] = ()
    if places:
        place = places[min(max(0, wanted.page), len(places) - 1)]
        first = max(0, wanted.first)
        found = _read(database, place, first, min(max(1, wanted.count), cells.MOST_ROWS))
        in_all = _counted(database, place, first, found)
        parts = (
            cells.table(found.columns, found.rows, first=first, rows_in_all=in_all, title=_title(place)),
        )
    # What is not read looks to the library as what is damaged.
    trouble = "" if cut and "malformed" in found.trouble else found.trouble
    return Preview(
        kind="sqlite",
        called="an SQLite database",
        facts=(cells.counted(tables, "table"), *((cells.counted(views, "view"),) if views else ())),
        parts=parts,
        note=cells.sentences(trouble, cells.hidden_columns(len(found.columns)), cut, log),
        pages=max(1, len(places)),
        has_more=found.has_more,
    )


def _places(database: sqlite3.Connection) -> list[_Place]:
    """Give tables, then views, as the schema lists them."""
    with limited(database):
        found = database.execute(
            "SELECT name, type, substr(sql, 1, 200) FROM sqlite_master WHERE type IN ('table', 'view') "
            "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type, rowid LIMIT ?",
            (_MOST_TABLES,),
        ).fetchall()
    return [_Place(str(name), str(kind), str(sql or "")) for name, kind, sql in found]


def _title(place: _Place) -> str:
    return f"{'virtual table' if place.is_virtual else place.kind} {place.name}"


def _read(database: sqlite3.Connection, place: _Place, first: int, count: int) -> _Rows:
    """Read so many rows; what hinders is told in words, so that the other tables stay within reach."""
    if place.is_virtual:
        return _Rows((), [], has_more=False, trouble="It is a virtual table: its rows are not read.")
    columns: tuple[Column, ...] = ()
    rows: list[list[str | None]] = []
    trouble = ""
    try:
        with limited(database):
            columns = _columns(database, place)
            rows.extend(
                [_text(value) for value in row]
                for row in database.execute(_query(place, columns), (count + 1, first))
            )
    except BROKEN as error:
        trouble = _said(error, place)
    return _Rows(_numbered(columns), rows[:count], has_more=len(rows) > count, trouble=trouble)


def _columns(database: sqlite3.Connection, place: _Place) -> tuple[Column, ...]:
    listed = database.execute(f"PRAGMA table_xinfo({place.quoted})").fetchall()
    # The last value tells columns that only a module knows.
    return tuple(Column(str(name), str(kind)) for _, name, kind, _, _, _, hidden in listed if hidden != 1)


def _query(place: _Place, columns: tuple[Column, ...]) -> str:
    """Ask for the beginnings of long texts and blobs only, so that they are not taken into memory."""
    quoted = (_quoted(column.name) for column in columns[: cells.MOST_COLUMNS])
    chosen = ", ".join(
        f"CASE WHEN typeof({one}) IN ('text', 'blob') THEN substr({one}, 1, {MOST_TEXT + 1}) ELSE {one} END"
        for one in quoted
    )
    return f"SELECT {chosen} FROM {place.quoted} LIMIT ? OFFSET ?"


def _numbered(columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """Say which columns hold numbers: by their declared type, as SQLite reads it."""
    return tuple(Column(one.name, one.type, is_number=_is_number(one.type)) for one in columns)


def _is_number(declared: str) -> bool:
    return any(part in declared.upper() for part in ("INT", "REAL", "FLOA", "DOUB", "NUM", "DEC"))


def _counted(database: sqlite3.Connection, place: _Place, first: int, found: _Rows) -> int | None:
    """Count the rows of a table, unless it takes too long."""
    if found.trouble:
        return None
    if not found.has_more and (found.rows or not first):
        return first + len(found.rows)
    try:
        with limited(database):
            return int(database.execute(f"SELECT count(*) FROM {place.quoted}").fetchone()[0])
    except BROKEN:
        return None


def _text(value: object) -> str | None:
    if isinstance(value, bytes):
        return value[:32].hex(" ") + (" …" if len(value) > 32 else "")
    return None if value is None else str(value)


def _said(error: Exception, place: _Place) -> str:
    if "interrupted" in str(error):
        return f"The {place.kind} took longer than {MOST_S:g} s, and was broken off."
    return f"It cannot be read to the end: {cells.cut(str(error), 200)}."


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
