"""Program text in colours: pygments' tokens as tones of the theme, loaded only once something is coloured."""

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from lis_tui.core.text import clean
from lis_tui.ui.rows import Ink

if TYPE_CHECKING:
    from pygments.lexer import Lexer
    from pygments.token import _TokenType

MOST_CHARACTERS = 64 * 1024
"""Longer texts stay in one tone."""
_TONES = (
    ("Comment", "syntax-comment"),
    ("Keyword", "syntax-keyword"),
    ("Literal.String", "syntax-string"),
    ("Literal.Number", "syntax-number"),
    ("Name.Builtin", "syntax-keyword"),
    ("Name.Function", "syntax-name"),
    ("Name.Class", "syntax-name"),
    ("Name.Tag", "syntax-keyword"),
    ("Name.Attribute", "syntax-name"),
    ("Name.Variable", "syntax-name"),
    ("Name.Decorator", "syntax-name"),
    ("Operator", "syntax-operator"),
    ("Generic.Deleted", "file-gone"),
    ("Generic.Inserted", "file-new"),
    ("Generic.Heading", "command bold"),
)


def highlight(text: str, language: str, tone: str = "command") -> list[list[Ink]]:
    """Give the text's lines as inks; `tone` is for what has no colour of its own."""
    lines = Highlighted(text, language, tone)
    return [lines[number] for number in range(len(lines))]


class Highlighted:
    """A text's lines as inks, coloured no further than somebody looked: 64 KB of them take 0.1 s."""

    def __init__(self, text: str, language: str, tone: str = "command") -> None:
        text = clean(text).expandtabs(4)
        self._count = text.count("\n") + 1
        self._done: list[list[Ink]] = []
        lexer = _lexer(language) if len(text) <= MOST_CHARACTERS else None
        lines = ([(line, tone)] for line in text.split("\n"))
        self._rest = lines if lexer is None else _coloured(text, lexer, tone)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, number: int) -> list[Ink]:
        if not 0 <= number < self._count:
            raise IndexError(number)
        self.color(number + 1)
        return self._done[number]

    def color(self, count: int) -> None:
        """Color as many lines as these, from the first on."""
        while len(self._done) < min(count, self._count):
            self._done.append(next(self._rest, []))


def plain(text: str, tone: str = "command") -> list[list[Ink]]:
    """Give the lines that `highlight` gives, without colours."""
    return [[(line, tone)] for line in clean(text).expandtabs(4).split("\n")]


@lru_cache(maxsize=256)
def language_of(name: str) -> str:
    """Guess a file's language from its name; empty where none is known."""
    from pygments.lexers import get_lexer_for_filename
    from pygments.util import ClassNotFound

    try:
        return str(get_lexer_for_filename(name).aliases[0])
    except (ClassNotFound, IndexError):
        return ""


@lru_cache(maxsize=32)
def _lexer(language: str) -> "Lexer | None":
    if not language:
        return None
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


def _coloured(text: str, lexer: "Lexer", tone: str) -> Iterator[list[Ink]]:
    line: list[Ink] = []
    for kind, value in lexer.get_tokens(text):
        colour = _tone_of(kind) or tone
        for number, piece in enumerate(value.split("\n")):
            if number:
                yield line
                line = []
            if piece:
                line.append((piece, colour))
    yield line


@lru_cache(maxsize=512)
def _tone_of(kind: "_TokenType") -> str:
    name = ".".join(kind)
    return next((tone for start, tone in _TONES if name.startswith(start)), "")
