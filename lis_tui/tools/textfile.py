"""A text file as bytes in and the same bytes out: its encoding, line ends and every byte nobody touched."""

import hashlib
from dataclasses import dataclass

CONTEXT_LINES = 3
_BINARY_LOOK = 64 << 10


class NotEncodable(Exception):
    """The file's encoding has no such character."""


@dataclass(frozen=True)
class Change:
    """One edit of a file's bytes: at `start`, `old` became `new`. `codec` is how people read them."""

    start: int
    old: bytes
    new: bytes
    codec: str = "utf-8"

    def on(self, data: bytes) -> bytes:
        """Carry it out."""
        return data[: self.start] + self.new + data[self.start + len(self.old) :]

    def reversed(self) -> "Change":
        """Give the edit that takes this one back."""
        return Change(self.start, self.new, self.old, self.codec)


@dataclass(frozen=True)
class TextFile:
    """The bytes of a file, their text and how it was encoded."""

    data: bytes
    text: str
    codec: str = "utf-8"
    errors: str = "strict"

    @classmethod
    def decode(cls, data: bytes) -> "TextFile":
        """Read bytes as UTF-8; else as Latin-1 where they look like it; else UTF-8, odd bytes kept."""
        try:
            return cls(data, data.decode("utf-8"))
        except UnicodeDecodeError:
            pass
        kept = data.decode("utf-8", errors="surrogateescape")
        is_mixed = any("\x80" <= sign < "\ud800" or sign > "\udfff" for sign in kept)
        has_controls = any(0x80 <= byte < 0xA0 for byte in data)
        if is_mixed or has_controls:
            return cls(data, kept, "utf-8", "surrogateescape")
        return cls(data, data.decode("latin-1"), "latin-1")

    def encode(self, text: str) -> bytes:
        """Give text as the file would hold it. Raises NotEncodable."""
        try:
            return text.encode(self.codec, errors=self.errors)
        except UnicodeEncodeError as error:
            raise NotEncodable(f"The file is in {self.codec}, which has no {text[error.start]!r}.") from error

    def change(self, place: int, old: str, new: str) -> Change:
        """Give the change of `old`, which stands at character `place`, into `new`. Raises NotEncodable."""
        start = len(self.encode(self.text[:place]))
        return Change(start, self.encode(old), self.encode(new), self.codec)

    @property
    def has_crlf(self) -> bool:
        """Most of its lines end in CR LF."""
        return 2 * self.text.count("\r\n") > self.text.count("\n")

    @property
    def lines(self) -> list[str]:
        """Its lines without line ends; only LF separates lines."""
        return split_lines(self.text)

    def line_of(self, place: int) -> int:
        """Number of the line, from 1, that holds this character."""
        return self.text.count("\n", 0, place) + 1


def is_binary(data: bytes) -> bool:
    """No text file holds a NUL."""
    return b"\0" in data[:_BINARY_LOOK]


def split_lines(text: str) -> list[str]:
    """Split at LF alone; a CR before it goes with it, an ending LF opens no further line."""
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    return [line.removesuffix("\r") for line in lines]


def digest(data: bytes) -> str:
    """SHA-256 as hexadecimal text."""
    return hashlib.sha256(data).hexdigest()


def with_crlf(text: str) -> str:
    """Give the text with CR LF line ends."""
    return text.replace("\r\n", "\n").replace("\n", "\r\n")


def diff(path: str, before: bytes, change: Change) -> str:
    """Give the change as a unified diff of one hunk, for people."""
    end = change.start + len(change.old)
    first = before.rfind(b"\n", 0, change.start) + 1
    last = end if _ends_a_line(before, change) else _next_line(before, end)
    above, below = first, last
    for _ in range(CONTEXT_LINES):
        above = before.rfind(b"\n", 0, max(0, above - 1)) + 1
        below = _next_line(before, below)
    head, tail = (_marked(part, " ", change.codec) for part in (before[above:first], before[last:below]))
    gone = _marked(before[first:last], "-", change.codec)
    come = _marked(before[first : change.start] + change.new + before[end:last], "+", change.codec)
    line = before.count(b"\n", 0, above) + 1
    around = _count(head) + _count(tail)
    counts = f"-{line},{_count(gone) + around} +{line},{_count(come) + around}"
    return "\n".join([f"--- {path}", f"+++ {path}", f"@@ {counts} @@", *head, *gone, *come, *tail, ""])


def _ends_a_line(before: bytes, change: Change) -> bool:
    """Both what went and what came end with a whole line, so that the next line is untouched."""
    end = change.start + len(change.old)
    before_end = before[max(0, end - 1) : end] in (b"", b"\n")
    new_end = change.new[-1:] or before[max(0, change.start - 1) : change.start] or b"\n"
    return before_end and new_end == b"\n"


def _next_line(data: bytes, place: int) -> int:
    found = data.find(b"\n", place)
    return len(data) if found < 0 else found + 1


def _marked(data: bytes, sign: str, codec: str) -> list[str]:
    text = data.decode(codec, errors="replace")
    lines = [sign + line for line in split_lines(text)]
    if text and not text.endswith("\n"):
        lines.append("\\ No newline at end of file")
    return lines


def _count(lines: list[str]) -> int:
    return sum(not line.startswith("\\") for line in lines)
