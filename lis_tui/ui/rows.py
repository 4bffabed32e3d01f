"""Rows: what a pane draws, as inks (text and tone) that are folded to a width; knows no theme."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from msgspec import Struct, field
from rich.cells import cell_len, get_character_cell_size

from lis_tui.core.text import Line, Style, clean

Ink = tuple[str, str]
"""Text that is fit to be shown, and its tone (see `ui.paint`)."""
_ELLIPSIS = "…"
GLUE = "\N{NO-BREAK SPACE}"
"""Keeps words on one line; where a row `is_glued` it is drawn as a space."""


class Row(Struct):
    """One logical line: `lead` once, `inks` folded to at most `most` screen lines, `right` at the right edge.

    `fill` (one character) bridges the gap before `right`, in the tone of `fill_tone`.
    """

    inks: list[Ink]
    lead: list[Ink] = field(default_factory=list[Ink])
    right: list[Ink] = field(default_factory=list[Ink])
    most: int = 1
    is_prose: bool = False
    """Folded at words; else at any character."""
    fill: str = ""
    fill_tone: str = "rule"
    is_glued: bool = False
    is_boxed: bool = False
    """`right` stands at the end of every screen line."""
    hang: list[Ink] = field(default_factory=list[Ink])
    """Takes the place of `lead` on the second and later screen lines."""

    def height(self, width: int) -> int:
        """How many screen lines it takes."""
        if self.most == 1:
            return 1
        room = self._room(width)
        text = text_of(self.inks)
        if text.isascii() and len(text) <= room:
            return 1
        if self.is_prose:
            return min(self.most, len(_fold_words(text, room)))
        return min(self.most, _fold_count(text, room))

    def lines(self, width: int) -> list[list[Ink]]:
        """Give its screen lines; each is at most `width` cells wide."""
        room = self._room(width)
        spans = self._spans(room)
        shown: list[list[Ink]] = []
        for number, (start, end) in enumerate(spans[: self.most]):
            part = _part(self.inks, start, end)
            if number == self.most - 1 and len(spans) > self.most:
                part = _clipped(part, room)
            shown.append([*(self.lead if number == 0 else self._hang()), *part])
        if self.is_glued:
            shown = [[(text.replace(GLUE, " "), tone) for text, tone in line] for line in shown]
        if self.is_boxed:
            shown = [self._with_right(line, width) for line in shown]
        elif self.right or self.fill:
            shown[0] = self._with_right(shown[0], width)
        return shown

    def _spans(self, room: int) -> list[tuple[int, int]]:
        text = text_of(self.inks)
        if self.most == 1 and cell_len(text) <= room:
            return [(0, len(text))]
        if self.is_prose and text.isascii() and len(text) <= room:
            return [(0, len(text.rstrip()))]
        return _fold_words(text, room) if self.is_prose else _fold_chars(text, room)

    def _room(self, width: int) -> int:
        taken = cells(self.lead) + (cells(self.right) + 1 if self.right else 0)
        return max(width - taken, 8)

    def _hang(self) -> list[Ink]:
        if self.hang:
            return self.hang
        indent = cells(self.lead)
        return [(" " * indent, "")] if indent else []

    def _with_right(self, line: list[Ink], width: int) -> list[Ink]:
        gap = max(width - cells(line) - cells(self.right), 0)
        return [*line, ((self.fill or " ") * gap, self.fill_tone if self.fill else ""), *self.right]


def text_of(inks: Iterable[Ink]) -> str:
    """Give the text alone."""
    return "".join(text for text, _ in inks)


def cells(inks: Iterable[Ink]) -> int:
    """How many cells the inks take in one line."""
    return sum(cell_len(text) for text, _ in inks)


def cut(inks: Sequence[Ink], width: int) -> list[Ink]:
    """Keep what fits in `width` cells, with a sign where something was lost."""
    if cells(inks) <= width:
        return list(inks)
    return _clipped(inks, width) if width > 0 else []


def toned(line: Line, tone: str) -> list[Ink]:
    """Give a sanitised line as inks; `tone` is for what has no colour of its own."""
    return [(span.text.expandtabs(8), tone_of(span.style, tone)) for span in line.pieces()]


def plain_inks(text: str, tone: str) -> list[Ink]:
    """Give untrusted text of one line as one ink."""
    return [(clean(text).replace("\n", "⏎").expandtabs(4), tone)]


def tone_of(style: Style, tone: str) -> str:
    """Give a style as a tone; `tone` is the colour where it has none of its own."""
    words = [_colour("fg", style.fg) if style.fg is not None else tone]
    if style.bg is not None:
        words.append(_colour("bg", style.bg))
    words += [name for name in _ATTRIBUTES if getattr(style, name)]
    return " ".join(words)


_ATTRIBUTES = ("bold", "dim", "italic", "underline", "reverse", "strike")


def _colour(ground: str, colour: int | tuple[int, int, int]) -> str:
    if isinstance(colour, int):
        return f"{ground}:{colour}"
    return f"{ground}:#{colour[0]:02x}{colour[1]:02x}{colour[2]:02x}"


def _part(inks: Sequence[Ink], start: int, end: int) -> list[Ink]:
    """Cut out the characters from `start` to `end`."""
    found: list[Ink] = []
    place = 0
    for text, tone in inks:
        piece = text[max(start - place, 0) : max(end - place, 0)]
        if piece:
            found.append((piece, tone))
        place += len(text)
        if place >= end:
            break
    return found


def _clipped(inks: Sequence[Ink], room: int) -> list[Ink]:
    """Shorten to `room` cells, the last of which says that more follows."""
    kept: list[Ink] = []
    left = room - 1
    for text, tone in inks:
        size = cell_len(text)
        if size <= left:
            kept.append((text, tone))
            left -= size
            continue
        _, end = _fold_chars(text, max(left, 1))[0] if left > 0 else (0, 0)
        kept.append((text[:end], tone))
        break
    return [*kept, (_ELLIPSIS, "muted")]


def _fold_count(text: str, room: int) -> int:
    if text.isascii():
        return max(1, -(-len(text) // room))
    return len(_fold_chars(text, room))


def _fold_chars(text: str, room: int) -> list[tuple[int, int]]:
    """Where to fold, at any character."""
    if text.isascii():
        return [(at, min(at + room, len(text))) for at in range(0, len(text), room)] or [(0, 0)]
    spans: list[tuple[int, int]] = []
    start = used = 0
    for place, sign in enumerate(text):
        size = get_character_cell_size(sign)
        if used + size > room and place > start:
            spans.append((start, place))
            start, used = place, 0
        used += size
    spans.append((start, len(text)))
    return spans


def _parts_words(sign: str) -> bool:
    """Lines are folded at spaces, but for the one that keeps words together."""
    return sign != GLUE and sign.isspace()


def _fold_words(text: str, room: int) -> list[tuple[int, int]]:
    """Where to fold, at words where that is possible."""
    spans: list[tuple[int, int]] = []
    start = end = used = 0
    place = 0
    for is_space, group in groupby(text, _parts_words):
        word = "".join(group)
        size = cell_len(word)
        if is_space:
            used += size
        elif used + size <= room:
            used += size
            end = place + len(word)
        else:
            begin = place
            if end > start:
                spans.append((start, end))
            else:
                begin = start  # what indents a word that does not fit stays before it
            *full, last = _fold_chars(text[begin : place + len(word)], room)
            spans += [(begin + a, begin + b) for a, b in full]
            start, end = begin + last[0], begin + last[1]
            used = cell_len(text[start:end])
        place += len(word)
    spans.append((start, max(end, start)))
    return spans
