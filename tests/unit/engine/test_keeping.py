"""Checkpoints in the course of a run: beside the model, one at a time, and never the end of a run."""

import asyncio
import errno

import pytest

from lis_tui.core.bus import Bus
from lis_tui.core.errors import StorageFailed
from lis_tui.core.events import CheckpointTaken, NoticeGiven, StepAddress
from lis_tui.core.manifest import Manifest
from lis_tui.core.ports import OnProgress, Restored
from lis_tui.engine.checkpoints import Keeping
from tests.fakes import FakeClock, ListKeeper, MemorySandbox


class KeepingSandbox(MemorySandbox):
    """Says that it keeps what it is told to keep, once it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.can_checkpoint = True
        self.let = asyncio.Event()
        self.fails: Exception | None = None
        self.begun: list[StepAddress] = []

    async def checkpoint(self, address: StepAddress) -> CheckpointTaken:
        self.begun.append(address)
        await self.let.wait()
        if self.fails is not None:
            raise self.fails
        return CheckpointTaken(address=address, entries=1, bytes_new=2, took_s=0.5)

    async def restore(self, manifest: Manifest, on_progress: OnProgress | None = None) -> Restored:
        raise NotImplementedError


async def test_a_checkpoint_is_awaited_told_and_taken_once_an_address() -> None:
    keeper, sandbox = ListKeeper(), KeepingSandbox()
    keeping = Keeping(sandbox, Bus(keeper, FakeClock()))
    keeping.begin(StepAddress(1, 1))
    keeping.begin(StepAddress(1, 1))
    keeping.begin(StepAddress(1, 2))
    await asyncio.sleep(0)
    assert sandbox.begun == [StepAddress(1, 1)]
    sandbox.let.set()
    await keeping.wait()
    assert [event.address for event in keeper.events if isinstance(event, CheckpointTaken)] == [
        StepAddress(1, 1),
        StepAddress(1, 2),
    ]


@pytest.mark.parametrize(
    "failure", [StorageFailed("The disk is full."), OSError(errno.ENOSPC, "The disk is full.")]
)
async def test_a_failure_is_said_and_nothing_else(failure: Exception) -> None:
    keeper, sandbox = ListKeeper(), KeepingSandbox()
    sandbox.fails = failure
    sandbox.let.set()
    keeping = Keeping(sandbox, Bus(keeper, FakeClock()))
    keeping.begin(StepAddress(1, 1))
    await keeping.finish()
    [event] = keeper.events
    assert isinstance(event, NoticeGiven)
    assert "The disk is full" in event.text


async def test_a_home_that_keeps_nothing_is_left_alone() -> None:
    keeper = ListKeeper()
    keeping = Keeping(MemorySandbox(), Bus(keeper, FakeClock()))
    keeping.begin(StepAddress(1, 1))
    await keeping.wait()
    await keeping.finish()
    assert keeper.events == []


async def test_what_is_given_up_tells_nothing() -> None:
    keeper, sandbox = ListKeeper(), KeepingSandbox()
    keeping = Keeping(sandbox, Bus(keeper, FakeClock()))
    keeping.begin(StepAddress(1, 1))
    await asyncio.sleep(0)
    await keeping.stop()
    assert keeper.events == []
