"""Chat messages out of our runs: what the model saw, valid for the protocol; whose words each reply is."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolParam
from pydantic import TypeAdapter

from lis_tui.core import events
from lis_tui.core.conversation import Conversation
from lis_tui.core.decisions import ContinueFrom
from lis_tui.core.events import Event, Record, StepAddress
from lis_tui.core.messages import AssistantMessage, Message, Observation, Reply, ToolCall, ToolMessage
from lis_tui.core.spec import ModelSpec, RunSpec
from lis_tui.core.view import RunView
from lis_tui.trajectory.exporting.exporter import Exportable, exporter
from lis_tui.trajectory.foreign.chat import CHAT
from lis_tui.trajectory.foreign.material import Material
from tests import branches, changed, story
from tests.story import Story, bash

Json = dict[str, Any]
MESSAGES = TypeAdapter(list[ChatCompletionMessageParam])
TOOLS = TypeAdapter(list[ChatCompletionToolParam])
STORIES = {
    "ended": story.ended,
    "waiting": story.waiting,
    "injected": changed.injected,
    "versions": changed.versions,
    "stopped": changed.stopped,
    "cut off": changed.cut_off,
    "fork": branches.fork,
}


def written(records: list[Record]) -> tuple[Json, tuple[str, ...]]:
    exported = exporter("openai")(Exportable(name="one", records=records))
    (line,) = exported.data.splitlines()
    found: Json = json.loads(line)
    check(found)
    return found, exported.lost


def check(line: Json) -> None:
    """Hold a line against the protocol: its types, and that each call is answered in order, if at all."""
    assert line.keys() <= {"messages", "tools"}
    for message in MESSAGES.validate_python(line["messages"]):
        list(message.get("tool_calls", ()))  # type: ignore[call-overload]  # only then are they looked at
    TOOLS.validate_python(line.get("tools", []))
    owed: list[str] = []
    names: set[str] = set()
    for message in line["messages"]:
        if message["role"] == "tool":
            assert message["tool_call_id"] == owed.pop(0)
            continue
        assert not owed
        assert ("weight" in message) == (message["role"] == "assistant")
        for call in message.get("tool_calls", ()):
            assert isinstance(json.loads(call["function"]["arguments"]), dict)
            assert call["id"] not in names
            names.add(call["id"])
            owed.append(call["id"])
    assert not owed or owed == [call["id"] for call in line["messages"][-1].get("tool_calls", ())]


def told(records: list[Record]) -> tuple[Message, ...]:
    conversation = Conversation()
    for record in records:
        conversation.apply(record.event)
    return conversation.messages


def plain(messages: tuple[Message, ...]) -> list[object]:
    """Who said what, without the ids of calls: those of our stories come again."""
    return [
        (one.text, one.reasoning, [(call.name, call.arguments) for call in one.calls])
        if isinstance(one, AssistantMessage)
        else (type(one).__name__, one.text)
        for one in messages
    ]


def back(line: Json) -> list[Record]:
    recording = CHAT.recognise(Material(Path("one.jsonl"), json.dumps(line).encode()))
    assert recording is not None
    imported = recording.read(0)
    assert imported.report.problems == ()
    return imported.records


def weights(line: Json) -> list[int]:
    return [one["weight"] for one in line["messages"] if one["role"] == "assistant"]


@pytest.mark.parametrize("name", STORIES)
def test_a_run_is_valid_and_read_back_the_model_was_told_the_same(name: str) -> None:
    records = STORIES[name]()
    line, _ = written(records)
    assert plain(told(back(line))) == plain(told(records))


def test_the_messages_are_those_of_the_conversation() -> None:
    line, _ = written(story.ended())
    view = RunView().apply_all(story.ended())
    roles = [one["role"] for one in line["messages"]]

    assert roles[:2] == ["system", "user"]
    assert (roles.count("assistant"), roles.count("tool")) == (7, len(view.steps))
    thoughts = [one["reasoning_content"] for one in line["messages"] if one["role"] == "assistant"]
    assert thoughts == [str(turn.reasoning) for turn in view.turns[1:]]
    names = [tool["function"]["name"] for tool in line["tools"]]
    assert names == ["execute_bash", "str_replace_editor", "submit"]


def test_a_reply_of_which_a_person_changed_a_call_is_not_to_be_learnt() -> None:
    line, lost = written(story.ended())
    assert weights(line) == [1, 1, 1, 1, 1, 0, 1]
    assert any(one.startswith("what ran instead of calls that were changed") for one in lost)


def test_a_reply_that_a_person_rewrote_is_not_to_be_learnt_until_another_version_counts() -> None:
    records = changed.versions()
    assert weights(written(records)[0]) == [1, 1, 1, 1, 1, 0]
    records.append(Record(999, records[-1].at, events.VersionChosen(6, 3)))
    assert weights(written(records)[0]) == [1, 1, 1, 1, 1, 1]


def test_a_reply_that_a_person_began_is_not_to_be_learnt() -> None:
    records = story.ended()
    begun = events.DecisionMade(address=StepAddress(2), gate="before_model", decision=ContinueFrom("I need"))
    place = next(n for n, one in enumerate(records) if getattr(one.event, "turn", 0) == 2)
    records.insert(place, Record(records[place].n, records[place].at, begun))
    assert weights(written(records)[0]) == [1, 0, 1, 1, 1, 0, 1]


def test_a_hidden_command_is_not_in_it_and_that_is_said() -> None:
    line, lost = written(changed.injected())
    assert "total 84" not in json.dumps(line)
    assert len(line["messages"]) == len(told(story.waiting()))
    assert "commands that a person hid from the model (1)" in lost


def test_calls_at_the_end_may_stay_open_and_others_are_left_out() -> None:
    assert len(written(story.waiting())[0]["messages"][-1]["tool_calls"]) == 2
    line, lost = written(changed.job())
    reply = line["messages"][2]
    assert [json.loads(call["function"]["arguments"])["command"] for call in reply["tool_calls"]] == [
        "python3 -m http.server 8000"
    ]
    assert reply["weight"] == 0
    assert "calls that nothing answered; their replies have weight 0 (1)" in lost


def test_what_was_called_in_text_is_answered_in_text() -> None:
    teller = Story(has_fragments=False)
    teller.begin("auto")
    call = bash("ls")
    reply = Reply(text='<tool_call>{"name": "execute_bash"}</tool_call>', calls=(call,), calls_in_text=True)
    teller.say(events.ReplyFinished(turn=1, reply=reply))
    teller.run(StepAddress(1, 1), call, "a.py\n")
    line, _ = written(teller.records)
    assert [one["role"] for one in line["messages"]] == ["system", "user", "assistant", "user"]
    assert line["messages"][-1]["content"] == "<tool_response>\na.py\n\n</tool_response>"


def test_a_run_in_which_no_model_replied_says_that_there_is_nothing_to_learn() -> None:
    teller = Story(has_fragments=False)
    teller.begin("auto")
    assert written(teller.records)[1][-1] == "a reply of a model: there is nothing to train on"


# ---- any facts, in any order

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
IDS = st.sampled_from(["", "a", "b", "a-2"])
CALL = st.builds(
    ToolCall, IDS, st.sampled_from(["execute_bash", "x"]), st.sampled_from(["{}", '{"a": 1}', "{"])
)
REPLY = st.builds(
    Reply, text=TEXT, reasoning=TEXT, calls=st.lists(CALL, max_size=3).map(tuple), calls_in_text=st.booleans()
)
PLACE = st.builds(StepAddress, st.integers(1, 2), st.integers(1, 2))
FACT: st.SearchStrategy[Event] = st.one_of(
    st.builds(events.ReplyFinished, turn=st.integers(1, 2), reply=REPLY),
    st.builds(
        events.StepFinished,
        address=PLACE,
        call_id=IDS,
        tool=st.just("x"),
        observation=st.builds(Observation, text=TEXT),
    ),
    st.builds(events.MessageSent, turn=st.just(1), text=TEXT, origin=st.just("person")),
    st.builds(events.ReplyEdited, turn=st.integers(1, 2), text=TEXT),
    st.builds(events.ObservationEdited, PLACE, TEXT),
)


@given(st.lists(FACT, max_size=12), TEXT, TEXT)
def test_any_facts_in_any_order_make_a_valid_line_with_all_that_was_said(
    facts: list[Event], system: str, task: str
) -> None:
    spec = RunSpec(task=task, model=ModelSpec(name="m"))
    begun = events.RunStarted(run="r", spec=spec, system_prompt=system, task_prompt=task, tools=())
    records = [Record(n, 0.0, event) for n, event in enumerate([begun, *facts], 1)]
    line, _ = written(records)

    messages = told(records)
    replies = [one for one in messages if isinstance(one, AssistantMessage)]
    there = [one for one in line["messages"] if one["role"] == "assistant"]
    assert [one["content"] for one in there] == [one.text for one in replies]
    answers = sum(one["role"] == "tool" for one in line["messages"])
    assert answers <= sum(isinstance(one, ToolMessage) for one in messages)
