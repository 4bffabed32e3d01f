"""Keeps pruning of checkpoints, and giving those of a run to a new one, from happening at once."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lis_tui.core.errors import StorageFailed
from lis_tui.core.private import open_private, private_folder

_TRIES = 600
_BETWEEN_TRIES_S = 0.1


@contextmanager
def linking(root: Path, tries: int = _TRIES) -> Iterator[None]:
    """Nothing is pruned meanwhile; several may link at once. Raises StorageFailed."""
    with _locked(root, fcntl.LOCK_SH, tries, "Checkpoints are being pruned just now: try again later."):
        yield


@contextmanager
def pruning(root: Path, tries: int = _TRIES) -> Iterator[None]:
    """No run is given checkpoints of another meanwhile. Raises StorageFailed."""
    with _locked(root, fcntl.LOCK_EX, tries, "A fork is being made just now: try again later."):
        yield


@contextmanager
def _locked(root: Path, how: int, tries: int, refusal: str) -> Iterator[None]:
    try:
        private_folder(root)
        fd = open_private(root / "checkpoints.lock", os.O_RDWR)
    except OSError as error:
        raise StorageFailed(f"{root} cannot be locked: {error.strerror}.") from error
    try:
        for _ in range(tries):
            try:
                fcntl.flock(fd, how | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(_BETWEEN_TRIES_S)
            else:
                break
        else:
            raise StorageFailed(refusal)
        yield
    finally:
        os.close(fd)
