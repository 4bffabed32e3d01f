"""The trajectories at a path as a table: sorted by any column, filtered as one types, opened one by one."""

import asyncio
from collections.abc import Callable

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.widgets import Static

from lis_tui.core.bus import spawn
from lis_tui.core.errors import FilterInvalid, LisError
from lis_tui.core.run_filter import parse_run_filter
from lis_tui.core.text import one_line, plural
from lis_tui.ui.bridge import Source
from lis_tui.ui.columns import COLUMNS, Column, in_order
from lis_tui.ui.gathering import Gathering
from lis_tui.ui.paint import Paint
from lis_tui.ui.rows import Ink, cells, cut
from lis_tui.ui.screens.lists import SortedScreen
from lis_tui.ui.series import Series
from lis_tui.ui.widgets.blocks import BlockList
from lis_tui.ui.widgets.filtering import FilterField
from lis_tui.ui.widgets.lines import Lines
from lis_tui.ui.widgets.trajectories import TrajectoryList

KEYS = (
    ("enter", "open"),
    ("/", "filter"),
    ("s 1–9", "sort"),
    ("S", "turn round"),
    ("q", "back"),
    ("x", "left out"),
    ("j k g G", "move"),
)


class TableScreen(SortedScreen[Column | None]):
    """`open_` shows a trajectory. Where there is only one to open, that is done at once."""

    BINDINGS = [Binding("x", "left_out", "what was left out")]
    keys = KEYS

    def __init__(
        self,
        found: Gathering,
        paint: Paint,
        open_: Callable[[Source], None],
        fail: Callable[[LisError], None],
    ) -> None:
        self.rows = TrajectoryList(paint, found)
        super().__init__(paint, self.rows)
        self.found = found
        self._open = open_
        self._fail = fail
        self._problem = ""
        self._has_begun = False
        """The beginning of a large file is looked at, while the rest is being read."""
        self._place: int | None = None
        """The row that a person went to last; a filter may hide it meanwhile."""
        self.series = Series(found.source)
        self.head = Lines(paint, self._head, id="table-head")

    def compose(self) -> ComposeResult:
        """Draw title, filter, rows and keys."""
        yield self.head
        yield FilterField(
            id="filter", placeholder="all of them; / filters: words, outcome:submitted, turns>20"
        )
        yield self.rows
        yield self.status
        yield Static("lis-tui needs 60 × 15 characters; this window is smaller.", id="small", markup=False)

    def on_mount(self) -> None:
        """Begin to look, after the first paint."""
        self.call_after_refresh(self._look)

    def _look(self) -> None:
        """Look beside the screen: Textual waits for a task that a callback gives, and takes no key."""
        spawn(self._gather(), "gathering", self._failed)

    def on_resize(self, event: events.Resize) -> None:
        """Say so where the window is too small."""
        self.set_class(event.size.width < 60 or event.size.height < 15, "-tiny")

    def on_screen_resume(self) -> None:
        """Come back to the row that was looked at last; a single one has no table to come back to."""
        if self.series.order and self.series.at in self.rows.order:
            self.rows.move_to(self.rows.order.index(self.series.at))
        is_single = self._is_single if self.found.is_over else self._has_begun
        if is_single:
            self.call_later(self.action_leave)

    # ---- gathering

    async def _gather(self) -> None:
        await asyncio.to_thread(self.found.begin)
        if self.found.beginning and self.is_attached:
            self._begin()
            return
        if self.found.rows and self.is_attached:
            self.arrange_rows()
        while not self.found.is_over:
            await asyncio.to_thread(self.found.more)
            if not self.is_attached:
                return
            self.arrange_rows()
        self.arrange_rows()
        if self._is_single:
            self.action_open()

    def _begin(self) -> None:
        """Show the beginning of a large file; what else is in it is found while it is read."""
        self._has_begun = True
        over, arrange = asyncio.get_running_loop().call_soon_threadsafe, self._arrange_later
        self._open(self.series.begin(self.found.begun(lambda: over(arrange))))

    def _arrange_later(self) -> None:
        if self.is_attached:
            self.arrange_rows()

    @property
    def _is_single(self) -> bool:
        """One trajectory needs no table; where something was left out, that is to be seen."""
        return len(self.found.rows) == 1 and not self.found.skipped

    def _failed(self, error: Exception) -> None:
        if not isinstance(error, LisError):
            raise error
        self._fail(error)

    def arrange_rows(self) -> None:
        """Choose and sort the rows; the cursor stays on its own, or goes back to it."""
        try:
            is_wanted = self._wanted()
        except FilterInvalid as error:
            self._problem = error.sentence
            self.status.refresh()
            return
        self._problem = ""
        places = [
            number for number, facts in enumerate(self.found.facts) if is_wanted is None or is_wanted(facts)
        ]
        by = self.rows.by
        order = in_order(self.found.rows, places, by, is_down=self.rows.is_down) if by is not None else places
        self.rows.why_empty = self._why_empty()
        self.rows.show(order, self._place)
        self.series.order = order
        self.head.refresh()
        self.status.refresh()

    def _wanted(self) -> "Callable[..., bool] | None":
        text = self.wanted.strip()
        return parse_run_filter(text) if text else None

    def _why_empty(self) -> str:
        if self.found.rows:
            return "No trajectory is like this; esc shows all of them."
        return "There is no trajectory here." if self.found.is_over else "reading…"

    # ---- drawn lines

    def _head(self, width: int) -> list[list[Ink]]:
        found = self.found
        count = plural(len(found.rows), "trajectory").replace("trajectorys", "trajectories")
        shown = f"{len(self.rows.order):,} of " if len(self.rows.order) != len(found.rows) else ""
        right = f"{shown}{count}" if found.is_over else f"reading… {len(found.rows):,}"
        right += f" · {plural(len(found.skipped), 'file')} left out" if found.skipped else ""
        left = cut([(f" {one_line(str(found.path), 300)}", "command bold")], max(width - len(right) - 3, 8))
        gap = max(width - cells(left) - len(right) - 1, 1)
        return [[*left, (" " * gap, ""), (right, "muted"), (" ", "")]]

    @property
    def said(self) -> str:
        """A hint, or what is wrong with the filter."""
        return super().said or self._problem

    @on(BlockList.Moved)
    def _moved(self) -> None:
        self._place = self.rows.place

    def action_open(self) -> None:
        """Show the trajectory under the cursor."""
        place = self.rows.place
        if place is None:
            self.hint("there is no trajectory here")
            return
        try:
            self._open(self.series.open(place))
        except LisError as error:
            self.hint(error.sentence)

    # ---- sorting

    @property
    def orders(self) -> list[Column | None]:
        """After the last column, the order in which they were found."""
        return [None, *self.rows.columns]

    def begins_down(self, column: Column | None) -> bool:
        """Numbers begin with the largest, words with the first of the alphabet."""
        return column is not None and column.is_number

    def action_turn(self) -> None:
        """Turn the order round; that in which they were found becomes that of the first column."""
        if self.rows.by is None:
            self.rows.by = COLUMNS[0]
        super().action_turn()

    # ---- more

    def action_left_out(self) -> None:
        """Say what looked like a trajectory and is none."""
        if not self.found.skipped:
            self.hint("nothing was left out")
            return
        from lis_tui.ui.screens.sentences import SentencesScreen

        lines = [one.why for one in self.found.skipped]
        self.app.push_screen(SentencesScreen("Left out", lines, self.paint))
