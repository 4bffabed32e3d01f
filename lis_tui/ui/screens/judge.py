"""What a person thinks of a run: verdict, tags and a note in one dialog."""

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static, TextArea

from lis_tui.core.errors import LisError
from lis_tui.core.text import one_line
from lis_tui.trajectory.notes import VERDICTS, Notes, note_of, tags_of, verdict_of
from lis_tui.ui.labels import label


class JudgeDialog(ModalScreen[Notes | None]):
    """Gives the changed notes; None where they stay as they are."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS = [
        Binding("escape", "cancel", "cancel"),
        Binding("enter,ctrl+s", "apply", "keep", priority=True),
        Binding("tab", "app.focus_next", "next field", priority=True),
        Binding("ctrl+j", "new_line", "new line", priority=True),
        Binding("up", "turn(-1)", "another verdict"),
        Binding("down", "turn(1)", "another verdict"),
    ]

    def __init__(self, run: str, notes: Notes) -> None:
        super().__init__()
        self._run = run
        self._notes = notes

    def compose(self) -> ComposeResult:
        """Draw a field each."""
        with Vertical(classes="dialog -human") as box:
            box.border_title = label(f"What you think of {one_line(self._run, 60)}")
            box.border_subtitle = label("enter keep · tab next field · ctrl+j new line · esc cancel")
            yield Static("Verdict: good, bad, mixed or none (↑ ↓ change it)", classes="note", markup=False)
            yield Input(self._notes.verdict or "none", id="verdict")
            yield Static("Tags, with spaces between", classes="note", markup=False)
            yield Input(" ".join(self._notes.tags), id="tags")
            yield Static(
                "Note. It lies beside the journal; the model never sees it.", classes="note", markup=False
            )
            yield TextArea(self._notes.note, id="note", soft_wrap=True, show_line_numbers=False)
            yield Static("", classes="problem", markup=False)

    def on_mount(self) -> None:
        """Put the cursor into the first field."""
        self.query_one("#verdict").focus()

    def action_turn(self, direction: int) -> None:
        """Take the verdict after this one, or before it."""
        field = self.query_one("#verdict", Input)
        if self.focused is not field:
            return
        try:
            place = VERDICTS.index(verdict_of(field.value))
        except LisError:
            place = 0
        field.value = VERDICTS[(place + direction) % len(VERDICTS)] or "none"

    def action_new_line(self) -> None:
        """Begin a new line of the note."""
        note = self.query_one(TextArea)
        if self.focused is note:
            note.insert("\n")

    def action_apply(self) -> None:
        """Give the notes, or say what is wrong with them."""
        try:
            notes = Notes(
                verdict=verdict_of(self.query_one("#verdict", Input).value or "none"),
                tags=tags_of(self.query_one("#tags", Input).value.split()),
                note=note_of(self.query_one(TextArea).text),
            )
        except LisError as error:
            self.query(Static).last().update(label(error.sentence))
        else:
            self.dismiss(notes)

    def action_cancel(self) -> None:
        """Leave them as they are."""
        self.dismiss(None)
