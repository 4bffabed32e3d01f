"""The user's runs as screens reach them: those on disk, and hosts by one client that connects when needed."""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from lis_tui.config.places import Places
from lis_tui.trajectory.naming import has_journal
from lis_tui.ui.sources import LiveSource, RecordedSource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lis_tui.client import Client
    from lis_tui.core.events import Record, RunForked
    from lis_tui.trajectory.marks import Marks
    from lis_tui.trajectory.past_files import Past
    from lis_tui.trajectory.store import RunFolder, Store
    from lis_tui.trajectory.summary import RunSummary


class Runs:
    """Finds runs, lists them, and gives a source for each."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._client: Client | None = None

    @cached_property
    def _store(self) -> "Store":
        """The runs on disk, which nobody asks for before the first paint."""
        from lis_tui.trajectory.store import Store

        return Store(self._places.data)

    async def client(self) -> "Client":
        """Give the client, connected once; a host starts only with what needs one."""
        from lis_tui.client import Client

        if self._client is None:
            self._client = await Client.connect(self._places)
        return self._client

    async def close(self) -> None:
        """Leave all hosts; the runs go on."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    def list(self) -> "list[RunSummary]":
        """Describe every run, newest first; reads the disk."""
        return self._store.list()

    def find(self, name: str) -> "RunFolder":
        """Find a run's folder. Raises RunNotFound."""
        return self._store.find(name)

    def adopt(self, records: "Sequence[Record]") -> str:
        """Have a trajectory of another program among the runs; gives its name. Raises LisError."""
        from lis_tui.trajectory.adopting import adopt

        return adopt(self._places.data, [*records]).name

    def other(self, name: str) -> LiveSource | RecordedSource:
        """Give a run's source: live while a process has it, else its recording. Raises RunNotFound."""
        folder = self.find(name)
        return self.live(name) if folder.is_live() else self.recorded(folder.path)

    def live(self, name: str) -> LiveSource:
        """Give the source of a run that lives in a host."""

        async def known() -> str:
            return name

        return LiveSource(known, self, name)

    def recorded(self, path: Path) -> RecordedSource:
        """Give a run folder, or a journal alone, as a source. Raises RunNotFound."""
        if not has_journal(path):
            source = RecordedSource(path.stem, lambda: _read(path))
            source.find_marks = lambda: self.marks_of_file(path)
            source.read_beginning = lambda: _beginning(path)
            return source
        folder = self._store.find(str(path))
        worktree = folder.worktree if folder.worktree.is_dir() else None
        source = RecordedSource(
            folder.name,
            lambda: _read(folder),
            worktree,
            folder.outputs_dir,
            self,
            lambda fork: _past(folder, fork),
        )
        source.find_marks = lambda: self.marks_of(folder.path)
        source.read_beginning = lambda: _beginning(folder.journal_path)
        return source

    def marks_of(self, folder: Path) -> "Marks":
        """Give the marks of a run of ours."""
        from lis_tui.trajectory.marks import Marks

        return Marks.of_run(folder, self._places.data)

    def marks_of_file(self, file: Path, entry: str = "") -> "Marks":
        """Give the marks of a trajectory in a file."""
        from lis_tui.trajectory.marks import Marks

        return Marks.of_file(file, self._places.data, entry)


def _read(recorded: "RunFolder | Path") -> "list[Record]":
    from lis_tui.trajectory.reading import read

    return list(read(recorded))


def _beginning(journal: Path) -> "list[Record]":
    from lis_tui.trajectory.foreign.beginning import beginning_of

    return [*beginning_of(journal).records]


def _past(folder: "RunFolder", fork: "RunForked | None") -> "Past":
    from lis_tui.trajectory.past_files import past_files

    return past_files(folder.path, folder.name, fork)
