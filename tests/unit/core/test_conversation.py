from lis_tui.core import events
from lis_tui.core.conversation import Conversation, messages_of_turn
from lis_tui.core.events import Event, Record, StepAddress, Trim
from lis_tui.core.messages import (
    AssistantMessage,
    Observation,
    Reply,
    SystemMessage,
    ToolCall,
    ToolMessage,
    UserMessage,
)
from lis_tui.core.spec import ModelSpec, RunSpec


def started() -> events.RunStarted:
    spec = RunSpec(task="add", model=ModelSpec(name="m"))
    return events.RunStarted(run="add-1", spec=spec, system_prompt="rules", task_prompt="add", tools=())


def replied(turn: int, *calls: ToolCall) -> events.ReplyFinished:
    return events.ReplyFinished(turn=turn, reply=Reply(text="t", reasoning="r", calls=calls))


def finished(turn: int, step: int, call_id: str, text: str) -> events.StepFinished:
    return events.StepFinished(
        address=StepAddress(turn, step),
        call_id=call_id,
        tool="execute_bash",
        observation=Observation(text=text),
    )


def asked(turn: int) -> events.ModelAsked:
    return events.ModelAsked(turn=turn, model="m", message_count=0, prompt_tokens_estimate=0)


def test_the_request_of_a_turn_is_rebuilt_from_the_journal_alone() -> None:
    story: list[Event] = [
        started(),
        asked(1),
        replied(1, ToolCall("a", "execute_bash", '{"command":"ls"}')),
        finished(1, 1, "a", "file"),
        events.MessageSent(turn=2, text="hurry", origin="person"),
        asked(2),
        replied(2),
    ]
    records = [Record(n, float(n), event) for n, event in enumerate(story, 1)]
    assert messages_of_turn(records, 1) == (SystemMessage("rules"), UserMessage("add"))
    assert messages_of_turn(records, 2) == (
        SystemMessage("rules"),
        UserMessage("add"),
        AssistantMessage("t", "r", (ToolCall("a", "execute_bash", '{"command":"ls"}'),)),
        ToolMessage("a", "execute_bash", "file"),
        UserMessage("hurry"),
    )


def test_a_recording_without_requests_has_them_up_to_each_reply() -> None:
    story: list[Event] = [
        started(),
        replied(1),
        events.MessageSent(turn=2, text="hurry", origin="person"),
        replied(2),
    ]
    records = [Record(n, 0.0, event) for n, event in enumerate(story, 1)]
    assert messages_of_turn(records, 1) == (SystemMessage("rules"), UserMessage("add"))
    assert messages_of_turn(records, 2)[2:] == (AssistantMessage("t", "r"), UserMessage("hurry"))


def test_arguments_that_are_no_json_object_do_not_make_the_history_invalid() -> None:
    conversation = Conversation()
    for event in (started(), replied(1, ToolCall("a", "x", '{"command": "ls'), ToolCall("b", "x", "[1]"))):
        conversation.apply(event)
    reply = conversation.messages[-1]
    assert isinstance(reply, AssistantMessage)
    assert [call.arguments for call in reply.calls] == ["{}", "{}"]


def test_a_cut_off_reply_is_no_part_of_the_conversation() -> None:
    conversation = Conversation()
    conversation.apply(started())
    before = conversation.digest()
    conversation.apply(events.ReplyCutOff(turn=1, text="half a th", reason="closed"))
    assert conversation.digest() == before


def test_a_trimmed_observation_reads_short_from_then_on() -> None:
    conversation = Conversation()
    for event in (started(), replied(1, ToolCall("a", "x", "{}")), finished(1, 1, "a", "long " * 99)):
        conversation.apply(event)
    conversation.apply(events.ContextTrimmed(turn=2, trims=(Trim(StepAddress(1, 1), "short"),)))
    assert conversation.messages[-1] == ToolMessage("a", "execute_bash", "short")
    assert conversation.observations[StepAddress(1, 1)].text == "short"
