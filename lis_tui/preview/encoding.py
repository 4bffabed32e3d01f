"""In which encoding a text is written: told by its mark, or by what its bytes allow."""

import codecs
from typing import NamedTuple


class Encoding(NamedTuple):
    """How letters are written as bytes."""

    codec: str
    """What Python calls it."""
    called: str = ""
    """What a person calls it; empty for UTF-8, which is usual."""
    bom_bytes: int = 0
    """The length of the mark before the text."""

    @property
    def is_wide(self) -> bool:
        """Whether a line's end takes more than one byte."""
        return self.codec.startswith(("utf-16", "utf-32"))


UTF_8 = Encoding("utf-8")
_WESTERN = Encoding("cp1252", "an 8-bit encoding")
_MARKS = (
    (codecs.BOM_UTF8, Encoding("utf-8", "", 3)),
    # The mark of UTF-32 begins as that of UTF-16 does.
    (codecs.BOM_UTF32_LE, Encoding("utf-32-le", "UTF-32", 4)),
    (codecs.BOM_UTF32_BE, Encoding("utf-32-be", "UTF-32", 4)),
    (codecs.BOM_UTF16_LE, Encoding("utf-16-le", "UTF-16", 2)),
    (codecs.BOM_UTF16_BE, Encoding("utf-16-be", "UTF-16", 2)),
)
# Besides the white space: a bell, a step back and an escape are in the recordings of terminals.
_FINE = bytes({7, 8, 9, 10, 12, 13, 27} | set(range(32, 127)))
_CONTROLS = bytes(sorted(set(range(32)) - {7, 8, 9, 10, 12, 13, 27} | {127}))
_MOST_CONTROLS = 1 / 64
_MOST_HIGH = 1 / 3


def encoding_of(head: bytes) -> Encoding:
    """Tell it by the first bytes of what is known to be a text."""
    return text_encoding(head) or UTF_8


def text_encoding(head: bytes) -> Encoding | None:
    """Tell it by the first bytes of a file, which may end within a letter; None: it is no text."""
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding if _can_be(head, encoding) else None
    if 0 in head:
        return _unmarked(head)
    if _count(head, _CONTROLS) > len(head) * _MOST_CONTROLS:
        return None
    if _can_be(head, UTF_8):
        return UTF_8
    high = len(head) - _count(head, _FINE) - _count(head, _CONTROLS)
    return _WESTERN if high <= len(head) * _MOST_HIGH else None


def decoded(data: bytes, encoding: Encoding) -> str:
    """Read it without its mark; what is no letter becomes a sign that says so."""
    return data.decode(encoding.codec, errors="replace").removeprefix("\ufeff")


def _can_be(head: bytes, encoding: Encoding) -> bool:
    try:
        text = codecs.getincrementaldecoder(encoding.codec)().decode(head)
    except UnicodeDecodeError:
        return False
    return text.count("\0") <= len(text) * _MOST_CONTROLS


def _unmarked(head: bytes) -> Encoding | None:
    """Tell UTF-16 without a mark: most letters of a western text have a zero on one side."""
    pairs = len(head) // 2
    if pairs < 4:  # fewer letters tell nothing
        return None
    even, odd = head[0 : pairs * 2 : 2], head[1 : pairs * 2 : 2]
    choices: tuple[tuple[bytes, bytes, str], ...] = (
        (odd, even, "utf-16-le"),
        (even, odd, "utf-16-be"),
    )
    for high, low, codec in choices:
        encoding = Encoding(codec, "UTF-16")
        is_western = high.count(0) > pairs * 0.7 and _count(low, _FINE) > pairs * 0.7
        if is_western and _can_be(head, encoding):
            return encoding
    return None


def _count(data: bytes, wanted: bytes) -> int:
    return len(data) - len(data.translate(None, wanted))
