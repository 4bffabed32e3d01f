"""Outlines: a tree as lines that fold."""

from lis_tui.core.text import one_line
from lis_tui.preview.parts import Item, Outline
from lis_tui.ui.media.sheet import LEAD, Drawn
from lis_tui.ui.rows import Ink, Row

MOST_OPEN = 40
"""What holds more than this, below the top, is folded until a person opens it."""
_LONGEST = 400
_DEEPEST = 24
"""Deeper than this no line is indented further."""
_TONES = {"": "output", "text": "syntax-string", "number": "syntax-number", "word": "syntax-keyword"}


class OutlineSheet:
    """The items whose folds are open."""

    def __init__(self, outline: Outline) -> None:
        self.outline = outline
        self._wished: dict[int, bool] = {}
        """What a person opened or folded, by an item's number."""
        self._ends = _ends(outline.items)
        self._shown = self._listed()

    def __len__(self) -> int:
        return len(self._shown) + bool(self.outline.title)

    def line(self, number: int, width: int) -> Drawn:
        """Give an item: its fold, its label and its value."""
        if self.outline.title and not number:
            return Row([(one_line(self.outline.title, _LONGEST), "command bold")], lead=LEAD)
        place = self._place(number)
        item = self.outline.items[place]
        inside = self._ends[place] - place - 1
        fold = ("▾ " if self._is_open(place) else "▸ ") if inside else "  "
        inks: list[Ink] = [("  " * min(item.depth, _DEEPEST) + fold, "muted")]
        label, value = one_line(item.label, _LONGEST), one_line(item.value, _LONGEST)
        if label:
            inks.append((label, "syntax-name" if value or not inside else "command"))
        if value:
            inks += [("  " if label else "", ""), (value, _TONES.get(item.tone, "muted"))]
        if inside and not value and not self._is_open(place):
            inks.append((f"  {inside:,}", "muted"))
        return Row(inks, lead=LEAD)

    def can_fold(self, number: int) -> bool:
        """Whether there is anything in the item of a line."""
        if self.outline.title and not number:
            return False
        place = self._place(number)
        return self._ends[place] > place + 1

    def toggle(self, number: int) -> None:
        """Fold or open the item of a line."""
        place = self._place(number)
        self._wished[place] = not self._is_open(place)
        self._shown = self._listed()

    def _place(self, number: int) -> int:
        return self._shown[number - bool(self.outline.title)]

    def _is_open(self, place: int) -> bool:
        inside = self._ends[place] - place - 1
        return self._wished.get(place, inside <= MOST_OPEN or not self.outline.items[place].depth)

    def _listed(self) -> list[int]:
        shown, place = [], 0
        while place < len(self.outline.items):
            shown.append(place)
            place = place + 1 if self._is_open(place) else self._ends[place]
        return shown


def _ends(items: tuple[Item, ...]) -> list[int]:
    """Tell for each item which is the first after it that is not in it."""
    ends = [len(items)] * len(items)
    waiting: list[int] = []
    for place, item in enumerate(items):
        while waiting and items[waiting[-1]].depth >= item.depth:
            ends[waiting.pop()] = place
        waiting.append(place)
    return ends
