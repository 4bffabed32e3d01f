r"""File names as text: any bytes in, printable and reversible text out.

Valid UTF-8 stays as it is, a backslash becomes `\\`, every other byte `\xNN`.
"""

import re
import shlex
from contextlib import suppress

_ESCAPE = re.compile(r"\\(\\|x[0-9a-f]{2})")


def escape_path(name: bytes) -> str:
    """Give the name as text that `unescape_path` turns back into the same bytes."""
    if b"\\" not in name:
        with suppress(UnicodeDecodeError):
            return name.decode()  # nearly all of very many
    text = name.replace(b"\\", b"\\\\").decode("utf-8", errors="surrogateescape")
    return "".join(f"\\x{ord(sign) - 0xDC00:02x}" if "\udc80" <= sign <= "\udcff" else sign for sign in text)


def unescape_path(text: str) -> bytes:
    """Give the bytes of an escaped name."""

    def back(match: re.Match[str]) -> str:
        word = match.group(1)
        return "\\" if word == "\\" else chr(0xDC00 + int(word[1:], 16))

    return _ESCAPE.sub(back, text).encode("utf-8", errors="surrogateescape")


def is_artefact(path: str) -> bool:
    """Tell whether a path of the work folder is one of those that the model makes for the person."""
    return path.startswith("output/")


def pasteable(path: bytes) -> str:
    """Write a path so that a shell takes it for one word, whatever a model put into it."""
    text = path.decode("utf-8", errors="surrogateescape")
    if text.isprintable():
        return shlex.quote(text)
    signs = (chr(one) if 32 <= one < 127 and one not in b"\\'" else f"\\x{one:02x}" for one in path)
    return f"$'{''.join(signs)}'"
