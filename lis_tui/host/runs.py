"""The runs that live in this process: started, watched, decided about, and ended without leftovers."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from lis_tui.core import wire
from lis_tui.core.bus import MOST_OUTPUT, Bus, Listener, spawn
from lis_tui.core.decisions import Decision
from lis_tui.core.errors import DecisionRefused, RunNotFound, StorageFailed, UsageWrong
from lis_tui.core.events import Gate, Record, RunEnded, StepAddress, Who
from lis_tui.core.ports import Sandbox
from lis_tui.core.spec import RunSpec
from lis_tui.host.moment import Moment

LONGEST_END_S = 30.0
"""How long a run may take to end when it was told to; then its sandbox is removed all the same."""


class Playable(Protocol):
    """What a host needs of `engine.run.Run`."""

    @property
    def wants_to_go_on(self) -> bool:
        """It has ended, and a decision asks for `go_on`."""
        ...

    async def play(self) -> RunEnded:
        """Run to the end; the sandbox stays up."""
        ...

    async def go_on(self) -> RunEnded:
        """Run on after a decision that continues an ended run."""
        ...

    def decide(
        self,
        decision: Decision,
        address: StepAddress | None,
        by: Who = "person",
        gate: Gate | None = None,
    ) -> None:
        """Take a decision. Raises DecisionRefused."""
        ...

    async def close(self) -> None:
        """Remove the sandbox."""
        ...

    async def terminate(self, reason: str) -> None:
        """End the run now, cleanly."""
        ...


@dataclass(frozen=True, slots=True)
class Wired:
    """A run with all its parts, not yet started. `release` closes the journal and lets go of the lock."""

    name: str
    run: Playable
    bus: Bus
    journal: Path
    clock: Callable[[], float]
    release: Callable[[], Awaitable[None]]
    facts: int = 0
    """How many lines its journal has already."""
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What it was given and nobody may read; a fork of it needs it too."""


@runtime_checkable
class Movable(Protocol):
    """A run whose sandbox can be handed over."""

    @property
    def is_held(self) -> bool:
        """A person has it wait at its next gate."""
        ...

    async def kept(self) -> None:
        """Wait until the checkpoint that is being taken is done."""
        ...

    async def hold_still(self) -> Sandbox:
        """Stop what runs and hold; gives the sandbox. Raises DecisionRefused."""
        ...

    def stay(self) -> None:
        """Go on as it is, held."""
        ...

    async def give_away(self, reason: str) -> None:
        """End without touching the sandbox again."""
        ...


class Traveller(Protocol):
    """Begins runs at a step of others, and goes on with those that no process has."""

    async def fork(self, ask: wire.Fork, parent: "LiveRun | None") -> Wired:
        """Make a run of another's beginning. `parent` where that one lives here. Raises LisError."""
        ...

    async def reexecute(self, ask: wire.Reexecute, parent: "LiveRun | None") -> Wired:
        """Make a run that does another one again. Raises LisError."""
        ...

    async def take_up(self, ask: wire.TakeUp) -> Wired:
        """Make a run of what is on disk of it. Raises LisError."""
        ...


@dataclass(frozen=True, slots=True)
class Feed:
    """What one watcher gets: the journal's first `facts` lines, this moment's fragments, then the stream."""

    journal: Path
    facts: int
    moment: tuple[Record, ...]
    listener: Listener


class LiveRun:
    """One run that lives here. It closes by itself when it has ended and nobody watches any more."""

    def __init__(self, wired: Wired) -> None:
        self.name = wired.name
        self.wired = wired
        self.ended: RunEnded | None = None
        self._wired = wired
        self._moment = Moment()
        self._moment.facts = wired.facts
        self._listeners: list[Listener] = []
        self.failure: Exception | None = None
        self._task: asyncio.Task[Any] | None = None
        self._closing: asyncio.Task[Any] | None = None
        self._is_closed = asyncio.Event()
        self._on_closed: list[Callable[[LiveRun], None]] = []
        wired.bus.call(self._moment.apply)

    @property
    def is_closed(self) -> bool:
        """Whether nothing more will come of it."""
        return self._is_closed.is_set()

    def start(self) -> None:
        """Let the loop run beside the caller."""
        self._begin(self._wired.run.play())

    def when_closed(self, call: Callable[["LiveRun"], None]) -> None:
        """Have `call` called once the run is closed."""
        self._on_closed.append(call)

    def attach(self, most_output: int = MOST_OUTPUT) -> Feed:
        """Begin to watch: what the feed's parts say joins without gap or double."""
        listener = self._wired.bus.listen(most_output)
        if self.is_closed:
            listener.close()
        else:
            self._listeners.append(listener)
        now = self._wired.clock()
        moment = tuple(Record(0, now, event) for event in self._moment.fragments())
        return Feed(self._wired.journal, self._moment.facts, moment, listener)

    def leave(self, feed: Feed) -> None:
        """Stop watching; an ended run that nobody watches is closed."""
        self._wired.bus.leave(feed.listener)
        if feed.listener in self._listeners:
            self._listeners.remove(feed.listener)
        self._close_if_done()

    def decide(
        self,
        decision: Decision,
        address: StepAddress | None,
        by: Who = "person",
        gate: Gate | None = None,
    ) -> None:
        """Pass on a decision; one that continues an ended run starts it again.

        Raises DecisionRefused.
        """
        if self._closing is not None:
            raise DecisionRefused("The run is over and its sandbox is gone.")
        self._wired.run.decide(decision, address, by, gate)
        if self.ended is not None and self._wired.run.wants_to_go_on:
            self.ended = None
            self._begin(self._wired.run.go_on())

    async def terminate(self, reason: str) -> None:
        """End the run now, whatever it does, and remove its sandbox."""
        if self.ended is None and self._closing is None:
            await self._wired.run.terminate(reason)
            if self._task is not None:
                await asyncio.wait([self._task], timeout=LONGEST_END_S)
        await self.close()

    async def close(self) -> None:
        """Remove the sandbox, end every watcher's stream and let go of the journal; safe to call twice."""
        if self._closing is None:
            self._closing = spawn(self._close(), f"close {self.name}")
        await self._is_closed.wait()

    async def closed(self) -> None:
        """Wait until nothing more will come of it."""
        await self._is_closed.wait()

    def _begin(self, work: Coroutine[Any, Any, RunEnded]) -> None:
        self._task = spawn(self._play(work), f"run {self.name}", self._failed)

    async def _play(self, work: Coroutine[Any, Any, RunEnded]) -> None:
        self.ended = await work
        self._close_if_done()

    def _failed(self, error: Exception) -> None:
        self.failure = error
        if isinstance(error, StorageFailed):
            sys.stderr.write(f"{self.name}: {error.sentence}\n")
            self.ended = RunEnded(status="storage_failed", reason=error.sentence, exit_code=error.exit_code)
        else:
            sys.excepthook(type(error), error, error.__traceback__)
            self.ended = RunEnded(status="bug", reason=str(error), exit_code=1)
        self._closing = self._closing or spawn(self._close(), f"close {self.name}")

    def _close_if_done(self) -> None:
        if self.ended is not None and not self._listeners and self._closing is None:
            self._closing = spawn(self._close(), f"close {self.name}")

    async def _close(self) -> None:
        try:
            await self._wired.run.close()
        finally:
            try:
                await self._wired.release()
            finally:
                self._be_closed()

    def _be_closed(self) -> None:
        facts, self._moment = self._moment.facts, Moment()
        self._moment.facts = facts
        self._is_closed.set()
        self._wired.bus.close()
        for call in self._on_closed:
            call(self)


class Runs:
    """All runs of this process, by name."""

    def __init__(
        self,
        wire: Callable[[RunSpec, Mapping[str, str]], Wired],
        traveller: Callable[[], Traveller] | None = None,
    ) -> None:
        self._wire = wire
        self._traveller = traveller
        self._runs: dict[str, LiveRun] = {}
        self._forking = 0
        self._all_forked = asyncio.Event()
        self._all_forked.set()
        self.on_change: Callable[[], None] = lambda: None

    @property
    def live(self) -> tuple[LiveRun, ...]:
        """Those that are not closed."""
        return tuple(run for run in self._runs.values() if not run.is_closed)

    def start(self, spec: RunSpec, secrets: Mapping[str, str]) -> LiveRun:
        """Start a run. Raises LisError where it cannot be wired."""
        return self._started(self._wire(spec, secrets))

    async def fork(self, ask: wire.Fork) -> LiveRun:
        """Begin a run at a step of another, which may live here, elsewhere, or no more. Raises LisError."""
        parent = self._runs.get(ask.run)
        is_here = parent is not None and not parent.is_closed
        self._forking += 1
        self._all_forked.clear()
        try:
            return self._started(await self._travels().fork(ask, parent if is_here else None))
        finally:
            self._forking -= 1
            if not self._forking:
                self._all_forked.set()

    async def reexecute(self, ask: wire.Reexecute) -> LiveRun:
        """Begin a run that does another one again. Raises LisError."""
        parent = self._runs.get(ask.run)
        return self._started(await self._travels().reexecute(ask, parent))

    async def all_forked(self) -> None:
        """Wait until no fork is being made: a rewind ends its parent before the new run is here."""
        await self._all_forked.wait()

    async def take_up(self, ask: wire.TakeUp) -> LiveRun:
        """Go on with a run that no process has any more. Raises LisError."""
        return self._started(await self._travels().take_up(ask))

    def _travels(self) -> Traveller:
        if self._traveller is None:
            raise UsageWrong("This host can only start runs.")
        return self._traveller()

    def _started(self, wired: Wired) -> LiveRun:
        run = LiveRun(wired)
        self._runs[run.name] = run
        run.when_closed(lambda _: self.on_change())
        run.start()
        return run

    def find(self, name: str) -> LiveRun:
        """Give a run that lives or lived here. Raises RunNotFound."""
        if name not in self._runs:
            raise RunNotFound(f"The run {name} does not live here.")
        return self._runs[name]

    async def terminate(self, reason: str) -> None:
        """End all runs cleanly."""
        await asyncio.gather(*(run.terminate(reason) for run in self.live))
