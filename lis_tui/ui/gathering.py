"""The trajectories found at a path: gathered, and read, away from the screen's thread."""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Event, Lock
from typing import TYPE_CHECKING

from lis_tui.core.errors import LisError
from lis_tui.core.events import Record
from lis_tui.core.run_filter import RunFacts
from lis_tui.trajectory.foreign.beginning import beginning_of
from lis_tui.trajectory.foreign.opening import Collection, Row, Skipped, open_path, rows_of
from lis_tui.trajectory.foreign.recording import name_of
from lis_tui.trajectory.store import has_journal
from lis_tui.ui.columns import Widths, facts_of
from lis_tui.ui.sources import RecordedSource

if TYPE_CHECKING:
    from lis_tui.trajectory.marks import Marks
    from lis_tui.ui.runs import Runs

SLICE_S = 0.1
"""So often what was found meanwhile is shown."""


class Gathering:
    """What is at one path, as far as it has been looked at. Rows are only ever added."""

    def __init__(
        self, path: Path, runs: "Runs | None" = None, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.path = path
        self.rows: list[Row] = []
        self.facts: list[RunFacts] = []
        """Of each row, what a filter can ask."""
        self.skipped: list[Skipped] = []
        self.widths = Widths()
        self.is_over = False
        self._runs = runs
        self._monotonic = monotonic
        self._collection: Collection | None = None
        self._iterator: Iterator[Row | Skipped] | None = None
        self._lock = Lock()
        self.beginning: Sequence[Record] = ()
        """What is known of a single large file before all of it is read."""
        self._is_open = Event()
        self._failure: LisError | None = None

    @classmethod
    def of(cls, found: Collection, runs: "Runs | None" = None) -> "Gathering":
        """Give one that was gathered already."""
        made = cls(found.path, runs)
        made._collection = found
        made._is_open.set()
        for row in found.rows:
            made._add(row)
        made.skipped.extend(found.skipped)
        made.is_over = True
        return made

    def begin(self) -> None:
        """Look for a beginning that can be shown at once; slow, for a thread."""
        path = self.path.expanduser()
        if path.is_file():
            found = beginning_of(path)
            self.beginning = found.records
            for row in found.rows:
                self._add(row)

    def begun(self, on_over: Callable[[], object]) -> RecordedSource:
        """Give the trajectory of which a beginning was found: with it everything is looked at, in a thread.

        `on_over` is called from there.
        """

        def whole() -> list[Record]:
            while not self.is_over:
                self.more()
            on_over()
            return self._read(0)

        source = RecordedSource(name_of(self.path), whole, runs=self._runs)
        source.read_beginning = lambda: [*self.beginning]
        source.find_marks = lambda: self._marks_of(self.rows[0]) if self.is_over and self.rows else None
        return source

    def more(self) -> None:
        """Look further, for a short while; slow, for a thread. Raises LisError where there is nothing."""
        try:
            self._more()
        except LisError as error:
            self._failure = error
            raise
        finally:
            self._is_open.set()

    def _more(self) -> None:
        if self._iterator is None:
            self._iterator = self._find()
        began = self._monotonic()
        for one in self._iterator:
            self._add(one)
            if self._monotonic() - began >= SLICE_S:
                return
        self.is_over = True

    def _find(self) -> Iterator[Row | Skipped]:
        path = self.path.expanduser()
        is_folder = path.is_dir() and not has_journal(path)
        if is_folder:
            self._collection = Collection(path, (), (), is_folder=True)
            self._is_open.set()
            yield from rows_of(path)
            return
        found = self._collection = open_path(path)
        self._is_open.set()
        yield from found.rows[len(self.rows) :]  # without those that the beginning told
        yield from found.skipped

    def _add(self, one: Row | Skipped) -> None:
        if isinstance(one, Skipped):
            self.skipped.append(one)
        else:
            self.widths.add(one)
            self.facts.append(facts_of(one))
            self.rows.append(one)

    def source(self, place: int) -> RecordedSource:
        """Give the trajectory of a row. Raises RunNotFound."""
        row = self.rows[place]
        if row.is_ours and row.path.name == "journal.jsonl" and not row.member and self._runs is not None:
            return self._runs.recorded(row.path.parent)
        name = row.entry.name or row.path.stem
        source = RecordedSource(name, lambda: self._read(place), runs=self._runs)
        source.find_marks = lambda: self._marks_of(row)
        return source

    def _marks_of(self, row: Row) -> "Marks | None":
        if self._runs is None:
            return None
        return self._runs.marks_of_file(row.path, f"{row.member} {row.entry.name}".strip())

    def _read(self, place: int) -> list[Record]:
        self._is_open.wait()
        if self._failure is not None:
            raise self._failure
        # a collection holds one file at a time, so that two readers would take it from each other
        with self._lock:
            assert self._collection is not None  # there is a row
            self._collection.rows = tuple(self.rows)
            return self._collection.read(place).records
