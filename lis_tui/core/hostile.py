"""Which characters may not reach a terminal as they are, and what is shown in their place."""

import re

_CONTROLS = r"\x00-\x08\x0b-\x1f\x7f-\x9f"
_BIDI = r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_NO_WIDTH = (
    r"\xad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2065\u206a-\u206f\u3164"
    r"\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    r"\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_SEPARATORS = r"\u2028\u2029"
_SURROGATES = r"\ud800-\udfff"
CLASS = _CONTROLS + _BIDI + _NO_WIDTH + _SEPARATORS + _SURROGATES
"""The inside of a regular expression's character class; tab and line feed are not in it."""

_JOINED = r"\u0300-\U0010ffff"
_MARK = r"[\u0300-\u034e\u0350-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
# Joiners and presentation selectors inside emoji and non-Latin words are dropped without a trace: terminals
# disagree on their width. Piles of more than four combining marks are cut.
HOSTILE = re.compile(
    rf"(?P<drop>(?<=[{_JOINED}])[\u200c\u200d]|(?<=[0-9#*\xa9\xae{_JOINED}])[\ufe0e\ufe0f]"
    rf"|(?<={_MARK * 4}){_MARK}+)|[{CLASS}]+"
)
_SUSPECT = re.compile(rf"[{CLASS}]|{_MARK}")
_PLAIN_BYTES = bytes(range(0x20, 0x7F)) + b"\t\n"


def is_plain(data: bytes) -> bool:
    """Say whether these bytes are ASCII without any control but tab and line feed."""
    return not data.translate(None, _PLAIN_BYTES)


def is_safe(text: str) -> bool:
    """Say whether a line may be shown as it is; a cheap no is possible where a closer look would say yes."""
    return text.isprintable() and (text.isascii() or _SUSPECT.search(text) is None)


def visible(text: str) -> str:
    r"""Write each of these characters so that it can be seen: ␛, \x9b, \u202e."""
    return "".join(map(_visible, text))


def _visible(char: str) -> str:
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is no UTF-8, carried by surrogateescape
        code -= 0xDC00
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def shown(match: re.Match[str]) -> str:
    """Give what stands for a match of HOSTILE."""
    return "" if match.lastgroup == "drop" else visible(match[0])
