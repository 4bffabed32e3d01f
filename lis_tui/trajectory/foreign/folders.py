"""Which files of a folder may hold trajectories: not too many, not too deep, and never behind a link."""

import os
from collections.abc import Iterator
from pathlib import Path

from lis_tui.trajectory.foreign.material import ZIP
from lis_tui.trajectory.marks import FILE_ENDING

JOURNAL = "journal.jsonl"
MOST_DEEP = 8
MOST_LOOKED_AT = 20_000
MOST_FILE_BYTES = 1 << 28
_SMALLEST_BYTES = 16
_NOT_ENTERED = frozenset(["node_modules", "__pycache__", "site-packages"])
_BEGINNINGS = (b"{", b"[", ZIP, b"\x1f\x8b", b"\x28\xb5\x2f\xfd")
_WHITE = b"\xef\xbb\xbf \t\r\n"


def files_in(folder: Path) -> Iterator[Path]:
    """Give the files that begin like a trajectory, or like something packed, in the order of their names.

    Of a run of ours only its journal counts; marks of ours and hidden folders are passed over.
    """
    budget = [MOST_LOOKED_AT]
    yield from _files(folder, MOST_DEEP, budget)


def _files(folder: Path, deep: int, budget: list[int]) -> Iterator[Path]:
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError:
        return
    if any(entry.name == JOURNAL and entry.is_file(follow_symlinks=False) for entry in entries):
        yield folder / JOURNAL
        return
    for entry in entries:
        budget[0] -= 1
        if budget[0] < 0:
            return
        if entry.is_dir(follow_symlinks=False):
            if deep and not entry.name.startswith(".") and entry.name not in _NOT_ENTERED:
                yield from _files(Path(entry.path), deep - 1, budget)
        elif _is_to_be_read(entry) and _may_be_one(entry):
            yield Path(entry.path)


def _is_to_be_read(entry: os.DirEntry[str]) -> bool:
    return entry.is_file(follow_symlinks=False) and not entry.name.endswith(FILE_ENDING)


def _may_be_one(entry: os.DirEntry[str]) -> bool:
    try:
        if entry.stat(follow_symlinks=False).st_size < _SMALLEST_BYTES:
            return False
        fd = os.open(entry.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return os.read(fd, 512).lstrip(_WHITE).startswith(_BEGINNINGS)
    except OSError:
        return False
    finally:
        os.close(fd)
