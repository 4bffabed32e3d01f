"""Copies between host and sandbox as tar streams; on the host no link is followed or made."""

import contextlib
import io
import os
import stat
import tarfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import IO

from lis_tui.core.errors import SandboxFailed, UsageWrong
from lis_tui.core.paths import escape_path
from lis_tui.core.ports import SavedOutputs

MOST_SAVED_BYTES = 4_000_000_000
_PIECE = 1 << 18
_READ_FOR_ONE = 2
"""What is too large is read past, to what follows it; a file of holes is as long as anybody likes."""


# -- out -------------------------------------------------------------------------------------------


def extract(stream: Iterable[bytes], folder: Path, most_bytes: int = MOST_SAVED_BYTES) -> SavedOutputs:
    """Write the regular files and folders of a tar stream below a host folder; all else is named."""
    folder.mkdir(parents=True, exist_ok=True)
    top = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        return _Extraction(top, most_bytes).take(stream)
    finally:
        os.close(top)


class _Extraction:
    def __init__(self, top: int, most_bytes: int) -> None:
        self._top = top
        self._left = most_bytes
        self._files: list[str] = []
        self._problems: list[str] = []
        self._written: set[tuple[bytes, ...]] = set()

    def take(self, stream: Iterable[bytes]) -> SavedOutputs:
        reader = io.BufferedReader(_Pulled(stream, _READ_FOR_ONE * self._left), _PIECE)
        try:
            with tarfile.open(fileobj=reader, mode="r|", errors="surrogateescape") as tar:
                for member in tar:
                    self._one(tar, member)
            while reader.read(_PIECE):
                pass  # a connection is free again when all was read
        except tarfile.TarError as error:
            self._problems.append(f"the copy broke off: {error}")
        return SavedOutputs(tuple(self._files), tuple(self._problems))

    def _one(self, tar: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        name = escape_path(os.fsencode(member.name))
        parts = _parts(member.name)
        if not parts:
            self._problems.append(f"{name}: not copied, its name leads out of the folder")
            return
        try:
            self._by_kind(tar, member, name, parts)
        except OSError as error:
            self._problems.append(f"{name}: not copied, {error.strerror or error}")

    def _by_kind(
        self, tar: tarfile.TarFile, member: tarfile.TarInfo, name: str, parts: tuple[bytes, ...]
    ) -> None:
        if member.isdir():
            with _folder(self._top, parts):
                return
        if member.isreg() and not member.issparse():
            source = tar.extractfile(member)
            if source is not None:
                self._file(source, member, name, parts)
        elif member.islnk():
            self._hard_link(member, name, parts)
        else:
            self._problems.append(f"{name}: not copied, it is {_what(member)}")

    def _file(self, source: IO[bytes], member: tarfile.TarInfo, name: str, parts: tuple[bytes, ...]) -> None:
        if member.size > self._left:
            self._problems.append(f"{name}: not copied, {member.size:,} bytes are too many")
            return
        self._left -= member.size
        with _folder(self._top, parts[:-1]) as at, _fresh_file(at, parts[-1], member.mode) as target:
            while piece := source.read(_PIECE):
                target.write(piece)
        self._files.append(name)
        self._written.add(parts)

    def _hard_link(self, member: tarfile.TarInfo, name: str, parts: tuple[bytes, ...]) -> None:
        """Copy the content of what it is linked to, where that is in the same archive."""
        target = _parts(member.linkname)
        if target not in self._written:
            self._problems.append(f"{name}: not copied, it is a hard link to something outside")
            return
        with _folder(self._top, target[:-1]) as at:
            source = os.open(target[-1], os.O_RDONLY | os.O_NOFOLLOW, dir_fd=at)
        with os.fdopen(source, "rb") as reader:
            size = os.fstat(source).st_size
            if size > self._left:
                self._problems.append(f"{name}: not copied, {size:,} bytes are too many")
                return
            self._left -= size
            with _folder(self._top, parts[:-1]) as at, _fresh_file(at, parts[-1], member.mode) as writer:
                while piece := reader.read(_PIECE):
                    writer.write(piece)
        self._files.append(name)
        self._written.add(parts)


class _Pulled(io.RawIOBase):
    """An iterator of bytes as a readable file."""

    def __init__(self, pieces: Iterable[bytes], most_bytes: int) -> None:
        self._pieces = iter(pieces)
        self._rest = b""
        self._left = most_bytes + _PIECE

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # any writable buffer
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = piece
            self._left -= len(piece)
            if self._left < 0:
                raise tarfile.ReadError("there is far too much")
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


def _parts(name: str) -> tuple[bytes, ...]:
    """Give the components of a name that stays below the folder; none for any other."""
    path = os.fsencode(name)
    parts = tuple(part for part in path.split(b"/") if part not in (b"", b"."))
    return () if path.startswith(b"/") or b".." in parts else parts


@contextlib.contextmanager
def _folder(top: int, parts: Sequence[bytes]) -> Iterator[int]:
    """Open a folder below, component by component, making what is missing and following no link."""
    at = os.dup(top)
    try:
        for part in parts:
            with contextlib.suppress(FileExistsError):
                os.mkdir(part, 0o755, dir_fd=at)
            below = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=at)
            os.close(at)
            at = below
        yield at
    finally:
        os.close(at)


def _fresh_file(at: int, name: bytes, mode: int) -> IO[bytes]:
    """Make a new file in place of whatever has the name (but a folder), never through it."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(name, dir_fd=at)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    handle = os.open(name, flags, 0o755 if mode & stat.S_IXUSR else 0o644, dir_fd=at)
    return os.fdopen(handle, "wb")


def _what(member: tarfile.TarInfo) -> str:
    if member.issym():
        return f"a link to {escape_path(os.fsencode(member.linkname))}"
    if member.isfifo():
        return "a FIFO"
    return "a device" if member.isdev() else "of a kind that is not copied"


# -- in --------------------------------------------------------------------------------------------


def pack(files: Mapping[str, bytes]) -> bytes:
    """Pack contents under absolute paths, with their folders, readable for all."""
    packed = io.BytesIO()
    folders: dict[str, None] = {}
    for path in files:
        folders |= dict.fromkeys(str(p) for p in reversed(PurePosixPath(path).parents) if p.name)
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for folder in folders:
            entry = tarfile.TarInfo(folder.lstrip("/"))
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(entry)
        for path, content in files.items():
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.size, entry.mode = len(content), 0o644
            tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def pack_paths(sources: Sequence[Path], packed: IO[bytes]) -> list[str]:
    """Pack host files and folders under their own names, made different where two are the same.

    Links in them stay links; devices and sockets are left out. Raises UsageWrong, SandboxFailed.
    """
    names: list[str] = []
    taken: set[str] = set()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for source in sources:
            name = _free_name(source.resolve().name or "input", taken)
            try:
                tar.add(source.resolve(), arcname=name, filter=_plain)
            except FileNotFoundError as error:
                raise UsageWrong(f"There is no input {source}.") from error
            except OSError as error:
                raise SandboxFailed(f"The input {source} cannot be read: {error.strerror}.") from error
            names.append(escape_path(os.fsencode(name)))
    return names


def _free_name(wished: str, taken: set[str]) -> str:
    path, count, name = PurePosixPath(wished), 1, wished
    while name in taken:
        count += 1
        name = f"{path.stem}-{count}{path.suffix}"
    taken.add(name)
    return name


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    if not (member.isreg() or member.isdir() or member.issym() or member.islnk()):
        return None
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member
