"""The files of a run as they were after a step: from its checkpoints, nothing is restored."""

import os
from pathlib import Path
from threading import RLock
from typing import Protocol

from msgspec import Struct

from lis_tui.core.beneath import FilePart
from lis_tui.core.content import Content
from lis_tui.core.differing import MOST_BYTES, FileDifference, TextDiff, diff_contents, differing_files
from lis_tui.core.errors import FileRefused, StorageFailed
from lis_tui.core.events import FileEntry, RunForked, StepAddress
from lis_tui.core.manifest import Difference, Manifest
from lis_tui.trajectory.blobs import Blobs
from lis_tui.trajectory.large_trees import LargeTrees
from lis_tui.trajectory.manifests import Manifests

MOST_KEPT = 16
MOST_NODES = 500_000
"""With more entries than this among them, the checkpoints that were read are read again."""


class FilesThen(Struct, frozen=True, kw_only=True):
    """The work folder as a checkpoint has it. `marks`: what differs from the checkpoint before."""

    entries: tuple[FileEntry, ...]
    marks: dict[str, Difference]
    shown: StepAddress
    before: StepAddress | None = None
    """The checkpoint that `marks` compares with; None: there is none, and nothing is marked."""
    why_empty: str = ""
    """A sentence, where there is nothing to show."""


class Past(Protocol):
    """The files of a run at its steps. Everything here may be slow, and be called from any thread."""

    @property
    def is_inferred(self) -> bool:
        """Nobody kept them: they are what the recorded edits tell of them."""
        ...

    def addresses(self) -> list[StepAddress]:
        """Give the steps after which the files are known, in order."""
        ...

    def then(self, address: StepAddress) -> FilesThen:
        """Give the files as they were after a step, or at the newest known moment before. Raises LisError."""
        ...

    def part(self, shown: StepAddress, path: str, most_bytes: int) -> FilePart:
        """Give the beginning of a file as it was at one of the addresses. Raises LisError."""
        ...

    def open(self, shown: StepAddress, path: str) -> Content:
        """Open a file as it was at one of the addresses; the caller closes it. Raises LisError."""
        ...

    def changes(self, left: StepAddress, right: StepAddress) -> dict[str, Difference]:
        """Tell which paths differ between two of the addresses. Raises LisError."""
        ...

    def diff(self, path: str, left: StepAddress, right: StepAddress) -> TextDiff:
        """Compare a file as it was at two of the addresses. Raises LisError."""
        ...


class PastFiles:
    """The checkpoints of one run, and those of the run it left. May be used from any threads."""

    is_inferred = False

    def __init__(self, name: str) -> None:
        self.name = name
        self._manifests: list[tuple[Manifests, StepAddress | None]] = []
        self._large: list[LargeTrees] = []
        self._loaded: dict[int, dict[StepAddress, Manifest]] = {}
        self._lock = RLock()

    def keep(self, manifests: Manifests, last: StepAddress | None = None) -> None:
        """Look for files here too, where what was added before has none; up to `last`, if that is given."""
        self._manifests.append((manifests, last))
        self._large.append(LargeTrees(manifests))

    def addresses(self) -> list[StepAddress]:
        """Give the steps whose files are kept, in order."""
        found: set[StepAddress] = set()
        for manifests, last in self._manifests:
            found.update(one for one in manifests.addresses() if _is_up_to(one, last))
        return sorted(found)

    def files_at(self, address: StepAddress | None) -> Manifest:
        """Give the newest checkpoint that is not later than the step; None: the last one.

        Raises StorageFailed.
        """
        with self._lock:
            number, shown = self._newest(address)
            return self._load(number, self._manifests[number][0], shown)

    def _newest(self, address: StepAddress | None) -> tuple[int, StepAddress]:
        """Find the newest checkpoint that is not later than the step. Raises StorageFailed."""
        for number, (manifests, last) in enumerate(self._manifests):
            kept = manifests.addresses()
            found = [one for one in kept if _is_up_to(one, address) and _is_up_to(one, last)]
            if found:
                return number, max(found)
        when = f" at or before {address}" if address is not None else ""
        if not self._manifests:
            raise StorageFailed("This recording keeps no files.")
        raise StorageFailed(f"{self.name} has no checkpoint{when}: its files then are not known.")

    def then(self, address: StepAddress) -> FilesThen:
        """Tell what the work folder looked like after a step, and what that step changed.

        Where the step has no checkpoint, the newest before it is told, and nothing is marked: which of the
        steps since changed what is not known. Raises StorageFailed.
        """
        with self._lock:
            number, shown = self._newest(address)
            large = self._large[number]
            if large.has(shown):
                entries = large.tree(shown)
            else:
                entries = tuple(self._load(number, self._manifests[number][0], shown).tree())
        earlier = [one for one in self.addresses() if one < shown]
        if not earlier or shown != address:
            return FilesThen(entries=entries, marks={}, shown=shown)
        marks = self.changes(earlier[-1], shown)
        return FilesThen(entries=entries, marks=marks, shown=shown, before=earlier[-1])

    def content(self, manifest: Manifest, path: str) -> bytes | None:
        """Give a file's content, or None where no file is there. `path` is relative. Raises StorageFailed."""
        kept = _kept(manifest, path)
        return self._manifests[0][0].read(manifest, kept, MOST_BYTES + 1) if kept is not None else None

    def part(self, shown: StepAddress, path: str, most_bytes: int) -> FilePart:
        """Give the beginning of a file as a checkpoint has it. Raises StorageFailed, FileRefused."""
        with self.open(shown, path) as content:
            return FilePart(content.read(most_bytes), content.size_bytes)

    def open(self, shown: StepAddress, path: str) -> Content:
        """Open a file as a checkpoint has it; the caller closes it. Raises StorageFailed, FileRefused."""
        manifest = self._with(shown, path)
        kept = _kept(manifest, path)
        if kept is None:
            raise FileRefused(f"No file of that name was there after {shown}.")
        with self._manifests[0][0].open(manifest, kept) as source:
            return Content(descriptor=os.dup(source.fileno()))

    def changes(self, left: StepAddress, right: StepAddress) -> dict[str, Difference]:
        """Tell which paths differ between two steps. Raises StorageFailed."""
        with self._lock:
            (one, older), (other, newer) = self._newest(left), self._newest(right)
            if one == other and self._large[one].has(newer):
                return self._large[one].changes(older, newer)
        found = differing_files(self.files_at(left), self.files_at(right))
        return {file.path: file.kind for file in found}

    def diff(self, path: str, left: StepAddress, right: StepAddress) -> TextDiff:
        """Compare a file as it was after two steps. Raises StorageFailed."""
        one, other = self._with(left, path), self._with(right, path)
        found = {file.path: file for file in differing_files(one, other)}.get(path)
        if found is None:
            return TextDiff(note=f"It is the same after {one.address} and after {other.address}.")
        return diff_file((self, one, f"{one.address}"), (self, other, f"{other.address}"), found)

    def _with(self, address: StepAddress, path: str) -> Manifest:
        """Give the files at a step, of very many only this one. Raises StorageFailed."""
        with self._lock:
            number, shown = self._newest(address)
            large = self._large[number]
            if not large.has(shown):
                return self._load(number, self._manifests[number][0], shown)
            return large.part(shown, [f"{large.workdir(shown).rstrip('/')}/{path}"])

    def _load(self, number: int, manifests: Manifests, address: StepAddress) -> Manifest:
        known = self._loaded.setdefault(number, {})
        if address not in known:
            loaded = manifests.load_each(address, known)
            kept = sum(len(one.nodes) for each in self._loaded.values() for one in each.values())
            if len(known) >= MOST_KEPT or kept > MOST_NODES:
                self._loaded.clear()
                known = self._loaded.setdefault(number, {})
            known.update((one.address, one) for one in loaded)
        return known[address]


def past_files(path: Path, name: str, fork: RunForked | None = None) -> PastFiles:
    """Give the past files of a run folder; `fork` says which run it left."""
    found = PastFiles(name)
    blobs = Blobs(path.parent.parent)
    found.keep(Manifests(path, blobs))
    if fork is not None:
        # Where a fork did not take its parent's checkpoints over, they lie there.
        found.keep(Manifests(path.parent / Path(fork.parent).name, blobs), fork.point)
    return found


Side = tuple[PastFiles, Manifest, str]
"""A run's files, one of its checkpoints, and how a diff calls it."""


def diff_file(left: Side, right: Side, found: FileDifference) -> TextDiff:
    """Compare one file line by line, as far as it is text and its content is kept."""
    names = (f"{left[2]} {found.path}", f"{right[2]} {found.path}")
    kinds = {node.kind for node in (found.left, found.right) if node is not None}
    if "file" not in kinds:
        return TextDiff(note=found.about or f"It is a {' and a '.join(sorted(kinds))}.")
    try:
        contents = [files.content(manifest, found.path) for files, manifest, _ in (left, right)]
    except StorageFailed as error:
        return TextDiff(note=error.sentence)
    diff = diff_contents(contents[0], contents[1], names)
    note = ". ".join(part for part in (diff.note.rstrip("."), found.about) if part)
    return TextDiff(diff.lines, note)


def _kept(manifest: Manifest, path: str) -> str | None:
    """Give the path of a file as the manifest has it; None: there is no file."""
    whole = f"{manifest.workdir.rstrip('/')}/{path}"
    node = manifest.nodes.get(whole)
    return whole if node is not None and node.kind == "file" else None


def _is_up_to(address: StepAddress, last: StepAddress | None) -> bool:
    return last is None or address <= last
