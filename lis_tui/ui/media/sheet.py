"""A sheet: one part of a preview as lines, made when they are looked at."""

from typing import Protocol

from textual.strip import Strip

from lis_tui.core.text import one_line
from lis_tui.ui.rows import Ink, Row

Drawn = Row | Strip
"""A line of text, which is folded and toned later, or one that is ready."""
LEAD: list[Ink] = [(" ", "")]
_LONGEST = 600


class Sheet(Protocol):
    """The lines of one part. Those of one that `is_calm` look the same under the cursor."""

    def __len__(self) -> int:
        """How many lines there are."""
        ...

    def line(self, number: int, width: int) -> Drawn:
        """Give a line for a pane of this width."""
        ...


class Sentences:
    """Lines of words, which may come out of a file."""

    is_calm = True

    def __init__(self, *sentences: str, tone: str = "muted", most: int = 6) -> None:
        self._sentences = [one_line(each, _LONGEST) for each in sentences if each]
        self._tone = tone
        self._most = most

    def __len__(self) -> int:
        return len(self._sentences)

    def line(self, number: int, width: int) -> Drawn:
        """Give a sentence, folded at words."""
        return Row([(self._sentences[number], self._tone)], lead=LEAD, most=self._most, is_prose=True)


class Gap:
    """An empty line between two parts."""

    def __len__(self) -> int:
        return 1

    def line(self, number: int, width: int) -> Drawn:
        """Give it."""
        return Row([("", "")])
