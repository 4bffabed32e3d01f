"""ATIF: steps, calls and results as Harbor writes them."""

import json

import msgspec
import pytest

from lis_tui.core.errors import NoTrajectory
from lis_tui.core.messages import Usage
from lis_tui.trajectory.foreign.atif import ATIF
from lis_tui.trajectory.foreign.recording import Imported
from tests.foreign_files import fold, held, observed, taken

PICTURE = {"type": "image", "source": {"media_type": "image/png", "path": "images/plot.png"}}


def trajectory() -> dict[str, object]:
    """A trajectory of the newest version, with most of what the format knows."""
    return {
        "schema_version": "ATIF-v1.8",
        "session_id": "s-1",
        "trajectory_id": "main",
        "agent": {
            "name": "claude-code",
            "version": "2.0",
            "model_name": "anthropic/claude",
            "tool_definitions": [
                {"type": "function", "function": {"name": "bash", "parameters": {"type": "object"}}}
            ],
            "extra": {"git_branch": "main"},
        },
        "steps": [
            {"step_id": 1, "source": "system", "message": "Be brief."},
            {"step_id": 2, "source": "user", "message": "Plot the numbers.", "is_copied_context": True},
            {
                "step_id": 3,
                "timestamp": "2025-10-16T14:30:00Z",
                "source": "agent",
                "message": "I look first.",
                "reasoning_content": "Where are they?",
                "tool_calls": [
                    {"tool_call_id": "a", "function_name": "bash", "arguments": {"command": "ls"}},
                    {"tool_call_id": "b", "function_name": "Read", "arguments": {"file_path": "/n.csv"}},
                ],
                "observation": {
                    "results": [
                        {"source_call_id": "b", "content": [{"type": "text", "text": "1,2"}, PICTURE]},
                        {"source_call_id": "a", "content": "n.csv", "extra": {"exit_code": 0}},
                    ]
                },
                "metrics": {
                    "prompt_tokens": 100,
                    "completion_tokens": 20,
                    "cached_tokens": 60,
                    "cost_usd": 0.01,
                    "logprobs": [-0.1],
                    "extra": {"reasoning_tokens": 7},
                },
            },
            {
                "step_id": 4,
                "source": "agent",
                "message": "Somebody else plots.",
                "tool_calls": [{"tool_call_id": "c", "function_name": "Task", "arguments": {}}],
                "observation": {
                    "results": [
                        {"source_call_id": "c", "subagent_trajectory_ref": [{"trajectory_id": "plotter"}]}
                    ]
                },
            },
            {"step_id": 5, "source": "user", "message": "Thanks."},
            {"step_id": 6, "source": "agent", "message": "Done."},
        ],
        "final_metrics": {"total_prompt_tokens": 300, "total_completion_tokens": 50, "total_cost_usd": 0.03},
        "subagent_trajectories": [
            {
                "schema_version": "ATIF-v1.8",
                "trajectory_id": "plotter",
                "agent": {"name": "plotter", "version": "1"},
                "steps": [{"step_id": 1, "source": "user", "message": "Plot."}],
            }
        ],
        "continued_trajectory_ref": "trajectory.cont-1.json",
    }


def read(data: object, index: int = 0) -> Imported:
    return taken(ATIF, data, index)


def steps(*given: dict[str, object]) -> dict[str, object]:
    return {"schema_version": "ATIF-v1.2", "agent": {"name": "x", "version": "1"}, "steps": list(given)}


def agent_step(calls: list[object], results: list[object], **more: object) -> dict[str, object]:
    observation = {"results": results}
    return {"source": "agent", "message": "", "tool_calls": calls, "observation": observation} | more


def keys(call_id: str, typed: str) -> dict[str, object]:
    return {"tool_call_id": call_id, "function_name": "bash_command", "arguments": {"keystrokes": typed}}


def test_the_steps_calls_and_results_are_as_many_as_in_the_file() -> None:
    document = trajectory()
    plain = msgspec.convert(document["steps"], list[dict[str, object]])
    replies = [step for step in plain if step["source"] == "agent"]
    calls = sum(len(msgspec.convert(step.get("tool_calls", []), list[object])) for step in replies)

    report = read(document).report

    assert (report.turns, report.steps, report.observations) == (len(replies), calls, calls)
    assert report.problems == ()


def test_the_table_shows_a_trajectory_and_those_of_its_subagents() -> None:
    recording = ATIF.recognise(held(trajectory()))

    assert recording is not None
    assert recording.version == "1.8"
    assert [entry.name for entry in recording.entries] == ["main", "plotter"]
    first = recording.entries[0]
    assert (first.task, first.model, first.turns) == ("Plot the numbers.", "anthropic/claude", 3)
    assert (first.tokens, first.cost_usd, first.started_at) == (350, 0.03, 1760625000.0)
    assert fold(recording.read(1)).started.spec.task == "Plot."  # type: ignore[union-attr]  # RunStarted is first


def test_system_prompt_and_task_are_the_beginning_and_what_is_said_later_comes_later() -> None:
    view = fold(read(trajectory()))

    assert view.started is not None
    assert (view.started.system_prompt, view.started.spec.task) == ("Be brief.", "Plot the numbers.")
    assert [tool.name for tool in view.started.tools] == ["bash"]
    assert [said.text for said in view.turns[3].said if said.origin == "person"] == ["Thanks."]


def test_a_result_belongs_to_the_call_that_it_names() -> None:
    view = fold(read(trajectory()))

    assert [step.tool for step in view.turns[1].steps] == ["execute_bash", "str_replace_editor"]
    listed = observed(view, 1, 1)
    assert (listed.text, listed.status, listed.exit_code) == ("n.csv", "done", 0)
    shown = observed(view, 1, 2)
    assert shown.text == "1,2\n[image: images/plot.png]"
    assert (shown.status, shown.exit_code, shown.duration_s) == ("unknown", None, None)


def test_reasoning_tokens_and_price_are_taken_and_other_metrics_kept() -> None:
    imported = read(trajectory())
    turn = fold(imported).turns[1]

    assert str(turn.reasoning) == "Where are they?"
    assert turn.usage == Usage(
        prompt_tokens=100, completion_tokens=20, cached_tokens=60, reasoning_tokens=7, cost_usd=0.01
    )
    assert turn.finished_at == 1760625000.0
    assert imported.report.kept["steps.metrics.logprobs"] == 1
    assert imported.report.kept["steps.observation.results.subagent_trajectory_ref"] == 1
    assert imported.report.kept["continued_trajectory_ref"] == 1


def test_no_end_is_made_up() -> None:
    assert fold(read(trajectory())).ended is None


def test_a_result_without_a_name_is_that_of_the_last_call() -> None:
    imported = read(steps(agent_step([keys("a", "cd /x\n"), keys("b", "C-c")], [{"content": "/x$"}])))
    view = fold(imported)

    assert [(step.tool, step.status) for step in view.steps] == [
        ("execute_bash", "proposed"),
        ("bash_command", "unknown"),
    ]
    assert view.steps[0].arguments == '{"command":"cd /x"}'
    assert observed(view, 1, 2).text == "/x$"


def test_as_many_results_without_names_as_calls_are_in_their_order() -> None:
    results = [{"content": "one"}, {"content": "two"}]
    view = fold(read(steps(agent_step([keys("a", "1\n"), keys("b", "2\n")], list(results)))))

    assert [observed(view, 1, step).text for step in (1, 2)] == ["one", "two"]


def test_a_result_of_a_step_without_calls_was_said_to_the_model() -> None:
    view = fold(read(steps(agent_step([], [{"content": "the screen"}]))))

    assert [said.text for turn in view.turns for said in turn.said if said.origin == "nudge"] == [
        "the screen"
    ]


def test_broken_records_are_named_and_the_others_read() -> None:
    imported = read(
        steps(
            {"source": "user", "message": "Go."},
            agent_step(["x", keys("a", "1\n")], [None, {"source_call_id": "zz", "content": "lost"}]),
            "no step",  # type: ignore[arg-type]  # broken on purpose
            {"source": "moon", "message": 7},
            agent_step([keys("b", "2\n")], [{"source_call_id": "b", "content": "fine"}]),
        )
    )

    assert (imported.report.turns, imported.report.steps, imported.report.observations) == (2, 2, 1)
    places = [problem.partition(":")[0] for problem in imported.report.problems]
    assert places == [
        "steps[1].tool_calls[0]",
        "steps[1].observation.results[0]",
        "steps[1].observation.results[1]",
        "steps[2]",
        "steps[3]",
    ]
    assert imported.report.kept["steps.observation.results.content"] == 1


@pytest.mark.parametrize("version", ["1.0", "1.2", "1.5", "1.7", "1.8"])
def test_each_version_is_known_by_its_tag(version: str) -> None:
    recording = ATIF.recognise(held(trajectory() | {"schema_version": f"ATIF-v{version}"}))

    assert recording is not None
    assert recording.version == version


def test_many_trajectories_may_stand_one_on_each_line() -> None:
    lines = b"\n".join(json.dumps(trajectory() | {"trajectory_id": name}).encode() for name in "xy")
    recording = ATIF.recognise(held(lines, "all.jsonl"))

    assert recording is not None
    assert [entry.name for entry in recording.entries] == ["x", "plotter", "y", "plotter"]


@pytest.mark.parametrize(
    "document",
    [
        {"schema_version": "ATIF-v1.8", "steps": "none"},
        {"schema_version": "2", "steps": []},
        {"problem_statement": "x", "steps": [{"thought": "", "action": "", "observation": ""}]},
        [{"role": "user", "content": '"steps"'}],
        b'{"schema_version": "ATIF-v1.8", "steps": [',
        b"PK\x03\x04",
    ],
)
def test_what_is_no_atif_is_not_taken(document: object) -> None:
    assert ATIF.recognise(held(document)) is None


def test_a_trajectory_without_a_step_says_so() -> None:
    with pytest.raises(NoTrajectory, match="without a step"):
        read(steps())
