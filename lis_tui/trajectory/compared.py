"""Runs on disk as a comparison needs them: what happened, a person's notes, and files at any step."""

from pathlib import Path

from lis_tui.core.compare import Outcome, outcome
from lis_tui.core.differing import MOST_BYTES, FileDifference, TextDiff, diff_contents, differing_files
from lis_tui.core.errors import StorageFailed
from lis_tui.core.events import StepAddress
from lis_tui.core.manifest import Manifest
from lis_tui.core.view import RunView
from lis_tui.trajectory.blobs import Blobs
from lis_tui.trajectory.manifests import Manifests
from lis_tui.trajectory.notes import Notes
from lis_tui.trajectory.reading import read
from lis_tui.trajectory.summary import RunSummary

MOST_KEPT = 16


class Compared:
    """One run of a comparison. May be used from any thread, by one at a time."""

    def __init__(
        self, name: str, view: RunView, *, is_live: bool = False, notes: Notes | None = None
    ) -> None:
        self.name = name
        self.view = view
        self.is_live = is_live
        self.notes = notes or Notes()
        self._manifests: list[tuple[Manifests, StepAddress | None]] = []
        self._loaded: dict[tuple[int, StepAddress], Manifest] = {}

    @property
    def outcome(self) -> Outcome:
        """How it came out."""
        return outcome(self.name, self.view, is_live=self.is_live, verdict=self.notes.verdict)

    def keep(self, manifests: Manifests, last: StepAddress | None = None) -> None:
        """Look for files here too, where what was added before has none; up to `last`, if that is given."""
        self._manifests.append((manifests, last))

    def files_at(self, address: StepAddress | None) -> Manifest:
        """Give the newest checkpoint that is not later than the step; None: the last one.

        Raises StorageFailed.
        """
        for number, (manifests, last) in enumerate(self._manifests):
            found = [one for one in manifests.addresses() if _is_up_to(one, address) and _is_up_to(one, last)]
            if found:
                return self._load(number, manifests, max(found))
        when = f" at or before {address}" if address is not None else ""
        raise StorageFailed(f"{self.name} has no checkpoint{when}: its files then are not known.")

    def content(self, manifest: Manifest, path: str) -> bytes | None:
        """Give a file's content, or None where no file is there. `path` is relative. Raises StorageFailed."""
        whole = f"{manifest.workdir.rstrip('/')}/{path}"
        node = manifest.nodes.get(whole)
        if node is None or node.kind != "file":
            return None
        return self._manifests[0][0].read(manifest, whole, MOST_BYTES + 1)

    def _load(self, number: int, manifests: Manifests, address: StepAddress) -> Manifest:
        key = (number, address)
        if key not in self._loaded:
            if len(self._loaded) >= MOST_KEPT:
                self._loaded.clear()
            self._loaded[key] = manifests.load(address)
        return self._loaded[key]


def _is_up_to(address: StepAddress, last: StepAddress | None) -> bool:
    return last is None or address <= last


def load_compared(run: RunSummary) -> Compared:
    """Read a run; of a live one, as far as it has come. Raises JournalUnreadable."""
    view = RunView().apply_all(read(run.path))
    found = Compared(run.name, view, is_live=run.is_live, notes=run.notes)
    blobs = Blobs(run.path.parent.parent)
    found.keep(Manifests(run.path, blobs))
    if view.fork is not None:
        # Where a fork did not take its parent's checkpoints over, they lie there.
        found.keep(Manifests(run.path.parent / Path(view.fork.parent).name, blobs), view.fork.point)
    return found


def files_between(
    left: Compared, right: Compared, at: tuple[StepAddress | None, StepAddress | None]
) -> tuple[Manifest, Manifest, tuple[FileDifference, ...]]:
    """Compare two work folders, each as it was after a step. Raises StorageFailed."""
    one, other = left.files_at(at[0]), right.files_at(at[1])
    return one, other, differing_files(one, other)


def diff_file(
    left: tuple[Compared, Manifest], right: tuple[Compared, Manifest], found: FileDifference
) -> TextDiff:
    """Compare one file line by line, as far as it is text and its content is kept."""
    names = (f"{left[0].name} {found.path}", f"{right[0].name} {found.path}")
    kinds = {node.kind for node in (found.left, found.right) if node is not None}
    if "file" not in kinds:
        return TextDiff(note=found.about or f"It is a {' and a '.join(sorted(kinds))}.")
    try:
        diff = diff_contents(
            left[0].content(left[1], found.path), right[0].content(right[1], found.path), names
        )
    except StorageFailed as error:
        return TextDiff(note=error.sentence)
    note = ". ".join(part for part in (diff.note.rstrip("."), found.about) if part)
    return TextDiff(diff.lines, note)
