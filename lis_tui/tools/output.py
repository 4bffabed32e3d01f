"""A command's output with bounded memory: all of it on disk, head and tail of it for the model."""

import io
import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from lis_tui.core.ansi import Sanitiser
from lis_tui.core.private import open_private
from lis_tui.core.text import clean, clip

MOST_BYTES = 30_000
"""Bytes of one output that the model sees."""
MOST_LINES = 600
KEPT_BYTES = 64 << 10
"""Raw bytes of head and of tail that are kept in memory; colours and progress bars take more room raw."""
_CURSOR_MOVES = ("\x1b", "\r", "\b")


class Output:
    """Takes a command's output as it comes; a context manager, because it holds a file."""

    def __init__(self, path: Path) -> None:
        self.problem = ""
        """Why the file does not hold all of it."""
        self._file: io.FileIO | None = None
        try:
            self._file = os.fdopen(open_private(path, os.O_WRONLY | os.O_TRUNC), "wb", buffering=0)
        except OSError as error:
            self._fail(error)
        self._head = bytearray()
        self._tail = bytearray()
        self.size_bytes = 0
        self.most_bytes: int | None = None
        """So much is kept on disk; None: all of it."""

    def __enter__(self) -> "Output":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            if self._file is not None:
                self._file.close()

    @property
    def is_full(self) -> bool:
        """It holds as much as it may."""
        return self.most_bytes is not None and self.size_bytes > self.most_bytes

    def add(self, data: bytes) -> None:
        """Keep a piece."""
        room = len(data) if self.most_bytes is None else max(0, self.most_bytes - self.size_bytes)
        self._write(data[:room])
        self.size_bytes += len(data)
        room = KEPT_BYTES - len(self._head)
        if room > 0:
            self._head += data[:room]
            data = data[room:]
        self._tail += data[-KEPT_BYTES:]
        if len(self._tail) > 2 * KEPT_BYTES:
            del self._tail[:-KEPT_BYTES]

    def _write(self, data: bytes) -> None:
        """Write all of it: where a disk is nearly full only a part may be taken, without a word."""
        if self._file is None or self.problem:
            return
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            self._fail(error)

    def _fail(self, error: OSError) -> None:
        self.problem = f"the full output could not be kept: {error.strerror}"

    def for_model(self, full_path: str) -> tuple[str, bool]:
        """Give what the model sees, and whether that is less than the whole; `full_path` names the rest."""
        where = self.problem or (f"the full output is in {full_path}" if full_path else "")
        missing = self.size_bytes - len(self._head) - len(self._tail)
        if not missing:
            return clip(
                readable(bytes(self._head + self._tail)),
                most_bytes=MOST_BYTES,
                most_lines=MOST_LINES,
                note=where,
            )
        head = _part(readable(_whole_signs(bytes(self._head))), is_head=True)
        tail = _part(readable(_whole_signs(bytes(self._tail))), is_head=False)
        hidden = self.size_bytes - len(head.encode()) - len(tail.encode())
        note = f"[… about {hidden:,} bytes left out{'; ' + where if where else ''} …]"
        return f"{head}\n{note}\n{tail}", True


def readable(data: bytes) -> str:
    """Give output as the model reads it: no colours, progress bars in their last state, controls visible."""
    text = data.decode("utf-8", errors="surrogateescape")
    if not any(sign in text for sign in _CURSOR_MOVES):
        return clean(text)
    return "\n".join(_line(line) for line in text.split("\n"))


def _line(line: str) -> str:
    line = line.removesuffix("\r")
    if not any(sign in line for sign in _CURSOR_MOVES):
        return clean(line)
    screen = Sanitiser(most_columns=1 << 30)
    raw = line.encode("utf-8", errors="surrogateescape")
    return "".join(done.text for done in [*screen.feed(raw), *screen.finish()])


def _part(text: str, *, is_head: bool) -> str:
    """Keep half of what the model may see, from the start or from the end."""
    lines = text.split("\n")
    kept = lines[: MOST_LINES // 2] if is_head else lines[-MOST_LINES // 2 :]
    part = "\n".join(kept).encode("utf-8", errors="replace")
    half = MOST_BYTES // 2
    return _whole_signs(part[:half] if is_head else part[-half:]).decode("utf-8", errors="replace")


def _whole_signs(data: bytes) -> bytes:
    """Drop the halves of a UTF-8 sequence that cutting left at either end."""
    start = next((place for place in range(min(3, len(data))) if data[place] & 0xC0 != 0x80), 0)
    for back in range(1, min(4, len(data)) + 1):
        first = data[-back]
        if first & 0xC0 == 0xC0:
            needed = 2 if first < 0xE0 else 3 if first < 0xF0 else 4
            return data[start : len(data) - back] if needed > back else data[start:]
        if first < 0x80:
            break
    return data[start:]
