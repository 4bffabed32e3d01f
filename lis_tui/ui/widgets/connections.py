"""The rows of a list of connections; only those in sight are drawn."""

from collections.abc import Sequence
from itertools import accumulate

from lis_tui.ui import words
from lis_tui.ui.paint import Paint
from lis_tui.ui.reaching import COLUMNS, Column, Reached, State
from lis_tui.ui.rows import Ink, Row, cells
from lis_tui.ui.widgets.columned import ColumnedList

_WIDTHS: dict[Column, int] = {"when": 3, "host": 0, "sent": 9, "received": 9, "count": 7, "step": 8}
_HEADS: dict[Column, str] = {
    "when": "",
    "host": "host",
    "sent": "up",
    "received": "down",
    "count": "times",
    "step": "step",
}
LEAST_HOST = 16
_SIGNS: dict[State, Ink] = {"allowed": ("✓", "ok"), "refused": ("⊘", "warning"), "failed": ("✗", "error")}


class ConnectionList(ColumnedList[Column]):
    """One line a connection or a host; below one that was refused, why."""

    columns = COLUMNS

    def __init__(self, paint: Paint) -> None:
        super().__init__(paint, "when", is_down=True)
        self.found: Sequence[Reached] = ()

    def column_at(self, x: int) -> int | None:
        """Give the column at a place of the heads."""
        ends = accumulate(map(self._width_of, COLUMNS))
        return next((number for number, end in enumerate(ends, start=1) if x < end), None)

    @property
    def chosen(self) -> Reached | None:
        """The one under the cursor."""
        return self.found[min(self.cursor, len(self.found) - 1)] if self.found else None

    def show(self, found: Sequence[Reached]) -> None:
        """Show these; the cursor stays on its row, wherever that is now, but at the top it stays there."""
        before = self.chosen
        self.found = found
        if before is not None and self.cursor:
            same = (n for n, one in enumerate(found) if one.is_same(before))
            self.cursor = next(same, min(self.cursor, max(len(found) - 1, 0)))
        self.rearranged()

    def row_count(self) -> int:
        """Those that are shown."""
        return len(self.found)

    def title(self) -> tuple[list[Ink], list[Ink]]:
        """Name the columns."""
        return [self._head(column) for column in COLUMNS], []

    def _head(self, column: Column) -> Ink:
        sign = ("▼" if self.is_down else "▲") if column == self.by else ""
        tone = "accent bold" if column == self.by else "muted"
        width = self._width_of(column)
        if column == "when":
            return f" {sign}".ljust(width), tone
        text = f"{_HEADS[column]}{sign}"
        return (text.ljust(width) if column == "host" else text.rjust(width)), tone

    def _width_of(self, column: Column) -> int:
        if column != "host":
            return _WIDTHS[column]
        return max(self.size.width - 2 - sum(_WIDTHS.values()), LEAST_HOST)

    def rows_of(self, number: int, *, is_lit: bool) -> list[Row]:
        """Give a row's line, and why it was refused."""
        one = self.found[number]
        sign, tone = _SIGNS[one.state]
        host = Row([(one.place, "command" if one.is_allowed else "output")])
        width = self._width_of("host")
        (told,) = host.lines(width)
        figures: tuple[tuple[str, Column], ...] = (
            (words.size(one.sent) if one.is_allowed else "", "sent"),
            (words.size(one.received) if one.is_allowed else "", "received"),
            (f"{one.count}×" if one.count > 1 else "", "count"),
            (str(one.address or ""), "step"),
        )
        line: list[Ink] = [(f" {sign} ", tone), *told, (" " * max(width - cells(told), 0), "")]
        line += [(f"{text:>{_WIDTHS[column]}}", "muted") for text, column in figures]
        rows = [Row(line)]
        if one.state != "allowed":
            some = "" if one.refused in (0, one.count) else f"{one.refused} of {one.count} refused: "
            why = one.why or one.state
            rows.append(Row([(f"{some}{why}", "muted")], lead=[("   ", "")], most=3, is_prose=True))
        return rows
