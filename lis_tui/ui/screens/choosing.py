"""Dialogs of one line or one answer: the model, a time limit, the end, a call that is allowed for good."""

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from lis_tui.core.breakpoints import AllowRule
from lis_tui.core.errors import LisError
from lis_tui.core.spec import ModelSpec
from lis_tui.core.text import one_line
from lis_tui.ui import words
from lis_tui.ui.calls import describe
from lis_tui.ui.labels import content_of, keys, label
from lis_tui.ui.models import MODEL_HELP, read_model, write_model
from lis_tui.ui.paint import Paint
from lis_tui.ui.rows import Ink

MOST_LINES = 12


class ModelDialog(ModalScreen[ModelSpec | None]):
    """One editable line; enter takes it."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS = [Binding("escape", "cancel", "cancel")]

    def __init__(self, now: ModelSpec) -> None:
        super().__init__()
        self._now = now

    def compose(self) -> ComposeResult:
        """Draw the line."""
        with Vertical(classes="dialog -human") as box:
            box.border_title = label("Ask another model, or in another way")
            box.border_subtitle = keys("enter from the next request on · esc cancel")
            yield Static(label(MODEL_HELP), classes="note")
            yield Input(write_model(self._now), id="model")
            yield Static("", classes="problem", markup=False)

    def on_mount(self) -> None:
        """Put the cursor into the line."""
        self.query_one(Input).focus()

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Read the line, or say what is wrong with it."""
        try:
            model = read_model(message.value, self._now)
        except LisError as error:
            self.query_one(".problem", Static).update(label(error.sentence))
            return
        self.dismiss(model if model != self._now else None)

    def action_cancel(self) -> None:
        """Change nothing."""
        self.dismiss(None)


class TimeDialog(ModalScreen[float | None]):
    """Asks how long the running command may take in all."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS = [Binding("escape", "cancel", "cancel")]

    def __init__(self, title: str, now_s: float, spent_s: float) -> None:
        super().__init__()
        self._title = title
        self._now_s = now_s
        self._spent_s = spent_s

    def compose(self) -> ComposeResult:
        """Draw a field."""
        with Vertical(classes="dialog -human") as box:
            box.border_title = label(one_line(self._title, 80))
            box.border_subtitle = keys("enter apply · esc cancel")
            spent = words.duration(self._spent_s)
            note = f"How long it may take in all: 90s, 10m, 2h. So far: {spent}."
            yield Static(label(note), classes="note")
            yield Input(f"{self._now_s:g}", id="seconds")
            yield Static("", classes="problem", markup=False)

    def on_mount(self) -> None:
        """Put the cursor into the field."""
        self.query_one(Input).focus()

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Read the time."""
        seconds = read_time(message.value)
        if seconds is None:
            self.query_one(".problem", Static).update(label("That is no time: 90s, 10m and 2h are."))
        else:
            self.dismiss(seconds)

    def action_cancel(self) -> None:
        """Change nothing."""
        self.dismiss(None)


def read_time(text: str) -> float | None:
    """Read a time above 0; None where it is none."""
    plain = text.strip().lower()
    unit = {"s": 1, "m": 60, "h": 3600}.get(plain[-1:])
    try:
        seconds = float(plain[:-1] if unit else plain) * (unit or 1)
    except ValueError:
        return None
    return seconds if 0 < seconds < float("inf") else None


class AllowDialog(ModalScreen[AllowRule | None]):
    """Shows the exact call that is to be approved from now on without asking."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS = [Binding("escape", "cancel", "cancel"), Binding("enter,y", "apply", "allow it")]

    def __init__(self, rule: AllowRule, paint: Paint) -> None:
        super().__init__()
        self._rule = rule
        self._paint = paint

    def compose(self) -> ComposeResult:
        """Draw the rule."""
        with Vertical(classes="dialog -warning") as box:
            box.border_title = label("Approve, and ask no more about exactly this call")
            box.border_subtitle = keys("enter allow it from now on · esc cancel")
            yield Static(content_of(rule_lines(self._rule), self._paint), classes="rule")
            note = "In this run, letter by letter; any other call is asked about. A pause still holds it."
            yield Static(label(note), classes="note")

    def action_apply(self) -> None:
        """Give the rule."""
        self.dismiss(self._rule)

    def action_cancel(self) -> None:
        """Allow nothing."""
        self.dismiss(None)


class RulesDialog(ModalScreen[tuple[AllowRule, ...] | None]):
    """Lists the calls that are allowed; those that are revoked are asked about again."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS = [
        Binding("escape,q", "leave", "back"),
        Binding("x,delete", "revoke", "revoke"),
    ]

    def __init__(self, rules: tuple[AllowRule, ...], paint: Paint) -> None:
        super().__init__()
        self._old = self._rules = rules
        self._paint = paint

    def compose(self) -> ComposeResult:
        """Draw the list."""
        with Vertical(classes="dialog") as box:
            box.border_title = label("Calls you are not asked about")
            box.border_subtitle = keys("x revoke · esc back")
            note = "None yet: A at a waiting call allows that very call."
            yield Static(label(note), classes="note")
            yield OptionList(id="rules", markup=False)

    def on_mount(self) -> None:
        """Fill the list."""
        self._fill()

    def _fill(self) -> None:
        options = self.query_one(OptionList)
        place = options.highlighted or 0
        options.clear_options()
        options.add_options([self._option(rule) for rule in self._rules])
        options.highlighted = min(place, len(self._rules) - 1) if self._rules else None
        options.display = bool(self._rules)
        self.query_one(".note").display = not self._rules
        if self._rules:
            options.focus()

    def _option(self, rule: AllowRule) -> Option:
        call = describe(rule.tool, rule.arguments)
        line: list[Ink] = [(f"{call.word} ", "muted"), (one_line(call.head, 200), "command")]
        return Option(content_of([line], self._paint))

    @on(OptionList.OptionSelected)
    def action_revoke(self) -> None:
        """Ask about this call again."""
        place = self.query_one(OptionList).highlighted
        if place is not None and self._rules:
            self._rules = (*self._rules[:place], *self._rules[place + 1 :])
            self._fill()

    def action_leave(self) -> None:
        """Give the rules that are left, where some were revoked."""
        self.dismiss(self._rules if self._rules != self._old else None)


def rule_lines(rule: AllowRule) -> list[list[Ink]]:
    """Give the call in full, as far as a dialog has room."""
    call = describe(rule.tool, rule.arguments)
    first, *rest = call.head.split("\n")
    lines: list[list[Ink]] = [[(f"{call.word} ", "muted"), (one_line(first, 400), "command bold")]]
    lines += [[("  ", ""), (one_line(line, 400), "command bold")] for line in rest]
    lines += [row.inks for row in call.body]
    if len(lines) > MOST_LINES:
        lines = [*lines[:MOST_LINES], [(f"… {words.plural(len(lines) - MOST_LINES, 'line')} more", "muted")]]
    return lines
