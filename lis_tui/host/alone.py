"""A host without a socket: one run in this process, for whoever prints it or asked for it from Python."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from functools import partial
from pathlib import Path

from lis_tui.core.bus import spawn
from lis_tui.core.decisions import Decision
from lis_tui.core.errors import DecisionRefused, LisError
from lis_tui.core.events import Gate, Record, RunEnded, StepAddress, Who
from lis_tui.core.spec import RunSpec
from lis_tui.host.runs import LiveRun, Runs, Wired
from lis_tui.host.wiring import remove_orphans, wire

LONGEST_TIDYING_S = 20.0


class Alone:
    """Plays one run. It has a journal and a lock as any other, and leaves no container however it ends."""

    def __init__(
        self, data: Path, wiring: Callable[[Path, RunSpec, Mapping[str, str]], Wired] = wire
    ) -> None:
        self._data = data
        self._runs = Runs(partial(wiring, data))
        self._run: LiveRun | None = None
        self._end_reason = ""

    def end(self, reason: str) -> None:
        """End the run cleanly; its records tell of it. Before it has started, it ends as it starts."""
        self._end_reason = reason
        if self._run is not None:
            spawn(self._run.terminate(reason), "end the run")

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
        run = self._run = self._runs.start(spec, secrets)
        feed = run.attach()
        tidying = spawn(self._tidy(), "orphans")
        if self._end_reason:
            self.end(self._end_reason)
        try:
            async for record in feed.listener:
                if isinstance(record.event, RunEnded):
                    spawn(run.close(), "close the run")
                yield record
        finally:
            await run.terminate("Whoever watched it has left.")
            await asyncio.wait([tidying], timeout=LONGEST_TIDYING_S)
            tidying.cancel()
        if run.failure is not None:
            raise run.failure

    async def _tidy(self) -> None:
        try:
            await remove_orphans(self._data)
        except LisError:
            return  # Where no engine answers there is nothing to tidy, and the run says so itself.
