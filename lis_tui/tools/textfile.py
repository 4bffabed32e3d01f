"""A text file as bytes in and the same bytes out: its encoding, line ends and every byte nobody touched."""

import hashlib
from dataclasses import dataclass

CONTEXT_LINES = 3
_BINARY_LOOK = 64 << 10


class NotEncodable(Exception):
    """The file's encoding has no such character."""


@dataclass(frozen=True)
class TextFile:
    """The text of a file and how it was encoded."""

    text: str
    codec: str
    errors: str = "strict"

    @classmethod
    def decode(cls, data: bytes) -> "TextFile":
        """Read bytes as UTF-8; else as Latin-1 where they look like it; else UTF-8, odd bytes kept."""
        try:
            return cls(data.decode("utf-8"), "utf-8")
        except UnicodeDecodeError:
            pass
        kept = data.decode("utf-8", errors="surrogateescape")
        is_mixed = any("\x80" <= sign < "\ud800" or sign > "\udfff" for sign in kept)
        has_controls = any(0x80 <= byte < 0xA0 for byte in data)
        if is_mixed or has_controls:
            return cls(kept, "utf-8", "surrogateescape")
        return cls(data.decode("latin-1"), "latin-1")

    def encode(self) -> bytes:
        """Give the bytes. Raises NotEncodable."""
        try:
            return self.text.encode(self.codec, errors=self.errors)
        except UnicodeEncodeError as error:
            sign = self.text[error.start]
            raise NotEncodable(f"The file is in {self.codec}, which has no {sign!r}.") from error

    def changed(self, change: "Change") -> "TextFile":
        """Give the file with the change carried out."""
        end = change.start + len(change.old)
        text = self.text[: change.start] + change.new + self.text[end:]
        return TextFile(text, self.codec, self.errors)

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


@dataclass(frozen=True)
class Change:
    """One edit: at `start`, `old` became `new`. `digest` is the SHA-256 of the file it made."""

    start: int
    old: str
    new: str
    digest: str = ""

    def reversed(self) -> "Change":
        """Give the edit that takes this one back."""
        return Change(self.start, self.new, self.old)


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


def diff(path: str, before: str, change: Change) -> str:
    """Give the change as a unified diff of one hunk."""
    first = before.rfind("\n", 0, change.start) + 1
    last = _line_end(before, change.start + len(change.old))
    new_middle = before[first : change.start] + change.new + before[change.start + len(change.old) : last]
    gone, come = _marked(before[first:last], "-"), _marked(new_middle, "+")
    head = before[:first].rsplit("\n", CONTEXT_LINES + 1)[-CONTEXT_LINES - 1 : -1]
    tail = split_lines("\n".join(before[last:].split("\n", CONTEXT_LINES)[:CONTEXT_LINES]))
    line = before.count("\n", 0, first) + 1 - len(head)
    around = len(head) + len(tail)
    counts = f"-{line},{_count(gone) + around} +{line},{_count(come) + around}"
    body = [*(f" {text}" for text in head), *gone, *come, *(f" {text}" for text in tail)]
    return "\n".join([f"--- {path}", f"+++ {path}", f"@@ {counts} @@", *body]) + "\n"


def _line_end(text: str, place: int) -> int:
    """Where the line that holds the character before `place` ends, line end included."""
    if place and text[place - 1] == "\n":
        return place
    found = text.find("\n", place)
    return len(text) if found < 0 else found + 1


def _marked(text: str, sign: str) -> list[str]:
    lines = [sign + line for line in split_lines(text)]
    if text and not text.endswith("\n"):
        lines.append("\\ No newline at end of file")
    return lines


def _count(lines: list[str]) -> int:
    return sum(not line.startswith("\\") for line in lines)
