"""Some sentences on a screen of their own."""

from collections.abc import Hashable, Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import Screen

from lis_tui.core.text import one_line, plural
from lis_tui.ui.paint import Paint
from lis_tui.ui.rows import Ink, Row, plain_inks
from lis_tui.ui.screens.diff import key_line
from lis_tui.ui.widgets.blocks import BlockList
from lis_tui.ui.widgets.lines import Lines


class Sentences(BlockList):
    """A block a sentence."""

    def __init__(self, paint: Paint, title: str, lines: Sequence[str]) -> None:
        super().__init__(paint, id="diff")
        self.is_following = False
        self._title = title
        self._sentences = tuple(lines)

    def block_count(self) -> int:
        """Sentences."""
        return len(self._sentences)

    def block_version(self, number: int) -> Hashable:
        """Nothing changes."""
        return 0

    def is_countable(self, number: int) -> bool:
        """Nothing arrives."""
        return False

    def title(self) -> tuple[list[Ink], list[Ink]]:
        """Say what they are, and how many."""
        count = plural(len(self._sentences), "sentence")
        return [(f" {self._title}", "command bold")], [(f"{count} ", "muted")]

    def block_rows(self, number: int, *, is_lit: bool) -> list[Row]:
        """Give a sentence."""
        inks = plain_inks(one_line(self._sentences[number], 1000), "output")
        return [Row(inks, lead=[("  ", "")], most=10, is_prose=True)]


class SentencesScreen(Screen[None]):
    """Shows them; esc leads back."""

    CSS_PATH = "compare.tcss"
    BINDINGS = [
        Binding("escape,q,enter,x", "leave", "back"),
        Binding("j,down", "move(1)", "down"),
        Binding("k,up", "move(-1)", "up"),
    ]

    def __init__(self, title: str, lines: Sequence[str], paint: Paint) -> None:
        super().__init__()
        self.sentences = Sentences(paint, title, lines)
        self.status = Lines(paint, self._keys, id="status", tone="foreground on-surface")

    def compose(self) -> ComposeResult:
        """Draw sentences and keys."""
        yield self.sentences
        yield self.status

    def on_mount(self) -> None:
        """Have the keys act on the sentences."""
        self.sentences.focus()

    def _keys(self, width: int) -> list[list[Ink]]:
        return [key_line((("esc", "back"), ("j k", "move")), width)]

    def action_leave(self) -> None:
        """Back."""
        self.dismiss()

    def action_move(self, direction: int) -> None:
        """To another sentence."""
        self.sentences.move_to(self.sentences.cursor + direction)

    def repaint(self, paint: Paint) -> None:
        """Draw everything with another theme."""
        self.sentences.repaint(paint)
        self.status.repaint(paint)
