"""OpenAI's Responses protocol: lists of items, whole responses, lines of either."""

import json
from pathlib import Path

import pytest

from lis_tui.trajectory.foreign.responses import RESPONSES
from tests.foreign_files import fold, imported, lines, material, recorded, seen

Json = dict[str, object]


def said(text: str) -> Json:
    """A message of the model."""
    part = {"type": "output_text", "text": text, "annotations": []}
    return {"type": "message", "id": "m", "role": "assistant", "status": "completed", "content": [part]}


def thought(text: str) -> Json:
    """A summary of reasoning."""
    return {"type": "reasoning", "id": "r", "summary": [{"type": "summary_text", "text": text}]}


def called(call_id: str, name: str, **arguments: object) -> Json:
    """A function call."""
    return {"type": "function_call", "call_id": call_id, "name": name, "arguments": json.dumps(arguments)}


def answered(call_id: str, output: object) -> Json:
    """What came of a function call."""
    return {"type": "function_call_output", "call_id": call_id, "output": output}


TASK: Json = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Look."}]}


def items() -> list[Json]:
    """Two turns with calls, and a last word."""
    return [
        {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "Be brief."}]},
        TASK,
        thought("First a list."),
        said("I look."),
        called("a", "bash", command="ls"),
        called("b", "search", q="x"),
        answered("a", "a.py"),
        answered("b", [{"type": "input_text", "text": "nothing"}]),
        called("c", "bash", command="pwd"),
        answered("c", '{"output": "/testbed\\n", "metadata": {"exit_code": 1, "duration_seconds": 0.1}}'),
        said("Done."),
    ]


def test_what_the_model_gives_in_one_go_is_one_turn(tmp_path: Path) -> None:
    view = fold(imported(RESPONSES, tmp_path, items()))
    told = json.loads((tmp_path / "file.json").read_text())
    calls = [one for one in told if one["type"] == "function_call"]
    outputs = {one["call_id"]: one["output"] for one in told if one["type"] == "function_call_output"}
    assert [json.loads(one.proposed) for one in view.steps] == [json.loads(one["arguments"]) for one in calls]
    assert [seen(one).text for one in view.steps] == [outputs["a"], "nothing", outputs["c"]]
    assert [str(one.address) for one in view.steps] == ["1.1", "1.2", "2.1"]
    assert [str(turn.text) for turn in view.turns[1:]] == ["I look.", "", "Done."]
    assert str(view.turns[1].reasoning) == "First a list."


def test_an_exit_code_is_taken_where_the_shells_result_says_it(tmp_path: Path) -> None:
    view = fold(imported(RESPONSES, tmp_path, items()))
    assert [(one.status, seen(one).exit_code, seen(one).output) for one in view.steps] == [
        ("unknown", None, None),
        ("unknown", None, None),
        ("failed", 1, "/testbed\n"),
    ]


def test_system_prompt_and_task_are_the_first_messages(tmp_path: Path) -> None:
    started = fold(imported(RESPONSES, tmp_path, items())).started
    assert started is not None
    assert (started.system_prompt, started.task_prompt) == ("Be brief.", "Look.")


def response(asked: list[Json], output: list[Json], **more: object) -> Json:
    """A whole response with what was asked."""
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1_760_000_000,
        "status": "completed",
        "model": "gpt-5",
        "instructions": "Be brief.",
        "input": asked,
        "output": output,
        "usage": {"input_tokens": 10, "output_tokens": 2, "input_tokens_details": {"cached_tokens": 4}},
        **more,
    }


def test_a_whole_response_says_model_usage_and_time(tmp_path: Path) -> None:
    found = recorded(RESPONSES, tmp_path, response([TASK], items()[2:6]))
    assert (found.entries[0].model, found.entries[0].tokens, found.entries[0].task) == ("gpt-5", 12, "Look.")
    given = found.read()
    view = fold(given)
    assert view.started is not None
    assert (view.started.system_prompt, view.started.spec.model.name) == ("Be brief.", "gpt-5")
    assert (view.totals.prompt_tokens, view.totals.cached_tokens) == (10, 4)
    assert view.turns[1].finished_at == 1_760_000_000.0
    assert [one.status for one in view.steps] == ["proposed", "proposed"]
    assert given.report.kept == {"id": 1}


def test_what_later_responses_repeat_is_read_once(tmp_path: Path) -> None:
    first = response([TASK], items()[4:6])
    second = response([TASK, *items()[4:8]], items()[8:9])
    third = response([TASK, *items()[4:10]], items()[10:])
    view = fold(imported(RESPONSES, tmp_path, lines(first, second, third)))
    assert [str(one.address) for one in view.steps] == ["1.1", "1.2", "2.1"]
    assert [seen(one).text for one in view.steps][:2] == ["a.py", "nothing"]
    assert (len(view.turns), view.totals.prompt_tokens) == (4, 30)


def test_shells_editors_and_tools_of_the_server_are_steps(tmp_path: Path) -> None:
    told: list[Json] = [
        TASK,
        {
            "type": "local_shell_call",
            "call_id": "1",
            "action": {"type": "exec", "command": ["bash", "-lc", "ls"]},
        },
        {"type": "local_shell_call_output", "call_id": "1", "output": "a.py"},
        {"type": "shell_call", "call_id": "2", "action": {"commands": ["ls", "pwd"]}},
        {
            "type": "shell_call_output",
            "call_id": "2",
            "output": [{"stdout": "a\n", "stderr": "", "outcome": {"type": "exit", "exit_code": 0}}],
        },
        {"type": "custom_tool_call", "call_id": "3", "name": "apply_patch", "input": "*** Begin Patch"},
        {"type": "custom_tool_call_output", "call_id": "3", "output": "Success"},
        {
            "type": "code_interpreter_call",
            "id": "4",
            "code": "1+1",
            "outputs": [{"type": "logs", "logs": "2"}],
        },
        {
            "type": "web_search_call",
            "id": "5",
            "status": "completed",
            "action": {"type": "search", "query": "x"},
        },
    ]
    view = fold(imported(RESPONSES, tmp_path, told))
    assert [(one.tool, one.status) for one in view.steps] == [
        ("execute_bash", "unknown"),
        ("execute_bash", "done"),
        ("apply_patch", "unknown"),
        ("code_interpreter", "unknown"),
        ("web_search", "proposed"),
    ]
    assert [json.loads(one.arguments) for one in view.steps] == [
        {"command": "ls"},
        {"command": "ls\npwd"},
        {"input": "*** Begin Patch"},
        {"code": "1+1"},
        {"type": "search", "query": "x"},
    ]
    assert [seen(one).text for one in view.steps[:4]] == ["a.py", "a\n", "Success", "2"]


def test_lines_of_items_are_one_trajectory_and_broken_ones_are_named(tmp_path: Path) -> None:
    given = imported(
        RESPONSES, tmp_path, lines(*items()) + "{\n" + lines([5], {"type": "odd"}, answered("z", "?"))
    )
    assert (given.report.turns, given.report.steps, given.report.observations) == (3, 3, 3)
    assert given.report.problems == (
        "line 12: is no JSON",
        "line 13: is no item",
        "line 14: the type is 'odd'",
        "line 15: answers a call 'z' that nobody made",
    )


def test_the_list_of_an_interface_is_read_too(tmp_path: Path) -> None:
    given = imported(RESPONSES, tmp_path, {"object": "list", "data": items(), "has_more": True})
    assert (given.report.steps, given.report.kept) == (3, {"has_more": 1})


@pytest.mark.parametrize(
    "other",
    [
        {},
        [],
        {"input": "x", "output": "y"},
        {"output": [{"type": "message", "content": "x"}]},
        [{"role": "user", "content": "x"}],
        [{"type": ["function_call"]}],
    ],
)
def test_another_file_is_not_taken(tmp_path: Path, other: object) -> None:
    assert RESPONSES.recognise(material(tmp_path, other)) is None
