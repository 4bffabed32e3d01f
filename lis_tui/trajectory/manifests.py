"""The checkpoints of one run on disk: one file a step, most of them only the difference to the one before.

RUN/checkpoints/TURN.STEP[+EXTRA].json   a whole manifest, or what changed since its `parent`
"""

import itertools
import operator
import os
import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

import msgspec
from msgspec import Struct

from lis_tui.core.errors import StorageFailed
from lis_tui.core.events import StepAddress
from lis_tui.core.manifest import MANIFEST_VERSION, Manifest, Node, ShellState
from lis_tui.core.private import open_private, private_folder
from lis_tui.trajectory.blobs import Blobs

LONGEST_CHAIN = 50
_NAME = re.compile(r"(\d+)\.(\d+)(?:\+(\d+))?\.json")


class Described(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is written of a manifest besides its nodes; `removed`: what of the parent is no more."""

    version: int = MANIFEST_VERSION
    address: StepAddress
    parent: StepAddress | None = None
    depth: int = 0
    at: float
    workdir: str
    removed: tuple[str, ...] = ()
    gone: frozenset[str] = frozenset()
    shell: ShellState = msgspec.field(default_factory=ShellState)
    image_id: str = ""
    jobs: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    problems: dict[str, str] = {}


class _Stored(Described, frozen=True, kw_only=True, omit_defaults=True):
    """A manifest as it is written; `nodes`: what is not in the parent."""

    nodes: tuple[Node, ...] = ()


_DECODER: msgspec.json.Decoder[_Stored] = msgspec.json.Decoder(_Stored)


class Manifests:
    """Writes and reads the checkpoints of a run folder. `blobs` has the contents."""

    def __init__(self, run_path: Path, blobs: Blobs) -> None:
        self.blobs = blobs
        self._folder = run_path / "checkpoints"
        self._last: Manifest | None = None
        self._depth = 0
        self._distance = 0

    def save(self, manifest: Manifest, touched: Collection[str] | None = None) -> None:
        """Write it down, whole at first and now and again. Raises StorageFailed, also where it is there.

        `touched`: the paths that may not be as in what was saved before; None: any.
        """
        stored = self._difference(manifest, touched) or _stored(manifest, tuple(manifest.nodes.values()))
        path = self.path(manifest.address)
        if path.exists():  # others may be differences to it
            raise StorageFailed(f"There is a checkpoint {manifest.address} already.")
        try:
            private_folder(self._folder)
            fresh = self._folder / ".new"  # who saves has the run: one is written at a time
            fd = open_private(fresh, os.O_WRONLY | os.O_TRUNC)
            with os.fdopen(fd, "wb") as target:
                target.write(msgspec.json.encode(stored))
            fresh.replace(path)
        except OSError as error:
            raise StorageFailed(f"The checkpoint {path.name} cannot be kept: {error.strerror}.") from error
        self._last, self._depth = manifest, stored.depth
        self._distance = self._distance + len(stored.nodes) + len(stored.removed) if stored.depth else 0

    def _difference(self, manifest: Manifest, touched: Collection[str] | None) -> _Stored | None:
        """Describe it by what changed since the last one, where that is worth it."""
        last = self._last
        if last is None or self._depth >= LONGEST_CHAIN:
            return None
        nodes = _fresh(last.nodes, manifest.nodes, touched)
        removed = _removed(last.nodes, manifest.nodes, touched)
        if 2 * (self._distance + len(nodes) + len(removed)) > len(manifest.nodes) + 100:
            return None
        return _stored(manifest, nodes, parent=last.address, depth=self._depth + 1, removed=removed)

    def addresses(self) -> list[StepAddress]:
        """Give the steps that have a checkpoint, in order."""
        try:
            names = [path.name for path in self._folder.iterdir()]
        except OSError:
            return []
        found = (_NAME.fullmatch(name) for name in names)
        return sorted(StepAddress(*(int(word or 0) for word in match.groups())) for match in found if match)

    def load(self, address: StepAddress) -> Manifest:
        """Read one. Raises StorageFailed."""
        return self.load_each(address, {})[-1]

    def newest(self) -> Manifest | None:
        """Read the newest that is whole: one that a power cut tore is passed over."""
        for address in sorted(self.addresses(), reverse=True):
            with suppress(StorageFailed):
                return self.load(address)
        return None

    def load_each(self, address: StepAddress, known: Mapping[StepAddress, Manifest]) -> list[Manifest]:
        """Read one on top of what is known; gives it last, after the whole one below it where that is read.

        What did not change between them is the same object. Raises StorageFailed.
        """
        chain: list[_Stored] = []
        wanted: StepAddress | None = address
        while wanted is not None and wanted not in known:
            if len(chain) > LONGEST_CHAIN + 1:
                raise StorageFailed(f"The checkpoint {address} cannot be read: its parents lead in a circle.")
            chain.append(self._read(wanted))
            wanted = chain[-1].parent
        if not chain:
            return [known[address]]
        nodes = dict(known[wanted].nodes) if wanted is not None else {}
        found: list[Manifest] = []
        for link in reversed(chain):
            for path in link.removed:
                nodes.pop(path, None)
            nodes.update((node.path, node) for node in link.nodes)
            if link is chain[0] or link.parent is None:
                found.append(manifest_of(link, nodes))
                nodes = nodes if link is chain[0] else dict(nodes)
        return found

    def read(self, manifest: Manifest, path: str, max_bytes: int | None = None) -> bytes:
        """Give a file's content as it was at a checkpoint; links are not followed. Raises StorageFailed."""
        with self.open(manifest, path) as source:
            return source.read(-1 if max_bytes is None else max_bytes)

    def open(self, manifest: Manifest, path: str) -> IO[bytes]:
        """Open a file's content as it was at a checkpoint; links are not followed. Raises StorageFailed."""
        node = manifest.nodes.get(path)
        if node is None or node.kind != "file" or not node.digest:
            why = manifest.problems.get(path, "it is no file that is kept")
            raise StorageFailed(f"{path} cannot be shown as it was at {manifest.address}: {why}.")
        return self.blobs.open(node.digest)

    def digests(self) -> set[str]:
        """Give the contents that the checkpoints of this run need. Raises StorageFailed."""
        return set(self.contents())

    def contents(self) -> dict[str, int]:
        """Give the contents that the checkpoints of this run need, with their sizes. Raises StorageFailed."""
        sizes: dict[str, int] = {}
        shells: set[str] = set()
        for address in self.addresses():
            stored = self._read(address)
            shells.update(stored.shell.parts.values())
            sizes.update((node.digest, node.size_bytes) for node in stored.nodes if node.digest)
        return sizes | {digest: self.blobs.size_bytes([digest]) for digest in shells - sizes.keys()}

    def _read(self, address: StepAddress) -> _Stored:
        path = self.path(address)
        try:
            return _DECODER.decode(path.read_bytes())
        except (OSError, msgspec.MsgspecError) as error:
            raise unreadable(path, error) from error

    def path(self, address: StepAddress) -> Path:
        """Name the file of one."""
        extra = f"+{address.extra}" if address.extra else ""
        return self._folder / f"{address.turn}.{address.step}{extra}.json"


def unreadable(path: Path, error: Exception) -> StorageFailed:
    """Say that a checkpoint cannot be read."""
    why = error.strerror if isinstance(error, OSError) else error
    return StorageFailed(f"The checkpoint {path.name} cannot be read: {why}.")


def manifest_of(stored: Described, nodes: dict[str, Node]) -> Manifest:
    """Give a manifest with these nodes."""
    return Manifest(
        address=stored.address,
        at=stored.at,
        workdir=stored.workdir,
        nodes=nodes,
        gone=stored.gone,
        shell=stored.shell,
        image_id=stored.image_id,
        jobs=stored.jobs,
        skipped=stored.skipped,
        problems=stored.problems,
    )


def _fresh(
    old: Mapping[str, Node], new: Mapping[str, Node], touched: Collection[str] | None
) -> tuple[Node, ...]:
    if touched is not None:
        return tuple(node for path in touched if (node := new.get(path)) and old.get(path) != node)
    # most of very many are the same object, and this way nothing of Python runs for those
    others = itertools.compress(new.values(), map(operator.is_not, map(old.get, new), new.values()))
    return tuple(node for node in others if old.get(node.path) != node)


def _removed(
    old: Mapping[str, Node], new: Mapping[str, Node], touched: Collection[str] | None
) -> tuple[str, ...]:
    paths = old if touched is None else old.keys() & touched
    return tuple(itertools.filterfalse(new.__contains__, paths))


def _stored(
    manifest: Manifest,
    nodes: tuple[Node, ...],
    *,
    parent: StepAddress | None = None,
    depth: int = 0,
    removed: tuple[str, ...] = (),
) -> _Stored:
    return _Stored(
        address=manifest.address,
        parent=parent,
        depth=depth,
        removed=removed,
        nodes=nodes,
        at=manifest.at,
        workdir=manifest.workdir,
        gone=manifest.gone,
        shell=manifest.shell,
        image_id=manifest.image_id,
        jobs=manifest.jobs,
        skipped=manifest.skipped,
        problems=manifest.problems,
    )
