"""What an archive holds: its members as their list tells of them, and what is wrong with their names."""

import datetime
import io
import posixpath
import re
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Literal, NamedTuple, cast

from lis_tui.preview.file import File
from lis_tui.preview.unpacking import TooMuch, packing_of, unpacked

MemberKind = Literal["file", "folder", "link", "hard link", "device", "FIFO", "unknown"]
_DRIVE = re.compile(r"[A-Za-z]:")
_TAR_KINDS: dict[bytes, MemberKind] = {
    tarfile.REGTYPE: "file",
    tarfile.AREGTYPE: "file",
    tarfile.CONTTYPE: "file",
    tarfile.GNUTYPE_SPARSE: "file",
    tarfile.DIRTYPE: "folder",
    tarfile.SYMTYPE: "link",
    tarfile.LNKTYPE: "hard link",
    tarfile.CHRTYPE: "device",
    tarfile.BLKTYPE: "device",
    tarfile.FIFOTYPE: "FIFO",
}
_ENCRYPTED = 0x1
_LONGEST_HEADER = 4 << 20
_KEPT = 1024
_STEP = 1 << 16


class Member(NamedTuple):
    """One entry of an archive."""

    name: str
    kind: MemberKind
    size_bytes: int
    packed_bytes: int | None = None
    modified: str = ""
    target: str | None = None
    """Where a link leads; None: it is none, or its target is in its content."""
    is_encrypted: bool = False

    @property
    def danger(self) -> str:
        """Say what would happen if it were extracted as it stands; empty: it would stay in its folder."""
        if found := _leading_out(self.name):
            return found
        if self.target is None or self.kind not in {"link", "hard link"}:
            return ""
        base = posixpath.dirname(self.name) if self.kind == "link" else ""
        return "it links to a place outside" if _leading_out(posixpath.join(base, self.target)) else ""


def of_zip(entry: zipfile.ZipInfo) -> Member:
    """Give a zip file's entry."""
    mode = entry.external_attr >> 16
    kind: MemberKind = "file"
    if entry.filename.endswith("/") or stat.S_ISDIR(mode):
        kind = "folder"
    elif stat.S_ISLNK(mode):
        kind = "link"
    elif stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
        kind = "device"
    elif stat.S_ISFIFO(mode):
        kind = "FIFO"
    year, month, day, hour, minute, _ = entry.date_time
    return Member(
        name=entry.filename,
        kind=kind,
        size_bytes=entry.file_size,
        packed_bytes=entry.compress_size,
        modified=f"{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}",
        is_encrypted=bool(entry.flag_bits & _ENCRYPTED),
    )


def of_tar(entry: tarfile.TarInfo) -> Member:
    """Give a tar file's entry."""
    kind = _TAR_KINDS.get(entry.type, "unknown")
    return Member(
        name=entry.name,
        kind=kind,
        size_bytes=entry.size if kind == "file" else 0,
        modified=_moment(entry.mtime),
        target=entry.linkname if kind in {"link", "hard link"} else None,
    )


@contextmanager
def opened_tar(file: File, most_bytes: int) -> Iterator[tarfile.TarFile]:
    """Open a tar file, packed or not; unpacking more than `most_bytes` raises TooMuch.

    It raises what a damaged file raises, too: tarfile.TarError and UNPACKING_FAILED.
    """
    if packing_of(file):
        with unpacked(file, most_bytes) as stream, _opened(_Forward(stream)) as archive:
            yield archive
    else:
        with file.stream() as stream, _opened(_Sparing(stream)) as archive:
            yield archive


def _opened(source: "_Sparing") -> tarfile.TarFile:
    return tarfile.TarFile(fileobj=cast("IO[bytes]", source), errors="replace")


def is_cut_off(archive: tarfile.TarFile) -> bool:
    """Whether a tar file ends before its end: Python says nothing about what is no header any more."""
    source = cast("_Sparing", archive.fileobj)
    source.seek(archive.offset)
    return source.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE)


class _Sparing:
    """A stream that refuses to give much at once: a tar header is read whole, whatever its length."""

    def __init__(self, stream: io.BufferedIOBase) -> None:
        self._stream = stream

    def read(self, count: int) -> bytes:
        """Give so many bytes. Raises TooMuch."""
        if not 0 <= count <= _LONGEST_HEADER:
            raise TooMuch
        return self._stream.read(count)

    def seek(self, offset: int, _whence: int = 0) -> int:
        """Go to a place."""
        return self._stream.seek(offset)

    def tell(self) -> int:
        """Give the place."""
        return self._stream.tell()


class _Forward(_Sparing):
    """The same of a stream that only goes forward, but for the few bytes that were read last."""

    def __init__(self, stream: io.BufferedIOBase) -> None:
        super().__init__(stream)
        self._recent = b""
        self._end = self._place = 0

    def read(self, count: int) -> bytes:
        """Give so many bytes. Raises TooMuch."""
        again = (
            self._recent[len(self._recent) - (self._end - self._place) :] if self._place < self._end else b""
        )
        again = again[:count]
        data = super().read(count - len(again))
        if data:
            self._end += len(data)
            self._recent = (self._recent + data)[-_KEPT:]
        self._place += len(again) + len(data)
        return again + data

    def seek(self, offset: int, _whence: int = 0) -> int:
        """Go to a place by reading up to it."""
        if offset < self._end - len(self._recent):
            raise OSError("a packed file cannot be read backwards")
        self._place = min(offset, self._end)
        while self._place < offset and self.read(min(offset - self._place, _STEP)):
            pass
        return self._place

    def tell(self) -> int:
        """Give the place."""
        return self._place


def _leading_out(name: str) -> str:
    """Say how a name leaves the folder that it is meant to stay in."""
    slashed = name.replace("\\", "/")
    if slashed.startswith("/") or _DRIVE.match(slashed):
        return "its path is absolute"
    parts = posixpath.normpath(slashed).split("/")
    return "its path leads out of the folder (..)" if parts[0] == ".." else ""


def _moment(seconds: float) -> str:
    try:
        return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError, OSError):
        return ""
