from lis_tui.core.events import (
    CallArrived,
    Event,
    FileEntry,
    FilesChanged,
    InputAwaited,
    JobEnded,
    LoadMeasured,
    ModelAsked,
    ModelRetried,
    OutputArrived,
    OwnCommandRan,
    OwnOutputArrived,
    ReasoningArrived,
    ReplyFinished,
    StepAddress,
    StepFinished,
    StepStarted,
    StorageTrouble,
    TextArrived,
)
from lis_tui.core.messages import Observation, Reply
from lis_tui.host.moment import MOST_TAIL, Moment

HERE = StepAddress(1, 1)
ASKED = ModelAsked(turn=1, model="m", message_count=2, prompt_tokens_estimate=9)
STARTED = StepStarted(address=HERE, tool="execute_bash", arguments="{}")


def after(*events: Event) -> list[Event]:
    moment = Moment()
    for event in events:
        moment.apply(event)
    return moment.fragments()


def test_the_reply_so_far_is_told_whole() -> None:
    assert after(
        ASKED,
        ReasoningArrived(1, "I "),
        ReasoningArrived(1, "think"),
        TextArrived(1, "so"),
        CallArrived(1, 0, "execute_bash", '{"com'),
        CallArrived(1, 0, "", 'mand"'),
    ) == [
        ReasoningArrived(1, "I think"),
        TextArrived(1, "so"),
        CallArrived(1, 0, "execute_bash", '{"command"'),
    ]


def test_what_a_fact_has_ended_is_not_told_again() -> None:
    retried = ModelRetried(turn=1, attempt=2, max_attempts=6, wait_s=1, reason="429")
    assert after(ASKED, TextArrived(1, "a"), retried, TextArrived(1, "b")) == [TextArrived(1, "b")]
    assert after(ASKED, TextArrived(1, "a"), ReplyFinished(turn=1, reply=Reply(text="a"))) == []
    finished = StepFinished(address=HERE, call_id="c", tool="t", observation=Observation(text="a"))
    assert after(STARTED, OutputArrived(HERE, b"a"), InputAwaited(HERE, True), finished) == []


def test_outputs_of_jobs_and_of_the_own_shell_are_told_apart() -> None:
    there = StepAddress(2, 1)
    went_on = StepFinished(address=HERE, call_id="c", tool="t", observation=Observation(text="a"))
    events: list[Event] = [
        *(STARTED, OutputArrived(HERE, b"a"), went_on, OutputArrived(HERE, b"b")),
        *(StepStarted(address=there, tool="execute_bash", arguments="{}"), OutputArrived(there, b"c")),
        *(OwnOutputArrived(1, b"", "ls"), OwnOutputArrived(1, b"d"), OwnOutputArrived(1, b"e")),
    ]
    assert after(*events) == [
        OutputArrived(HERE, b"b"),
        OutputArrived(there, b"c"),
        OwnOutputArrived(1, b"de", "ls"),
    ]
    ran = OwnCommandRan(number=1, command="ls", output="de")
    assert after(*events, JobEnded(address=HERE), ran) == [OutputArrived(there, b"c")]


def test_of_a_long_output_the_end_is_kept_and_the_rest_is_counted() -> None:
    pieces = [OutputArrived(HERE, bytes([number]) * 65_536) for number in range(100)]
    (told,) = after(STARTED, *pieces)
    assert isinstance(told, OutputArrived)
    assert len(told.data) <= 2 * MOST_TAIL
    assert len(told.data) + told.skipped == 100 * 65_536
    assert told.data.endswith(bytes([99]) * 65_536)


def test_the_tree_is_told_as_it_is_now() -> None:
    a, b = FileEntry("a"), FileEntry("b")
    assert after(FilesChanged((a,), is_whole=True), FilesChanged((b,), ("a",))) == [
        FilesChanged((b,), is_whole=True)
    ]


def test_the_last_load_and_a_command_that_waits_for_input_are_told() -> None:
    load = LoadMeasured(pids=2)
    assert after(LoadMeasured(pids=1), load, STARTED, InputAwaited(HERE, True)) == [
        load,
        InputAwaited(HERE, True),
    ]
    assert after(STARTED, InputAwaited(HERE, True), InputAwaited(HERE, False)) == []


def test_a_journal_without_room_is_told() -> None:
    full = StorageTrouble("There is no room left.")
    assert after(full) == [full]
