"""A trajectory of another program becomes a run of the store, so that all that works on runs works on it."""

from pathlib import Path

from msgspec import structs

from lis_tui.core.errors import NoTrajectory, StorageFailed
from lis_tui.core.events import Record, RunStarted, TrajectoryImported, decode
from lis_tui.core.removal import remove_tree
from lis_tui.trajectory.journal import Journal, encoded
from lis_tui.trajectory.lines import UNREADABLE
from lis_tui.trajectory.naming import name_slug
from lis_tui.trajectory.store import RunFolder, Store

_FIRST_BYTES = 16 << 20
"""The second line, which tells that a run was imported, is looked for in so many bytes."""


def adopt(data: Path, records: list[Record]) -> RunFolder:
    """Give the run of the store that this trajectory is; made where it is not there. Raises LisError."""
    store = Store(data)
    started = records[0].event if records else None
    if not isinstance(started, RunStarted):
        raise NoTrajectory("There is nothing in it that could be a run.")
    base = name_slug(started.run)
    for name in store.names_like(base):
        folder = store.find(name)
        if _is_the_same(folder, records):
            return folder
    folder = store.create(started.spec.task, base)
    journal = None
    try:
        with folder.lock():
            journal = Journal.create(folder)
            for record in _named(records, folder.name):
                journal.append(record)
    except BaseException:
        remove_tree(folder.worktree)
        remove_tree(folder.path)
        raise
    finally:
        if journal is not None:
            journal.close()
    return folder


def is_imported(folder: RunFolder) -> bool:
    """Whether another program recorded the run. Raises StorageFailed."""
    try:
        with folder.journal_path.open("rb") as file:
            file.readline(_FIRST_BYTES)
            second = file.readline(_FIRST_BYTES)
        return bool(second) and isinstance(decode(second).event, TrajectoryImported)
    except UNREADABLE:
        return False
    except OSError as error:
        raise StorageFailed(f"{folder.journal_path} cannot be read: {error.strerror}.") from error


def _named(records: list[Record], name: str) -> list[Record]:
    first = records[0]
    assert isinstance(first.event, RunStarted)
    return [structs.replace(first, event=structs.replace(first.event, run=name)), *records[1:]]


def _is_the_same(folder: RunFolder, records: list[Record]) -> bool:
    try:
        with folder.journal_path.open("rb") as file:
            return (
                all(file.readline() == encoded(record) + b"\n" for record in _named(records, folder.name))
                and not file.readline()
            )
    except OSError:
        return False
