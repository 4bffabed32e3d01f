"""The breakpoints: a list to switch and change them in, and the dialog that makes or changes one."""

from collections.abc import Callable

import msgspec
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from lis_tui.core.breakpoints import Breakpoint, Gate
from lis_tui.core.errors import FilterInvalid, UsageWrong
from lis_tui.core.filter_parser import check_breakpoints, parse
from lis_tui.core.text import one_line, safe_str
from lis_tui.core.view import RunView
from lis_tui.ui import words
from lis_tui.ui.breaking import Scope, found_lines, meant_lines, name_after, pointed, suggested
from lis_tui.ui.labels import content_of, keys, label
from lis_tui.ui.paint import Paint
from lis_tui.ui.rows import Ink
from lis_tui.ui.searching import Hits
from lis_tui.ui.widgets.choice import Choice

KINDS = ("it waits", "it is only noted")
OFTEN = ("each time", "once")
SCOPES: tuple[Scope, ...] = ("run", "task", "all")
SCOPE_WORDS = ("this run", "this task", "every run")
GATES: tuple[tuple[Gate, ...], ...] = (
    (),
    ("before_step",),
    ("after_step",),
    ("before_submit",),
    ("before_model",),
)
GATE_WORDS = ("before, after", "before", "after", "submit", "turn")
_NAME_WIDTH = 16
MOST_AT_ONCE = 300
"""Of a longer run, what a filter means is looked for a little at a time."""


class Entry(msgspec.Struct, frozen=True):
    """A breakpoint and where it is kept."""

    rule: Breakpoint
    scope: Scope


class BreakpointDialog(ModalScreen[Entry | None]):
    """Makes or changes one; shows at once which steps of the run it means."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS = [Binding("escape", "cancel", "cancel"), Binding("enter", "apply", "take it", priority=True)]

    def __init__(self, entry: Entry, view: RunView, paint: Paint, taken: tuple[str, ...]) -> None:
        super().__init__()
        self._entry = entry
        self._view = view
        self._paint = paint
        self._taken = taken
        is_new = entry.rule.name not in [one.name for one in view.breakpoints]
        self._hits: Hits | None = None
        self._given_name = entry.rule.name if is_new else ""
        """The name that we gave, and give anew with another filter; empty: a person's."""

    def compose(self) -> ComposeResult:
        """Draw the fields."""
        rule = self._entry.rule
        gate = GATES.index(rule.gates) if rule.gates in GATES else 0
        with Vertical(classes="dialog -human") as box:
            box.border_title = label("Breakpoint")
            box.border_subtitle = keys("enter take it · tab next · esc cancel")
            yield from _row("filter", Input(rule.filter, id="filter"))
            yield Static("", id="meant", markup=False)
            yield from _row("name", Input(rule.name, id="name"))
            yield from _row("then", Choice(self._paint, KINDS, int(rule.kind == "log"), id="kind"))
            yield from _row("", Choice(self._paint, OFTEN, int(rule.is_one_shot), id="often"))
            yield from _row("from hit", Input(str(rule.hits_needed), id="hits", restrict=r"\d*"))
            yield from _row("asked", Choice(self._paint, GATE_WORDS, gate, id="gates"))
            place = SCOPES.index(self._entry.scope)
            yield from _row("for", Choice(self._paint, SCOPE_WORDS, place, id="scope"))
            yield Static("", classes="problem", markup=False)

    def on_mount(self) -> None:
        """Put the cursor into the filter."""
        self.query_one("#filter", Input).focus()
        self._show()

    @on(Input.Changed, "#filter")
    def _rename(self, message: Input.Changed) -> None:
        name = self.query_one("#name", Input)
        if message.value != self._entry.rule.filter and name.value == self._given_name != "":
            self._given_name = name.value = name_after(message.value, self._taken)

    @on(Input.Changed)
    def _show(self) -> None:
        text = self.query_one("#filter", Input).value
        self.query_one(".problem", Static).update("")
        if self._hits is not None:
            self._hits.stop()
            self._hits = None
        if len(self._view.steps) <= MOST_AT_ONCE:
            self._say(meant_lines(text, self._view))
            return
        try:
            self._hits = Hits(text, parse(text), self._view, self._renew)
        except FilterInvalid as error:
            self._say(pointed(text, error))

    def _renew(self) -> None:
        """Show what has been found so far in a long run."""
        if self._hits is not None and self.is_attached:
            steps = [self._view.step(address) for address in self._hits.found]
            note = "" if self._hits.is_over else " …"
            self._say(found_lines([step for step in steps if step is not None], self._view, note))

    def _say(self, lines: list[list[Ink]]) -> None:
        self.query_one("#meant", Static).update(content_of(lines, self._paint))

    def action_apply(self) -> None:
        """Give it, or say what is wrong."""
        rule = Breakpoint(
            name=safe_str(self.query_one("#name", Input).value).strip(),
            filter=safe_str(self.query_one("#filter", Input).value).strip(),
            is_on=True,
            kind="log" if self._chosen("kind") else "wait",
            hits_needed=int(self.query_one("#hits", Input).value or 0),
            is_one_shot=self._chosen("often") == 1,
            gates=GATES[self._chosen("gates")],
        )
        others = tuple(Breakpoint(name=name, filter="net") for name in self._taken)
        try:
            check_breakpoints((*others, rule))
        except UsageWrong as error:
            self.query_one(".problem", Static).update(label(error.sentence))
            return
        self.dismiss(Entry(rule, SCOPES[self._chosen("scope")]))

    def _chosen(self, name: str) -> int:
        return self.query_one(f"#{name}", Choice).chosen

    def action_cancel(self) -> None:
        """Change nothing."""
        self.dismiss(None)


class BreakpointsDialog(ModalScreen[None]):
    """Lists them. `change` is told of each change: all of them, the name it is about, what is there now."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS = [
        Binding("escape,q,B", "leave", "back"),
        Binding("space", "switch", "on, off"),
        Binding("e", "edit", "change"),
        Binding("n,b", "make", "new"),
        Binding("x,delete", "drop", "delete"),
    ]

    def __init__(
        self,
        entries: list[Entry],
        hits: dict[str, int],
        view: RunView,
        paint: Paint,
        change: Callable[[tuple[Breakpoint, ...], str, Entry | None], None],
    ) -> None:
        super().__init__()
        self._entries = entries
        self._hits = hits
        self._view = view
        self._paint = paint
        self._change = change

    def compose(self) -> ComposeResult:
        """Draw the list."""
        with Vertical(classes="dialog") as box:
            box.border_title = label("Breakpoints")
            box.border_subtitle = keys("space on, off · enter change · n new · x delete · esc back")
            note = "None yet: n makes one; b at a step makes one for steps like it."
            yield Static(label(note), classes="note")
            yield OptionList(id="breakpoints", markup=False)

    def on_mount(self) -> None:
        """Fill the list."""
        self._fill(0)

    def _fill(self, place: int) -> None:
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options([Option(content_of(self._lines(entry), self._paint)) for entry in self._entries])
        self.query_one(".note").display = not self._entries
        options.display = bool(self._entries)
        if self._entries:
            options.highlighted = max(min(place, len(self._entries) - 1), 0)
            options.focus()

    def _lines(self, entry: Entry) -> list[list[Ink]]:
        rule = entry.rule
        tone = "command" if rule.is_on else "muted"
        told = ["waits" if rule.kind == "wait" else "notes"]
        told += ["once"] if rule.is_one_shot else []
        told += [f"from hit {rule.hits_needed}"] if rule.hits_needed > 1 else []
        told += [SCOPE_WORDS[SCOPES.index(entry.scope)]]
        hits = self._hits.get(rule.name, 0)
        told += [words.plural(hits, "hit")] if hits else []
        return [
            [
                ("● " if rule.is_on else "○ ", "warning" if rule.is_on else "muted"),
                (f"{one_line(rule.name, _NAME_WIDTH):<{_NAME_WIDTH}} ", f"{tone} bold"),
                (" · ".join(told), "output" if rule.is_on else "muted"),
            ],
            [("  " + " " * (_NAME_WIDTH + 1), ""), (one_line(rule.filter, 400), "muted")],
        ]

    @property
    def _place(self) -> int | None:
        return self.query_one(OptionList).highlighted if self._entries else None

    def action_switch(self) -> None:
        """Switch the one under the cursor on or off."""
        if (place := self._place) is not None:
            entry = self._entries[place]
            rule = msgspec.structs.replace(entry.rule, is_on=not entry.rule.is_on)
            self._put(place, msgspec.structs.replace(entry, rule=rule))

    @on(OptionList.OptionSelected)
    def action_edit(self) -> None:
        """Change the one under the cursor."""
        if (place := self._place) is not None:
            self._open(place, self._entries[place])

    def action_make(self) -> None:
        """Make a new one."""
        taken = [entry.rule.name for entry in self._entries]
        self._open(len(self._entries), Entry(suggested(self._view, None, taken), "run"))

    def _open(self, place: int, entry: Entry) -> None:
        taken = tuple(one.rule.name for number, one in enumerate(self._entries) if number != place)

        def changed(found: Entry | None) -> None:
            if found is not None:
                self._put(place, found)

        self.app.push_screen(BreakpointDialog(entry, self._view, self._paint, taken), changed)

    def _put(self, place: int, entry: Entry) -> None:
        name = self._entries[place].rule.name if place < len(self._entries) else entry.rule.name
        self._entries[place : place + 1] = [entry]
        self._tell(name, entry, place)

    def action_drop(self) -> None:
        """Delete the one under the cursor."""
        if (place := self._place) is not None:
            name = self._entries.pop(place).rule.name
            self._tell(name, None, place)

    def _tell(self, name: str, entry: Entry | None, place: int) -> None:
        self._change(tuple(one.rule for one in self._entries), name, entry)
        self._fill(place)

    def action_leave(self) -> None:
        """Back."""
        self.dismiss()


def _row(name: str, field: Input | Choice) -> ComposeResult:
    with Horizontal(classes="row"):
        yield Static(label(name), classes="name")
        yield field
