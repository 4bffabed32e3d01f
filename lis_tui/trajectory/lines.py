"""Lines of a file that may be huge or torn: from its start, and from its end backwards."""

import os
from collections.abc import Iterator

import msgspec

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding a damaged or hostile line may raise."""

_BLOCK = 1 << 16


def first_line(fd: int) -> bytes | None:
    """Give the first whole line without its end, or None where there is none."""
    parts: list[bytes] = []
    offset = 0
    while block := os.pread(fd, _BLOCK, offset):
        head, end, _ = block.partition(b"\n")
        parts.append(head)
        if end:
            return b"".join(parts)
        offset += len(block)
    return None


def whole_size(fd: int) -> int:
    """Give the size of the file without a torn last line."""
    size = os.fstat(fd).st_size
    while size > 0:
        start = max(0, size - _BLOCK)
        found = os.pread(fd, size - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        size = start
    return 0


def lines_backward(fd: int) -> Iterator[bytes]:
    """Give the whole lines, the last first, without their ends; a torn last line is left out."""
    # Without the last line's end, behind which no line begins.
    end = whole_size(fd) - 1
    tail: list[bytes] = []
    """Pieces of the line whose start was not found yet, the last piece first."""
    while end > 0:
        start = max(0, end - _BLOCK)
        first, *lines = os.pread(fd, end - start, start).split(b"\n")
        if lines:
            lines[-1] += b"".join(reversed(tail))
            yield from reversed(lines)
            tail = []
        tail.append(first)
        end = start
    if tail:
        yield b"".join(reversed(tail))
