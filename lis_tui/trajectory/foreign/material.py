"""A file that may hold a trajectory: unpacked, read once, and parsed as far as somebody asks."""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import overload

from lis_tui.core.errors import NoTrajectory
from lis_tui.trajectory.foreign.decoding import decoded, salvaged
from lis_tui.trajectory.foreign.unpacking import MOST_BYTES, limited, read_file, unpacked_of

MOST_LINES = 1 << 21
HEAD_BYTES = 64 * 1024
LARGE_BYTES = 8 << 20
"""Of what is larger, nothing is held twice: bytes go when they are decoded, lines are decoded each time."""
MOST_SALVAGED_BYTES = 1 << 27
_DOCUMENT = re.compile(rb"\s*(?:\{\s*\"|\[\s*[\[{])")
_LINES_LOOKED_AT = 20
ZIP = b"PK\x03\x04"
_BOM = b"\xef\xbb\xbf"
_UTF_16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
Json = dict[str, object]
Line = tuple[int, object]


class Material:
    """The content of one file. Everything here raises NoTrajectory where it cannot be had."""

    def __init__(self, path: Path, data: bytes, *, is_plain_file: bool = False) -> None:
        self.path = path
        """Where it was read from; only to name it."""
        self.data = data
        """Unpacked; of a `.zip` the archive itself. Of a large JSON value it is gone once decoded."""
        self.is_plain_file = is_plain_file
        """The file on disk is this very content: not packed, no member of an archive."""
        self.head = data[:HEAD_BYTES].removeprefix(_BOM).lstrip()
        """The beginning, without white space and a byte order mark."""
        self.broken_because = ""
        """Why `json` is None, or not all that is there, where the content begins like JSON."""
        self.breaks_off = ""
        """Where the JSON document breaks, of which `json` is what stands before that."""

    @classmethod
    def of(cls, path: Path, most_bytes: int = MOST_BYTES) -> "Material":
        """Read a file, unpacked where it is gzip or zstd. Raises NoTrajectory."""
        data = read_file(path, most_bytes)
        unpacked = unpacked_of(path, data)
        for mark, coding in _UTF_16.items():
            if unpacked.startswith(mark):
                unpacked = unpacked[2:].decode(coding, errors="replace").encode()
        return cls(path, unpacked, is_plain_file=unpacked is data)

    @cached_property
    def archive(self) -> zipfile.ZipFile | None:
        """The file as a zip archive, or None."""
        if not self.data.startswith(ZIP):
            return None
        try:
            return zipfile.ZipFile(io.BytesIO(self.data))
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
            return None

    @cached_property
    def json(self) -> object:
        """The whole as one JSON value; None where it is none."""
        if not self.head.startswith((b"{", b"[")):
            return None
        data = self.data.removeprefix(_BOM)
        value, self.broken_because = decoded(data)
        if value is None and self._may_break_off(data):
            value, self.breaks_off = salvaged(data)
        if value is not None and len(self.data) > LARGE_BYTES:
            self.let_go()
        return value

    @cached_property
    def lines(self) -> Sequence[Line]:
        """The JSON value of each line that is an object or a list, with the line's number, counted from 1.

        Of a large file each line is decoded whenever it is asked for: go through them, and keep none.
        """
        if self.json is not None:
            return [(1, self.json)]
        lines = _Lines(self)
        return lines if len(self.data) > LARGE_BYTES else list(lines)

    @cached_property
    def broken_lines(self) -> list[int]:
        """The numbers of the lines that are neither empty nor a JSON object or list."""
        if self.json is not None:
            return []
        lines = self.lines
        if isinstance(lines, _Lines):
            return lines.broken()
        good = {number for number, _ in lines}
        return [number for number, line in enumerate(self.byte_lines(), 1) if line and number not in good]

    def byte_lines(self) -> Iterator[bytes]:
        """Give the lines as they are, without white space around them. Raises NoTrajectory."""
        data, start = self.data, len(_BOM) if self.data.startswith(_BOM) else 0
        for _ in range(MOST_LINES):
            end = data.find(b"\n", start)
            if end < 0:
                yield data[start:].strip()
                return
            yield data[start:end].strip()
            start = end + 1
        raise NoTrajectory(f"{self.path} has more than {MOST_LINES:,} lines: it is not read.")

    def read_lines(self) -> Iterator[tuple[int, object, str]]:
        """Give each line that is not empty: its number, its JSON value, and why there is none."""
        for number, line in enumerate(self.byte_lines(), 1):
            if line.startswith((b"{", b"[")):
                yield number, *decoded(line)
            elif line:
                yield number, None, "is no JSON object"

    def _may_break_off(self, data: bytes) -> bool:
        """Whether it is one document, and not lines of which the first is broken."""
        if len(data) > MOST_SALVAGED_BYTES or not _DOCUMENT.match(data):
            return False
        lines = islice(self.byte_lines(), 1, _LINES_LOOKED_AT)
        return not any(line.startswith(b"{") and decoded(line)[0] is not None for line in lines)

    @property
    def is_text(self) -> bool:
        """Whether it may be lines of JSON, the first ones broken perhaps."""
        is_binary = self.head.count(b"\x00") * 50 > len(self.head)
        return bool(self.head) and not is_binary and self.archive is None

    def let_go(self) -> None:
        """Drop the bytes; the beginning stays in `head`."""
        self.data = b""

    def member(self, name: str) -> "Material":
        """Give a file of the archive. Raises NoTrajectory."""
        path = self.path / name
        if self.archive is None:
            raise NoTrajectory(f"{self.path} is no zip archive.")
        try:
            with self.archive.open(name) as stream:
                data = limited(path, stream)
        except _BAD_MEMBER as error:
            raise NoTrajectory(f"{path} cannot be unpacked: {error}.") from error
        return Material(path, unpacked_of(path, data))


_BAD_MEMBER = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, KeyError, ValueError)
"""What the archive's own code raises for damage, encryption, and packing that it does not know."""


class _Lines(Sequence[Line]):
    """The lines that are JSON, decoded anew each time."""

    def __init__(self, material: Material) -> None:
        self._material = material
        self._broken: list[int] | None = None
        self._count = 0

    def __iter__(self) -> Iterator[Line]:
        broken: list[int] = []
        count = 0
        for number, line in enumerate(self._material.byte_lines(), 1):
            value = decoded(line)[0] if line.startswith((b"{", b"[")) else None
            if value is not None:
                count += 1
                yield number, value
            elif line:
                broken.append(number)
        self._broken, self._count = broken, count

    def __len__(self) -> int:
        self.broken()
        return self._count

    def broken(self) -> list[int]:
        """The numbers of the other lines; known once all were gone through."""
        if self._broken is None:
            for _ in self:
                pass
        return self._broken or []

    @overload
    def __getitem__(self, place: int) -> Line: ...
    @overload
    def __getitem__(self, place: slice) -> list[Line]: ...
    def __getitem__(self, place: int | slice) -> Line | list[Line]:
        if isinstance(place, slice):
            most = place.stop if isinstance(place.stop, int) and place.stop >= 0 else None
            return [line for _, line in zip(range(most or 1 << 62), self, strict=False)][place]
        if place < 0:
            return list(self)[place]
        for number, line in enumerate(self):
            if number == place:
                return line
        raise IndexError(place)
