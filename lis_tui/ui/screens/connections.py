"""What the sandbox reached and was refused: each connection, or totals by host; and what it asks for."""

from collections.abc import Hashable
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.binding import Binding

from lis_tui.core.bus import spawn
from lis_tui.core.decisions import AnswerConnection, HostVerdict
from lis_tui.ui.actions import Focus, why_not
from lis_tui.ui.deeds.group import GRACE_S
from lis_tui.ui.offers import host_keys, inks_of
from lis_tui.ui.reaching import (
    Column,
    allowed_words,
    arranged,
    asked_host,
    by_host,
    each,
    place,
    time_left,
    total_words,
)
from lis_tui.ui.rows import Ink, Row, cells, cut
from lis_tui.ui.screens.lists import SortedScreen
from lis_tui.ui.seen import Seen
from lis_tui.ui.widgets.connections import ConnectionList
from lis_tui.ui.widgets.filtering import FilterField
from lis_tui.ui.widgets.lines import Lines

if TYPE_CHECKING:
    from lis_tui.ui.screens.workbench import Workbench

KEYS = (
    ("enter", "its step"),
    ("h", "by host"),
    ("e", "allowed hosts"),
    ("/", "filter"),
    ("q", "back"),
    ("s 1–6", "sort"),
    ("S", "turn round"),
)
_VERDICTS: dict[str, HostVerdict] = {"host_once": "once", "host_always": "always", "host_no": "no"}
_DOWN_FIRST = ("when", "sent", "received", "count")


class ConnectionsScreen(SortedScreen[Column]):
    """Lists those of the run that a workbench shows; in a recording, those up to where one is."""

    BINDINGS = [
        Binding("h,t", "totals", "by host, or each"),
        Binding("e", "do('hosts')", "allowed hosts"),
        Binding("a", "do('host_once')", "once"),
        Binding("A", "do('host_always')", "always"),
        Binding("x", "do('host_no')", "no"),
    ]
    keys = KEYS

    def __init__(self, bench: "Workbench") -> None:
        self.rows = ConnectionList(bench.paint)
        super().__init__(bench.paint, self.rows)
        self._bench = bench
        self._is_by_host = False
        self._shown: Hashable = None
        self._asks: Seen[int] = Seen(bench.monotonic)
        self.head = Lines(bench.paint, self._head, id="table-head")
        self.asked = Lines(bench.paint, self._asked, id="table-asked")

    def compose(self) -> ComposeResult:
        """Draw title, question, filter, rows and keys."""
        yield self.head
        yield self.asked
        yield FilterField(id="filter", placeholder="all of them; / filters: words of the host, refused, 3.1")
        yield self.rows
        yield self.status

    def on_mount(self) -> None:
        """Begin with the newest; what a question offers counts down."""
        self.arrange_rows()
        self.set_interval(1.0, self.asked.renew)

    def renew(self) -> None:
        """Show what came since."""
        if self._seen != self._shown:
            self.arrange_rows()

    @property
    def _seen(self) -> Hashable:
        """Differs with what is shown."""
        view = self._bench.view
        return len(view.connections), view.allowed_hosts, tuple(view.asked_hosts), view.ended is None

    def arrange_rows(self) -> None:
        """Show those that the filter leaves, in their order."""
        view, rows = self._bench.view, self.rows
        self._shown = self._seen
        made = by_host if self._is_by_host else each
        found = arranged(made(view.connections), rows.by, is_down=rows.is_down, wanted=self.wanted)
        rows.why_empty = self._why_empty()
        rows.show(found)
        self.head.refresh()
        self.asked.refresh(layout=True)
        self.status.refresh()

    def _why_empty(self) -> str:
        if self._bench.view.connections:
            return "No connection is like this; esc shows all of them."
        return f"No connection so far. {allowed_words(self._bench.view)}"

    # ---- drawn lines

    def _head(self, width: int) -> list[list[Ink]]:
        view = self._bench.view
        what = "by host" if self._is_by_host else "each"
        right = f"{total_words(view.connections)} " if view.connections else ""
        left = cut([(" Connections", "command bold"), (f" · {what}", "muted")], max(width - len(right), 8))
        gap = max(width - cells(left) - len(right), 1)
        allowed = Row([(allowed_words(view), "muted")], lead=[(" ", "")], most=2, is_prose=True)
        return [cut([*left, (" " * gap, ""), (right, "muted")], width), *allowed.lines(width)]

    def _asked(self, width: int) -> list[list[Ink]]:
        bench = self._bench
        asked = asked_host(bench.view)
        if asked is None or bench.source.is_recorded:
            return []
        self._asks.paint(asked.number)
        offers = host_keys(bench.view, Focus(asks_host=True))[:-1]
        count = len(bench.view.asked_hosts)
        more = f" (1 of {count})" if count > 1 else ""
        left = time_left(bench.view, asked, bench.clock())
        told: list[Ink] = [("‖ May it reach ", "warning"), (place(asked.host, asked.port), "command bold")]
        told += [(f"?{more}{left}   ", "warning"), *inks_of(offers)]
        return Row(told, lead=[(" ", "")], most=3, is_prose=True, is_glued=True).lines(width)

    # ---- the run

    def action_do(self, action_id: str) -> None:
        """Do an action of the table here, or say why it cannot be done."""
        bench = self._bench
        if why := why_not(action_id, bench.view, bench.where):
            self.hint(why)
        elif action_id in _VERDICTS:
            self._answer(_VERDICTS[action_id])
        else:
            bench.deeds.do(action_id)

    def _answer(self, verdict: HostVerdict) -> None:
        """Answer the question that was drawn when the key was pressed."""
        asked = asked_host(self._bench.view)
        if asked is None or self._asks.what != asked.number or self._asks.age_s < GRACE_S:
            self.hint("typed before this could be read; nothing was answered")
            return
        decision = AnswerConnection(asked.number, verdict)
        spawn(self._bench.source.decide(decision), "decision", self.refused)

    def action_open(self) -> None:
        """Go to the step that ran when the connection began."""
        chosen = self.rows.chosen
        if chosen is None or chosen.address is None:
            self.hint("no step ran when it began" if chosen else "there is no connection here")
            return
        self.dismiss()
        if not self._bench.walk.go_to_step(chosen.address):
            self._bench.hint(f"step {chosen.address} is not there")

    # ---- what is shown, and how

    def action_totals(self) -> None:
        """Each connection, or what each host came to."""
        self._is_by_host = not self._is_by_host
        self.arrange_rows()

    def begins_down(self, column: Column) -> bool:
        """Times and numbers begin with the largest, words with the first of the alphabet."""
        return column in _DOWN_FIRST
