"""The rows of a table of trajectories; only those in sight are drawn."""

from collections.abc import Hashable, Sequence

from textual import events
from textual.message import Message

from lis_tui.ui.columns import Column, Shown, head, line, placed
from lis_tui.ui.gathering import Gathering
from lis_tui.ui.paint import Paint
from lis_tui.ui.rows import Ink, Row
from lis_tui.ui.widgets.blocks import BlockList

_EVERY_ROW = [Row([])]


class TrajectoryList(BlockList):
    """One line a trajectory, below the heads of the columns."""

    has_bar = False
    usual_height = 1

    class HeadPressed(Message):
        """The mouse was pressed on the head of a column."""

        def __init__(self, column: Column) -> None:
            super().__init__()
            self.column = column

    def __init__(self, paint: Paint, found: Gathering) -> None:
        super().__init__(paint, id="trajectories")
        self._found = found
        self.order: Sequence[int] = ()
        """The places of the rows, as they are shown."""
        self.by: Column | None = None
        self.is_down = False
        self.why_empty = ""
        self.is_following = False
        self._generation = 0

    @property
    def columns(self) -> tuple[Shown, ...]:
        """The columns that have room."""
        return placed(self._found.widths.told(), max(self.size.width - 2, 20))

    @property
    def place(self) -> int | None:
        """Which of the rows is under the cursor."""
        return self.order[min(self.cursor, len(self.order) - 1)] if self.order else None

    def show(self, order: Sequence[int], place: int | None) -> None:
        """Show these rows; the cursor stays on its row, or goes to the first."""
        self.order = order
        self._generation += 1
        self.cursor = order.index(place) if place is not None and place in order else 0
        self.rebuild()
        self.reveal(self.cursor)

    def block_count(self) -> int:
        """Rows, or a sentence."""
        return len(self.order) or bool(self.why_empty)

    def block_version(self, number: int) -> Hashable:
        """Rows are arranged anew all together."""
        return self._generation

    def is_countable(self, number: int) -> bool:
        """Nothing is counted."""
        return False

    def title(self) -> tuple[list[Ink], list[Ink]]:
        """Name the columns."""
        return head(self.columns, self.by.head if self.by is not None else "", is_down=self.is_down), []

    def block_rows(self, number: int, *, is_lit: bool) -> list[Row]:
        """Give a row's line."""
        if not self.order:
            return [Row([(self.why_empty, "muted")], lead=[(" ", "")], most=6, is_prose=True)]
        if not is_lit:
            return _EVERY_ROW
        return [Row(line(self.columns, self._found.rows[self.order[number]]))]

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse points; on a head, tell of it."""
        if event.y:
            super().on_click(event)
            return
        for shown in self.columns:
            if shown.at <= event.x < shown.at + shown.width + 2:
                self.post_message(self.HeadPressed(shown.column))
