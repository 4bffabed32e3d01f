"""Reads below a folder that strangers write to: no link is followed, only plain files are opened."""

import errno
import os
import stat
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from lis_tui.core import openat2
from lis_tui.core.content import Content
from lis_tui.core.errors import FileRefused
from lis_tui.core.events import FileEntry, FileKind
from lis_tui.core.paths import escape_path, unescape_path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class FilePart(Struct, frozen=True):
    """A part of a file and how long all of it is."""

    data: bytes
    size_bytes: int


def read_beneath(root: Path, path: bytes, most_bytes: int, offset: int = 0) -> FilePart:
    """Read some bytes of `path` from `offset` on; the path is relative to `root`.

    Raises FileRefused with the reason.
    """
    with Content(descriptor=open_beneath(root, path)) as content:
        try:
            return FilePart(content.read(most_bytes, offset), content.size_bytes)
        except OSError as error:
            raise FileRefused(_sentence(error)) from error


def open_beneath(root: Path, path: bytes) -> int:
    """Open a plain file for reading; the path is relative to `root`. The caller closes the descriptor.

    Raises FileRefused with the reason.

    No component may be a link, so a tree that changes meanwhile leads nowhere else; what is no regular file
    is never opened for reading (a FIFO blocks, a device hangs).
    """
    parts = [part for part in path.split(b"/") if part not in (b"", b".")]
    if not parts or b".." in parts:
        raise FileRefused("This path leads out of the work folder.")
    if b"\0" in path:
        raise FileRefused("No file can have this name: there is a NUL byte in it.")
    try:
        folder = os.open(root, _FOLDER)
        try:
            return _open_at_once(folder, parts) if openat2.is_known() else _open_in_turn(folder, parts)
        finally:
            os.close(folder)
    except OSError as error:
        raise FileRefused(_sentence(error)) from error


def _open_at_once(folder: int, parts: list[bytes]) -> int:
    """Have the kernel go the whole way."""
    path = b"/".join(parts)
    seen = openat2.open_inside(folder, path, os.O_PATH | os.O_NOFOLLOW)
    try:
        _check(os.fstat(seen).st_mode)
    finally:
        os.close(seen)
    return _checked(openat2.open_inside(folder, path, _FILE))


def _open_in_turn(folder: int, parts: list[bytes]) -> int:
    """Open each component by itself, where the kernel has no call for the whole way."""
    inner = os.dup(folder)
    try:
        for part in parts[:-1]:
            outer = inner
            inner = os.open(part, _FOLDER | os.O_NOFOLLOW, dir_fd=outer)
            os.close(outer)
        _check(os.stat(parts[-1], dir_fd=inner, follow_symlinks=False).st_mode)
        return _checked(os.open(parts[-1], _FILE, dir_fd=inner))
    finally:
        os.close(inner)


def _check(mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise FileRefused(f"This is {_kind(mode)}, no plain file.")


def _checked(file: int) -> int:
    """Look again: since it was looked at, it may have become a FIFO, which O_NONBLOCK never waited for."""
    if stat.S_ISREG(os.fstat(file).st_mode):
        return file
    os.close(file)
    raise FileRefused("This is no plain file any more.")


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


def describe_beneath(root: Path, paths: Iterable[str]) -> tuple[list[FileEntry], list[str]]:
    """Describe entries below `root`, no link followed; what is gone is left out.

    Also gives the paths of which this user may not know.
    """
    found: list[FileEntry] = []
    shut: list[str] = []
    for path in paths:
        parts = unescape_path(path).split(b"/")
        if b".." in parts:
            continue
        try:
            folder = _folder_of(root, parts[:-1])
            try:
                found.append(_entry(b"/".join(parts), parts[-1], folder))
            finally:
                os.close(folder)
        except PermissionError:
            shut.append(path)
        except OSError:
            continue  # gone, or now behind a link, where it is no entry of this folder
    return found, shut


def _folder_of(root: Path, parts: list[bytes]) -> int:
    """Open each folder by itself; none may be a link."""
    folder = os.open(root, _FOLDER)
    for part in parts:
        outer = folder
        try:
            folder = os.open(part, _FOLDER | os.O_NOFOLLOW, dir_fd=outer)
        finally:
            os.close(outer)
    return folder


def _entry(path: bytes, name: bytes, folder: int) -> FileEntry:
    seen = os.stat(name, dir_fd=folder, follow_symlinks=False)
    kind = _entry_kind(seen.st_mode)
    target = escape_path(os.readlink(name, dir_fd=folder)) if kind == "link" else ""
    size = seen.st_size if kind == "file" else 0
    return FileEntry(escape_path(path), kind, size, _mtime(seen), stat.S_IMODE(seen.st_mode), target)


def _mtime(seen: os.stat_result) -> float:
    """Give what `find` prints: the time that a float of seconds has is not always the same number."""
    seconds, rest = divmod(seen.st_mtime_ns, 10**9)
    return float(f"{seconds}.{rest:09}")


def _entry_kind(mode: int) -> FileKind:
    kinds: tuple[tuple[Callable[[int], bool], FileKind], ...] = (
        (stat.S_ISREG, "file"),
        (stat.S_ISDIR, "folder"),
        (stat.S_ISLNK, "link"),
        (stat.S_ISFIFO, "fifo"),
        (stat.S_ISSOCK, "socket"),
    )
    return next((kind for test, kind in kinds if test(mode)), "device")
