"""llm-in-sandbox: one run, and the benchmark's dictionary of problems."""

import json
from pathlib import Path

import pytest

from lis_tui.core.errors import NoTrajectory
from lis_tui.core.events import RunStarted, TrajectoryImported
from lis_tui.trajectory.foreign.peer import PEER
from tests.foreign_files import fold, imported, material, recorded, seen

SAID = "Execution output of \\[execute_bash]:\n\\[STDOUT]\n"


def step(
    number: int, function: str, parameters: object, observation: str, **more: object
) -> dict[str, object]:
    """One step as `TrajectoryStep.to_dict` writes it."""
    return {
        "thought": f"thought {number}",
        "reasoning_content": "",
        "action": {"function": function, "parameters": parameters},
        "observation": observation,
        "metadata": {"step": number, "exec_time": 0.5 * number},
        **more,
    }


def steps() -> list[dict[str, object]]:
    """Most of what can happen."""
    return [
        step(
            1, "execute_bash", {"command": "ls"}, f"Exit code: 0\n{SAID}a\n", reasoning_content="let me see"
        ),
        step(
            2,
            "execute_bash",
            {"command": "false"},
            f"Exit code: Error: Exit code 1\n{SAID}\n\\[STDERR]\nno\n",
        ),
        step(3, "str_replace_editor", {"command": "view", "path": "/x"}, "Error: Path not found: /x"),
        step(
            4,
            "str_replace_editor",
            {"command": "create", "path": "/testbed/a.py", "file_text": "1"},
            "Execution output of \\[str_replace_editor]:\nFile created at /testbed/a.py. Here's …",
        ),
        step(5, "", {}, "\nYou forgot to use a function call in your response. \n"),
        step(6, "submit", {}, "<<< Finished >>>"),
    ]


def run() -> dict[str, object]:
    """The layout of one run."""
    return {"problem_statement": "Count the primes.", "steps": steps(), "metadata": {"total_steps": 6}}


def benchmark() -> dict[str, object]:
    """The layout of a benchmark, one problem of which failed before it began."""
    return {
        "p-1": {
            "problem_statement": "Add 1 and 1.",
            "trajectory": steps(),
            "reward": 1.0,
            "agent_answer": "2",
            "ground_truth": "2",
        },
        "p-2": {
            "problem_statement": "",
            "trajectory": [],
            "reward": 0.0,
            "agent_answer": "",
            "ground_truth": "3",
        },
    }


def test_each_step_is_a_turn_with_what_the_model_said_called_and_saw(tmp_path: Path) -> None:
    view = fold(imported(PEER, tmp_path, run()))
    expected = json.loads((tmp_path / "file.json").read_text())["steps"]
    assert [str(turn.text) for turn in view.turns[1:]] == [one["thought"] for one in expected]
    assert str(view.turns[1].reasoning) == "let me see"
    called = [one for one in expected if one["action"]["function"]]
    assert [one.tool for one in view.steps] == [one["action"]["function"] for one in called]
    assert [json.loads(one.arguments) for one in view.steps] == [
        one["action"]["parameters"] for one in called
    ]
    assert [seen(one).text for one in view.steps] == [one["observation"] for one in called]


def test_exit_codes_and_results_are_taken_from_the_words_of_the_format(tmp_path: Path) -> None:
    view = fold(imported(PEER, tmp_path, run()))
    assert [(one.status, seen(one).exit_code) for one in view.steps] == [
        ("done", 0),
        ("failed", 1),
        ("failed", None),
        ("done", None),
        ("done", None),
    ]
    assert [seen(one).output for one in view.steps[:3]] == ["a\n", "no\n", None]


def test_the_only_time_it_has_is_how_long_the_model_took(tmp_path: Path) -> None:
    given = imported(PEER, tmp_path, run())
    assert {record.at for record in given.records} == {0.0}
    assert {seen(one).duration_s for one in fold(given).steps} == {None}
    durations = [getattr(record.event, "duration_s", None) for record in given.records]
    assert [one for one in durations if one is not None] == [0.5, 1.0, 1.5, 2.0, 2.5, 3.0]


def test_a_reply_without_a_call_is_followed_by_the_reminder_that_the_model_got(tmp_path: Path) -> None:
    view = fold(imported(PEER, tmp_path, run()))
    assert view.turns[5].steps == []
    assert [(one.origin, one.text.strip()[:10]) for one in view.turns[6].said] == [("nudge", "You forgot")]


def test_the_run_is_submitted_where_its_last_step_is_that(tmp_path: Path) -> None:
    view = fold(imported(PEER, tmp_path, run()))
    assert view.ended is not None
    assert view.ended.status == "submitted"
    cut = fold(imported(PEER, tmp_path, run() | {"steps": steps()[:2]}))
    assert cut.ended is not None
    assert cut.ended.status == "elsewhere"


def test_the_task_comes_first_and_then_how_the_file_was_read(tmp_path: Path) -> None:
    given = imported(PEER, tmp_path, run())
    first, second = (record.event for record in given.records[:2])
    assert isinstance(first, RunStarted)
    assert first.task_prompt == "Count the primes."
    assert isinstance(second, TrajectoryImported)
    assert second.format == "llm-in-sandbox"
    assert given.report.kept == {"metadata.total_steps": 1}


def test_a_benchmark_lists_its_problems_with_their_scores(tmp_path: Path) -> None:
    found = recorded(PEER, tmp_path, benchmark())
    assert [(one.name, one.score, one.turns, one.task) for one in found.entries] == [
        ("p-1", 1.0, 6, "Add 1 and 1."),
        ("p-2", 0.0, 0, ""),
    ]
    view = fold(found.read(0))
    assert view.ended is not None
    assert (view.ended.status, view.ended.answer) == ("submitted", "2")
    assert [one.where for one in view.kept] == ["reward", "ground_truth"]
    assert found.read(1).report.steps == 0


def test_a_step_that_is_none_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    broken = [*steps()[:1], "oops", {"action": 5, "observation": 7, "thought": None}, *steps()[1:]]
    given = imported(PEER, tmp_path, run() | {"steps": broken})
    assert given.report.problems == (
        "steps[1]: is no object",
        "steps[2].action: is no object",
        "steps[2].metadata: is no object",
    )
    assert given.report.observations == 5


def test_unknown_fields_are_kept_with_the_turn_that_they_belong_to(tmp_path: Path) -> None:
    given = imported(PEER, tmp_path, run() | {"steps": [steps()[0] | {"mood": "good"}], "host": "x"})
    kept = {one.where: (one.raw_json, one.address and one.address.turn) for one in fold(given).kept}
    assert kept == {"metadata.total_steps": ("6", None), "steps.mood": ('"good"', 1), "host": ('"x"', None)}


@pytest.mark.parametrize(
    "other",
    [
        {},
        [],
        {"problem_statement": "x"},
        {"steps": steps()},
        {"problem_statement": "x", "steps": [{"message": "m"}]},
        {"p": {"trajectory": []}},
        {"trajectory": steps()},
    ],
)
def test_what_only_looks_like_it_is_not_taken(tmp_path: Path, other: object) -> None:
    assert PEER.recognise(material(tmp_path, other)) is None


def test_there_is_no_trajectory_beyond_the_last(tmp_path: Path) -> None:
    with pytest.raises(NoTrajectory):
        recorded(PEER, tmp_path, run()).read(1)
