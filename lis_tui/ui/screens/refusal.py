"""Says why something was not done, where that takes more room than the status line has."""

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from lis_tui.ui.labels import keys, label


class RefusalDialog(ModalScreen[None]):
    """Shows a sentence until the next key or click."""

    CSS_PATH = "dialogs.tcss"

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self._sentence = sentence

    def compose(self) -> ComposeResult:
        """Draw the sentence."""
        with Vertical(classes="dialog -warning") as box:
            box.border_title = label("Not done")
            box.border_subtitle = keys("any key closes this")
            yield Static(label(self._sentence), classes="note")

    def on_key(self, event: events.Key) -> None:
        """Close; the key means nothing else."""
        event.stop()
        self.dismiss(None)

    def on_click(self) -> None:
        """Close."""
        self.dismiss(None)
