"""Tables: columns as wide as what is in them, as far as there is room."""

from collections.abc import Callable, Iterable, Sequence

from rich.cells import cell_len

from lis_tui.core.text import one_line
from lis_tui.preview.parts import Column, Table
from lis_tui.ui import words
from lis_tui.ui.media.sheet import LEAD, Drawn
from lis_tui.ui.rows import Ink, Row, cut

GAP = 2
WIDEST = 120
_LEAST = 2
NARROWEST = 6
"""No column is made narrower than this for the sake of others."""
_LONGEST = 200
_NOTHING = "–"


class Columns:
    """The columns of a table and how wide they are; more rows of it may come."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self.all = tuple(columns)
        self.first = 0
        """The first that is shown."""
        self._natural = [max(cell_len(_shown(one.name)), _LEAST) for one in self.all]
        self._laid: tuple[int, int, list[int]] = (-1, 0, [])

    def take(self, rows: Iterable[Sequence[str | None]]) -> None:
        """Have room for these rows too."""
        for row in rows:
            for number, value in enumerate(row[: len(self._natural)]):
                size = cell_len(_shown(value))
                if size > self._natural[number]:
                    self._natural[number] = min(size, WIDEST)
        self._laid = (-1, 0, [])

    def move(self, direction: int) -> None:
        """Begin with another column."""
        self.first = min(max(self.first + direction, 0), max(len(self.all) - 1, 0))

    def widths(self, width: int) -> list[int]:
        """Give the widths of those that fit, from the first that is shown."""
        if self._laid[:2] != (width, self.first):
            self._laid = (width, self.first, share(self._natural[self.first :], width - 1))
        return self._laid[2]

    def names(self, width: int) -> list[Ink]:
        """Give the names, and how many columns have no room."""
        return self._headed([column.name for column in self.all], "command bold", width) + self._more(width)

    def types(self, width: int) -> list[Ink]:
        """Give the types."""
        return self._headed([column.type for column in self.all], "muted", width)

    def row(self, row: Sequence[str | None], width: int) -> list[Ink]:
        """Give a row's cells."""
        shown = zip(self.all[self.first :], self.widths(width), row[self.first :], strict=False)
        return _joined([_cell(value, _tone(value, column), column, room) for column, room, value in shown])

    def _headed(self, texts: Sequence[str], tone: str, width: int) -> list[Ink]:
        shown = zip(self.all[self.first :], self.widths(width), texts[self.first :], strict=False)
        return _joined([_cell(text, tone, column, room) for column, room, text in shown])

    def _more(self, width: int) -> list[Ink]:
        lost = len(self.all) - self.first - len(self.widths(width))
        return [(f" +{lost} …", "muted")] if lost > 0 else []


class TableSheet:
    """A header, one line a row, and how many rows there are; without a head the rows alone."""

    def __init__(self, table: Table, columns: Columns | None = None, *, has_head: bool = True) -> None:
        self.table = table
        self.columns = Columns(table.columns) if columns is None else columns
        self.columns.take(table.rows)
        self._head: list[Callable[[int], list[Ink]]] = []
        self._has_count = has_head
        if has_head and table.title:
            self._head.append(lambda _: [(one_line(table.title, _LONGEST), "command bold")])
        if has_head:
            self._head.append(self.columns.names)
        if has_head and any(column.type for column in table.columns):
            self._head.append(self.columns.types)

    def __len__(self) -> int:
        return len(self._head) + len(self.table.rows) + self._has_count

    def line(self, number: int, width: int) -> Drawn:
        """Give a line of the head, a row, or the count."""
        if number < len(self._head):
            return Row(self._head[number](width), lead=LEAD)
        number -= len(self._head)
        if number < len(self.table.rows):
            return Row(self.columns.row(self.table.rows[number], width), lead=LEAD)
        return Row([(counted(self.table), "muted")], lead=LEAD)


def counted(table: Table) -> str:
    """Say which rows these are, of how many."""
    last = table.first + len(table.rows)
    columns = words.plural(len(table.columns), "column")
    if not table.first and table.rows_in_all == last:
        return f"{words.plural(last, 'row')} · {columns}"
    which = f"rows {table.first + 1:,}–{last:,}" if table.rows else "no rows"
    of = f" of {table.rows_in_all:,}" if table.rows_in_all is not None else ""
    return f"{which}{of} · {columns}"


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


def _shown(value: str | None) -> str:
    return _NOTHING if value is None else one_line(value, _LONGEST)


def _tone(value: str | None, column: Column) -> str:
    if value is None:
        return "muted"
    return "syntax-number" if column.is_number else "output"


def _cell(value: str | None, tone: str, column: Column, room: int) -> list[Ink]:
    """Give a value in so many cells; numbers stand at the right."""
    shown = cut([(_shown(value), tone)], room)
    gap: Ink = (" " * (room - sum(cell_len(each) for each, _ in shown)), "")
    return [gap, *shown] if column.is_number else [*shown, gap]


def _joined(cells: Sequence[list[Ink]]) -> list[Ink]:
    inks: list[Ink] = []
    for number, cell in enumerate(cells):
        if number:
            inks.append((" " * GAP, ""))
        inks += cell
    return inks
