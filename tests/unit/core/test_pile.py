from lis_tui.core.bus import Bus, Listener
from lis_tui.core.events import (
    CallArrived,
    Event,
    FileEntry,
    FilesChanged,
    InputAwaited,
    LoadMeasured,
    NoticeGiven,
    OutputArrived,
    OwnCommandRan,
    OwnOutputArrived,
    ReasoningArrived,
    Record,
    ReplyFinished,
    RestoreProgressed,
    StepAddress,
    StepFinished,
    TextArrived,
)
from lis_tui.core.messages import Observation, Reply
from lis_tui.core.pile import MOST_AFTER_STEP

HERE = StepAddress(1, 1)


class Keeper:
    def append(self, record: Record) -> None:
        pass

    def fragment(self, record: Record) -> None:
        pass


async def heard(*events: Event) -> list[Event]:
    bus = Bus(Keeper(), lambda: 1.0)
    listener: Listener = bus.listen()
    for event in events:
        bus.publish(event)
    bus.close()
    return [record.event async for record in listener]


async def test_streams_that_alternate_wait_as_one_record_each() -> None:
    assert await heard(
        ReasoningArrived(1, "a"),
        CallArrived(1, 0, "bash", "{"),
        ReasoningArrived(1, "b"),
        CallArrived(1, 0, "", "}"),
        CallArrived(1, 1, "bash", "{"),
    ) == [ReasoningArrived(1, "ab"), CallArrived(1, 0, "bash", "{}"), CallArrived(1, 1, "bash", "{")]


async def test_of_loads_and_input_waits_only_the_last_is_heard() -> None:
    assert await heard(
        LoadMeasured(pids=1), InputAwaited(HERE, True), LoadMeasured(pids=2), InputAwaited(HERE, False)
    ) == [LoadMeasured(pids=2), InputAwaited(HERE, False)]


async def test_changes_of_files_add_up() -> None:
    a, b, bigger = FileEntry("a"), FileEntry("b"), FileEntry("a", size_bytes=9)
    assert await heard(FilesChanged((a, b)), FilesChanged((bigger,), ("b",))) == [
        FilesChanged((bigger,), ("b",))
    ]
    assert await heard(FilesChanged((), ("a",)), FilesChanged((a,))) == [FilesChanged((a,))]
    assert await heard(FilesChanged((a, b), is_whole=True), FilesChanged((), ("b",))) == [
        FilesChanged((a,), is_whole=True)
    ]
    assert await heard(FilesChanged((a,)), FilesChanged((b,), is_whole=True)) == [
        FilesChanged((b,), is_whole=True)
    ]


async def test_what_a_finished_reply_tells_is_not_streamed_after_it() -> None:
    finished = ReplyFinished(turn=1, reply=Reply(text="ab"))
    assert await heard(TextArrived(1, "ab"), finished, TextArrived(2, "c")) == [finished, TextArrived(2, "c")]


async def test_of_a_finished_steps_output_only_the_last_part_still_waits() -> None:
    finished = StepFinished(address=HERE, call_id="c", tool="t", observation=Observation(text=""))
    data = bytes(range(256)) * 1024
    notice = NoticeGiven("between")
    events = await heard(OutputArrived(HERE, data), notice, finished)
    assert events == [
        OutputArrived(HERE, data[-MOST_AFTER_STEP:], len(data) - MOST_AFTER_STEP),
        notice,
        finished,
    ]


async def test_a_gap_that_was_told_is_told_on() -> None:
    assert await heard(OutputArrived(HERE, b"a", 5), OutputArrived(HERE, b"b", 7)) == [
        OutputArrived(HERE, b"ab", 12)
    ]


async def test_a_listener_with_a_bound_of_its_own_gets_the_end_of_a_flood_and_how_much_came_before() -> None:
    data = bytes(range(256)) * 40
    bus = Bus(Keeper(), lambda: 1.0)
    listener, other = bus.listen(1000), bus.listen()
    for piece in (data[:5000], data[5000:]):
        bus.publish(OutputArrived(HERE, piece, skipped=0))
    bus.close()
    (bounded,) = [record.event async for record in listener]
    (whole,) = [record.event async for record in other]
    assert isinstance(bounded, OutputArrived)
    assert isinstance(whole, OutputArrived)
    assert (bounded.data, bounded.skipped) == (data[-1000:], len(data) - 1000)
    assert (whole.data, whole.skipped) == (data, 0)


async def test_output_of_the_own_shell_waits_merged_until_a_fact_tells_it_whole() -> None:
    first, more = OwnOutputArrived(1, b"", "ls"), OwnOutputArrived(1, b"a")
    assert await heard(first, more, more) == [OwnOutputArrived(1, b"aa", "ls")]
    ran = OwnCommandRan(number=1, command="ls", output="aa")
    assert await heard(first, more, ran) == [ran]


async def test_of_progress_the_newest_is_told() -> None:
    steps = [RestoreProgressed(1, 9), RestoreProgressed(5, 9)]
    assert await heard(*steps) == [RestoreProgressed(5, 9)]
