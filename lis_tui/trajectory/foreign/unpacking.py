"""Files as bytes: read without waiting, unpacked within limits. Everything here raises NoTrajectory."""

import gzip
import io
import os
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol

from lis_tui.core.errors import NoTrajectory

MOST_BYTES = 1 << 30
"""A larger file is not read."""
MOST_UNPACKED_BYTES = 1 << 29
"""More than this is not unpacked: what is small on disk may be endless unpacked."""
_BLOCK = 1 << 20
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"


class Readable(Protocol):
    """What a stream must do."""

    def read(self, size: int, /) -> bytes:
        """Give at most so many bytes; none at the end."""
        ...


def read_file(path: Path, most_bytes: int) -> bytes:
    """Read a regular file whole."""
    with _opened(path) as file:
        if os.fstat(file.fileno()).st_size > most_bytes:
            raise NoTrajectory(f"{path} is larger than {most_bytes >> 20:,} MB: it is not read.")
        return file.read(most_bytes) or b""  # None where the kernel has nothing to give yet


def read_beginning(path: Path, most_bytes: int, *, of_at_least: int) -> bytes:
    """Read the first bytes of a regular file; none of one that is smaller than `of_at_least`."""
    with _opened(path) as file:
        is_large = os.fstat(file.fileno()).st_size >= of_at_least
        return file.read(most_bytes) or b"" if is_large else b""


def is_packed(data: bytes) -> bool:
    """Whether it is gzip or zstd."""
    return data.startswith((_GZIP, _ZSTD))


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    try:
        # a pipe without a writer would never open otherwise
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(fd, "rb") as file:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                raise NoTrajectory(f"{path} is no regular file.")
            yield file
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise NoTrajectory(f"{path} cannot be read: {reason}.") from error


def unpacked_of(path: Path, data: bytes) -> bytes:
    """Unpack what is gzip or zstd; anything else stays as it is."""
    if data.startswith(_GZIP):
        try:
            return limited(path, gzip.GzipFile(fileobj=io.BytesIO(data)))
        except (OSError, EOFError, zlib.error) as error:
            raise NoTrajectory(f"{path} is packed, and damaged: {error}.") from error
    if data.startswith(_ZSTD):
        return _unpacked_zstd(path, data)
    return data


def _unpacked_zstd(path: Path, data: bytes) -> bytes:
    import zstandard

    try:
        stream = zstandard.ZstdDecompressor(max_window_size=1 << 28).stream_reader(
            io.BytesIO(data), read_across_frames=True
        )
        unpacked = limited(path, stream)
        told = zstandard.frame_content_size(data)
    except (zstandard.ZstdError, MemoryError) as error:
        raise NoTrajectory(f"{path} is packed, and damaged: {error}.") from error
    if len(unpacked) < (told if told >= 0 else 1):  # the library ends quietly where the file was cut
        raise NoTrajectory(f"{path} is packed, and damaged: it was cut off.")
    return unpacked


def limited(path: Path, stream: Readable) -> bytes:
    """Read a stream to its end, unless that is too far."""
    unpacked = io.BytesIO()
    while block := stream.read(_BLOCK):
        unpacked.write(block)
        if unpacked.tell() > MOST_UNPACKED_BYTES:
            raise NoTrajectory(f"{path} is larger than {MOST_UNPACKED_BYTES >> 20:,} MB unpacked: not read.")
    return unpacked.getvalue()
