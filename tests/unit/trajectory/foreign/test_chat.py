"""Conversations in OpenAI's chat protocol: one, many, as a document and in lines."""

import json
from pathlib import Path

import pytest

from lis_tui.trajectory.foreign.chat import CHAT
from tests.foreign_files import fold, imported, lines, material, recorded, seen

Json = dict[str, object]


def call(call_id: str, name: str, arguments: object) -> Json:
    """A native tool call."""
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def messages() -> list[Json]:
    """Most of what the protocol knows."""
    return [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Look"}, {"type": "text", "text": "around."}]},
        {
            "role": "assistant",
            "content": None,
            "reasoning_content": "First a list.",
            "tool_calls": [call("a", "bash", '{"command": "ls"}'), call("b", "search", '{"q": "x"}')],
        },
        {"role": "tool", "tool_call_id": "b", "content": "nothing"},
        {"role": "tool", "tool_call_id": "a", "content": [{"type": "text", "text": "a.py"}]},
        {"role": "user", "content": "Now the time."},
        {"role": "assistant", "content": "I cannot tell.", "reasoning": "No clock.", "mood": 1},
    ]


def test_replies_calls_and_results_are_those_of_the_messages(tmp_path: Path) -> None:
    view = fold(imported(CHAT, tmp_path, messages()))
    told = json.loads((tmp_path / "file.json").read_text())
    replies = [one for one in told if one["role"] == "assistant"]
    assert [str(turn.text) for turn in view.turns[1:]] == [one["content"] or "" for one in replies]
    assert [str(turn.reasoning) for turn in view.turns[1:]] == ["First a list.", "No clock."]
    calls = [one["function"]["arguments"] for reply in replies for one in reply.get("tool_calls", ())]
    assert [json.loads(one.proposed) for one in view.steps] == [json.loads(one) for one in calls]
    assert [(one.tool, one.status, seen(one).text) for one in view.steps] == [
        ("execute_bash", "unknown", "a.py"),
        ("search", "unknown", "nothing"),
    ]
    assert [(one.origin, one.text) for one in view.turns[2].said] == [("person", "Now the time.")]


def test_the_system_prompt_and_the_first_question_are_the_task(tmp_path: Path) -> None:
    given = imported(CHAT, tmp_path, messages())
    started = fold(given).started
    assert started is not None
    assert (started.system_prompt, started.task_prompt) == ("Be brief.", "Look\naround.")
    assert given.report.kept == {"messages.mood": 1}
    assert fold(given).ended is None
    assert {one.at for one in given.records} == {0.0}


def test_a_request_says_its_model_its_tools_and_its_answer(tmp_path: Path) -> None:
    request = {
        "model": "gpt-4o",
        "messages": messages()[:2],
        "tools": [{"type": "function", "function": {"name": "bash", "parameters": {"type": "object"}}}],
        "temperature": 0,
        "response": {
            "choices": [{"message": messages()[2], "finish_reason": "tool_calls"}],
            "usage": {"prompt_tokens": 9, "completion_tokens": 4},
        },
    }
    found = recorded(CHAT, tmp_path, request)
    assert (found.entries[0].model, found.entries[0].turns) == ("gpt-4o", 1)
    view = fold(found.read())
    assert view.started is not None
    assert [one.name for one in view.started.tools] == ["bash"]
    assert [one.status for one in view.steps] == ["proposed", "proposed"]
    assert (view.turns[1].replies[0].finish_reason, view.totals.prompt_tokens) == ("tool_calls", 9)


def test_lines_of_conversations_are_so_many_trajectories(tmp_path: Path) -> None:
    text = lines(
        {"id": "one", "messages": messages(), "reward": 0.5}, {"messages": messages()[:2] + messages()[-1:]}
    )
    found = recorded(
        CHAT, tmp_path, text + "oops\n" + lines({"note": 1}, {"task_id": 7, "messages": messages()})
    )
    assert [(one.name, one.score, one.turns) for one in found.entries] == [
        ("one", 0.5, 2),
        ("line 2", None, 1),
        ("task_id 7", None, 2),
    ]
    assert [found.read(index).report.steps for index in range(3)] == [2, 0, 2]
    assert found.read(0).report.problems == ("line 3: is no JSON", "line 4: is no conversation")


def test_lines_of_messages_are_one_conversation(tmp_path: Path) -> None:
    found = recorded(CHAT, tmp_path, lines(*messages()) + "{broken\n")
    assert len(found.entries) == 1
    report = found.read().report
    assert (report.turns, report.steps, report.problems) == (2, 2, ("line 8: is no JSON",))


def test_a_document_over_many_lines_is_no_file_of_lines(tmp_path: Path) -> None:
    text = "[\n" + ",\n".join(json.dumps(one) for one in messages()) + "\n]\n"
    assert imported(CHAT, tmp_path, text).report.turns == 2


def test_a_list_of_conversations_is_read_as_well(tmp_path: Path) -> None:
    found = recorded(
        CHAT, tmp_path, [{"task_id": 0, "traj": messages(), "reward": 1}, {"task_id": 1, "traj": messages()}]
    )
    assert [(one.name, one.score) for one in found.entries] == [("task_id 0", 1.0), ("task_id 1", None)]


def test_human_and_gpt_are_read_as_user_and_assistant(tmp_path: Path) -> None:
    shared = {"conversations": [{"from": "human", "value": "hi"}, {"from": "gpt", "value": "hello"}]}
    view = fold(imported(CHAT, tmp_path, shared))
    assert view.started is not None
    assert (view.started.task_prompt, str(view.turns[1].text)) == ("hi", "hello")


def test_a_list_of_texts_with_roles_is_a_conversation_under_any_name(tmp_path: Path) -> None:
    talk = [{"role": "user", "text": "hi"}, {"role": "ai", "text": "hello"}]
    found = recorded(CHAT, tmp_path, lines({"made": "today"}, {"instance_id": "i", "trajectory": talk}))
    assert [(one.name, one.task, one.turns) for one in found.entries] == [("i", "hi", 1)]
    assert found.read().report.problems == ("line 1: is no conversation",)


def test_blocks_of_calls_and_results_inside_the_content_are_steps(tmp_path: Path) -> None:
    talk = [
        {"role": "user", "content": "Look."},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "hm", "signature": "s"},
                {"type": "text", "text": "Yes."},
                {"type": "tool_use", "id": "t1", "name": "bash", "input": {"command": "ls"}},
                {"type": "tool_use", "id": "t2", "name": "bash", "input": {"command": "no"}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "t1", "content": "a.py", "is_error": False},
                {
                    "type": "tool_result",
                    "tool_use_id": "t2",
                    "content": [{"type": "text", "text": "bad"}],
                    "is_error": True,
                },
            ],
        },
    ]
    view = fold(imported(CHAT, tmp_path, {"messages": talk}))
    assert (str(view.turns[1].reasoning), str(view.turns[1].text)) == ("hm", "Yes.")
    assert [(one.status, seen(one).text) for one in view.steps] == [("done", "a.py"), ("failed", "bad")]
    assert len(view.turns) == 2


def test_a_text_that_only_speaks_of_a_call_is_a_reply(tmp_path: Path) -> None:
    talk = [{"role": "user", "content": "x"}, {"role": "assistant", "content": "Action: bash[ls]"}]
    assert imported(CHAT, tmp_path, talk).report.steps == 0


def test_times_are_those_of_the_messages(tmp_path: Path) -> None:
    talk = [
        {"role": "user", "content": "x", "timestamp": "2025-10-09T08:53:20Z"},
        {"role": "assistant", "content": "y", "timestamp": 1_760_000_005_000},
        {"role": "user", "content": "z", "timestamp": "2025-10-09T08:53:20"},
    ]
    found = recorded(CHAT, tmp_path, talk)
    assert found.entries[0].started_at == 1_760_000_000.0
    times = [one.at for one in found.read().records]
    assert times == [1_760_000_000.0, 1_760_000_000.0, 1_760_000_005.0, 0.0]


def test_a_picture_is_named_where_it_stood_and_kept(tmp_path: Path) -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    talk = [{"role": "user", "content": [picture, {"type": "text", "text": "What is it?"}]}]
    given = imported(CHAT, tmp_path, talk)
    started = fold(given).started
    assert started is not None
    assert started.task_prompt == "[image_url]\nWhat is it?"
    assert given.report.kept == {"messages.content": 1}


def test_ids_that_repeat_or_are_missing_still_find_their_call(tmp_path: Path) -> None:
    talk: list[Json] = [
        {"role": "user", "content": "x"},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [call("s", "bash", "{}"), call("s", "bash", "{}")],
        },
        {"role": "tool", "tool_call_id": "s", "content": "1"},
        {"role": "tool", "tool_call_id": "s", "content": "2"},
        {"role": "assistant", "content": "", "function_call": {"name": "bash", "arguments": "{"}},
        {"role": "function", "name": "bash", "content": "3"},
    ]
    view = fold(imported(CHAT, tmp_path, talk))
    assert [seen(one).text for one in view.steps] == ["1", "2", "3"]


def test_a_result_that_comes_late_is_that_of_its_call(tmp_path: Path) -> None:
    talk = [*messages()[:3], {"role": "user", "content": "wait"}, messages()[6], messages()[4], messages()[3]]
    view = fold(imported(CHAT, tmp_path, talk))
    assert [(str(one.address), seen(one).text) for one in view.steps] == [("1.1", "a.py"), ("1.2", "nothing")]


def test_what_cannot_be_read_is_named_and_what_follows_is_read(tmp_path: Path) -> None:
    odd: list[object] = [
        {"role": "narrator", "content": "Once."},
        None,
        {"role": "tool", "tool_call_id": "zz", "content": "lost"},
        {
            "role": "assistant",
            "content": 5,
            "tool_calls": ["x", {"function": {"arguments": "{}"}}],
            "usage": 3,
        },
    ]
    given = imported(CHAT, tmp_path, [*odd, *messages()])
    assert given.report.problems == (
        "[0]: the role is 'narrator'",
        "[1]: is no message",
        "[2]: answers a call 'zz' that nobody made",
        "[3].tool_calls[0]: names no tool",
        "[3].tool_calls[1]: names no tool",
    )
    assert (given.report.turns, given.report.steps) == (3, 2)


@pytest.mark.parametrize(
    "other",
    [{}, [], [1], {"messages": []}, {"messages": [{"text": "x"}]}, [{"role": "x", "content": "y"}], "a\nb\n"],
)
def test_another_file_is_not_taken(tmp_path: Path, other: object) -> None:
    assert CHAT.recognise(material(tmp_path, other)) is None
