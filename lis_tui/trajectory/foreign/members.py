"""Reads the members of a zip, also those packed with zstd, which Python's own module cannot before 3.14."""

import io
import struct
import zipfile
import zlib

import zstandard

from lis_tui.core.errors import NoTrajectory
from lis_tui.core.text import one_line
from lis_tui.trajectory.foreign.decoding import decoded

MOST_MEMBER_BYTES = 1 << 28
_ZSTD = 93
_LOCAL = struct.Struct("<4s22xHH")
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    zstandard.ZstdError,
    struct.error,
    NotImplementedError,
    RuntimeError,
    EOFError,
    ValueError,
    OSError,
    KeyError,
    OverflowError,
)


class Members:
    """The members of a zip. What cannot be had raises NoTrajectory."""

    def __init__(self, archive: zipfile.ZipFile, data: bytes) -> None:
        self._archive, self._data = archive, data
        self.members = archive.NameToInfo
        """Of a name that stands there more than once the last one counts."""

    def json(self, name: str) -> object:
        """Read a member as JSON."""
        value, why = decoded(self._read(name))
        if why:
            raise NoTrajectory(f"{one_line(name)} in the archive cannot be read: {one_line(why)}.")
        return value

    def _read(self, name: str) -> bytes:
        try:
            info = self.members[name]
            if info.compress_type == _ZSTD:
                data = self._read_zstd(info)
            else:
                with self._archive.open(info) as stream:
                    data = stream.read(MOST_MEMBER_BYTES + 1)
        except _BROKEN as error:
            why = one_line(str(error))
            raise NoTrajectory(f"{one_line(name)} in the archive is damaged: {why}.") from error
        if len(data) > MOST_MEMBER_BYTES:
            most = f"{MOST_MEMBER_BYTES >> 20} MB"
            raise NoTrajectory(f"{one_line(name)} in the archive is larger than {most}: it is not read.")
        return data

    def _read_zstd(self, info: zipfile.ZipInfo) -> bytes:
        """The zip module of Python knows this method only from 3.14 on."""
        signature, name_size, extra_size = _LOCAL.unpack_from(self._data, info.header_offset)
        if signature != b"PK\x03\x04":
            raise zipfile.BadZipFile("a member does not begin where it should")
        start = info.header_offset + _LOCAL.size + name_size + extra_size
        packed = memoryview(self._data)[start : start + info.compress_size]
        stream = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(packed), read_across_frames=True)
        return stream.read(MOST_MEMBER_BYTES + 1)
