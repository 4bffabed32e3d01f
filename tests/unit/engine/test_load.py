"""What the sandbox uses: measured while a run goes on, and not after it."""

import asyncio

from lis_tui.core.bus import Bus
from lis_tui.core.events import LoadMeasured
from lis_tui.core.ports import Load as Measured
from lis_tui.core.ports import Space
from lis_tui.core.spec import Limits
from lis_tui.engine.load import Load
from tests.fakes import FakeClock, ListKeeper, MemorySandbox


class Busy(MemorySandbox):
    """A sandbox that uses a little more each time, and one and a half processors all the time."""

    measurements = 0

    async def load(self) -> Measured:
        """Use more."""
        self._check()
        self.measurements += 1
        return Measured(
            memory_bytes=self.measurements,
            memory_limit_bytes=100,
            pids=3,
            pids_limit=64,
            cpu_s=3.0 * self.measurements,
            cpus_limit=2.0,
        )


async def test_it_is_measured_again_and_again_until_it_is_stopped() -> None:
    clock = FakeClock()
    sandbox = Busy()
    await sandbox.start()
    bus = Bus(ListKeeper(), clock)
    listener = bus.listen()
    limits = Limits(disk_mb=1, files=10)

    def look(_: Measured) -> Space:
        clock.forward(2)
        return Space(1000, 5)

    load = Load(sandbox, bus, look, lambda: limits, gap_s=0, clock=clock)
    load.start()
    load.start()
    told: list[LoadMeasured] = []
    while len(told) < 2:
        event = (await asyncio.wait_for(anext(listener), 5)).event
        assert isinstance(event, LoadMeasured)
        told.append(event)
    first, second = told
    assert (first.memory_limit_bytes, first.pids, first.pids_limit) == (100, 3, 64)
    assert (first.cpus, second.cpus, second.cpus_limit) == (None, 1.5, 2.0)
    assert (second.memory_bytes or 0) > (first.memory_bytes or 0)
    assert (second.disk_bytes, second.disk_limit_bytes) == (1000, 1 << 20)
    assert (second.files, second.files_limit) == (5, 10)
    await load.stop()
    after = sandbox.measurements
    await asyncio.sleep(0)
    assert sandbox.measurements == after


async def test_a_sandbox_that_knows_nothing_or_is_gone_is_left_alone() -> None:
    for sandbox in (MemorySandbox(), Busy()):
        if not isinstance(sandbox, Busy):
            await sandbox.start()
        keeper = ListKeeper()
        load = Load(sandbox, Bus(keeper, FakeClock()), gap_s=0)
        load.start()
        task = load._task
        assert task is not None
        await asyncio.wait_for(task, 5)
        assert keeper.fragments == []


async def test_without_control_groups_the_disk_is_watched_all_the_same() -> None:
    class Blind(MemorySandbox):
        async def load(self) -> Measured:
            return Measured(free_bytes=1 << 30)

    sandbox, seen = Blind(), asyncio.Event()
    await sandbox.start()
    looked: list[Measured] = []

    def look(load: Measured) -> Space:
        looked.append(load)
        if len(looked) == 2:
            seen.set()
        return Space(1000, 5)

    load = Load(sandbox, Bus(ListKeeper(), FakeClock()), look, gap_s=0)
    load.start()
    await asyncio.wait_for(seen.wait(), 5)
    await load.stop()
    assert looked[0].free_bytes == 1 << 30
