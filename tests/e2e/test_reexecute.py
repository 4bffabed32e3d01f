"""What was recorded is done again in real containers, and a live model takes over where a person wants."""

import json
from pathlib import Path
from typing import TypeVar

import pytest

from lis_tui.core.events import (
    CheckpointTaken,
    Event,
    ModelChanged,
    NoticeGiven,
    Record,
    ReexecutionBegan,
    RunEnded,
    RunForked,
    StepReplayed,
    StepStarted,
)
from tests.command import LisTui
from tests.server import SUBMIT, Answer, Call, FakeServer

E = TypeVar("E", bound=Event)
pytestmark = pytest.mark.docker
STEPS = (
    "date; echo pid $$; ls -la; mktemp",
    "cat documents/in.txt; hostname; python3 -c 'print(object())'",
    'wc -w < documents/in.txt > answer.txt; echo "took $(date +%s.%N | cut -c6-) s"; '
    "cat answer.txt; cd /tmp; V=1; false",
    'echo "$V $PWD" > kept; cat kept',
)


def record(lis: LisTui, *settings: str) -> Path:
    """Record a run called `one` that reads an input; gives the input."""
    given = lis.home / "in.txt"
    given.write_text("one two three\n")
    model = lis.scenario(*STEPS)
    done = lis.run(
        "run", "Count.", "--name", "one", "-m", model, "--input", str(given), "--headless", *settings
    )
    assert done.returncode == 0, done.stderr
    return given


def again(lis: LisTui, *arguments: str, code: int = 0) -> list[Record]:
    """Re-execute; gives the records of the new run."""
    before = {path.name for path in (lis.home / "data" / "runs").glob("*")}
    done = lis.run("reexecute", *arguments, "--headless")
    assert done.returncode == code, done.stdout + done.stderr
    new = {path.name for path in (lis.home / "data" / "runs").glob("*")} - before
    return lis.journal(max(new, key=len))


def foreign() -> list[dict[str, str]]:
    """A trajectory of mini-swe-agent, of which the last command printed what nothing prints here."""

    def turn(command: str, output: str) -> list[dict[str, str]]:
        text = f"THOUGHT: go on.\n\n```bash\n{command}\n```"
        result = f"<returncode>0</returncode>\n<output>\n{output}</output>"
        return [{"role": "assistant", "content": text}, {"role": "user", "content": result}]

    return [
        {"role": "system", "content": "Answer with one command in triple backticks."},
        {"role": "user", "content": "Please count."},
        *turn("echo one > kept; V=1; cat kept", "one\n"),
        *turn("pwd; date", "/testbed\nMon Jan  5 10:00:00 UTC 2026\n"),
        *turn("ls /", "nothing\n"),
    ]


def verdicts(records: list[Record]) -> dict[str, str]:
    return {str(one.address): one.verdict for one in all_of(records, StepReplayed)}
    return {
        str(one.event.address): one.event.verdict for one in records if isinstance(one.event, StepReplayed)
    }


def all_of(records: list[Record], kind: type[E]) -> list[E]:
    return [one.event for one in records if isinstance(one.event, kind)]


def test_a_recorded_run_is_the_same_again_and_a_changed_input_diverges_where_it_is_read(lis: LisTui) -> None:
    given = record(lis)
    given.write_text("quite another text\n")  # the inputs come from the checkpoint, not from here
    records = again(lis, "one")
    assert verdicts(records) == {
        "1.1": "normalised",
        "2.1": "normalised",
        "3.1": "normalised",
        "4.1": "identical",
        "5.1": "identical",
    }
    needed = {name for one in all_of(records, StepReplayed) for name in one.rules}
    assert needed >= {"times", "temp", "addresses", "hosts", "durations"}
    (forked,) = all_of(records, RunForked)
    assert (forked.kind, forked.parent, forked.problems) == ("reexecution", "one", ())
    assert all_of(records, ReexecutionBegan)[0].rules_version == 1
    assert all_of(records, RunEnded)[0].status == "submitted"
    changed = again(lis, "one", "--input", str(given), "--stop", code=3)
    assert verdicts(changed) == {"1.1": "normalised", "2.1": "diverged"}
    assert all_of(changed, RunEnded)[0].status == "replayed"
    changed = again(lis, "one", "--input", str(given), code=3)
    assert verdicts(changed) == {
        "1.1": "normalised",
        "2.1": "diverged",
        "3.1": "normalised",
        "4.1": "identical",
        "5.1": "identical",
    }


def test_where_no_checkpoint_was_kept_a_live_model_takes_over_in_a_rebuilt_sandbox(lis: LisTui) -> None:
    record(lis, "--set", "sandbox.checkpoints=false")
    look = Answer(
        calls=(
            Call(
                name="execute_bash",
                arguments={"command": 'cat kept; echo "$V $PWD"; cat /testbed/answer.txt'},
            ),
        )
    )
    with FakeServer([look, SUBMIT]) as server:
        done = lis.run(
            *("fork", "one", "--at", "4.1", "--rebuild", "--headless", "--message", "Look."),
            *("-m", "openai/m", "--api-base", server.url),
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "The sandbox was rebuilt by re-execution: 1 identical, 3 normalised." in done.stdout
    records = lis.journal("one-2")
    assert verdicts(records).keys() == {"1.1", "2.1", "3.1", "4.1"}
    assert [one.model.name for one in all_of(records, ModelChanged)] == ["openai/m"]
    assert "1 /tmp\n1 /tmp\n3\n" in done.stdout.replace("    ", "")
    roles = [message["role"] for message in server.seen[0].messages]
    assert roles == ["system", "user", *["assistant", "tool"] * 4, "user"]
    assert server.seen[0].messages[-1]["content"] == "Look."
    assert all_of(records, RunEnded)[0].answer == "3"
    assert len(all_of(records, CheckpointTaken)) >= 5
    assert all_of(records, NoticeGiven)
    assert len(all_of(records, StepStarted)) == 6


def test_another_programs_trajectory_is_re_executed_and_taken_over(lis: LisTui) -> None:
    path = lis.home / "talk.traj.json"
    path.write_text(json.dumps(foreign()))
    records = again(lis, str(path), code=3)
    assert verdicts(records) == {"1.1": "identical", "2.1": "normalised", "3.1": "diverged"}
    with FakeServer([SUBMIT]) as server:
        done = lis.run(
            *("reexecute", str(path), "--to", "2.1", "--headless"),
            *("-m", "openai/m", "--api-base", server.url),
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "rebuilt by re-execution: 1 identical, 1 normalised" in done.stdout
    said = server.seen[0].messages
    assert [message["role"] for message in said[2:]] == ["assistant", "tool", "assistant", "tool", "user"]
    assert "submit" in str(said[0]["content"])  # ours, not the other program's
    assert "done by another program" in str(said[-1]["content"])
    runs = sorted(one.name for one in (lis.home / "data" / "runs").iterdir())
    assert len(runs) == 3, runs  # the trajectory was taken into the store once
