"""The search: what to look for, how many steps there are of it, and which one to go to."""

from collections.abc import Awaitable, Callable

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from lis_tui.core.errors import FilterInvalid
from lis_tui.core.events import StepAddress
from lis_tui.core.filter_parser import parse
from lis_tui.core.search import Changed
from lis_tui.core.text import one_line, safe_str
from lis_tui.core.view import RunView
from lis_tui.ui import words
from lis_tui.ui.breaking import pointed
from lis_tui.ui.calls import short
from lis_tui.ui.labels import content_of, keys, label
from lis_tui.ui.paint import Paint
from lis_tui.ui.rows import Ink
from lis_tui.ui.searching import Hits, no_files
from lis_tui.ui.widgets.beside import move_beside

MOST_SHOWN = 100
"""So many hits are listed, from the place on where one is; the keys for hits lead to all of them."""
_ADDRESS_WIDTH = 7


class SearchDialog(ModalScreen[tuple[Hits, StepAddress] | None]):
    """Searches while one writes; enter goes to the hit that is chosen, which is the next one at first."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS = [
        Binding("escape", "cancel", "cancel"),
        Binding("enter", "go", "go there", priority=True),
        Binding("down", "move(1)", "down", priority=True),
        Binding("up", "move(-1)", "up", priority=True),
    ]

    def __init__(
        self,
        view: RunView,
        here: StepAddress | None,
        paint: Paint,
        text: str = "",
        changed: Callable[[], Awaitable[Changed]] = no_files,
    ) -> None:
        super().__init__()
        self._changed_files = changed
        self._view = view
        self._here = here
        self._paint = paint
        self._text = text
        self._search: Hits | None = None
        self._shown: tuple[StepAddress, ...] = ()

    def compose(self) -> ComposeResult:
        """Draw the field and the list."""
        with Vertical(classes="dialog") as box:
            box.border_title = label("Search")
            box.border_subtitle = keys("enter go there · ↑ ↓ choose · esc cancel")
            yield Input(self._text, placeholder="words, or a filter: exit!=0 cmd~pip file:*.py", id="search")
            yield Static("", id="found", markup=False)
            yield OptionList(id="hits", markup=False)

    def on_mount(self) -> None:
        """Put the cursor into the field."""
        self.query_one(Input).focus()
        self.query_one(OptionList).can_focus = False

    @on(Input.Changed)
    def _changed(self, message: Input.Changed) -> None:
        if self._search is not None:
            self._search.stop()
            self._search = None
        text = safe_str(message.value).strip()
        try:
            self._search = self._hits(text) if text else None
        except FilterInvalid as error:
            self._show(pointed(text, error))
        else:
            self._renew()

    def _hits(self, text: str) -> Hits:
        return Hits(text, parse(text), self._view, self._renew, changed=self._changed_files)

    def _renew(self) -> None:
        """Show what has been found so far."""
        search = self._search
        if not self.is_attached:
            return
        if search is None:
            self._show([[("every word must stand in the step; capitals do not matter", "muted")]])
            return
        count = f"{len(search.found):,} found in {words.plural(len(self._view.steps), 'step')}"
        is_none = search.is_over and not search.found
        head: list[list[Ink]] = [[(count, "warning" if is_none else "accent")]]
        if not search.is_over:
            head[0].append(("  searching …", "muted"))
        self._show(head, self._near(search.found))

    def _near(self, found: list[StepAddress]) -> tuple[StepAddress, ...]:
        """Give the hits from a little before the place on where one is."""
        at = next((n for n, one in enumerate(found) if self._here is None or one >= self._here), 0)
        first = max(min(at - 3, len(found) - MOST_SHOWN), 0)
        return tuple(found[first : first + MOST_SHOWN])

    def _show(self, head: list[list[Ink]], hits: tuple[StepAddress, ...] = ()) -> None:
        self.query_one("#found", Static).update(content_of(head, self._paint))
        if hits == self._shown:
            return
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options([Option(content_of([self._line(hit)], self._paint)) for hit in hits])
        self._shown = hits
        if hits:
            after = (n for n, hit in enumerate(hits) if self._here is None or hit >= self._here)
            options.highlighted = next(after, 0)

    def _line(self, address: StepAddress) -> list[Ink]:
        step = self._view.step(address)
        if step is None:
            return [(f"{address!s:<{_ADDRESS_WIDTH}}", "muted"), (self._words(address.turn), "reasoning")]
        told, (sign, tone) = short(step.tool, step.arguments), words.sign(step)
        return [(f"{address!s:<{_ADDRESS_WIDTH}}", "muted"), (f"{sign} ", tone), (told, "output")]

    def _words(self, turn: int) -> str:
        """Give the beginning of what was said in a turn without steps."""
        found = self._view.turns[turn] if turn < len(self._view.turns) else None
        if turn == 0 or found is None:
            return words.task(self._view, 120)
        return one_line(f"{found.reasoning or found.text}".strip().split("\n", 1)[0], 120)

    @on(OptionList.OptionSelected)
    def action_go(self) -> None:
        """Go to the hit that is chosen."""
        place = self.query_one(OptionList).highlighted
        if self._search is not None and place is not None and place < len(self._shown):
            self.dismiss((self._search, self._shown[place]))

    def action_move(self, direction: int) -> None:
        """To the hit beside."""
        move_beside(self.query_one(OptionList), direction)

    def action_cancel(self) -> None:
        """Stay where one is."""
        if self._search is not None:
            self._search.stop()
        self.dismiss(None)
