"""The journal of a run: one event a line, written whole or not at all, and the text that streams now.

A line without its end was being written when the process died: readers leave it out, and whoever goes on
with the run cuts it, and nothing more. The lines of `stream.part` carry the number that the next fact will
get, so a leftover of a stream that a fact has ended since is known for what it is.
"""

import asyncio
import errno
import fcntl
import os
from pathlib import Path

import msgspec

from lis_tui.core.errors import DiskFull, RunIsLive, StorageFailed
from lis_tui.core.events import (
    CallArrived,
    ReasoningArrived,
    Record,
    TextArrived,
    UnknownEvent,
    decode,
    encode,
)
from lis_tui.core.private import open_private
from lis_tui.trajectory.lines import UNREADABLE, lines_backward, whole_size
from lis_tui.trajectory.reading import STREAM_ENDS, cut_off_reply, read, read_stream
from lis_tui.trajectory.store import RunFolder, lock_soon

__all__ = ["Journal", "encoded", "read", "read_stream"]

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Journal:
    """Keeps a run's facts, each by one write, before anyone sees them; a `bus.Keeper`.

    Whoever has one holds the run's lock; two writers would spoil it.
    """

    def __init__(self, folder: RunFolder, fd: int, stream_fd: int, next_n: int = 1) -> None:
        self.next_n = next_n
        self._folder = folder
        self._fd = fd
        self._stream_fd = stream_fd
        self._size = os.fstat(fd).st_size
        self._stream_size = os.fstat(stream_fd).st_size
        self._is_torn = False
        self._is_folder_synced = False

    @classmethod
    def create(cls, folder: RunFolder) -> "Journal":
        """Begin the journal of a new run. Raises StorageFailed, also where one is there."""
        try:
            fd = open_private(folder.journal_path, os.O_RDWR | os.O_APPEND | os.O_EXCL)
            stream_fd = open_private(folder.stream_path, os.O_RDWR | os.O_APPEND)
        except OSError as error:
            raise _failure(folder, error) from error
        _hold(folder, fd, stream_fd)
        return cls(folder, fd, stream_fd)

    @classmethod
    def resume(cls, folder: RunFolder) -> "Journal":
        """Go on with a run whose lock we hold: cut a torn last line, keep a cut-off stream as an event.

        Raises StorageFailed.
        """
        if not folder.is_live():
            raise StorageFailed(f"The run {folder.name} must be locked before its journal goes on.")
        try:
            fd = open_private(folder.journal_path, os.O_RDWR | os.O_APPEND)
            stream_fd = open_private(folder.stream_path, os.O_RDWR | os.O_APPEND)
            _hold(folder, fd, stream_fd)
            os.ftruncate(fd, whole_size(fd))
        except OSError as error:
            raise _failure(folder, error) from error
        last_n, last_end_n = _last_numbers(fd)
        journal = cls(folder, fd, stream_fd, last_n + 1)
        cut_off = cut_off_reply(folder.stream_path, after_n=last_end_n)
        if cut_off is not None:
            journal.append(Record(journal.next_n, cut_off.at, cut_off.event))
        return journal

    def append(self, record: Record) -> None:
        """Write a fact. Raises DiskFull or StorageFailed; then the journal is as it was before."""
        line = encoded(record) + b"\n"
        try:
            if self._is_torn:
                self._cut()
            written = os.write(self._fd, line)
        except OSError as error:
            self._restore()
            raise _failure(self._folder, error) from error
        if written != len(line):
            self._restore()
            raise _failure(self._folder, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
        self._size += written
        self.next_n = record.n + 1
        if isinstance(record.event, STREAM_ENDS):
            self._empty_stream()

    def fragment(self, record: Record) -> None:
        """Note a piece of the model's reply. Other fragments are kept elsewhere or not at all.

        What cannot be written is let go: the fact that ends the stream carries the whole.
        """
        if not isinstance(record.event, TextArrived | ReasoningArrived | CallArrived):
            return
        line = encoded(Record(self.next_n, record.at, record.event)) + b"\n"
        try:
            written = os.write(self._stream_fd, line)
            if written == len(line):
                self._stream_size += written
            else:
                os.ftruncate(self._stream_fd, self._stream_size)
        except OSError:
            return

    async def sync(self) -> None:
        """Return when all that was appended is on the disk. Raises DiskFull or StorageFailed."""
        # A descriptor of its own: the journal may be closed while the thread still waits for the disk.
        fd = os.dup(self._fd)
        try:
            await asyncio.to_thread(self._sync, fd)
        except OSError as error:
            raise _failure(self._folder, error) from error

    def close(self) -> None:
        """Let go of the files; safe to call twice."""
        for fd in (self._fd, self._stream_fd):
            if fd >= 0:
                fcntl.flock(fd, fcntl.LOCK_UN)  # a thread may hold a copy of the descriptor
                os.close(fd)
        self._fd = self._stream_fd = -1

    def _sync(self, fd: int) -> None:
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
        if not self._is_folder_synced:
            _sync_folder(self._folder.path)
            self._is_folder_synced = True

    def _restore(self) -> None:
        """Cut what a failed write left; where even that fails, the next append begins with it."""
        self._is_torn = True
        try:
            self._cut()
        except OSError:
            return

    def _cut(self) -> None:
        os.ftruncate(self._fd, self._size)
        self._is_torn = False

    def _empty_stream(self) -> None:
        if not self._stream_size:
            return
        try:
            os.ftruncate(self._stream_fd, 0)
        except OSError:
            return
        self._stream_size = 0


def _hold(folder: RunFolder, fd: int, stream_fd: int) -> None:
    """Lock the journal itself too: a lock file that was deleted keeps nobody out. Raises StorageFailed."""
    problem: StorageFailed = RunIsLive(f"The journal of {folder.name} is written by another process.")
    try:
        if lock_soon(fd):
            return
    except OSError as error:
        problem = _failure(folder, error)
    os.close(fd)
    os.close(stream_fd)
    raise problem


def encoded(record: Record) -> bytes:
    """Encode the record; lone surrogates, which JSON cannot hold, are replaced rather than losing the run."""
    try:
        return encode(record)
    except UnicodeEncodeError:
        event = record.event
        if isinstance(event, UnknownEvent):
            raise
        plain = _mend(msgspec.to_builtins(event))
        return msgspec.json.encode({"n": record.n, "at": record.at, "event": plain})


def _mend(value: object) -> object:
    match value:
        case str():
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case list() | tuple():
            return [_mend(one) for one in value]
        case dict():
            return {_mend(key): _mend(one) for key, one in value.items()}
        case _:
            return value


def _last_numbers(fd: int) -> tuple[int, int]:
    """Give the number of the last fact, and of the last one that ended a stream, reading backwards."""
    last_n = unreadable = 0
    for line in lines_backward(fd):
        try:
            record = decode(line)
        except UNREADABLE:
            unreadable += not last_n
            continue
        last_n = last_n or record.n + unreadable
        if isinstance(record.event, STREAM_ENDS):
            return last_n, record.n
    return last_n or unreadable, 0


def _sync_folder(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _failure(folder: RunFolder, error: OSError) -> StorageFailed:
    if error.errno in _NO_ROOM:
        return DiskFull(f"There is no room left for the journal in {folder.path}: free some, then go on.")
    return StorageFailed(f"The journal of {folder.name} cannot be written: {error.strerror or error}.")
