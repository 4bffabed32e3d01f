"""The rows of a list of connections; only those in sight are drawn."""

from collections.abc import Hashable, Sequence

from textual import events
from textual.message import Message

from lis_tui.ui import words
from lis_tui.ui.paint import Paint
from lis_tui.ui.reaching import COLUMNS, Column, Reached, State
from lis_tui.ui.rows import Ink, Row, cells
from lis_tui.ui.widgets.blocks import BlockList

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


class ConnectionList(BlockList):
    """One line a connection or a host; below one that was refused, why."""

    has_bar = False
    usual_height = 1

    class HeadPressed(Message):
        """The mouse was pressed on the head of a column."""

        def __init__(self, column: Column) -> None:
            super().__init__()
            self.column = column

    def __init__(self, paint: Paint) -> None:
        super().__init__(paint, id="trajectories")
        self.found: Sequence[Reached] = ()
        self.by: Column = "when"
        self.is_down = True
        self.why_empty = ""
        self.is_following = False
        self._generation = 0

    @property
    def chosen(self) -> Reached | None:
        """The one under the cursor."""
        return self.found[min(self.cursor, len(self.found) - 1)] if self.found else None

    def show(self, found: Sequence[Reached]) -> None:
        """Show these; the cursor stays on its row, wherever that is now, but at the top it stays there."""
        before = self.chosen
        self.found = found
        self._generation += 1
        if before is not None and self.cursor:
            same = (n for n, one in enumerate(found) if one.is_same(before))
            self.cursor = next(same, min(self.cursor, max(len(found) - 1, 0)))
        self.rebuild()

    def block_count(self) -> int:
        """Rows, or a sentence."""
        return len(self.found) or bool(self.why_empty)

    def block_version(self, number: int) -> Hashable:
        """Rows are arranged anew all together."""
        return self._generation

    def is_countable(self, number: int) -> bool:
        """Nothing is counted."""
        return False

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

    def block_rows(self, number: int, *, is_lit: bool) -> list[Row]:
        """Give a row's line, and why it was refused."""
        if not self.found:
            return [Row([(self.why_empty, "muted")], lead=[(" ", "")], most=6, is_prose=True)]
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

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse points; on a head, tell of it."""
        if event.y:
            super().on_click(event)
            return
        right = 0
        for column in COLUMNS:
            right += self._width_of(column)
            if event.x < right:
                self.post_message(self.HeadPressed(column))
                return
