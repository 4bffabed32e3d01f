"""The bytes of one file as a decoder reads them: some at a time, wherever they are kept."""

import io
import os
from typing import Protocol


class File(Protocol):
    """A file that was opened by somebody else; there is no path."""

    @property
    def size_bytes(self) -> int:
        """How long it was when it was opened."""
        ...

    def read_at(self, offset: int, count: int) -> bytes:
        """Give so many bytes from there on; fewer at the end."""
        ...

    def stream(self) -> io.BufferedIOBase:
        """Give it as a stream of its own that can be read and sought."""
        ...


class HeldFile:
    """Bytes in memory."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    @property
    def size_bytes(self) -> int:
        """How many there are."""
        return len(self._data)

    def read_at(self, offset: int, count: int) -> bytes:
        """Give so many bytes from there on."""
        return self._data[offset : offset + count]

    def stream(self) -> io.BufferedIOBase:
        """Give them as a stream."""
        return io.BytesIO(self._data)


class OpenedFile:
    """An open descriptor of a plain file, which stays its giver's; each stream has a place of its own."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._size_bytes = os.fstat(descriptor).st_size

    @property
    def size_bytes(self) -> int:
        """How long it was when it was opened."""
        return self._size_bytes

    def read_at(self, offset: int, count: int) -> bytes:
        """Give so many bytes from there on."""
        return os.pread(self._descriptor, count, offset)

    def stream(self) -> io.BufferedIOBase:
        """Give it as a stream that reads by place, so that others are not disturbed."""
        return io.BufferedReader(_Placed(self))


class _Placed(io.RawIOBase):
    """Reads a file at a place of its own."""

    def __init__(self, file: File) -> None:
        super().__init__()
        self._file = file
        self._place = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self._file.size_bytes}[whence]
        self._place = max(start + offset, 0)
        return self._place

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # Python passes any buffer
        data = self._file.read_at(self._place, len(buffer))
        buffer[: len(data)] = data
        self._place += len(data)
        return len(data)
