"""Saves files where the person says: whole or not at all, over nothing unasked, through no link."""

import os
import secrets
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from lis_tui.core.content import Content
from lis_tui.core.errors import FileRefused, LisError, UsageWrong
from lis_tui.core.events import FileEntry
from lis_tui.core.paths import unescape_path
from lis_tui.preview.exhibit import Fetch

OUTPUT = "output/"
ANSWER = "answer.txt"
_PIECE = 1 << 20
_LONGEST_NAME = 200


class AlreadyThere(UsageWrong):
    """Something is at the path; it is only replaced where the person says so."""


def save(content: Content, target: Path, *, is_replacing: bool = False) -> None:
    """Write a file to a path in a folder that is there. Raises AlreadyThere, UsageWrong.

    It is written under another name first, so a reader finds all of it or nothing. A link at the path is
    itself replaced, never what it leads to. The file may not be run, whatever it was in the sandbox.
    """
    try:
        folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            _save_in(folder, content, target, is_replacing=is_replacing)
        finally:
            os.close(folder)
    except OSError as error:
        raise UsageWrong(f"{target} cannot be written: {error.strerror}.") from error


def _save_in(folder: int, content: Content, target: Path, *, is_replacing: bool) -> None:
    part = f".{secrets.token_hex(8)}.part"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    file = os.open(part, flags, 0o666, dir_fd=folder)
    try:
        try:
            _write(content, file)
            os.fsync(file)
        finally:
            os.close(file)
        if is_replacing:
            os.replace(part, target.name, src_dir_fd=folder, dst_dir_fd=folder)
        else:
            _name(part, target, folder)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(part, dir_fd=folder)


def _name(part: str, target: Path, folder: int) -> None:
    """Give it its name unless something has that, also where that came in this moment."""
    try:
        os.link(part, target.name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    except FileExistsError as error:
        raise AlreadyThere(f"{target} is there already.") from error
    except OSError as error:  # file systems without hard links
        if os.path.lexists(target):
            raise AlreadyThere(f"{target} is there already.") from error
        os.replace(part, target.name, src_dir_fd=folder, dst_dir_fd=folder)


def _write(content: Content, file: int) -> None:
    place, size_bytes = 0, content.size_bytes
    while place < size_bytes:
        piece = content.read(min(_PIECE, size_bytes - place), place)
        if not piece:
            break
        left = memoryview(piece)
        while left:
            left = left[os.write(file, left) :]
        place += len(piece)


def made(entries: Sequence[FileEntry]) -> list[FileEntry]:
    """Give what a run made: the plain files of the output folder, and the answer."""
    found = [one for one in entries if one.path.startswith(OUTPUT) or one.path == ANSWER]
    return plain(found)


def plain(entries: Iterable[FileEntry]) -> list[FileEntry]:
    """Give the plain files, by their paths."""
    return sorted((one for one in entries if one.kind == "file"), key=lambda one: one.path)


def safe_name(path: str) -> str:
    """Give the last part of a path as a name that can do no harm: no control signs, no leading `.` or `-`."""
    name = unescape_path(path.rpartition("/")[2]).decode("utf-8", errors="replace")
    kept = "".join(sign if sign.isprintable() and sign not in "/\\" else "_" for sign in name)
    return kept[:_LONGEST_NAME].lstrip(".- ") or "file"


def save_all(paths: Iterable[str], fetch: Fetch, folder: Path) -> tuple[int, list[str]]:
    """Save several below a folder, each under its path; gives how many were, and why others were not.

    The folder and those in it are made where they are missing; a link among them is not followed.
    """
    saved, problems = 0, []
    for path in paths:
        try:
            with fetch(path) as content:
                save(content, _made_below(folder, path))
        except LisError as error:
            problems.append(f"{path}: {error.sentence}")
        else:
            saved += 1
    return saved, problems


def _made_below(folder: Path, path: str) -> Path:
    """Give the path below the folder, with the folders on the way; each is one, and no link."""
    parts = [safe_name(part) for part in path.split("/")]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for part in parts[:-1]:
            folder = folder / part
            folder.mkdir(exist_ok=True)
            if folder.is_symlink():
                raise FileRefused(f"{folder} is a link, which is not followed.")
    except OSError as error:
        raise UsageWrong(f"{folder} cannot be made: {error.strerror}.") from error
    return folder / parts[-1]
