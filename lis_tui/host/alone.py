"""One run in this process, for whoever prints it or asked for it from Python; visitors may take part."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from functools import partial
from pathlib import Path

from lis_tui.core import wire
from lis_tui.core.bus import spawn
from lis_tui.core.decisions import Decision
from lis_tui.core.errors import DecisionRefused, HostUnreachable, LisError
from lis_tui.core.events import Gate, Record, RunEnded, StepAddress, Who, decode
from lis_tui.core.spec import RunSpec
from lis_tui.host.leftovers import remove_dead_hosts, remove_orphans
from lis_tui.host.runs import LiveRun, Runs, Wired
from lis_tui.host.travel import Travel
from lis_tui.host.visits import Visits
from lis_tui.host.wiring import wire as wire_run

LONGEST_TIDYING_S = 20.0


class Alone:
    """Plays one run. It has a journal and a lock as any other, and leaves no container however it ends.

    With a `runtime` folder (made, and ours) clients can attach to it; without one nobody can. `note` is told
    what whoever started it should know besides the run's records.
    """

    def __init__(
        self,
        data: Path,
        wiring: Callable[[Path, RunSpec, Mapping[str, str]], Wired] = wire_run,
        *,
        runtime: Path | None = None,
        note: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._data = data
        self._runs = Runs(partial(wiring, data), lambda: Travel(data, is_headless=True))
        self._runtime = runtime
        self._visits = None if runtime is None else Visits(self._runs, runtime)
        self._note = note
        self._run: LiveRun | None = None
        self._end_reason = ""

    def end(self, reason: str) -> None:
        """End the run cleanly; its records tell of it. Before it has started, it ends as it starts."""
        self._end_reason = reason
        if self._run is not None:
            spawn(self._runs.terminate(reason), "end the run")

    def decide(
        self, decision: Decision, address: StepAddress | None, by: Who, gate: Gate | None = None
    ) -> None:
        """Pass on a decision about the run. Raises DecisionRefused."""
        if self._run is None:
            raise DecisionRefused("The run has not started.")
        self._run.decide(decision, address, by, gate)

    async def records(self, spec: RunSpec, secrets: Mapping[str, str]) -> AsyncGenerator[Record, None]:
        """Start the run and give what happens until its sandbox is gone; leaving early ends the run.

        Raises LisError where it cannot start.
        """
        async with aclosing(self._follow(self._runs.start(spec, secrets))) as records:
            async for record in records:
                yield record

    async def going(self, ask: wire.Fork | wire.Reexecute | wire.TakeUp) -> AsyncGenerator[Record, None]:
        """The same for a run that begins in its middle: its first record, then what happens from now on.

        Raises LisError where it cannot begin.
        """
        run = await self._begun(ask)
        async with aclosing(self._follow(run)) as records:
            async for record in records:
                yield record

    async def _begun(self, ask: wire.Fork | wire.Reexecute | wire.TakeUp) -> LiveRun:
        match ask:
            case wire.Fork():
                return await self._runs.fork(ask)
            case wire.Reexecute():
                return await self._runs.reexecute(ask)
            case wire.TakeUp():
                return await self._runs.take_up(ask)

    async def _follow(self, run: LiveRun) -> AsyncGenerator[Record, None]:
        self._run = run
        feed = run.attach()
        if run.wired.facts:
            yield await asyncio.to_thread(_first, feed.journal)
        tidying = spawn(self._tidy(), "orphans")
        try:
            await self._let_in()
            if self._end_reason:
                self.end(self._end_reason)
            async for record in feed.listener:
                if isinstance(record.event, RunEnded):
                    spawn(run.close(), "close the run")
                yield record
            await self._others()
        finally:
            await self._runs.terminate("Whoever watched it has left.")
            if self._visits is not None:
                await self._visits.close()
            await asyncio.wait([tidying], timeout=LONGEST_TIDYING_S)
            tidying.cancel()
        if run.failure is not None:
            raise run.failure

    async def _let_in(self) -> None:
        try:
            if self._visits is not None:
                await self._visits.open()
        except HostUnreachable as error:
            self._note(error.sentence)

    async def _others(self) -> None:
        """Wait for the runs that visitors began here: they are somebody's."""
        await self._runs.all_forked()
        for other in self._runs.live:
            if other is not self._run:
                self._note(f"{other.name}, which a visitor began here, goes on; this process waits for it.")
                await other.closed()

    async def _tidy(self) -> None:
        try:
            if self._runtime is not None:
                await asyncio.to_thread(remove_dead_hosts, self._data, self._runtime)
            await remove_orphans(self._data)
        except LisError:
            return  # Where no engine answers there is nothing to tidy, and the run says so itself.


def _first(journal: Path) -> Record:
    """Read what the run was asked to be."""
    with journal.open("rb") as file:
        return decode(file.readline())
