"""A line of text that is typed in the title of a pane; a widget of its own would take the focus from it."""

from textual import events

from lis_tui.core.text import one_line
from lis_tui.ui.rows import Ink

LONGEST = 200


class Field:
    """What is typed, and whether keys go there."""

    def __init__(self) -> None:
        self.text = ""
        self.is_open = False

    def take(self, event: events.Key) -> bool:
        """Take a key where it is one for typing; says whether it was."""
        if not self.is_open:
            return False
        if event.is_printable and event.character is not None:
            self.add(event.character)
        elif event.key == "backspace":
            self.text = self.text[:-1]
        elif event.key == "ctrl+w":
            self.text = self.text.rstrip().rpartition(" ")[0]
        elif event.key == "ctrl+u":
            self.text = ""
        else:
            return False
        return True

    def add(self, text: str) -> None:
        """Type more, or paste it: its first line."""
        self.text = (self.text + one_line(text.partition("\n")[0], LONGEST))[:LONGEST]

    def inks(self, width: int) -> list[Ink]:
        """Draw its end, with the cursor where keys go there."""
        shown = self.text if len(self.text) <= width else "…" + self.text[1 - width :]
        cursor: list[Ink] = [("▏", "accent")] if self.is_open else []
        return [("/", "accent"), (shown, "output"), *cursor]
