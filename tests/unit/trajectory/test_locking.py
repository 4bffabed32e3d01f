"""Two processes never write one journal, whatever becomes of locks and of processes."""

import errno
import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lis_tui.core.errors import RunIsLive, StorageFailed
from lis_tui.trajectory.journal import Journal
from lis_tui.trajectory.store import RunFolder, Store

HOLDER = """
import os, sys
from pathlib import Path
from lis_tui.trajectory.journal import Journal
from lis_tui.trajectory.store import RunFolder

path = Path(sys.argv[1])
folder = RunFolder(path.name, path, path / "work")
lock = folder.lock()
journal = Journal.create(folder)
if "fork" in sys.argv and not os.fork():
    sys.stdin.read()
    os._exit(0)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return Store(tmp_path / "data").create("task")


class Holder:
    """Another process that has the run."""

    def __init__(self, folder: RunFolder, *more: str) -> None:
        command = [sys.executable, "-c", HOLDER, str(folder.path), *more]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "held\n"

    def end(self) -> None:
        """End it, and what it left."""
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def holder(folder: RunFolder) -> Iterator[Holder]:
    made = Holder(folder)
    yield made
    made.end()


def test_a_lock_file_that_was_deleted_lets_no_second_process_in(folder: RunFolder, holder: Holder) -> None:
    folder.lock_path.unlink()
    assert folder.is_live()
    with pytest.raises(RunIsLive):
        folder.lock()
    holder.end()
    assert not folder.is_live()
    with folder.lock():
        Journal.resume(folder).close()


def test_a_process_that_is_stopped_keeps_its_run(folder: RunFolder, holder: Holder) -> None:
    os.kill(holder.process.pid, signal.SIGSTOP)
    with pytest.raises(RunIsLive):
        folder.lock()
    os.kill(holder.process.pid, signal.SIGCONT)
    assert folder.is_live()


def test_a_forked_child_that_outlives_its_parent_keeps_others_out(folder: RunFolder) -> None:
    holder = Holder(folder, "fork")
    holder.process.kill()
    holder.process.wait()
    try:
        with pytest.raises(RunIsLive):
            folder.lock()
    finally:
        holder.end()  # its standard input ends, and the child with it


def test_the_journal_is_free_once_it_is_closed_though_a_thread_still_has_a_copy(folder: RunFolder) -> None:
    with folder.lock():
        journal = Journal.create(folder)
        copy = os.dup(journal._fd)
        journal.close()
    try:
        with folder.lock():
            Journal.resume(folder).close()
    finally:
        os.close(copy)


def test_two_journals_are_never_open_to_one_run(folder: RunFolder) -> None:
    with folder.lock():
        journal = Journal.create(folder)
        with pytest.raises(RunIsLive, match="written by another process"):
            Journal.resume(folder)
        journal.close()


def test_a_disk_that_has_no_locks_is_named(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(fd: int, how: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(StorageFailed, match=r"No locks available\. Without locks two processes could write"):
        folder.lock()
    assert not folder.is_live()
    assert len(list(Path("/proc/self/fd").iterdir())) == before
