"""What the columns of a table without types seem to hold, and whether its first row names them."""

import re
from collections.abc import Sequence

from lis_tui.preview.decoders.cells import Cells, names
from lis_tui.preview.parts import Column

_MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "-", "?"})
# A number with leading zeros is a code: a postcode, an account.
_WHOLE = r"(?:0|[1-9][0-9]{0,30}|[1-9][0-9]{0,2}(?:[ ,'][0-9]{3}){1,8})"
_ZONE = r"(?:Z|UTC|[+-][0-9]{2}:?[0-9]{2})"
_CLOCK = r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?"
# Each is tried on the whole of a short cell; none of them can take long on any text.
_KINDS = (
    ("integer", re.compile(rf"[+-]?{_WHOLE}")),
    (
        "number",
        re.compile(
            rf"[+-]?(?:{_WHOLE}[.,][0-9]{{0,30}}|{_WHOLE}|[.,][0-9]{{1,30}})(?:[eE][+-]?[0-9]{{1,4}})?"
            r"|[+-]?(?i:inf|infinity)"
        ),
    ),
    ("boolean", re.compile(r"(?i:true|false|yes|no)")),
    ("date", re.compile(r"[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|(?:[0-9]{1,2}[-/.]){2}(?:[0-9]{2}){1,2}")),
    (
        "time",
        re.compile(
            rf"(?:[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[T ])?{_CLOCK}(?: ?(?:Z|UTC|[+-][0-9]{{2}}:?[0-9]{{2}}))?"
        ),
    ),
)
_LONGEST_TYPED = 64


def kind_of_cell(cell: str) -> str:
    """Say what one cell holds: `integer`, `number`, `boolean`, `date`, `time`, `text`, or nothing."""
    cell = cell.strip()
    if cell.lower() in _MISSING:
        return ""
    if len(cell) > _LONGEST_TYPED:
        return "text"
    return next((kind for kind, pattern in _KINDS if pattern.fullmatch(cell)), "text")


def columns_of(sample: Sequence[Cells], header: Cells | None) -> tuple[Column, ...]:
    """Give the columns as the first rows show them."""
    width = max((len(row) for row in (*sample, header or ())), default=0)
    titles = names([*(cell or "" for cell in header or ()), *[""] * (width - len(header or ()))])
    return tuple(_column(title, sample, place) for place, title in enumerate(titles))


def has_header(rows: Sequence[Cells]) -> bool:
    """Whether the first row names the columns: all texts, no two the same, unlike what is below them."""
    if not rows:
        return False
    head, below = rows[0], rows[1:]
    filled = [cell for cell in head if cell]
    if not filled or len(set(filled)) < len(filled) or len(filled) * 2 < len(head):
        return False
    if any(kind_of_cell(cell) != "text" or len(cell) > 100 for cell in filled):
        return False
    if not below or any(_type(below, place) not in {"", "text"} for place in range(len(head))):
        return True
    # All are texts: a value that comes again below was no name.
    return all(cell not in _below(below, place) for place, cell in enumerate(head) if cell)


def typed_share(rows: Sequence[Cells]) -> float:
    """How much of the cells is more than text: what splits a line rightly, finds numbers and dates."""
    cells = [cell for row in rows for cell in row[:50] if cell]
    return sum(kind_of_cell(cell) not in {"text", ""} for cell in cells) / max(1, len(cells))


def _column(title: str, sample: Sequence[Cells], place: int) -> Column:
    kind = _type(sample, place)
    return Column(title, kind, is_number=kind in {"integer", "number"})


def _type(sample: Sequence[Cells], place: int) -> str:
    kinds = {kind_of_cell(row[place] or "") for row in sample if place < len(row)} - {""}
    if len(kinds) == 1:
        return kinds.pop()
    if kinds == {"integer", "number"}:
        return "number"
    return "text" if kinds else ""


def _below(rows: Sequence[Cells], place: int) -> set[str | None]:
    return {row[place] for row in rows if place < len(row)}
