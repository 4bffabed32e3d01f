"""What killed processes left half-done among the runs: put right, or removed where nothing is lost by it."""

import time
from contextlib import suppress
from pathlib import Path

from lis_tui.core.errors import LisError, RunIsLive
from lis_tui.core.removal import remove_tree
from lis_tui.trajectory.blobs import Blobs
from lis_tui.trajectory.forking import put_outputs_right
from lis_tui.trajectory.store import RunFolder, Store

OLD_S = 60.0
"""What is younger may be somebody's who just begins."""


def tidy(root: Path, old_s: float = OLD_S) -> None:
    """Look at all runs that nobody has. Raises LisError, once all were looked at."""
    store = Store(root)
    problems: list[LisError] = []
    for name in store.names():
        try:
            _tidy(store.folder(name), old_s)
        except RunIsLive:
            continue
        except LisError as error:
            problems.append(error)
    Blobs(root).remove_unfinished(old_s)
    if problems:
        raise problems[0]


def _tidy(folder: RunFolder, old_s: float) -> None:
    if has_not_begun(folder):
        if _age_s(folder.path) > old_s and not folder.is_live():
            with folder.lock():
                _remove_if_unbegun(folder)
    elif folder.is_halfway:
        with folder.lock():
            put_right(folder)


def _remove_if_unbegun(folder: RunFolder) -> None:
    if has_not_begun(folder):
        remove_tree(folder.worktree)
        remove_tree(folder.path)


def put_right(folder: RunFolder) -> None:
    """Have a run whose lock we hold be as if nobody had been killed in the middle. Raises StorageFailed."""
    put_outputs_right(folder)
    remove_tree(folder.copy_dir)


def has_not_begun(folder: RunFolder) -> bool:
    """Whether nothing was written down of it, and nothing shown."""
    try:
        return not folder.journal_path.stat().st_size
    except FileNotFoundError:
        return True
    except OSError:
        return False


def _age_s(path: Path) -> float:
    with suppress(OSError):
        return time.time() - path.stat().st_mtime
    return 0.0
