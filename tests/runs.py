"""A run without engine, model or sandbox: it publishes what a test tells it to."""

import asyncio
from pathlib import Path

from lis_tui.core import events
from lis_tui.core.bus import Bus
from lis_tui.core.decisions import Decision, FollowUp
from lis_tui.core.errors import DecisionRefused
from lis_tui.core.events import (
    Event,
    Gate,
    NoticeGiven,
    Record,
    RunContinued,
    RunEnded,
    SandboxStopped,
    StepAddress,
    Who,
)
from lis_tui.core.spec import RunSpec
from lis_tui.host.runs import Runs, Wired


class FileKeeper:
    """Keeps facts in a file, one a line."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)

    def append(self, record: Record) -> None:
        """Write a fact."""
        self._file.write(events.encode(record) + b"\n")

    def fragment(self, record: Record) -> None:
        """Keep nothing."""

    async def close(self) -> None:
        """Close the file."""
        self._file.close()


class FakeRun:
    """Publishes notices while it waits to be ended; a follow-up continues it."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.decisions: list[tuple[Decision, StepAddress | None]] = []
        self.wants_to_go_on = False
        self.is_closed = False
        self._end = asyncio.Event()
        self._status: events.EndStatus = "submitted"

    async def play(self) -> RunEnded:
        """Say that it began, then wait to be ended."""
        self.bus.publish(NoticeGiven("began"))
        return await self._rest()

    async def go_on(self) -> RunEnded:
        """Begin again."""
        self.wants_to_go_on = False
        self._end.clear()
        self.bus.publish(RunContinued("follow-up"))
        return await self._rest()

    def decide(
        self,
        decision: Decision,
        address: StepAddress | None,
        by: Who = "person",
        gate: Gate | None = None,
    ) -> None:
        """Remember the decision; one about turn 99 is refused."""
        if address is not None and address.turn == 99:
            raise DecisionRefused("Step 99 is over.")
        self.decisions.append((decision, address))
        self.wants_to_go_on = self._end.is_set() and isinstance(decision, FollowUp)

    async def close(self) -> None:
        """Remove the sandbox that it does not have."""
        self.is_closed = True
        self.bus.publish(SandboxStopped("closed"))

    async def terminate(self, reason: str) -> None:
        """End with the status of a terminated run."""
        self.end("terminated")

    def end(self, status: events.EndStatus = "submitted") -> None:
        """Let it end."""
        self._status = status
        self._end.set()

    def say(self, event: Event) -> None:
        """Publish an event."""
        self.bus.publish(event)

    async def _rest(self) -> RunEnded:
        await self._end.wait()
        ended = RunEnded(status=self._status, exit_code=events.EXIT_CODES[self._status])
        self.bus.publish(ended)
        return ended


class FakeHouse:
    """Wires fake runs, and remembers them by name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.made: dict[str, FakeRun] = {}
        self.secrets: dict[str, str] = {}
        self.runs = Runs(self.wire)

    def wire(self, spec: RunSpec, secrets: object) -> Wired:
        """Make the run that a spec asks for; its name is the task."""
        assert isinstance(secrets, dict)
        self.secrets = secrets
        path = self.folder / f"{spec.task}.jsonl"
        keeper = FileKeeper(path)
        bus = Bus(keeper, lambda: 1.0)
        self.made[spec.task] = FakeRun(bus)
        return Wired(spec.task, self.made[spec.task], bus, path, lambda: 1.0, keeper.close)
