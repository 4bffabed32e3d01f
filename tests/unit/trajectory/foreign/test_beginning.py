"""The first steps of a large file, before the whole of it is read."""

import gzip
import json
from pathlib import Path

import pytest

from lis_tui.core.events import RunEnded, TrajectoryImported, encode
from lis_tui.core.view import RunView
from lis_tui.trajectory.foreign import beginning
from lis_tui.trajectory.foreign.beginning import NOTHING, beginning_of
from lis_tui.trajectory.foreign.opening import open_path
from tests import sessions, story

STEPS = 400


def codex(count: int = STEPS) -> bytes:
    head, *_ = sessions.codex_session()
    lines = [head]
    for number in range(count):
        arguments = json.dumps({"command": ["bash", "-lc", f"echo {number}"]})
        call = {"type": "function_call", "name": "shell", "arguments": arguments, "call_id": f"c{number}"}
        told = json.dumps({"output": "x" * 99, "metadata": {"exit_code": 0, "duration_seconds": 0.5}})
        answer = {"type": "function_call_output", "call_id": f"c{number}", "output": told}
        lines += [{"type": "response_item", "payload": payload} for payload in (call, answer)]
    return sessions.jsonl(lines)


def swe_agent(count: int = STEPS) -> bytes:
    steps = [
        {"action": f"echo {n}", "observation": "x" * 99, "thought": "On.", "response": "On."}
        for n in range(count)
    ]
    return json.dumps(
        {"environment": "e", "history": [], "trajectory": steps, "info": {"exit_status": "submitted"}}
    ).encode()


def journal() -> bytes:
    return b"".join(encode(record) + b"\n" for record in story.long(STEPS) if record.n)


def conversations(count: int = STEPS) -> bytes:
    messages = [{"role": "user", "content": "Go."}, {"role": "assistant", "content": "x" * 99}]
    return sessions.jsonl([{"messages": messages}] * count)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beginning, "LARGE_BYTES", 20_000)
    monkeypatch.setattr(beginning, "BEGINNING_BYTES", 10_000)


def written(folder: Path, data: bytes) -> Path:
    path = folder / "a-file"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("data", [codex(), swe_agent(), journal()], ids=["codex", "swe-agent", "journal"])
def test_the_first_steps_of_a_large_file_are_those_of_the_whole(tmp_path: Path, data: bytes) -> None:
    path = written(tmp_path, data)
    first = RunView().apply_all(beginning_of(path).records)
    whole = RunView().apply_all(open_path(path).read(0).records)
    count = len(first.steps) - 1  # of the last one the end may be missing
    assert 3 < count < len(whole.steps) / 2
    for one, other in zip(first.steps[:count], whole.steps, strict=False):
        assert (one.address, one.arguments, one.status) == (other.address, other.arguments, other.status)


def test_that_the_beginning_breaks_off_is_no_fault_of_the_file_and_no_end(tmp_path: Path) -> None:
    records = beginning_of(written(tmp_path, swe_agent())).records
    told = [record.event for record in records if isinstance(record.event, TrajectoryImported)]
    assert [event.problems for event in told] == [()]
    assert not any(isinstance(record.event, RunEnded) for record in records)


@pytest.mark.parametrize(
    "data",
    [codex(3), gzip.compress(codex(), 0), b"x" * 30_000, b"[" * 30_000, b"{\n" * 20_000],
    ids=["small", "packed", "no trajectory", "nested", "no JSON"],
)
def test_of_any_other_file_nothing_is_told_before_the_whole(tmp_path: Path, data: bytes) -> None:
    assert beginning_of(written(tmp_path, data)) == NOTHING


def test_of_several_trajectories_the_first_rows_are_those_of_the_whole(tmp_path: Path) -> None:
    path = written(tmp_path, conversations())
    found = beginning_of(path)
    assert found.records == ()
    assert 5 < len(found.rows) < STEPS / 2
    assert found.rows == open_path(path).rows[: len(found.rows)]


def test_of_what_is_no_file_nothing_is_told(tmp_path: Path) -> None:
    assert beginning_of(tmp_path) == NOTHING
    assert beginning_of(tmp_path / "gone") == NOTHING
