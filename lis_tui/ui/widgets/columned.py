"""A list whose rows stand in columns: it is sorted by any of them, and its heads can be pressed."""

from collections.abc import Hashable, Sequence
from typing import Generic, TypeVar

from textual import events
from textual.message import Message

from lis_tui.ui.paint import Paint
from lis_tui.ui.rows import Row
from lis_tui.ui.widgets.blocks import BlockList

Order = TypeVar("Order")
"""What such a list is sorted by."""


class ColumnedList(BlockList, Generic[Order]):
    """Owns the order, and the sentence that stands where there are no rows; the screen arranges them."""

    has_bar = False
    usual_height = 1

    class HeadPressed(Message):
        """The mouse was pressed on the head of a column; the first from the left is 1."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self, paint: Paint, by: Order, *, is_down: bool) -> None:
        super().__init__(paint, id="rows")
        self.by = by
        self.is_down = is_down
        self.why_empty = ""
        self.is_following = False
        self._generation = 0

    # ---- what subclasses say

    @property
    def columns(self) -> Sequence[Order]:
        """The columns that are shown, from the left."""
        raise NotImplementedError

    def column_at(self, x: int) -> int | None:
        """Give the column at a place of the heads; the first from the left is 1."""
        raise NotImplementedError

    def row_count(self) -> int:
        """How many rows there are."""
        raise NotImplementedError

    def rows_of(self, number: int, *, is_lit: bool) -> list[Row]:
        """Give what is drawn of a row."""
        raise NotImplementedError

    # ---- blocks

    def block_count(self) -> int:
        """Rows, or a sentence."""
        return self.row_count() or bool(self.why_empty)

    def block_version(self, number: int) -> Hashable:
        """Rows are arranged anew all together."""
        return self._generation

    def is_countable(self, number: int) -> bool:
        """Nothing is counted."""
        return False

    def block_rows(self, number: int, *, is_lit: bool) -> list[Row]:
        """Give what is drawn of a row, or why there is none."""
        if not self.row_count():
            return [Row([(self.why_empty, "muted")], lead=[(" ", "")], most=6, is_prose=True)]
        return self.rows_of(number, is_lit=is_lit)

    def rearranged(self) -> None:
        """Draw the rows, which are others now."""
        self._generation += 1
        self.rebuild()

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse points; on a head, tell of it."""
        if event.y:
            super().on_click(event)
        elif (number := self.column_at(event.x)) is not None:
            self.post_message(self.HeadPressed(number))
