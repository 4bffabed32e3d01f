"""One of a few words, chosen by the arrow keys, space or the mouse."""

from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from lis_tui.ui.labels import content_of
from lis_tui.ui.paint import Paint
from lis_tui.ui.rows import Ink, cells


class Choice(Widget, can_focus=True):
    """Shows all the words on one line; the chosen one has a full circle."""

    DEFAULT_CSS = "Choice { height: 1; width: 1fr; }"
    BINDINGS = [
        Binding("right,space,l", "move(1)", "next"),
        Binding("left,h", "move(-1)", "previous"),
    ]

    class Changed(Message):
        """Another word is chosen."""

        def __init__(self, choice: "Choice") -> None:
            super().__init__()
            self.choice = choice

        @property
        def control(self) -> "Choice":
            """The choice, by which handlers are chosen."""
            return self.choice

    def __init__(self, paint: Paint, words: tuple[str, ...], chosen: int = 0, *, id: str) -> None:  # noqa: A002  (Textual's word)
        super().__init__(id=id)
        self._paint = paint
        self._words = words
        self.chosen = chosen

    @property
    def word(self) -> str:
        """The chosen word."""
        return self._words[self.chosen]

    def choose(self, number: int) -> None:
        """Choose a word, and tell."""
        number %= len(self._words)
        if number != self.chosen:
            self.chosen = number
            self.refresh()
            self.post_message(self.Changed(self))

    def action_move(self, direction: int) -> None:
        """To the word beside."""
        self.choose(self.chosen + direction)

    def on_click(self, event: events.Click) -> None:
        """Choose the word under the mouse."""
        right = 0
        for number in range(len(self._words)):
            right += cells(self._inks(number))
            if event.x < right:
                self.choose(number)
                return

    def on_focus(self) -> None:
        """Draw the focus."""
        self.refresh()

    def on_blur(self) -> None:
        """Draw the focus."""
        self.refresh()

    def render(self) -> Content:
        """Draw the words."""
        return content_of(
            [[ink for number in range(len(self._words)) for ink in self._inks(number)]], self._paint
        )

    def _inks(self, number: int) -> list[Ink]:
        is_chosen = number == self.chosen
        tone = "accent bold" if is_chosen and self.has_focus else "command" if is_chosen else "muted"
        return [(f"{'●' if is_chosen else '○'} {self._words[number]}", tone), ("   ", "")]
