"""What the sandbox reached and was refused: each connection, or totals by host; and what it asks for."""

from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import Screen
from textual.widgets import Input

from lis_tui.core.bus import spawn
from lis_tui.core.decisions import AnswerConnection, HostVerdict
from lis_tui.core.errors import LisError
from lis_tui.ui.actions import Focus, why_not
from lis_tui.ui.deeds.group import GRACE_S
from lis_tui.ui.hints import Hint
from lis_tui.ui.offers import host_keys, inks_of
from lis_tui.ui.paint import Paint
from lis_tui.ui.reaching import (
    COLUMNS,
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
from lis_tui.ui.screens.diff import key_line
from lis_tui.ui.seen import Seen
from lis_tui.ui.widgets.blocks import BlockList
from lis_tui.ui.widgets.connections import ConnectionList
from lis_tui.ui.widgets.filtering import FilterField
from lis_tui.ui.widgets.lines import Lines, ThemeAsked

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
FILTER_KEYS = (("enter", "to the rows"), ("esc", "all of them"))
_VERDICTS: dict[str, HostVerdict] = {"host_once": "once", "host_always": "always", "host_no": "no"}
_DOWN_FIRST = ("when", "sent", "received", "count")


class ConnectionsScreen(Screen[None]):
    """Lists those of the run that a workbench shows; in a recording, those up to where one is."""

    CSS_PATH = "table.tcss"
    BINDINGS = [
        Binding("j,down", "move(1)", "down"),
        Binding("k,up", "move(-1)", "up"),
        Binding("pagedown,ctrl+f,ctrl+d", "page(1)", "page down"),
        Binding("pageup,ctrl+b,ctrl+u", "page(-1)", "page up"),
        Binding("g,home", "ends(-1)", "first"),
        Binding("G,end", "ends(1)", "last"),
        Binding("enter", "open", "go to its step"),
        Binding("h,t", "totals", "by host, or each"),
        Binding("slash", "filter", "filter"),
        Binding("s", "next_column", "sort by the next column"),
        Binding("S", "turn", "turn the order round"),
        *(Binding(str(number), f"column({number})", "sort") for number in range(1, len(COLUMNS) + 1)),
        Binding("e", "do('hosts')", "allowed hosts"),
        Binding("a", "do('host_once')", "once"),
        Binding("A", "do('host_always')", "always"),
        Binding("x", "do('host_no')", "no"),
        Binding("T", "theme", "theme"),
        Binding("escape,q,ctrl+q", "leave", "back"),
    ]

    def __init__(self, bench: "Workbench") -> None:
        super().__init__()
        self._bench = bench
        self._is_by_host = False
        self._shown: object = None
        self._hint = Hint(self, lambda: self.status.refresh())
        self._asks: Seen[int] = Seen(bench.monotonic)
        self.head = Lines(bench.paint, self._head, id="table-head")
        self.asked = Lines(bench.paint, self._asked, id="table-asked")
        self.rows = ConnectionList(bench.paint)
        self.status = Lines(bench.paint, self._status, id="status", tone="foreground on-surface")

    def compose(self) -> ComposeResult:
        """Draw title, question, filter, rows and keys."""
        yield self.head
        yield self.asked
        yield FilterField(id="filter", placeholder="all of them; / filters: words of the host, refused, 3.1")
        yield self.rows
        yield self.status

    def on_mount(self) -> None:
        """Begin with the newest; what a question offers counts down."""
        self.rows.focus()
        self.watch(self, "focused", self._focus_moved, init=False)
        self._arrange()
        self.set_interval(1.0, self.asked.renew)

    def _focus_moved(self) -> None:
        self.status.refresh()

    def renew(self) -> None:
        """Show what came since."""
        view = self._bench.view
        seen = (len(view.connections), view.allowed_hosts, tuple(view.asked_hosts), view.ended is None)
        if seen != self._shown:
            self._arrange()

    def _arrange(self) -> None:
        view, rows = self._bench.view, self.rows
        self._shown = (len(view.connections), view.allowed_hosts, tuple(view.asked_hosts), view.ended is None)
        made = by_host if self._is_by_host else each
        wanted = self.query_one(FilterField).value
        found = arranged(made(view.connections), rows.by, is_down=rows.is_down, wanted=wanted)
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

    def _status(self, width: int) -> list[list[Ink]]:
        if self._hint.text:
            return [cut([(f" {self._hint.text}", "warning")], width)]
        return [key_line(FILTER_KEYS if isinstance(self.focused, FilterField) else KEYS, width)]

    # ---- the run

    def action_do(self, action_id: str) -> None:
        """Do an action of the table here, or say why it cannot be done."""
        bench = self._bench
        if why := why_not(action_id, bench.view, bench.where):
            self._hint.say(why)
        elif action_id in _VERDICTS:
            self._answer(_VERDICTS[action_id])
        else:
            bench.deeds.do(action_id)

    def _answer(self, verdict: HostVerdict) -> None:
        """Answer the question that was drawn when the key was pressed."""
        asked = asked_host(self._bench.view)
        if asked is None or self._asks.what != asked.number or self._asks.age_s < GRACE_S:
            self._hint.say("typed before this could be read; nothing was answered")
            return
        decision = AnswerConnection(asked.number, verdict)
        spawn(self._bench.source.decide(decision), "decision", self._refused)

    def _refused(self, error: Exception) -> None:
        if not isinstance(error, LisError):
            raise error
        self._hint.say(error.sentence)

    def action_open(self) -> None:
        """Go to the step that ran when the connection began."""
        chosen = self.rows.chosen
        if chosen is None or chosen.address is None:
            self._hint.say("no step ran when it began" if chosen else "there is no connection here")
            return
        self.dismiss()
        if not self._bench.walk.go_to_step(chosen.address):
            self._bench.hint(f"step {chosen.address} is not there")

    # ---- keys

    def action_move(self, direction: int) -> None:
        """To another row."""
        self.rows.move_to(self.rows.cursor + direction)

    def action_page(self, direction: int) -> None:
        """A page on, or back."""
        self.rows.move_to(self.rows.cursor + direction * max(self.rows.size.height - 2, 1))

    def action_ends(self, direction: int) -> None:
        """To an end."""
        self.rows.move_to(0 if direction < 0 else self.rows.block_count() - 1)

    def action_totals(self) -> None:
        """Each connection, or what each host came to."""
        self._is_by_host = not self._is_by_host
        self._arrange()

    def action_filter(self) -> None:
        """To the filter."""
        self.query_one(FilterField).focus()

    @on(Input.Changed)
    def _filtered(self) -> None:
        self._arrange()

    def action_to_rows(self) -> None:
        """Back to the rows; the filter stays."""
        self.rows.focus()

    def action_clear_filter(self) -> None:
        """Show all of them again."""
        self.query_one(FilterField).value = ""
        self.action_to_rows()

    @on(ConnectionList.HeadPressed)
    def _head_pressed(self, message: ConnectionList.HeadPressed) -> None:
        self.action_column(message.number)

    @on(BlockList.Opened)
    def _opened(self) -> None:
        self.action_open()

    def action_column(self, number: int) -> None:
        """Sort by a column, counted from the left; once more turns the order round."""
        self._sort(COLUMNS[number - 1])

    def action_next_column(self) -> None:
        """Sort by the column beside."""
        self._sort(COLUMNS[(COLUMNS.index(self.rows.by) + 1) % len(COLUMNS)])

    def _sort(self, column: Column) -> None:
        """Numbers begin with the largest, words with the first of the alphabet."""
        self.rows.is_down = not self.rows.is_down if self.rows.by == column else column in _DOWN_FIRST
        self.rows.by = column
        self._arrange()

    def action_turn(self) -> None:
        """Turn the order round."""
        self.rows.is_down = not self.rows.is_down
        self._arrange()

    def action_theme(self) -> None:
        """Take the next theme."""
        self.post_message(ThemeAsked())

    def action_leave(self) -> None:
        """Back."""
        self.dismiss()

    def repaint(self, paint: Paint) -> None:
        """Draw everything with another theme."""
        for lines in (self.head, self.asked, self.status):
            lines.repaint(paint)
        self.rows.repaint(paint)
