"""What the sandbox uses: measured while a run goes on, and not after it."""

import asyncio

from lis_tui.core.bus import Bus
from lis_tui.core.events import LoadMeasured
from lis_tui.engine.load import Load
from tests.fakes import FakeClock, ListKeeper, MemorySandbox


class Measured(MemorySandbox):
    """A sandbox that knows what it uses."""

    measurements = 0

    async def load(self) -> tuple[int | None, int | None, int | None]:
        """Use a little more each time."""
        self._check()
        self.measurements += 1
        return self.measurements, 100, 3


async def test_it_is_measured_again_and_again_until_it_is_stopped() -> None:
    sandbox = Measured()
    await sandbox.start()
    bus = Bus(ListKeeper(), FakeClock())
    listener = bus.listen()
    load = Load(sandbox, bus, gap_s=0)
    load.start()
    load.start()
    used = 0
    for _ in range(2):
        event = (await asyncio.wait_for(anext(listener), 5)).event
        assert isinstance(event, LoadMeasured)
        assert (event.memory_limit_bytes, event.pids) == (100, 3)
        assert (event.memory_bytes or 0) > used
        used = event.memory_bytes or 0
    await load.stop()
    after = sandbox.measurements
    await asyncio.sleep(0)
    assert sandbox.measurements == after


async def test_a_sandbox_that_knows_nothing_or_is_gone_is_left_alone() -> None:
    for sandbox in (MemorySandbox(), Measured()):
        if not isinstance(sandbox, Measured):
            await sandbox.start()
        keeper = ListKeeper()
        load = Load(sandbox, Bus(keeper, FakeClock()), gap_s=0)
        load.start()
        task = load._task
        assert task is not None
        await asyncio.wait_for(task, 5)
        assert keeper.fragments == []
