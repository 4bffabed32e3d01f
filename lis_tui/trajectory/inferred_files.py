"""The files of a recording that kept none, as far as its edits tell of them."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from threading import Lock

from lis_tui.core.beneath import FilePart
from lis_tui.core.content import Content
from lis_tui.core.differing import TextDiff, diff_contents
from lis_tui.core.errors import FileRefused
from lis_tui.core.events import (
    FileEntry,
    Record,
    RunStarted,
    StepAddress,
    StepFinished,
    StepProposed,
    StepStarted,
)
from lis_tui.core.inferred import Inferred
from lis_tui.core.manifest import Difference
from lis_tui.core.parts import StepView
from lis_tui.trajectory.past_files import FilesThen

UNKNOWN = "What stood in it is not known: the recording tells of some edits only, and keeps no files."
NOTHING = "This recording keeps no files, and up to here no editor changed one; commands may have."


class InferredFiles:
    """What the editor's calls made; what the shell did is not known. May be used from any threads."""

    is_inferred = True

    def __init__(self, records: Sequence[Record]) -> None:
        self._records = records
        self._lock = Lock()

    @cached_property
    def _edits(self) -> Inferred:
        records, self._records = self._records, ()
        started = (record.event for record in records if isinstance(record.event, RunStarted))
        first = next(started, None)
        return Inferred(_steps(records), first.spec.sandbox.workdir if first is not None else "/testbed")

    @property
    def _inferred(self) -> Inferred:
        with self._lock:  # found once, however many ask
            return self._edits

    def addresses(self) -> list[StepAddress]:
        """Give the steps that edited a file, in order."""
        return self._inferred.addresses()

    def then(self, address: StepAddress) -> FilesThen:
        """Give the files that had been edited once a step was over, marked where this step did it."""
        entries = tuple(self._entry(path, address) for path in self._inferred.files(address))
        marks: dict[str, Difference] = dict(self._inferred.changes(address))
        return FilesThen(entries=entries, marks=marks, shown=address, why_empty=NOTHING)

    def part(self, shown: StepAddress, path: str, most_bytes: int) -> FilePart:
        """Give the beginning of a file as its edits made it. Raises FileRefused."""
        with self.open(shown, path) as content:
            return FilePart(content.read(most_bytes), content.size_bytes)

    def open(self, shown: StepAddress, path: str) -> Content:
        """Give a file as its edits made it. Raises FileRefused."""
        data = self._content(path, shown)
        if data is None:
            raise FileRefused(UNKNOWN)
        return Content(data)

    def changes(self, left: StepAddress, right: StepAddress) -> dict[str, Difference]:
        """Tell which files were edited between two steps."""
        one, other = self._inferred.files(left), self._inferred.files(right)
        return {
            path: "new" if path not in one and file.mark == "new" else "changed"
            for path, file in other.items()
            if path not in one or one[path].by != file.by
        }

    def diff(self, path: str, left: StepAddress, right: StepAddress) -> TextDiff:
        """Compare a file as its edits had made it by two steps."""
        one, other = self._content(path, left), self._content(path, right)
        is_made_later = path not in self._inferred.files(left) and self._is_made_here(path)
        if other is None or (one is None and not is_made_later):
            return TextDiff(note=UNKNOWN)
        return diff_contents(one, other, (f"{left} {path}", f"{right} {path}"))

    def _is_made_here(self, path: str) -> bool:
        last = self._inferred.addresses()[-1:]
        found = self._inferred.files(last[0]).get(path) if last else None
        return found is not None and found.mark == "new"

    def _content(self, path: str, at: StepAddress) -> bytes | None:
        text = self._inferred.text(path, at)
        return text.encode(errors="replace") if text is not None else None

    def _entry(self, path: str, at: StepAddress) -> FileEntry:
        content = self._content(path, at)
        return FileEntry(path, size_bytes=-1 if content is None else len(content))


def _steps(records: Iterable[Record]) -> Iterable[StepView]:
    """Give the steps as far as edits show in them; all of a long run need not be folded for that."""
    steps: dict[StepAddress, StepView] = {}
    for record in records:
        match record.event:
            case StepProposed(address=address, call=call):
                steps[address] = StepView(address, call.name, call.arguments, call.arguments)
            case StepStarted(address=address) as event if address in steps:
                steps[address].tool, steps[address].arguments = event.tool, event.arguments
            case StepFinished(address=address) as event if address in steps:
                steps[address].observation = event.observation
            case _:
                pass
    return steps.values()
