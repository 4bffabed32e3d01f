"""A file that may hold a trajectory: unpacked, read once, and parsed as far as somebody asks."""

import gzip
import io
import zipfile
import zlib
from functools import cached_property
from pathlib import Path
from typing import Protocol

import msgspec

from lis_tui.core.errors import NoTrajectory

MOST_BYTES = 1 << 30
"""More than this is not read, packed or not: what is small on disk may be endless unpacked."""
HEAD_BYTES = 64 * 1024
_GZIP, _ZSTD, _ZIP = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PK\x03\x04"
Json = dict[str, object]


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Material:
    """The content of one file. Everything here raises NoTrajectory where it cannot be had."""

    def __init__(self, path: Path, data: bytes) -> None:
        self.path = path
        """Where it was read from; only to name it."""
        self.data = data
        """Unpacked; of a `.zip` the archive itself."""

    @classmethod
    def of(cls, path: Path) -> "Material":
        """Read a file, unpacked where it is gzip or zstd. Raises NoTrajectory."""
        try:
            if path.stat().st_size > MOST_BYTES:
                raise NoTrajectory(f"{path} is larger than {MOST_BYTES >> 30} GB: it is not read.")
            data = path.read_bytes()
        except OSError as error:
            raise NoTrajectory(f"{path} cannot be read: {error.strerror}.") from error
        return cls(path, _unpacked(path, data))

    @property
    def head(self) -> bytes:
        """The beginning, without white space and a byte order mark."""
        return self.data[:HEAD_BYTES].removeprefix(b"\xef\xbb\xbf").lstrip()

    @cached_property
    def archive(self) -> zipfile.ZipFile | None:
        """The file as a zip archive, or None."""
        if not self.data.startswith(_ZIP):
            return None
        try:
            return zipfile.ZipFile(io.BytesIO(self.data))
        except (zipfile.BadZipFile, NotImplementedError, ValueError):
            return None

    @cached_property
    def json(self) -> object:
        """The whole as one JSON value; None where it is none."""
        if not self.head.startswith((b"{", b"[")):
            return None
        return _decoded(self.data.removeprefix(b"\xef\xbb\xbf"))

    @cached_property
    def lines(self) -> list[tuple[int, object]]:
        """The JSON value of each line that is one, with the line's number, counted from 1."""
        found = ((number, _decoded(line)) for number, line in enumerate(self.data.splitlines(), 1) if line)
        return [(number, value) for number, value in found if value is not None]

    @cached_property
    def broken_lines(self) -> list[int]:
        """The numbers of the lines that are neither empty nor JSON."""
        good = {number for number, _ in self.lines}
        lines = enumerate(self.data.splitlines(), 1)
        return [number for number, line in lines if line.strip() and number not in good]


def _decoded(data: bytes) -> object:
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        pass
    try:  # lone surrogates and bytes that are no UTF-8: replaced, not lost with all the rest
        return msgspec.json.decode(data.decode(errors="replace").encode())
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return None


def _unpacked(path: Path, data: bytes) -> bytes:
    if data.startswith(_GZIP):
        try:
            return _limited(path, gzip.GzipFile(fileobj=io.BytesIO(data)))
        except (OSError, EOFError, zlib.error) as error:
            raise NoTrajectory(f"{path} is packed, and damaged: {error}.") from error
    if data.startswith(_ZSTD):
        return _unpacked_zstd(path, data)
    return data


def _unpacked_zstd(path: Path, data: bytes) -> bytes:
    try:
        import zstandard
    except ImportError as error:
        raise NoTrajectory(
            f"{path} is packed with zstd: install the package zstandard to open it."
        ) from error
    try:
        return _limited(path, zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data)))
    except zstandard.ZstdError as error:
        raise NoTrajectory(f"{path} is packed, and damaged: {error}.") from error


def _limited(path: Path, stream: _Readable) -> bytes:
    data = stream.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise NoTrajectory(f"{path} is larger than {MOST_BYTES >> 30} GB unpacked: it is not read.")
    return data
