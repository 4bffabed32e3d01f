"""Text and tones as Textual's Content, for the few widgets that draw themselves; never by way of markup."""

from collections.abc import Iterable

from textual.content import Content, Span
from textual.style import Style

from lis_tui.core.text import clean
from lis_tui.ui.paint import Paint
from lis_tui.ui.rows import Ink

_NAMES = {"esc": "escape", "del": "delete"}
"""Keys that Textual calls otherwise."""


def label(text: str) -> Content:
    """Give cleaned text that is drawn as it stands."""
    return Content(clean(text))


def keys(text: str) -> Content:
    """Give `key words · key words`; the mouse presses the keys too."""
    parts: list[str] = []
    spans: list[Span] = []
    at = 0
    for number, part in enumerate(clean(text).split(" · ")):
        at += len(" · ") if number else 0
        name = part.partition(" ")[0]
        pressed = f"app.press({_NAMES.get(name, name)!r})"
        spans.append(Span(at, at + len(part), Style.from_meta({"@click": pressed})))
        parts.append(part)
        at += len(part)
    return Content(" · ".join(parts), spans)


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
