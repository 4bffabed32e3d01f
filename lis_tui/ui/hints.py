"""A sentence that a screen says for a few seconds."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from lis_tui.core.text import one_line

if TYPE_CHECKING:
    from textual.screen import Screen

HINT_S = 4.0
MOST_CHARACTERS = 300


class Hint:
    """The sentence that a screen says now, and when it ends; `renew` has the line drawn that shows it."""

    def __init__(self, screen: "Screen[None]", renew: Callable[[], object]) -> None:
        self._screen = screen
        self._renew = renew
        self.text = ""
        """Safe to be shown; empty: nothing is said."""

    def say(self, sentence: str) -> None:
        """Say this; a newer sentence takes its place and has its own time."""
        self.text = one_line(sentence, MOST_CHARACTERS)
        self._renew()
        self._screen.set_timer(HINT_S, lambda said=self.text: self._end(said))

    def _end(self, said: str) -> None:
        if self.text == said:
            self.text = ""
            self._renew()
