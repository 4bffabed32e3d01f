"""One line of output: as it is shown, and as a program may still rewrite it."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from lis_tui.core.hostile import HOSTILE, is_safe, visible
from lis_tui.core.sgr import PLAIN, Style

FARTHEST = 512
"""A cursor is moved no further than this beyond the end of a line."""


class Span(Struct, frozen=True, gc=False):
    """A piece of a line in one style; `is_escape`: it stands for characters that may not be shown."""

    text: str
    style: Style = PLAIN
    is_escape: bool = False


class Line(Struct, frozen=True, gc=False):
    """A line that is safe to show. No `spans`: all is plain. `is_continued`: the next one belongs to it."""

    text: str = ""
    spans: tuple[Span, ...] = ()
    is_continued: bool = False

    def pieces(self) -> tuple[Span, ...]:
        """Give the spans, also of a plain line."""
        return self.spans or ((Span(self.text),) if self.text else ())


class Row:
    """The line under the cursor: pieces as they were written, single cells once it is rewritten."""

    def __init__(self) -> None:
        self.column = 0
        self.length = 0
        self._texts: list[str] = []
        self._looks: list[Style] = []
        self._is_cells = False

    def write(self, text: str, style: Style) -> None:
        """Put text at the cursor, over what stands there."""
        if self.column > self.length:
            self.pad(self.column)
        end = self.column + len(text)
        if self.column < self.length:
            self._split()
        if self._is_cells:
            self._texts[self.column : end] = text
            self._looks[self.column : end] = [style] * len(text)
        else:
            self._texts.append(text)
            self._looks.append(style)
        self.column = end
        if end > self.length:
            self.length = end

    def pad(self, column: int) -> None:
        """Fill the line with spaces up to this column."""
        missing = column - self.length
        if missing > 0:
            if self._is_cells:
                self._texts.extend(" " * missing)
                self._looks.extend([PLAIN] * missing)
            else:
                self._texts.append(" " * missing)
                self._looks.append(PLAIN)
            self.length = column

    def _split(self) -> None:
        if not self._is_cells:
            self._looks = [
                look for text, look in zip(self._texts, self._looks, strict=True) for _ in range(len(text))
            ]
            self._texts = list("".join(self._texts))
            self._is_cells = True

    def tab(self) -> None:
        """Go to the next column of eight."""
        self.column += 8 - self.column % 8
        self.pad(self.column)

    def move(self, final: str, count: int) -> None:
        """Move the cursor as `CSI count final` says."""
        column = count - 1 if final in "G`" else self.column + (-count if final == "D" else count)
        self.column = max(0, min(column, max(self.length, FARTHEST)))

    def erase(self, what: int) -> None:
        """Erase the line after the cursor (0), up to it (1), or all of it (2)."""
        self._split()
        if what in (0, 2):
            start = self.column if what == 0 else 0
            del self._texts[start:], self._looks[start:]
            self.length = min(self.length, start)
        elif what == 1:
            end = min(self.column + 1, self.length)
            self._texts[:end] = " " * end
            self._looks[:end] = [PLAIN] * end

    def line(self, *, is_continued: bool = False) -> Line:
        """Give the line as it may be shown."""
        spans: list[Span] = []
        start, count = 0, len(self._texts)
        while start < count:
            look = self._looks[start]
            end = start + 1
            while end < count and (self._looks[end] is look or self._looks[end] == look):
                end += 1
            spans += _spans("".join(self._texts[start:end]), look)
            start = end
        text = spans[0].text if len(spans) == 1 else "".join([span.text for span in spans])
        is_plain = all(span.style is PLAIN and not span.is_escape for span in spans)
        return Line(text, () if is_plain else tuple(spans), is_continued)

    def clear(self) -> None:
        """Begin a new line."""
        self._texts.clear()
        self._looks.clear()
        self.column = self.length = 0
        self._is_cells = False


def _spans(text: str, style: Style) -> list[Span]:
    if is_safe(text):
        return [Span(text, style)] if text else []
    spans: list[Span] = []
    start = 0
    plain = ""
    for match in HOSTILE.finditer(text):
        plain += text[start : match.start()]
        start = match.end()
        if match.lastgroup != "drop":
            if plain:
                spans.append(Span(plain, style))
                plain = ""
            spans.append(Span(visible(match[0]), style, is_escape=True))
    plain += text[start:]
    return [*spans, Span(plain, style)] if plain else spans


def plain_text(lines: Iterable[Line]) -> Iterator[str]:
    """Give the text of lines, pieces of one long line joined again."""
    parts: list[str] = []
    for line in lines:
        parts.append(line.text)
        if not line.is_continued:
            yield "".join(parts)
            parts.clear()
    if parts:
        yield "".join(parts)
