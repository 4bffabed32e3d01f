"""Safe lines of our own, turned into what Textual draws; never by way of markup."""

from collections.abc import Iterable
from functools import lru_cache

from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style as RichStyle
from textual.content import Content
from textual.content import Span as ContentSpan
from textual.style import Style as TextualStyle

from lis_tui.core.text import PLAIN, Colour, Line, Style

_ESCAPE = RichStyle(reverse=True)


def _colour(colour: Colour | None) -> RichColor | None:
    if colour is None:
        return None
    return RichColor.from_ansi(colour) if isinstance(colour, int) else RichColor.from_rgb(*colour)


@lru_cache(maxsize=4096)
def rich_style(style: Style, is_escape: bool = False) -> RichStyle:
    """Give Rich's form of a style; an escape is shown reversed, so that nobody takes it for text."""
    made = RichStyle(
        color=_colour(style.fg),
        bgcolor=_colour(style.bg),
        # None leaves what surrounds the text as it is.
        bold=style.bold or None,
        dim=style.dim or None,
        italic=style.italic or None,
        underline=style.underline or None,
        reverse=style.reverse or None,
        strike=style.strike or None,
    )
    return made + _ESCAPE if is_escape else made


def segments(line: Line, base: RichStyle) -> list[Segment]:
    """Give the line as segments over a base style."""
    if not line.spans:
        return [Segment(line.text, base)] if line.text else []
    return [Segment(span.text, base + rich_style(span.style, span.is_escape)) for span in line.spans]


def content(lines: Iterable[Line]) -> Content:
    """Give the lines as one Content; pieces of a long line are joined."""
    parts: list[str] = []
    spans: list[ContentSpan] = []
    at = 0
    for line in lines:
        for piece in line.pieces():
            end = at + len(piece.text)
            if piece.style is not PLAIN or piece.is_escape:
                look = TextualStyle.from_rich_style(rich_style(piece.style, piece.is_escape))
                spans.append(ContentSpan(at, end, look))
            parts.append(piece.text)
            at = end
        if not line.is_continued:
            parts.append("\n")
            at += 1
    return Content("".join(parts).removesuffix("\n"), spans)
