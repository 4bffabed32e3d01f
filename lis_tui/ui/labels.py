"""Text and tones as Textual's Content, for the few widgets that draw themselves; never by way of markup."""

from collections.abc import Iterable

from textual.content import Content, Span
from textual.style import Style

from lis_tui.core.text import clean
from lis_tui.ui.paint import Paint
from lis_tui.ui.rows import Ink


def label(text: str) -> Content:
    """Give cleaned text that is drawn as it stands."""
    return Content(clean(text))


def content_of(lines: Iterable[list[Ink]], paint: Paint) -> Content:
    """Give lines of inks in the colours of a theme."""
    parts: list[str] = []
    spans: list[Span] = []
    at = 0
    for number, line in enumerate(lines):
        if number:
            parts.append("\n")
            at += 1
        for text, tone in line:
            if tone:
                spans.append(Span(at, at + len(text), Style.from_rich_style(paint.style(tone))))
            parts.append(text)
            at += len(text)
    return Content("".join(parts), spans)
