"""The field in which a task is written."""

from textual.binding import Binding
from textual.message import Message
from textual.widgets import TextArea


class TaskField(TextArea):
    """Where the task is written; enter runs it, ctrl+j begins a new line."""

    BINDINGS = [
        Binding("enter", "submit", "run", priority=True),
        Binding("ctrl+j", "new_line", "new line", priority=True),
        Binding("tab", "app.focus_next", "settings", priority=True),
    ]

    class Submitted(Message):
        """The task is written."""

    def action_submit(self) -> None:
        """Run it."""
        self.post_message(self.Submitted())

    def action_new_line(self) -> None:
        """Begin a new line."""
        self.insert("\n")
