"""A program's output as HTML: its colours as classes, everything else of it harmless text."""

from collections.abc import Iterator
from html import escape

from lis_tui.core.ansi import PLAIN, Colour, Sanitiser, Span, Style
from lis_tui.core.text import safe_str

_BASIC = (
    (0, 0, 0),
    (205, 0, 0),
    (0, 205, 0),
    (205, 205, 0),
    (0, 0, 238),
    (205, 0, 205),
    (0, 205, 205),
    (229, 229, 229),
)
_CUBE = (0, 95, 135, 175, 215, 255)


def coloured(text: str) -> str:
    """Carry out what a terminal would do with the text, and write it down."""
    sanitiser = Sanitiser()
    lines = sanitiser.feed(text.encode(errors="surrogateescape") if text.isascii() else _bytes(text))
    lines += sanitiser.finish()
    parts: list[str] = []
    for line in lines:
        parts += [_written(span) for span in line.pieces()]
        parts += [] if line.is_continued else ["\n"]
    return "".join(parts).rstrip("\n")


def _bytes(text: str) -> bytes:
    return safe_str(text).encode()


def _written(span: Span) -> str:
    classes = ["esc"] if span.is_escape else list(_classes(span.style)) if span.style != PLAIN else []
    text = escape(span.text)
    return f'<span class="{" ".join(classes)}">{text}</span>' if classes else text


def _classes(style: Style) -> Iterator[str]:
    flags = (style.bold, style.dim, style.italic, style.underline, style.strike, style.reverse)
    yield from (name for name, is_on in zip("bdiusr", flags, strict=True) if is_on)
    if style.fg is not None:
        yield f"f{_nearest(style.fg)}"
    if style.bg is not None:
        yield f"g{_nearest(style.bg)}"


def _nearest(colour: Colour) -> int:
    """Give the one of eight colours that comes nearest: the page's own policy allows no others."""
    if isinstance(colour, int) and colour < 16:
        return colour % 8
    red, green, blue = _rgb(colour) if isinstance(colour, int) else colour
    return min(
        range(8),
        key=lambda n: (_BASIC[n][0] - red) ** 2 + (_BASIC[n][1] - green) ** 2 + (_BASIC[n][2] - blue) ** 2,
    )


def _rgb(number: int) -> tuple[int, int, int]:
    """Give a colour of the 6×6×6 cube, or of the grey ramp behind it."""
    if number >= 232:
        grey = 8 + (number - 232) * 10
        return grey, grey, grey
    number -= 16
    return _CUBE[number // 36 % 6], _CUBE[number // 6 % 6], _CUBE[number % 6]
