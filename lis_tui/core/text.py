"""Text from outside made fit to be shown: cleaned, cut to size, its secrets hidden."""

import re

from lis_tui.core.ansi import PLAIN, Colour, Line, Sanitiser, Span, Style, plain_text
from lis_tui.core.hostile import HOSTILE, is_plain, shown
from lis_tui.core.secrets import Secrets, SecretStream

__all__ = [
    "PLAIN",
    "Colour",
    "Line",
    "Sanitiser",
    "SecretStream",
    "Secrets",
    "Span",
    "Style",
    "clean",
    "clip",
    "one_line",
    "plain_text",
    "plural",
    "safe_str",
    "untagged",
]

_OPENINGS = re.compile(r"(?:\s{0,40}<[A-Za-z][\w-]{0,40}>[ \t]*(?=\n))+")
_SURROGATES = re.compile("[\ud800-\udfff]")


def clean(text: str) -> str:
    """Show every control but tab and line end, and whatever reorders or hides text, as a visible escape."""
    if text.isascii() and is_plain(text.encode("ascii")):
        return text
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    return HOSTILE.sub(shown, text)


def one_line(text: str, limit: int = 200) -> str:
    """Give the cleaned text on one line of at most `limit` characters: for titles, labels and errors."""
    # One character can stand for ten; what lies beyond the limit is never looked at.
    line = clean(text[: limit + 1].strip()).replace("\n", "⏎").replace("\t", " ")
    if len(line) > limit or len(text) > limit + 1:
        return line[: max(limit - 1, 0)].rstrip() + "…"
    return line


def untagged(text: str) -> str:
    """Begin where a task says something: many a one begins with a line that is a tag, as `<issue>`."""
    text = text.lstrip()
    found = _OPENINGS.match(text)
    return (text[found.end() :].lstrip() if found is not None else "") or text


def safe_str(text: str) -> str:
    """Replace lone surrogates, which cannot be written as UTF-8."""
    return text if text.isascii() else _SURROGATES.sub("\ufffd", text)


def clip(text: str, *, most_bytes: int, most_lines: int, note: str = "") -> tuple[str, bool]:
    """Keep head and tail of a long text, and say whether anything was left out.

    Head and tail together keep to both limits; the note between them comes on top. It says how much is
    missing and then `note`; a note that holds `{bytes}` or `{lines}` replaces the whole sentence.
    """
    size, line_count = _size(text), text.count("\n") + (not text.endswith("\n"))
    if size <= most_bytes and line_count <= most_lines:
        return text, False
    head = _head(text, most_bytes - most_bytes // 2, most_lines - most_lines // 2)
    tail = _tail(text, most_bytes // 2, most_lines // 2)
    lost = text[len(head) : len(text) - len(tail)]
    sentence = _sentence(note, size - _size(head) - _size(tail), max(lost.count("\n"), 1))
    before = "" if head.endswith("\n") or not head else "\n"
    return f"{head}{before}{sentence}\n{tail}", True


def _sentence(note: str, lost_bytes: int, lost_lines: int) -> str:
    if "{bytes}" in note or "{lines}" in note:
        return note.replace("{bytes}", f"{lost_bytes:,}").replace("{lines}", f"{lost_lines:,}")
    lines = "1 line" if lost_lines == 1 else f"{lost_lines:,} lines"
    return f"[… {lost_bytes:,} bytes ({lines}) left out{'; ' + note if note else ''} …]"


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _head(text: str, most_bytes: int, most_lines: int) -> str:
    part = text[: max(most_bytes, 0)]
    data = part.encode("utf-8", "surrogatepass")
    if len(data) > most_bytes:
        end = most_bytes
        while end and data[end] & 0xC0 == 0x80:
            end -= 1
        part = data[:end].decode("utf-8", "surrogatepass")
    rest = part.split("\n", most_lines)
    return part[: len(part) - len(rest[-1])] if len(rest) > most_lines else part


def _tail(text: str, most_bytes: int, most_lines: int) -> str:
    if most_bytes <= 0 or most_lines <= 0:
        return ""
    part = text[-most_bytes:]
    data = part.encode("utf-8", "surrogatepass")
    if len(data) > most_bytes:
        start = len(data) - most_bytes
        while start < len(data) and data[start] & 0xC0 == 0x80:
            start += 1
        part = data[start:].decode("utf-8", "surrogatepass")
    ending = "\n" if part.endswith("\n") else ""
    rest = part.removesuffix("\n").rsplit("\n", most_lines)
    return "\n".join(rest[1:]) + ending if len(rest) > most_lines else part


def plural(number: int, word: str) -> str:
    """Give a number with its noun."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"
