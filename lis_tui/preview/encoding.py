"""In which encoding a text is written: told by its mark, or by what its bytes allow."""

import codecs
from typing import Literal

Encoding = Literal["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "cp1252"]
_MARKS: tuple[tuple[bytes, Encoding], ...] = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    # The mark of UTF-32 begins as that of UTF-16 does.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Besides the white space: a bell, a step back and an escape are in the recordings of terminals.
_FINE = bytes({7, 8, 9, 10, 12, 13, 27} | set(range(32, 127)))
_CONTROLS = bytes(sorted(set(range(32)) - {7, 8, 9, 10, 12, 13, 27} | {127}))
_MOST_CONTROLS = 1 / 64
_MOST_HIGH = 1 / 3


def encoding_of(head: bytes) -> Encoding | None:
    """Tell it by the first bytes of a file, which may end within a letter."""
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding if _can_be(head, encoding) else None
    if 0 in head:
        return _unmarked(head)
    if _count(head, _CONTROLS) > len(head) * _MOST_CONTROLS:
        return None
    if _can_be(head, "utf-8"):
        return "utf-8"
    high = len(head) - _count(head, _FINE) - _count(head, _CONTROLS)
    return "cp1252" if high <= len(head) * _MOST_HIGH else None


def words(encoding: Encoding) -> str:
    """Say it to a person; nothing for what is usual."""
    if encoding in ("utf-8", "utf-8-sig"):
        return ""
    return "in an 8-bit encoding" if encoding == "cp1252" else f"in {encoding[:6].upper()}"


def decoded(data: bytes, encoding: Encoding) -> str:
    """Read it; what is no letter becomes a sign that says so."""
    return data.decode(encoding, errors="replace").removeprefix("\ufeff")


def _can_be(head: bytes, encoding: Encoding) -> bool:
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeDecodeError:
        return False
    return text.count("\0") <= len(text) * _MOST_CONTROLS


def _unmarked(head: bytes) -> Encoding | None:
    """Tell UTF-16 without a mark: most letters of a western text have a zero on one side."""
    pairs = len(head) // 2
    if pairs < 4:  # fewer letters tell nothing
        return None
    even, odd = head[0 : pairs * 2 : 2], head[1 : pairs * 2 : 2]
    choices: tuple[tuple[bytes, bytes, Encoding], ...] = ((odd, even, "utf-16-le"), (even, odd, "utf-16-be"))
    for high, low, encoding in choices:
        is_western = high.count(0) > pairs * 0.7 and _count(low, _FINE) > pairs * 0.7
        if is_western and _can_be(head, encoding):
            return encoding
    return None


def _count(data: bytes, wanted: bytes) -> int:
    return len(data) - len(data.translate(None, wanted))
