"""Packed files as streams that give no more than they were allowed, whatever they unpack to."""

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable
from typing import IO, cast

import zstandard

from lis_tui.preview.file import File

UNPACKING_FAILED = (
    OSError,
    EOFError,
    lzma.LZMAError,
    zlib.error,
    zstandard.ZstdError,
    ValueError,
    MemoryError,
)
"""What a damaged file raises while it is unpacked."""
_BEGINNINGS = ((b"\x1f\x8b", "gzip"), (b"BZh", "bzip2"), (b"\xfd7zXZ\0", "xz"), (b"\x28\xb5\x2f\xfd", "zstd"))
_MOST_MEMORY = 100 << 20
_PIECE = 1 << 16
_MOST_AT_ONCE = 16 << 20


class TooMuch(Exception):
    """More would be unpacked than is allowed."""


def packing_of(file: File) -> str:
    """Tell with what a file is packed, by its first bytes; empty: with nothing that is known here."""
    head = file.read_at(0, 6)
    return next((name for beginning, name in _BEGINNINGS if head.startswith(beginning)), "")


def unpacked(file: File, most_bytes: int) -> io.BufferedIOBase:
    """Give what is in a packed file, or the file itself; reading beyond `most_bytes` raises TooMuch."""
    packed = file.stream()
    read: Callable[[int], bytes]
    match packing_of(file):
        case "gzip":
            read = gzip.GzipFile(fileobj=packed).read1
        case "bzip2":
            read = bz2.BZ2File(packed).read1
        case "xz":
            read = _Xz(packed).read
        case "zstd":
            unpacker = zstandard.ZstdDecompressor(max_window_size=_MOST_MEMORY)
            read = unpacker.stream_reader(cast("IO[bytes]", packed), read_across_frames=True).read
        case _:
            read = packed.read1
    return io.BufferedReader(_Bounded(read, most_bytes), _PIECE)


class _Bounded(io.RawIOBase):
    """Reads up to a bound; what was read before something is found to be damaged is given first."""

    def __init__(self, read: Callable[[int], bytes], most_bytes: int) -> None:
        super().__init__()
        self._read, self._left = read, most_bytes

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # Python passes any buffer
        if self._left <= 0:
            raise TooMuch
        data = self._read(min(len(buffer), self._left, _MOST_AT_ONCE))
        buffer[: len(data)] = data
        self._left -= len(data)
        return len(data)


class _Xz:
    """An xz file, whose dictionary may not take all memory there is: Python's own reader sets no limit."""

    def __init__(self, stream: io.BufferedIOBase) -> None:
        self._stream = stream
        self._unpacker = lzma.LZMADecompressor(memlimit=_MOST_MEMORY)
        self._packed = b""

    def read(self, count: int) -> bytes:
        """Give at most so many bytes; none at the end."""
        while self._has_more():
            packed = self._packed
            if not packed and self._unpacker.needs_input:
                packed = self._stream.read(_PIECE)
                if not packed:
                    raise EOFError("it ends too early")
            self._packed = b""
            if data := self._unpacker.decompress(packed, count):
                return data
        return b""

    def _has_more(self) -> bool:
        """Go on with the next of several files behind each other."""
        if not self._unpacker.eof:
            return True
        rest = (self._unpacker.unused_data or self._stream.read(_PIECE)).lstrip(b"\0")
        if not rest:
            return False
        self._unpacker, self._packed = lzma.LZMADecompressor(memlimit=_MOST_MEMORY), rest
        return True
