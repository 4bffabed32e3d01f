import asyncio

import pytest

from lis_tui.core.bus import MOST_OUTPUT, Bus, Listener, spawn
from lis_tui.core.errors import DiskFull, StorageFailed
from lis_tui.core.events import (
    Event,
    NoticeGiven,
    OutputArrived,
    PauseAsked,
    Record,
    StepAddress,
    StorageTrouble,
    TextArrived,
)


class Keeper:
    def __init__(self) -> None:
        self.kept: list[Event] = []
        self.is_full = False
        self.failure: Exception | None = None

    def append(self, record: Record) -> None:
        if self.failure is not None:
            raise self.failure
        if self.is_full:
            raise DiskFull("Nothing more can be written.")
        self.kept.append(record.event)

    def fragment(self, record: Record) -> None:
        pass


async def drain(listener: Listener) -> list[Record]:
    listener.close()
    return [record async for record in listener]


async def test_a_fact_is_kept_before_anybody_hears_of_it() -> None:
    keeper = Keeper()
    bus = Bus(keeper, lambda: 1.0)
    heard: list[int] = []
    bus.call(lambda event: heard.append(len(keeper.kept)))
    bus.publish(PauseAsked())
    assert heard == [1]


async def test_facts_that_find_no_room_are_heard_by_nobody_until_they_are_written_in_order() -> None:
    keeper = Keeper()
    bus = Bus(keeper, lambda: 1.0)
    listener = bus.listen()
    keeper.is_full = True
    bus.publish(PauseAsked())
    assert (bus.is_stuck, bus.write_rest(), keeper.kept) == (True, False, [])
    keeper.is_full = False
    bus.publish(NoticeGiven("after"))
    assert keeper.kept == []
    assert bus.write_rest()
    assert not bus.is_stuck
    bus.publish(NoticeGiven("later"))
    assert keeper.kept == [PauseAsked(), NoticeGiven("after"), NoticeGiven("later")]
    assert [(record.n, record.event) for record in await drain(listener)] == [
        (0, StorageTrouble("Nothing more can be written.")),
        (1, PauseAsked()),
        (2, NoticeGiven("after")),
        (0, StorageTrouble("", is_over=True)),
        (3, NoticeGiven("later")),
    ]


async def test_a_keeper_that_fails_otherwise_fails_the_publisher() -> None:
    keeper = Keeper()
    keeper.failure = StorageFailed("The disk is broken.")
    bus = Bus(keeper, lambda: 1.0)
    with pytest.raises(StorageFailed, match="broken"):
        bus.publish(PauseAsked())
    assert not bus.is_stuck


async def test_fragments_merge_while_a_listener_is_slow_and_facts_keep_their_places() -> None:
    bus = Bus(Keeper(), lambda: 1.0)
    listener = bus.listen()
    bus.publish(TextArrived(1, "a"))
    bus.publish(TextArrived(1, "b"))
    bus.publish(PauseAsked())
    bus.publish(TextArrived(1, "c"))
    bus.publish(TextArrived(2, "d"))
    events = [record.event for record in await drain(listener)]
    assert events == [TextArrived(1, "ab"), PauseAsked(), TextArrived(1, "c"), TextArrived(2, "d")]


async def test_output_nobody_reads_stays_bounded_and_says_what_it_dropped() -> None:
    bus = Bus(Keeper(), lambda: 1.0)
    listener = bus.listen()
    address = StepAddress(1, 1)
    total = 0
    for _ in range(200):
        bus.publish(OutputArrived(address, b"x" * 65_536))
        total += 65_536
    records = await drain(listener)
    outputs = [record.event for record in records if isinstance(record.event, OutputArrived)]
    assert sum(len(event.data) for event in outputs) <= MOST_OUTPUT
    assert sum(len(event.data) + event.skipped for event in outputs) == total


OUTPUT = OutputArrived(StepAddress(1, 1), b"x")
LONG_S = 3600.0


async def turns_of_the_loop(task: asyncio.Task[None]) -> bool:
    """Let everything that can go on go on; say whether the task ended."""
    for _ in range(10):
        await asyncio.sleep(0)
    return task.done()


@pytest.mark.parametrize("more", [PauseAsked(), TextArrived(1, "a"), None], ids=["fact", "stream", "closing"])
async def test_a_listener_that_rests_hears_anything_but_output_at_once(more: Event | None) -> None:
    bus = Bus(Keeper(), lambda: 1.0)
    listener = bus.listen()
    resting = spawn(listener.rest(LONG_S), "rests")
    bus.publish(OUTPUT)
    assert not await turns_of_the_loop(resting)
    if more is None:
        bus.close()
    else:
        bus.publish(more)
    assert await turns_of_the_loop(resting)
    heard = [record.event for record in await drain(listener)]
    assert heard == ([OUTPUT] if more is None else [OUTPUT, more])


async def test_a_listener_for_whom_a_fact_waits_does_not_rest() -> None:
    bus = Bus(Keeper(), lambda: 1.0)
    listener = bus.listen()
    bus.publish(PauseAsked())
    bus.publish(OUTPUT)
    assert await turns_of_the_loop(spawn(listener.rest(LONG_S), "rests"))
    assert len(await drain(listener)) == 2


async def test_a_listener_rests_no_longer_than_it_wants_and_each_time_anew() -> None:
    bus = Bus(Keeper(), lambda: 1.0)
    listener = bus.listen()
    bus.publish(PauseAsked())
    assert (await anext(listener)).event == PauseAsked()
    resting = spawn(listener.rest(LONG_S), "rests")
    assert not await turns_of_the_loop(resting)
    resting.cancel()
    await listener.rest(0.0)
    bus.publish(OUTPUT)
    assert (await anext(listener)).event == OUTPUT


async def test_one_listener_leaving_does_not_disturb_another() -> None:
    bus = Bus(Keeper(), lambda: 1.0)
    first, second = bus.listen(), bus.listen()
    bus.leave(first)
    bus.publish(PauseAsked())
    assert await drain(first) == []
    assert len(await drain(second)) == 1


async def test_a_spawned_task_reports_its_failure() -> None:
    failures: list[Exception] = []

    async def fails() -> None:
        raise ValueError("so")

    await spawn(fails(), "fails", failures.append)
    assert [str(failure) for failure in failures] == ["so"]


async def test_a_spawned_task_can_be_cancelled() -> None:
    task = spawn(asyncio.Event().wait(), "waits")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
