"""Run folders: their names, their locks, what is in them at a glance, and their removal.

ROOT/runs/NAME/        journal.jsonl  stream.part  outputs/  results/  lock
ROOT/worktrees/NAME/   the sandbox's work folder, apart from the journal
"""

import fcntl
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from msgspec import Struct

from lis_tui.core.errors import RunIsLive, RunNotFound, StorageFailed
from lis_tui.core.private import open_private, private_folder
from lis_tui.core.removal import remove_tree
from lis_tui.trajectory.naming import has_journal as has_journal
from lis_tui.trajectory.naming import name_slug, slug
from lis_tui.trajectory.summary import RunSummary, summarise

_TRIES = 40
_BETWEEN_TRIES_S = 0.005


class RunLock:
    """Held, the run is live. Released by `release`, by the end of the process, and by nothing else."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    @property
    def is_held(self) -> bool:
        """Whether it was not released yet."""
        return self._fd >= 0

    def release(self) -> None:
        """Let go; safe to call twice."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            fcntl.flock(fd, fcntl.LOCK_UN)
            os.close(fd)

    def __enter__(self) -> "RunLock":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


class RunFolder(Struct, frozen=True):
    """One run on disk."""

    name: str
    path: Path
    worktree: Path

    @property
    def journal_path(self) -> Path:
        """The run's events, one a line."""
        return self.path / "journal.jsonl"

    @property
    def stream_path(self) -> Path:
        """The text that streams now."""
        return self.path / "stream.part"

    @property
    def outputs_dir(self) -> Path:
        """Full outputs of steps."""
        return self.path / "outputs"

    @property
    def checkpoints_dir(self) -> Path:
        """The sandbox as it was after each step."""
        return self.path / "checkpoints"

    @property
    def results_dir(self) -> Path:
        """What was saved of the run at its end: `output/` and the answer."""
        return self.path / "results"

    @property
    def copy_dir(self) -> Path:
        """The throw-away copy of a past step that somebody looks around in."""
        return self.path / "copy"

    @property
    def is_halfway(self) -> bool:
        """Something of it was being made or handed over, and perhaps is."""
        names = ("copy", "outputs.kept", "outputs.seen", "outputs.old")
        return any((self.path / name).exists() for name in names)

    @property
    def lock_path(self) -> Path:
        """The file whose lock says that the run is live."""
        return self.path / "lock"

    def make_worktree(self) -> None:
        """Have a work tree; one that is there stays as it is. Raises StorageFailed."""
        if not self.worktree.exists():
            private_folder(self.worktree)
            # The folder above is closed to others; inside the sandbox ordinary users must get in.
            self.worktree.chmod(0o755)

    def lock(self) -> RunLock:
        """Take the run for this process. Raises RunIsLive where another has it."""
        try:
            fd = open_private(self.lock_path, os.O_RDWR)
        except OSError as error:
            raise StorageFailed(f"The run {self.name} cannot be locked: {error.strerror}.") from error
        try:
            is_ours = lock_soon(fd) and not is_locked(self.journal_path)
        except OSError as error:
            os.close(fd)
            raise StorageFailed(
                f"The run {self.name} cannot be locked: {error.strerror}. Without locks two processes could "
                "write one journal: keep runs on a disk that has them (the data folder of `lis-tui doctor`)."
            ) from error
        if not is_ours:
            os.close(fd)
            raise RunIsLive(
                f"The run {self.name} is live in another process: `lis-tui attach {self.name}` shows it."
            )
        return RunLock(fd)

    def is_live(self) -> bool:
        """Whether any process, this one too, holds the run's lock; or its journal, where that was deleted."""
        return is_locked(self.lock_path) or is_locked(self.journal_path)


def is_locked(path: Path) -> bool:
    """Whether the lock file is held now. Looking takes a shared lock for an instant and makes no file."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(fd)
    return False


class Store:
    """All runs of a user, below one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self._runs = self.root / "runs"
        self._worktrees = self.root / "worktrees"

    def create(self, task: str, name: str | None = None) -> RunFolder:
        """Make a run's folders under a fresh name: a slug of the task and a number, or `name` where free.

        Raises StorageFailed.
        """
        private_folder(self.root)
        private_folder(self._runs)
        private_folder(self._worktrees)
        try:
            for wished in self._free_names(task, name):
                made = self._make(wished)
                if made is not None:
                    return made
        except OSError as error:
            raise StorageFailed(f"No run can be made in {self._runs}: {error.strerror}.") from error
        raise StorageFailed(f"No name is free for a run in {self._runs}.")

    def find(self, name: str) -> RunFolder:
        """Find a run by name, by the only prefix that fits, or by the path of its folder.

        Raises RunNotFound.
        """
        if os.sep in name or name in {".", ".."}:
            return self._at_path(Path(name).expanduser().absolute())
        names = self._names()
        if name in names:
            return self._folder(name)
        fitting = sorted(other for other in names if name and other.startswith(name))
        if len(fitting) == 1:
            return self._folder(fitting[0])
        if fitting:
            raise RunNotFound(f"{name!r} fits several runs: {', '.join(fitting[:5])}. Say more of the name.")
        raise RunNotFound(f"There is no run {name!r}. `lis-tui runs` lists those that are.")

    def names_like(self, base: str) -> "list[str]":
        """Name the runs that are called so, or so with a number."""
        return sorted(one for one in self._names() if re.fullmatch(rf"{re.escape(base)}(?:-\d{{1,9}})?", one))

    def names(self) -> "set[str]":
        """Name all runs, also those that cannot be read."""
        return self._names()

    def folder(self, name: str) -> RunFolder:
        """Give the folders of the run of exactly this name, whether there is one or not."""
        return self._folder(name)

    def list(self) -> list[RunSummary]:
        """Describe every run, newest first. A run that cannot be read is listed with its problem."""
        summaries = [self._summary(name) for name in self._names()]
        return sorted(summaries, key=lambda one: (-one.started_at, one.name))

    def summary(self, name: str) -> RunSummary:
        """Describe one run. Raises RunNotFound."""
        return _summarise(self.find(name))

    def remove(self, name: str) -> None:
        """Remove the run and its work tree; no link is followed.

        Raises RunNotFound, RunIsLive, and StorageFailed where something in it belongs to another user.
        """
        folder = self.find(name)
        if folder.path.parent != self._runs:
            raise RunNotFound(f"{folder.path} is not below {self._runs}: remove it by hand.")
        with folder.lock():
            remove_tree(folder.worktree)
            remove_tree(folder.path)

    def _summary(self, name: str) -> RunSummary:
        return _summarise(self._folder(name))

    def _names(self) -> set[str]:
        try:
            with os.scandir(self._runs) as entries:
                return {entry.name for entry in entries if entry.is_dir(follow_symlinks=False)}
        except OSError:
            return set()

    def _folder(self, name: str) -> RunFolder:
        return RunFolder(name, self._runs / name, self._worktrees / name)

    def _at_path(self, path: Path) -> RunFolder:
        if path.parent == self._runs and path.name in self._names():
            return self._folder(path.name)
        if not has_journal(path):
            raise RunNotFound(f"{path} is no run folder: there is no journal.jsonl in it.")
        return RunFolder(path.name, path, path / "worktree")

    def _free_names(self, task: str, name: str | None) -> Iterator[str]:
        taken = self._names()
        base = name_slug(name) if name else slug(task)
        if name and base not in taken:
            yield base
        numbers = [int(match[1]) for one in taken if (match := re.fullmatch(rf"{base}-(\d{{1,9}})", one))]
        first = max(numbers, default=1 if name else 0) + 1
        for number in range(first, first + 1000):
            yield f"{base}-{number}"

    def _make(self, name: str) -> RunFolder | None:
        """Make the folders, or give None where the name was taken; `mkdir` decides between two processes."""
        folder = self._folder(name)
        try:
            folder.path.mkdir(0o700)
        except FileExistsError:
            return None
        folder.path.chmod(0o700)
        private_folder(folder.outputs_dir)
        private_folder(folder.results_dir)
        folder.make_worktree()
        return folder


def _summarise(folder: RunFolder) -> RunSummary:
    # The lock is asked first: a run that ends in between is then read with its end.
    is_live = folder.is_live()
    return summarise(folder.name, folder.path, folder.worktree, is_live=is_live)


def lock_soon(fd: int) -> bool:
    """Take the lock, where nobody has it. Raises OSError where the file system has none.

    Whoever only looks at it holds it for an instant, so one refusal proves nothing.
    """
    for _ in range(_TRIES):
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_BETWEEN_TRIES_S)
        else:
            return True
    return False
