"""What the checkpoints of all runs take on disk, and how that is freed without taking what a run needs."""

import time
from collections import Counter
from collections.abc import Collection, Mapping

from msgspec import Struct

from lis_tui.core.errors import LisError, StorageFailed
from lis_tui.core.removal import remove_tree
from lis_tui.trajectory.blobs import Blobs
from lis_tui.trajectory.keeping_apart import pruning
from lis_tui.trajectory.manifests import Manifests
from lis_tui.trajectory.store import RunFolder, Store
from lis_tui.trajectory.summary import RunSummary

_DAY_S = 86_400.0
_LONG_S = 3600.0
"""While a run is live, contents that were used so recently may belong to a checkpoint that is being taken."""
_SHORT_S = 60.0


class Space(Struct, frozen=True):
    """What the checkpoints of a run need: bytes that no other run needs, and bytes that others need too."""

    own_bytes: int = 0
    shared_bytes: int = 0


class Freed(Struct, frozen=True, kw_only=True):
    """What pruning did, or would do."""

    runs: tuple[str, ...] = ()
    """Those that have no checkpoints any more."""
    contents: int = 0
    bytes_freed: int = 0
    spared: tuple[str, ...] = ()
    """One sentence for each run that keeps its checkpoints although it was meant."""
    waiting_bytes: int = 0
    """What nobody needs, but was used so recently that it stays for now."""


def spaces(store: Store, runs: Collection[RunSummary]) -> dict[str, Space]:
    """Tell for each run what its checkpoints need; one whose checkpoints cannot be read is left out."""
    needed: dict[str, Mapping[str, int]] = {}
    for run in runs:
        try:
            needed[run.name] = _contents(store, store.find(run.name))
        except LisError:
            continue
    users = Counter(digest for contents in needed.values() for digest in contents)
    return {
        name: Space(
            sum(size for digest, size in contents.items() if users[digest] == 1),
            sum(size for digest, size in contents.items() if users[digest] > 1),
        )
        for name, contents in needed.items()
    }


def prune(
    store: Store,
    *,
    keep: int | None = None,
    older_than_days: float | None = None,
    is_dry: bool = False,
) -> Freed:
    """Free contents that no run needs; `keep` and `older_than_days` take their checkpoints from old runs.

    A live run keeps all. Raises StorageFailed, without freeing, where it cannot be told what is needed.
    """
    with pruning(store.root):
        return _prune(store, keep, older_than_days, is_dry=is_dry)


def _prune(store: Store, keep: int | None, older_than_days: float | None, *, is_dry: bool) -> Freed:
    began = time.time()
    runs = store.list()
    meant = _meant(runs, keep, older_than_days, began)
    needed: set[str] = set()
    for run in runs:
        if run.name not in meant:
            needed.update(_contents(store, store.find(run.name)))
    dropped, spared = [], []
    for name in sorted(meant):
        folder = store.find(name)
        why = _drop(folder, is_dry=is_dry)
        if why:
            spared.append(f"{why} It keeps its checkpoints.")
            needed.update(_contents(store, folder))
        else:
            dropped.append(name)
    is_any_live = any(run.is_live for run in runs)
    young_s = time.time() - began + (_LONG_S if is_any_live else _SHORT_S)
    pruned = Blobs(store.root).prune(needed, young_s=young_s, is_dry=is_dry)
    return Freed(
        runs=tuple(dropped),
        contents=pruned.removed,
        bytes_freed=pruned.bytes_freed,
        spared=tuple(spared),
        waiting_bytes=pruned.bytes_young,
    )


def _meant(runs: list[RunSummary], keep: int | None, days: float | None, now: float) -> set[str]:
    """Name the runs that shall lose their checkpoints: not among the newest, and old enough."""
    if keep is None and days is None:
        return set()
    return {
        run.name
        for place, run in enumerate(runs)
        if (keep is None or place >= keep)
        and (days is None or now - run.last_at > days * _DAY_S)
        and (run.path / "checkpoints").is_dir()
    }


def _drop(folder: RunFolder, *, is_dry: bool) -> str:
    """Take its checkpoints from a run; gives the reason where that must not be."""
    try:
        with folder.lock():
            if not is_dry:
                remove_tree(folder.checkpoints_dir)
    except LisError as error:
        return error.sentence
    return ""


def _contents(store: Store, folder: RunFolder) -> dict[str, int]:
    try:
        return Manifests(folder.path, Blobs(store.root)).contents()
    except StorageFailed as error:
        sentence = f"{error.sentence} Nothing is freed while the run {folder.name} is there."
        raise StorageFailed(sentence) from error
