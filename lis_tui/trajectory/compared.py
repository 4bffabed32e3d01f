"""Runs on disk as a comparison needs them: what happened, a person's notes, and files at any step."""

from lis_tui.core.compare import Outcome, outcome
from lis_tui.core.differing import FileDifference, differing_files
from lis_tui.core.events import StepAddress
from lis_tui.core.manifest import Manifest
from lis_tui.core.view import RunView
from lis_tui.trajectory.notes import Notes
from lis_tui.trajectory.past_files import PastFiles, past_files
from lis_tui.trajectory.reading import read
from lis_tui.trajectory.summary import RunSummary


class Compared:
    """One run of a comparison. May be used from any thread, by one at a time."""

    def __init__(
        self,
        name: str,
        view: RunView,
        *,
        is_live: bool = False,
        notes: Notes | None = None,
        files: PastFiles | None = None,
    ) -> None:
        self.name = name
        self.view = view
        self.is_live = is_live
        self.notes = notes or Notes()
        self.files = files or PastFiles(name)

    @property
    def outcome(self) -> Outcome:
        """How it came out."""
        return outcome(self.name, self.view, is_live=self.is_live, verdict=self.notes.verdict)


def load_compared(run: RunSummary) -> Compared:
    """Read a run; of a live one, as far as it has come. Raises JournalUnreadable."""
    view = RunView().apply_all(read(run.path))
    files = past_files(run.path, run.name, view.fork)
    return Compared(run.name, view, is_live=run.is_live, notes=run.notes, files=files)


def files_between(
    left: Compared, right: Compared, at: tuple[StepAddress | None, StepAddress | None]
) -> tuple[Manifest, Manifest, tuple[FileDifference, ...]]:
    """Compare two work folders, each as it was after a step. Raises StorageFailed."""
    one, other = left.files.files_at(at[0]), right.files.files_at(at[1])
    return one, other, differing_files(one, other)
