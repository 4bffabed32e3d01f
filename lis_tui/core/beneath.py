"""Reads below a folder that strangers write to: no link is followed, only plain files are opened."""

import errno
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from lis_tui.core.errors import FileRefused
from lis_tui.core.events import FileEntry, FileKind
from lis_tui.core.paths import escape_path


class FilePart(Struct, frozen=True):
    """A part of a file and how long all of it is."""

    data: bytes
    size_bytes: int


def read_beneath(root: Path, path: bytes, most_bytes: int, offset: int = 0) -> FilePart:
    """Read some bytes of `path` from `offset` on; the path is relative to `root`.

    Raises FileRefused with the reason.

    Each component is opened by itself and may be no link, so a tree that changes meanwhile leads nowhere
    else; what is no regular file is never opened for reading (a FIFO blocks, a device hangs).
    """
    parts = [part for part in path.split(b"/") if part not in (b"", b".")]
    if not parts or b".." in parts:
        raise FileRefused("This path leads out of the work folder.")
    try:
        folder = _open_folder(root, parts[:-1])
        try:
            return _read(parts[-1], folder, most_bytes, offset)
        finally:
            os.close(folder)
    except OSError as error:
        raise FileRefused(_sentence(error)) from error


def _open_folder(root: Path, parts: list[bytes]) -> int:
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
    folder = os.open(root, flags)
    for part in parts:
        try:
            inner = os.open(part, flags | os.O_NOFOLLOW, dir_fd=folder)
        finally:
            os.close(folder)
        folder = inner
    return folder


def _read(name: bytes, folder: int, most_bytes: int, offset: int) -> FilePart:
    found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    if not stat.S_ISREG(found.st_mode):
        raise FileRefused(f"This is {_kind(found.st_mode)}, no plain file.")
    # Between stat and open it may have become a FIFO: O_NONBLOCK never waits, and it is looked at again.
    file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    try:
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode):
            raise FileRefused("This is no plain file any more.")
        os.lseek(file, offset, os.SEEK_SET)
        return FilePart(_read_up_to(file, most_bytes), found.st_size)
    finally:
        with suppress(OSError):
            os.close(file)


def _read_up_to(file: int, most_bytes: int) -> bytes:
    data = b""
    while len(data) < most_bytes:
        piece = os.read(file, most_bytes - len(data))
        if not piece:
            break
        data += piece
    return data


def _kind(mode: int) -> str:
    kinds = (
        (stat.S_ISLNK, "a link"),
        (stat.S_ISDIR, "a folder"),
        (stat.S_ISFIFO, "a pipe"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISCHR, "a device"),
        (stat.S_ISBLK, "a device"),
    )
    return next((name for test, name in kinds if test(mode)), "something else")


def _sentence(error: OSError) -> str:
    known = {
        "ELOOP": "A link stands in the way; links made in the sandbox are not followed.",
        "ENOTDIR": "A link stands in the way; links made in the sandbox are not followed.",
        "EACCES": "The file belongs to the sandbox's root and cannot be read from outside.",
        "EPERM": "The file belongs to the sandbox's root and cannot be read from outside.",
        "ENOENT": "The file is gone.",
    }
    return known.get(errno.errorcode.get(error.errno or 0, ""), f"It cannot be read: {error.strerror}.")


def list_beneath(root: Path, most: int) -> list[FileEntry]:
    """List up to `most` entries below `root`, no link followed; what cannot be read is left out."""
    found: list[FileEntry] = []
    for folder, folders, files, at in os.fwalk(bytes(root), follow_symlinks=False):
        for name in sorted(folders + files):
            if len(found) >= most:
                return found
            path = os.path.relpath(folder + b"/" + name, bytes(root))
            with suppress(OSError):
                found.append(_entry(path, name, at))
    return found


def _entry(path: bytes, name: bytes, folder: int) -> FileEntry:
    seen = os.stat(name, dir_fd=folder, follow_symlinks=False)
    kind = _entry_kind(seen.st_mode)
    target = escape_path(os.readlink(name, dir_fd=folder)) if kind == "link" else ""
    return FileEntry(escape_path(path), kind, seen.st_size, seen.st_mtime, stat.S_IMODE(seen.st_mode), target)


def _entry_kind(mode: int) -> FileKind:
    kinds: tuple[tuple[Callable[[int], bool], FileKind], ...] = (
        (stat.S_ISREG, "file"),
        (stat.S_ISDIR, "folder"),
        (stat.S_ISLNK, "link"),
        (stat.S_ISFIFO, "fifo"),
        (stat.S_ISSOCK, "socket"),
    )
    return next((kind for test, kind in kinds if test(mode)), "device")
