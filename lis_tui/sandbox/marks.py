"""Finds the end of a command in a stream of its output, and quotes what is sent to a bash."""

import secrets
from collections.abc import Callable

from msgspec import Struct


class Mark(Struct, frozen=True):
    """An end mark that no earlier output can hold, because its word was not known then."""

    word: str

    @property
    def data(self) -> bytes:
        """Give what is looked for in the stream."""
        return b"\0lis-" + self.word.encode() + b";"


def fresh_mark() -> Mark:
    """Make a mark for one command."""
    return Mark(secrets.token_hex(16))


class Until:
    """Passes a stream on up to a mark; holds back only what may be the mark's beginning."""

    def __init__(self, mark: Mark, on_data: Callable[[bytes], None]) -> None:
        self._mark = mark.data
        self._on_data = on_data
        self._held = b""

    def feed(self, data: bytes) -> bytes | None:
        """Take more; gives what follows the mark once that has come, None before."""
        if self._held:
            data = self._held + data
            self._held = b""
        at = data.find(self._mark)
        if at >= 0:
            self._pass(data[:at])
            return data[at + len(self._mark) :]
        keep = self._beginning(data)
        self._held = data[keep:]
        self._pass(data[:keep])
        return None

    def finish(self) -> None:
        """The stream ended without the mark: pass on what was held back."""
        self._pass(self._held)
        self._held = b""

    def _pass(self, data: bytes) -> None:
        if data:
            self._on_data(data)

    def _beginning(self, data: bytes) -> int:
        """Where a beginning of the mark stands at the end of the data."""
        at = data.find(b"\0", max(0, len(data) - len(self._mark) + 1))
        while at >= 0 and not self._mark.startswith(data[at:]):
            at = data.find(b"\0", at + 1)
        return at if at >= 0 else len(data)


def quote(text: bytes | str) -> bytes:
    """Quote for bash, whatever the bytes (but NUL)."""
    data = text.encode("utf-8", errors="surrogateescape") if isinstance(text, str) else text
    return b"'" + data.replace(b"'", b"'\\''") + b"'"
