"""Where a screen's run comes from: a host, or a journal on disk."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import structs

from lis_tui.core.decisions import Decision
from lis_tui.core.errors import DecisionRefused, RunNotFound
from lis_tui.core.events import Gate, Record, RunForked, StepAddress
from lis_tui.core.wire import Changes, Reexecute
from lis_tui.ui.bridge import AS_IT_WAS, NO_SECRETS, Kind, Source

if TYPE_CHECKING:
    from lis_tui.client import Client
    from lis_tui.trajectory.marks import Marks
    from lis_tui.trajectory.past_files import Past
    from lis_tui.trajectory.store import RunFolder
    from lis_tui.trajectory.summary import RunSummary
    from lis_tui.ui.runs import Runs
    from lis_tui.ui.series import Series

SLICE = 1000
"""So many records of a recording are handed on before others may act."""


class Going:
    """What a source does about other runs, by way of the user's runs; without them it has none."""

    def __init__(self, runs: "Runs | None") -> None:
        self._runs = runs
        self.name = ""
        self.series: Series | None = None

    async def fork(
        self,
        point: StepAddress,
        *,
        is_before: bool = False,
        kind: Kind = "fork",
        rebuild: bool = False,
        changes: Changes = AS_IT_WAS,
        secrets: Mapping[str, str] = NO_SECRETS,
    ) -> str:
        """Begin a new run at a step of this one."""
        run, client = await self._stored(), await self._all.client()
        return await client.fork(
            run, point, is_before=is_before, kind=kind, rebuild=rebuild, changes=changes, secrets=secrets
        )

    async def reexecute(self, ask: Reexecute) -> str:
        """Begin a new run that does this one again."""
        run, client = await self._stored(), await self._all.client()
        return await client.reexecute(structs.replace(ask, run=run))

    async def beginning(self) -> list[Record]:
        """Nothing is to be had before the whole."""
        return []

    async def _stored(self) -> str:
        """Give its name among the user's runs."""
        return self.name

    async def take_up(self, changes: Changes = AS_IT_WAS, secrets: Mapping[str, str] = NO_SECRETS) -> str:
        """Go on with this run where no process has it."""
        client = await self._all.client()
        return await client.take_up(self.name, changes, secrets)

    def other(self, name: str) -> Source:
        """Give another run."""
        return self._all.other(name)

    def runs(self) -> "list[RunSummary]":
        """Describe all runs."""
        return self._runs.list() if self._runs is not None else []

    @property
    def _all(self) -> "Runs":
        if self._runs is None:
            raise RunNotFound("This journal is not among your runs; nothing can be begun from it.")
        return self._runs


class LiveSource(Going):
    """A run of a host. `start` gives its name, and may take its time: the screen is painted meanwhile."""

    is_recorded = False

    def __init__(self, start: Callable[[], Awaitable[str]], runs: "Runs", name: str = "") -> None:
        super().__init__(runs)
        self.name = name
        self._start = start
        self._client: Client | None = None
        self._folder: RunFolder | None = None

    @property
    def worktree(self) -> Path | None:
        """The run's files on this machine."""
        return self._folder.worktree if self._folder is not None else None

    @property
    def outputs(self) -> Path | None:
        """Where full outputs of commands are kept."""
        return self._folder.outputs_dir if self._folder is not None else None

    @property
    def past(self) -> "Past | None":
        """The run's checkpoints so far."""
        from lis_tui.trajectory.past_files import past_files

        return past_files(self._folder.path, self.name) if self._folder is not None else None

    @property
    def marks(self) -> "Marks | None":
        """Those in the run's folder."""
        return self._all.marks_of(self._folder.path) if self._folder is not None else None

    async def records(self) -> AsyncIterator[Record]:
        """Start or find the run and follow it."""
        self.name = await self._start()
        self._client = await self._all.client()
        self._folder = await asyncio.to_thread(self._all.find, self.name)
        async for tell in self._client.attach(self.name):
            if isinstance(tell, Record):
                yield tell

    async def decide(
        self, decision: Decision, address: StepAddress | None = None, gate: Gate | None = None
    ) -> None:
        """Send a decision to the run's host."""
        if self._client is None:
            raise DecisionRefused("The run has not begun yet.")
        await self._client.decide(self.name, decision, address, gate=gate)

    async def close_run(self) -> None:
        """Have the ended run's sandbox removed."""
        if self._client is not None:
            await self._client.close_run(self.name)

    async def leave(self) -> None:
        """Stop watching; the run goes on."""
        if self._client is not None:
            await self._client.leave(self.name)


class RecordedSource(Going):
    """A run on disk, read only. `kept` has its checkpoints, where it is known where those are."""

    is_recorded = True

    def __init__(
        self,
        name: str,
        read: Callable[[], list[Record]],
        worktree: Path | None = None,
        outputs: Path | None = None,
        runs: "Runs | None" = None,
        kept: "Callable[[RunForked | None], Past] | None" = None,
    ) -> None:
        super().__init__(runs)
        self.name = name
        self.worktree = worktree
        self.past: Past | None = None
        self.find_marks: Callable[[], Marks | None] = _no_marks
        """Set by who knows where it lies."""
        self.read_beginning: Callable[[], list[Record]] | None = None
        """The same, of a large file."""
        self._marks: Marks | None = None
        self._kept = kept
        self.outputs = outputs
        self._read = read

    @property
    def marks(self) -> "Marks | None":
        """Where marks are kept; looked for when they are asked for, until it is known."""
        if self._marks is None:
            self._marks = self.find_marks()
        return self._marks

    async def beginning(self) -> list[Record]:
        """Read the beginning of a large file, away from the screen's thread."""
        return await asyncio.to_thread(self.read_beginning) if self.read_beginning is not None else []

    async def records(self) -> AsyncIterator[Record]:
        """Read all of it, away from the screen's thread; given in slices, so that keys come between."""
        records, self.past = await asyncio.to_thread(self._all_of_it)
        for number, record in enumerate(records):
            if number % SLICE == SLICE - 1:
                await asyncio.sleep(0)
            yield record

    def _all_of_it(self) -> "tuple[list[Record], Past]":
        from lis_tui.trajectory.inferred_files import InferredFiles

        records = self._read()
        forks = (record.event for record in reversed(records) if isinstance(record.event, RunForked))
        kept = self._kept(next(forks, None)) if self._kept is not None else None
        return records, kept if kept is not None and kept.addresses() else InferredFiles(records)

    async def decide(
        self, decision: Decision, address: StepAddress | None = None, gate: Gate | None = None
    ) -> None:
        """Refuse: what happened, happened."""
        raise DecisionRefused("This is a recording; nothing in it can be decided.")

    async def _stored(self) -> str:
        """A trajectory of another program is taken among the user's runs, once."""
        if self._kept is not None:
            return self.name
        return await asyncio.to_thread(lambda: self._all.adopt(self._read()))

    async def close_run(self) -> None:
        """Nothing is open."""

    async def leave(self) -> None:
        """Nothing is open."""


def _no_marks() -> None:
    """Nothing is kept."""
