"""What embedded sandboxes left whose process was killed: put aside at once, deleted after that.

A run may be taken up again while this goes on, so what takes long is done where no sandbox of it is made.
"""

import fcntl
import os
import secrets
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from lis_tui.core.removal import remove_tree
from lis_tui.sandbox import layers
from lis_tui.sandbox.layers import Places

Claim = Callable[[str], AbstractContextManager[bool]]
"""Holds a run of this name, so that no process can begin with it; or says that it is somebody's."""
_ASIDE = ".gone-"
_COPY = ".copy"


def put_aside(computers: Path, claim: Claim) -> None:
    """Take what dead runs left out of the way. Raises OSError."""
    for folder in _entries(computers):
        if not folder.name.startswith(_ASIDE):
            with claim(folder.name.removesuffix(_COPY)) as is_ours:
                if is_ours:
                    _move(folder, computers / f"{_ASIDE}{secrets.token_hex(6)}")


def delete_aside(computers: Path) -> None:
    """Delete what was put aside, but for what somebody else deletes just now. Raises StorageFailed."""
    for folder in _entries(computers):
        if folder.name.startswith(_ASIDE):
            with _alone_with(folder) as is_alone:
                if is_alone:
                    layers.delete(Places(folder, folder, folder))


def delete_private(computers: Path, runs: Collection[str], claim: Claim) -> None:
    """Delete what dead ones of these runs have in memory, of which no folder tells. Raises StorageFailed."""
    for run in runs:
        for folder in (computers / run, computers / f"{run}{_COPY}"):
            private = Places(folder, folder, folder).private
            if private.is_relative_to(computers) or not private.exists():
                continue
            with claim(run) as is_ours:
                if is_ours:
                    remove_tree(private)


def _move(folder: Path, aside: Path) -> None:
    old, new = (Places(place, place, place).private for place in (folder, aside))
    with suppress(FileNotFoundError):
        folder.rename(aside)
        if not old.is_relative_to(folder):
            old.rename(new)


@contextmanager
def _alone_with(folder: Path) -> Iterator[bool]:
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        yield False
        return
    try:
        yield _is_locked(descriptor)
    finally:
        os.close(descriptor)


def _is_locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []
