"""The rows of a table of trajectories; only those in sight are drawn."""

from collections.abc import Sequence

from lis_tui.ui.columns import Column, Shown, head, line, placed
from lis_tui.ui.gathering import Gathering
from lis_tui.ui.paint import Paint
from lis_tui.ui.rows import Ink, Row
from lis_tui.ui.widgets.columned import ColumnedList

_EVERY_ROW = [Row([])]


class TrajectoryList(ColumnedList[Column | None]):
    """One line a trajectory, below the heads of the columns; without an order, as they were found."""

    def __init__(self, paint: Paint, found: Gathering) -> None:
        super().__init__(paint, None, is_down=False)
        self._found = found
        self.order: Sequence[int] = ()
        """The places of the rows, as they are shown."""

    @property
    def shown(self) -> tuple[Shown, ...]:
        """The columns that have room, and where they stand."""
        return placed(self._found.widths.told(), max(self.size.width - 2, 20))

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns that have room."""
        return tuple(shown.column for shown in self.shown)

    def column_at(self, x: int) -> int | None:
        """Give the column at a place of the heads."""
        places = enumerate(self.shown, start=1)
        return next((number for number, it in places if it.at <= x < it.at + it.width + 2), None)

    @property
    def place(self) -> int | None:
        """Which of the rows is under the cursor."""
        return self.order[min(self.cursor, len(self.order) - 1)] if self.order else None

    def show(self, order: Sequence[int], place: int | None) -> None:
        """Show these rows; the cursor stays on its row, or goes to the first."""
        self.order = order
        self.cursor = order.index(place) if place is not None and place in order else 0
        self.rearranged()
        self.reveal(self.cursor)

    def row_count(self) -> int:
        """Those that are shown."""
        return len(self.order)

    def title(self) -> tuple[list[Ink], list[Ink]]:
        """Name the columns."""
        return head(self.shown, self.by.head if self.by is not None else "", is_down=self.is_down), []

    def rows_of(self, number: int, *, is_lit: bool) -> list[Row]:
        """Give a row's line."""
        if not is_lit:
            return _EVERY_ROW
        return [Row(line(self.shown, self._found.rows[self.order[number]]))]
