"""The dialog for a command of the person's that runs as a step of its own."""

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from lis_tui.core.decisions import Inject
from lis_tui.core.text import safe_str
from lis_tui.ui.labels import keys, label
from lis_tui.ui.paint import Paint
from lis_tui.ui.screens.editor import Editing
from lis_tui.ui.widgets.choice import Choice
from lis_tui.ui.widgets.code import CodeArea

SIGHT = ("the model is told", "hidden from the model")
PLACES = ("before the waiting step", "right after it")


class InjectDialog(Editing[Inject]):
    """Gives the injection, or None. `has_place`: a step waits, and one may choose on which side of it."""

    BINDINGS = [
        Binding("enter,ctrl+s", "apply", "run it", priority=True),
        Binding("ctrl+j", "new_line", "new line", priority=True),
        Binding("f2", "turn('sight')", "told or hidden", priority=True),
        Binding("f3", "turn('place')", "before or after", priority=True),
    ]

    def __init__(self, paint: Paint, *, when: str, has_place: bool) -> None:
        super().__init__()
        self._paint = paint
        self._when = when
        self._has_place = has_place

    def compose(self) -> ComposeResult:
        """Draw the command and what is to become of it."""
        with Vertical(classes="dialog -human") as box:
            box.border_title = label("Run a command as a step of yours")
            box.border_subtitle = keys("enter run it · ctrl+j new line · ctrl+e $EDITOR · esc cancel")
            yield Static(label(self._when), classes="note")
            yield CodeArea("", "bash", self._paint)
            with Horizontal(classes="row"):
                yield Static(keys("f2"), classes="name")
                yield Choice(self._paint, SIGHT, id="sight")
            if self._has_place:
                with Horizontal(classes="row"):
                    yield Static(keys("f3"), classes="name")
                    yield Choice(self._paint, PLACES, id="place")
            yield Static("", classes="problem", markup=False)

    def action_turn(self, which: str) -> None:
        """Take the other choice."""
        for choice in self.query(f"#{which}").results(Choice):
            choice.choose(choice.chosen + 1)

    def action_new_line(self) -> None:
        """Begin a new line."""
        self.query_one(CodeArea).insert("\n")

    def action_apply(self) -> None:
        """Give the command."""
        command = safe_str(self.query_one(CodeArea).text).strip()
        if not command:
            self.say("write the command that is to run")
            return
        is_after = self._has_place and self.query_one("#place", Choice).chosen == 1
        self.dismiss(Inject(command, self.query_one("#sight", Choice).chosen == 1, is_after))
