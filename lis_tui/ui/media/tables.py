"""Tables: columns as wide as what is in them, as far as there is room."""

from collections.abc import Sequence

from rich.cells import cell_len

from lis_tui.core.text import one_line
from lis_tui.preview.parts import Column, Table
from lis_tui.ui import words
from lis_tui.ui.media.sheet import LEAD, Drawn
from lis_tui.ui.rows import Ink, Row, cut

GAP = 2
WIDEST = 48
NARROWEST = 6
"""No column is made narrower than this for the sake of others."""
_LONGEST = 200
_NOTHING = "–"


class TableSheet:
    """A header, one line a row, and how many rows there are."""

    def __init__(self, table: Table, first_column: int = 0) -> None:
        self.table = table
        self.first_column = min(first_column, max(len(table.columns) - 1, 0))
        self._columns = table.columns[self.first_column :]
        self._natural = [_natural(table, number) for number in range(self.first_column, len(table.columns))]
        self._has_types = any(column.type for column in table.columns)
        self._laid: tuple[int, list[int]] = (0, [])
        self._head = (["title"] if table.title else []) + ["names"] + (["types"] if self._has_types else [])

    @property
    def head(self) -> int:
        """How many lines stand above the first row."""
        return len(self._head)

    def __len__(self) -> int:
        return len(self._head) + len(self.table.rows) + 1

    def line(self, number: int, width: int) -> Drawn:
        """Give a line of the head, a row, or the count."""
        if number < len(self._head):
            return Row(self._head_line(self._head[number], width), lead=LEAD)
        number -= len(self._head)
        if number < len(self.table.rows):
            return Row(self._row(self.table.rows[number], width), lead=LEAD)
        return Row([(self.counted(), "muted")], lead=LEAD)

    def counted(self) -> str:
        """Say which rows these are, of how many."""
        table = self.table
        last = table.first + len(table.rows)
        of = words.plural(table.rows_in_all, "row") if table.rows_in_all is not None else "more rows"
        columns = words.plural(len(table.columns), "column")
        if not table.first and table.rows_in_all == last:
            return f"{of} · {columns}"
        which = f"rows {table.first + 1:,}–{last:,}" if last > table.first else "no rows"
        return f"{which} of {of} · {columns}" if table.rows_in_all is not None else f"{which} · {columns}"

    def widths(self, width: int) -> list[int]:
        """Give the widths of the columns that fit, from the first that is shown."""
        if self._laid[0] != width:
            self._laid = (width, share(self._natural, width - 1))
        return self._laid[1]

    def _head_line(self, what: str, width: int) -> list[Ink]:
        if what == "title":
            return [(one_line(self.table.title, _LONGEST), "command bold")]
        widths = self.widths(width)
        lost = len(self._columns) - len(widths)
        more: list[Ink] = [(f" +{lost} …", "muted")] if lost and what == "names" else []
        names = what == "names"
        cells = [
            _cell(column.name if names else column.type, "command bold" if names else "muted", column, room)
            for column, room in zip(self._columns, widths, strict=False)
        ]
        return [*_joined(cells), *more]

    def _row(self, row: Sequence[str | None], width: int) -> list[Ink]:
        shown = zip(self._columns, self.widths(width), row[self.first_column :], strict=False)
        return _joined([_cell(value, _tone(value, column), column, room) for column, room, value in shown])


def share(natural: Sequence[int], room: int) -> list[int]:
    """Give each column its width: the widest give way first; what still does not fit is left out."""
    count = len(natural)
    while count > 1 and sum(min(each, NARROWEST) for each in natural[:count]) + GAP * (count - 1) > room - 5:
        if count == len(natural) and sum(natural) + GAP * (count - 1) <= room:
            break
        count -= 1
    widths = list(natural[:count])
    left = room - GAP * (count - 1) - (5 if count < len(natural) else 0)
    cap = _cap(widths, left)
    return [max(min(each, cap), 1) for each in widths]


def _cap(widths: Sequence[int], room: int) -> int:
    """Give how wide a column may be so that all fit."""
    if sum(widths) <= room:
        return max(widths, default=0)
    left = room
    for place, each in enumerate(ordered := sorted(widths)):
        part = left // (len(ordered) - place)
        if each > part:
            return max(part, 1)
        left -= each
    return max(ordered)


def _natural(table: Table, number: int) -> int:
    column = table.columns[number]
    texts = [column.name, column.type, *(row[number] for row in table.rows if number < len(row))]
    return min(max((cell_len(one_line(text or _NOTHING, _LONGEST)) for text in texts), default=1), WIDEST)


def _tone(value: str | None, column: Column) -> str:
    if value is None:
        return "muted"
    return "syntax-number" if column.is_number else "output"


def _cell(value: str | None, tone: str, column: Column, room: int) -> list[Ink]:
    """Give a value in so many cells; numbers stand at the right."""
    text = _NOTHING if value is None else one_line(value, _LONGEST)
    shown = cut([(text, tone)], room)
    gap: Ink = (" " * (room - sum(cell_len(each) for each, _ in shown)), "")
    return [gap, *shown] if column.is_number else [*shown, gap]


def _joined(cells: Sequence[list[Ink]]) -> list[Ink]:
    inks: list[Ink] = []
    for number, cell in enumerate(cells):
        if number:
            inks.append((" " * GAP, ""))
        inks += cell
    return inks
