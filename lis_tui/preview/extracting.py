"""Archives extracted with a filter: plain files and folders below one new folder, and nothing else.

What is left out is named with the reason: links, devices, paths that lead outside, what is there already.
"""

import os
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NamedTuple, Protocol

from lis_tui.core.content import Content
from lis_tui.core.errors import LisError
from lis_tui.core.text import one_line
from lis_tui.preview.file import File, HeldFile, OpenedFile
from lis_tui.preview.kinds import called
from lis_tui.preview.members import Member, is_cut_off, of_tar, of_zip, opened_tar
from lis_tui.preview.parts import CannotShow
from lis_tui.preview.unpacking import UNPACKING_FAILED, TooMuch, packing_of, unpacked
from lis_tui.preview.zipped import BROKEN, opened_zip

MOST_BYTES = 2_000_000_000
MOST_MEMBERS = 20_000
_PIECE = 1 << 20
_DEEPEST = 100


class CannotExtract(LisError):
    """Nothing was extracted: it is no archive, or there is no place for it."""


class LeftOut(NamedTuple):
    """A member that was not written, and why."""

    name: str
    why: str


class Extracted(NamedTuple):
    """What was written."""

    files: int
    size_bytes: int
    left_out: tuple[LeftOut, ...]
    stopped: str = ""
    """Why it stopped before the end; empty: it did not."""


class _Readable(Protocol):
    def read(self, count: int, /) -> bytes: ...


_Entry = tuple[Member, Callable[[], _Readable | None]]


def members_safe(members: Iterable[Member]) -> tuple[list[Member], list[LeftOut]]:
    """Tell which members would be extracted, and why the others would not."""
    safe: list[Member] = []
    left_out: list[LeftOut] = []
    for member in members:
        if why := why_left_out(member):
            left_out.append(LeftOut(member.name, why))
        else:
            safe.append(member)
    return safe, left_out


def why_left_out(member: Member) -> str:
    """Say why a member is never written; empty: it is a plain file or folder that stays where it belongs."""
    if member.kind not in {"file", "folder"}:
        return (
            f"it is no file but a {member.kind}" if member.kind != "unknown" else "it is of an unknown kind"
        )
    if member.danger:
        return member.danger
    if member.is_encrypted:
        return "it is encrypted"
    parts = _parts(member.name)
    if member.kind == "file" and not parts:
        return "it has no name"
    if "\0" in member.name:
        return "its name holds a zero"
    return f"it lies deeper than {_DEEPEST} folders" if len(parts) > _DEEPEST else ""


def extract(content: File, into: Path, *, name: str = "", most_bytes: int = MOST_BYTES) -> Extracted:
    """Extract an archive to a new folder `into`. Raises CannotExtract.

    A single packed file becomes a file of that `name`, without its last ending.
    """
    try:
        into.mkdir()
        folder = os.open(into, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError as error:
        raise CannotExtract(f"There is no place to extract to: {error.strerror}: {into}") from error
    try:
        with _entries(content, name, most_bytes) as entries:
            return _Extraction(folder, most_bytes).run(entries)
    except (CannotShow, TooMuch, tarfile.TarError, *BROKEN, *UNPACKING_FAILED) as error:
        with suppress(OSError):
            into.rmdir()  # nothing is in it
        raise CannotExtract(f"It cannot be extracted: {str(error)[:300] or 'it is damaged.'}") from error
    finally:
        os.close(folder)


def extract_content(content: Content, into: Path, *, name: str) -> Extracted:
    """Extract an archive that was opened, to a new folder. Raises CannotExtract; slow, for a thread."""
    opened = content.descriptor
    file: File = HeldFile(content.data or b"") if opened is None else OpenedFile(opened)
    return extract(file, into, name=name)


def said_of(extracted: Extracted, into: Path, most: int = 3) -> tuple[str, tuple[str, ...]]:
    """Say what was written, and of what was not the first few, and why."""
    files = f"{extracted.files:,} file{'' if extracted.files == 1 else 's'}"
    left = [f"{one_line(one.name, 60)}: {one.why}" for one in extracted.left_out]
    if len(left) > most:
        left = [*left[:most], f"and {len(left) - most:,} more"]
    problems = ([extracted.stopped] if extracted.stopped else []) + left
    return f"extracted: {files} below {into}", tuple(problems)


class _Extraction:
    """Writes members below an open folder, and counts."""

    def __init__(self, folder: int, most_bytes: int) -> None:
        self._folder = folder
        self._left = most_bytes
        self._files = self._size_bytes = 0
        self._left_out: list[LeftOut] = []

    def run(self, entries: Iterator[_Entry]) -> Extracted:
        """Write what may be written, until it ends or is too much."""
        stopped = ""
        try:
            for number, (member, open_member) in enumerate(entries):
                if number == MOST_MEMBERS:
                    stopped = f"It has more than {MOST_MEMBERS:,} members."
                    break
                if why := why_left_out(member) or self._write(member, open_member):
                    self._left_out.append(LeftOut(member.name, why))
        except TooMuch:
            stopped = "It unpacks to more than is allowed."
        except (tarfile.TarError, *UNPACKING_FAILED) as error:
            stopped = f"The archive is damaged: {str(error)[:200]}."
        return Extracted(self._files, self._size_bytes, tuple(self._left_out), stopped)

    def _write(self, member: Member, open_member: Callable[[], _Readable | None]) -> str:
        """Write a member; say why it could not be, where it could not."""
        parts = _parts(member.name)
        folders = parts if member.kind == "folder" else parts[:-1]
        try:
            with _descended(self._folder, folders) as folder:
                if member.kind == "file":
                    self._write_file(folder, parts[-1], open_member)
        except OSError as error:
            return error.strerror or str(error) or "it could not be written"
        except BROKEN as error:
            return f"it is damaged: {str(error)[:200]}"
        return ""

    def _write_file(self, folder: int, name: str, open_member: Callable[[], _Readable | None]) -> None:
        # Never over what is there, and never through a link; nothing becomes a program.
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        with open(os.open(name, flags, 0o666, dir_fd=folder), "wb") as target:  # noqa: PTH123 - a descriptor
            try:
                self._copy(open_member(), target)
            except BaseException:
                os.unlink(name, dir_fd=folder)  # half a file is none
                raise
        self._files += 1

    def _copy(self, source: _Readable | None, target: BinaryIO) -> None:
        while source is not None and (piece := source.read(_PIECE)):
            self._left -= len(piece)
            if self._left < 0:
                raise TooMuch
            target.write(piece)
            self._size_bytes += len(piece)


@contextmanager
def _entries(content: File, name: str, most_bytes: int) -> Iterator[Iterator[_Entry]]:
    """Give the members of any archive; each way to a content holds until the next member is asked for."""
    what = called(content, name)
    if content.read_at(0, 2) == b"PK":
        with closing(opened_zip(content)) as archive:
            yield ((of_zip(entry), _opener(archive, entry)) for entry in archive.infolist())
    elif what.startswith("a tar archive"):
        # A header takes its place beside what is in the files.
        with opened_tar(content, most_bytes + MOST_MEMBERS * 2048) as tar:
            yield _tar_entries(tar)
    elif packing_of(content):
        with unpacked(content, most_bytes + 1) as stream:
            only = Member(PurePosixPath(name).stem or "content", "file", 0)
            yield iter([(only, lambda: stream)])
    else:
        raise CannotShow(f"{what} cannot be extracted here.")


def _opener(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Callable[[], _Readable | None]:
    return lambda: archive.open(entry)


def _tar_entries(archive: tarfile.TarFile) -> Iterator[_Entry]:
    for entry in archive:
        yield of_tar(entry), _tar_opener(archive, entry)
    if is_cut_off(archive):
        raise tarfile.ReadError("it is cut off")


def _tar_opener(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> Callable[[], _Readable | None]:
    return lambda: archive.extractfile(entry)


@contextmanager
def _descended(folder: int, parts: Iterable[str]) -> Iterator[int]:
    """Go down, making what is missing, and never through a link."""
    here = os.dup(folder)
    try:
        for part in parts:
            try:
                os.mkdir(part, dir_fd=here)
            except FileExistsError:
                if not stat.S_ISDIR(os.stat(part, dir_fd=here, follow_symlinks=False).st_mode):
                    raise
            below = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=here)
            os.close(here)
            here = below
        yield here
    finally:
        os.close(here)


def _parts(name: str) -> list[str]:
    return [part for part in name.split("/") if part not in {"", "."}]
