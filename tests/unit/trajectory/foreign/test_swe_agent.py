"""SWE-agent: steps beside the history that the model saw, steps alone, the history alone."""

import json
from pathlib import Path

import pytest

from lis_tui.trajectory.foreign.swe_agent import SWE_AGENT
from tests.foreign_files import fold, imported, material, recorded, seen

PROMPT = "\n(Open file: n/a)\n(Current directory: /repo)\nbash-$"
Json = dict[str, object]
SYSTEM: Json = {"role": "system", "content": "Work.", "agent": "main", "message_type": "system_prompt"}
TASK: Json = {"role": "user", "content": "Mend the issue.", "agent": "main", "message_type": "observation"}
DEMO: Json = {"role": "user", "content": "This is how.", "agent": "main", "is_demo": True}


def step(action: str, observation: str, *, response: str | None = None, **more: object) -> Json:
    """One step as newer versions write it."""
    said = f"I do this.\n```\n{action}\n```" if response is None else response
    return {
        "action": action,
        "observation": observation,
        "response": said,
        "thought": "I do this.\n",
        "execution_time": 0.25,
        "state": {"working_dir": "/repo", "open_file": "n/a"},
        "query": [],
        "extra_info": {},
        **more,
    }


def steps() -> list[Json]:
    """Four steps; the first two replies could not be run and were asked for again."""
    return [
        step("", "", response="Hm.", state={}, execution_time=0.0),
        step("ls &&", "", response="Broken.\n```\nls &&\n```", state={}, execution_time=0.0),
        step(
            "ls",
            "a.py",
            query=[SYSTEM, TASK, {"role": "user", "content": "Your command has a syntax error."}],
        ),
        step("rm a.py\n", ""),
        step("submit\n", "diff --git"),
    ]


def said(one: Json) -> Json:
    """The reply of a step as the history has it."""
    return {
        "role": "assistant",
        "content": one["response"],
        "thought": one["thought"],
        "action": one["action"],
        "agent": "main",
        "tool_calls": None,
        "message_type": "action",
    }


def told(text: str, **more: object) -> Json:
    """What the model was told after a step."""
    return {"role": "user", "content": text, "agent": "main", "message_type": "observation", **more}


def history() -> list[Json]:
    """The replies that could be run, with what the model saw of each."""
    ran = steps()[2:]
    return [
        SYSTEM,
        DEMO,
        TASK,
        *(said(ran[0]), told(f"a.py{PROMPT}")),
        *(said(ran[1]), told(f"Your command ran and wrote nothing.{PROMPT}")),
        said(ran[2]),
    ]


def document(**more: object) -> Json:
    """A whole file."""
    info = {
        "exit_status": "submitted",
        "submission": "diff --git",
        "model_stats": {"instance_cost": 0.5, "tokens_sent": 100, "tokens_received": 10, "api_calls": 5},
        "swe_agent_version": "1.1.0",
    }
    config = {"agent": {"model": {"name": "gpt-4o"}}, "env": {"deployment": {"image": "python:3.11"}}}
    return {
        "environment": "main",
        "trajectory": steps(),
        "history": history(),
        "info": info,
        "replay_config": json.dumps(config),
    } | more


def test_each_step_is_a_turn_with_its_response_action_and_observation(tmp_path: Path) -> None:
    view = fold(imported(SWE_AGENT, tmp_path, document()))
    expected = json.loads((tmp_path / "file.json").read_text())["trajectory"]
    assert [str(turn.text) for turn in view.turns[1:]] == [one["response"] for one in expected]
    actions = [one["action"] for one in expected if one["action"]]
    assert [json.loads(one.arguments).get("command") for one in view.steps] == [*actions[:-1], None]
    assert view.steps[-1].tool == "submit"


def test_the_text_is_what_the_model_saw_and_the_output_what_the_command_wrote(tmp_path: Path) -> None:
    steps_seen = [seen(one) for one in fold(imported(SWE_AGENT, tmp_path, document())).steps]
    assert [(one.text, one.output) for one in steps_seen] == [
        ("Your command has a syntax error.", ""),
        (f"a.py{PROMPT}", "a.py"),
        (f"Your command ran and wrote nothing.{PROMPT}", ""),
        ("diff --git", None),
    ]


def test_no_exit_code_is_made_up(tmp_path: Path) -> None:
    view = fold(imported(SWE_AGENT, tmp_path, document()))
    assert [one.status for one in view.steps] == ["rejected", "unknown", "unknown", "done"]
    assert {seen(one).exit_code for one in view.steps} == {None}
    assert [seen(one).duration_s for one in view.steps] == [None, 0.25, 0.25, 0.25]
    assert [seen(one).cwd for one in view.steps] == ["", "/repo", "/repo", "/repo"]


def test_task_system_prompt_model_and_image_are_known(tmp_path: Path) -> None:
    found = recorded(SWE_AGENT, tmp_path, document())
    entry = found.entries[0]
    assert (entry.outcome, entry.model, entry.turns, entry.tokens, entry.cost_usd) == (
        "submitted",
        "gpt-4o",
        5,
        110,
        0.5,
    )
    given = found.read()
    started = fold(given).started
    assert started is not None
    assert (started.system_prompt, started.task_prompt) == ("Work.", "Mend the issue.")
    assert (started.spec.sandbox.image, started.spec.sandbox.workdir) == ("python:3.11", "/repo")
    assert given.report.version == "1.1.0"


def test_a_demonstration_is_kept_and_no_turn(tmp_path: Path) -> None:
    given = imported(SWE_AGENT, tmp_path, document())
    assert given.report.kept["history.is_demo"] == 1
    assert len(given.report.notes) == 1
    assert given.report.problems == ()


def test_a_state_written_as_text_is_read_as_well(tmp_path: Path) -> None:
    old = step("ls\n", "a.py\n", state='{"open_file": "n/a", "working_dir": "/old"}\n')
    del old["execution_time"]
    odd = step("pwd\n", "/", state="no json")
    view = fold(imported(SWE_AGENT, tmp_path, {"trajectory": [old, odd], "history": [], "info": {}}))
    assert [(seen(one).cwd, seen(one).duration_s) for one in view.steps] == [("/old", None), ("", 0.25)]
    assert [(one.where, one.raw_json) for one in view.kept] == [
        ("trajectory.state.open_file", '"n/a"'),
        ("trajectory.state.text", '"no json"'),
    ]


@pytest.mark.parametrize("name", ["query", "messages"])
def test_without_a_history_what_was_sent_says_what_the_model_saw(tmp_path: Path, name: str) -> None:
    first = step("ls", "a.py") | {name: [SYSTEM, TASK]}
    second = step("pwd", "/repo") | {name: [SYSTEM, TASK, said(first), told(f"a.py{PROMPT}")]}
    view = fold(imported(SWE_AGENT, tmp_path, {"trajectory": [first, second], "info": {}}))
    assert view.started is not None
    assert view.started.task_prompt == "Mend the issue."
    assert [seen(one).text for one in view.steps] == [f"a.py{PROMPT}", "/repo"]


def call(call_id: str, name: str, **arguments: object) -> Json:
    """A tool call in the history."""
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}


def test_a_history_alone_is_a_trajectory_with_calls(tmp_path: Path) -> None:
    first = said(step("find_file a.py", "")) | {
        "content": "Find.",
        "tool_calls": [call("c1", "find_file", f="a.py")],
    }
    edit = {"command": "create", "path": "/a.py", "file_text": "1"}
    second = said(step("str_replace_editor create /a.py", "")) | {
        "content": "Write.",
        "tool_calls": [call("c1", "str_replace_editor", **edit)],
    }
    answers = [
        told("found", role="tool", tool_call_ids=["c1"]),
        told("written", role="tool", tool_call_ids=["c1"]),
    ]
    given = imported(SWE_AGENT, tmp_path, {"history": [SYSTEM, TASK, first, answers[0], second, answers[1]]})
    view = fold(given)
    assert [(one.tool, seen(one).text) for one in view.steps] == [
        ("execute_bash", "found"),
        ("str_replace_editor", "written"),
    ]
    assert [json.loads(one.arguments) for one in view.steps] == [{"command": "find_file a.py"}, edit]
    assert [turn.replies[0].calls[0].name for turn in view.turns[1:]] == ["find_file", "str_replace_editor"]
    assert view.ended is None


def test_what_the_program_added_at_a_limit_is_no_reply_of_the_model(tmp_path: Path) -> None:
    last = step(
        "", "Exited (autosubmitted)", response="Exit due to cost limit", thought="Exit due to cost limit"
    )
    info = {"exit_status": "submitted (exit_cost)", "submission": "diff"}
    view = fold(imported(SWE_AGENT, tmp_path, document(trajectory=[*steps()[2:3], last], info=info)))
    assert len(view.turns) == 2
    assert [one.origin for one in view.turns[1].said] == ["warning"]
    assert view.ended is not None
    assert (view.ended.status, view.ended.reason) == ("elsewhere", "submitted (exit_cost)")


def test_a_run_with_attempts_is_several_trajectories(tmp_path: Path) -> None:
    attempts = [document(), document(trajectory=steps()[2:])]
    found = recorded(SWE_AGENT, tmp_path, document(attempts=attempts))
    assert [one.turns for one in found.entries] == [5, 3]
    assert [found.read(index).report.turns for index in (0, 1)] == [5, 3]


def test_what_is_no_step_or_no_message_is_named(tmp_path: Path) -> None:
    given = imported(
        SWE_AGENT, tmp_path, document(trajectory=[*steps(), 3], history=[*history(), None], attempts=1)
    )
    assert given.report.problems == ("history[8]: is no message", "trajectory[5]: is no object")
    assert given.report.observations == 4


@pytest.mark.parametrize(
    "other",
    [
        {},
        {"trajectory": []},
        {"trajectory": [{"step": 1}]},
        {"history": [{"role": "user", "content": "x"}]},
        {"messages": [TASK]},
        [SYSTEM, TASK],
    ],
)
def test_another_file_is_not_taken(tmp_path: Path, other: object) -> None:
    assert SWE_AGENT.recognise(material(tmp_path, other)) is None
