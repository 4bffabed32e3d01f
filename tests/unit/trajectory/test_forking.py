"""Which facts and files of a run belong to a fork, told by a journal alone."""

from pathlib import Path

import pytest

from lis_tui.core.errors import UsageWrong
from lis_tui.core.events import (
    CheckpointTaken,
    Event,
    GateOpened,
    ModelAsked,
    ObservationEdited,
    Record,
    ReplyFinished,
    RunStarted,
    StepAddress,
    StepFinished,
    StepProposed,
    StepStarted,
)
from lis_tui.core.messages import Observation, Reply, ToolCall
from lis_tui.core.spec import ModelSpec, RunSpec
from lis_tui.trajectory.forking import Point, facts_up_to, link_files, nearest, swap_outputs
from lis_tui.trajectory.store import Store

START = StepAddress(0)


def step(turn: int, number: int) -> list[Event]:
    at = StepAddress(turn, number)
    made = ToolCall(f"c{turn}{number}", "execute_bash", "{}")
    return [
        StepProposed(address=at, call=made),
        StepStarted(address=at, tool="execute_bash", arguments="{}"),
        StepFinished(address=at, call_id=made.id, tool="execute_bash", observation=Observation(text="x")),
    ]


def asked(turn: int) -> list[Event]:
    calls = tuple(ToolCall(f"c{turn}{number}", "execute_bash", "{}") for number in (1, 2))
    return [
        ModelAsked(turn=turn, model="m", message_count=1, prompt_tokens_estimate=1),
        ReplyFinished(turn=turn, reply=Reply(calls=calls)),
    ]


def taken(turn: int, number: int = 0, extra: int = 0) -> CheckpointTaken:
    return CheckpointTaken(address=StepAddress(turn, number, extra), entries=1, bytes_new=0, took_s=0)


@pytest.fixture
def records() -> list[Record]:
    spec = RunSpec(task="t", model=ModelSpec(name="m"))
    events: list[Event] = [
        RunStarted(run="r", spec=spec, system_prompt="s", task_prompt="t", tools=()),
        GateOpened(address=StepAddress(1), gate="before_model", because="step mode"),
        *asked(1),
        taken(1),
        *step(1, 1),
        *step(1, 2),
        taken(1, 1),
        ObservationEdited(StepAddress(1, 2), "y"),
        *asked(2),
        taken(1, 2),
        *step(2, 1),
    ]
    return [Record(n, float(n), event) for n, event in enumerate(events, start=1)]


def kinds(found: list[Record]) -> list[str]:
    return [type(record.event).__name__ for record in found]


def test_a_fork_after_a_step_has_what_is_said_of_it_later_too(records: list[Record]) -> None:
    found = facts_up_to(records, Point(StepAddress(1, 1)))
    assert kinds(found)[-2:] == ["StepFinished", "CheckpointTaken"]
    assert found[-1].event == taken(1, 1)
    assert [record.at for record in found] == sorted(record.at for record in found)
    found = facts_up_to(records, Point(StepAddress(1, 2)))
    assert [record.event for record in found[-2:]] == [ObservationEdited(StepAddress(1, 2), "y"), taken(1, 2)]
    assert "RunStarted" not in kinds(found)


def test_a_fork_before_a_step_has_its_reply_and_not_the_proposal(records: list[Record]) -> None:
    found = facts_up_to(records, Point(StepAddress(1, 2), is_before=True))
    assert kinds(found)[-2:] == ["StepFinished", "CheckpointTaken"]
    assert found[-1].event == taken(1, 1)
    found = facts_up_to(records, Point(StepAddress(2, 1), is_before=True))
    assert [record.event for record in found if isinstance(record.event, ReplyFinished)][-1].turn == 2
    assert kinds(found)[-1] == "CheckpointTaken"


def test_a_fork_may_begin_at_the_start_or_between_asking_and_acting(records: list[Record]) -> None:
    assert kinds(facts_up_to(records, Point(START))) == ["CheckpointTaken"]
    before = facts_up_to(records, Point(StepAddress(2), is_before=True))
    assert "ReplyFinished" in kinds(before)
    assert max(r.event.turn for r in before if isinstance(r.event, ModelAsked)) == 1
    after = facts_up_to(records, Point(StepAddress(2)))
    assert kinds(after)[-2:] == ["ReplyFinished", "CheckpointTaken"]
    assert not [r for r in after if isinstance(r.event, StepProposed) and r.event.address.turn == 2]


@pytest.mark.parametrize(
    "point", [Point(StepAddress(3, 1)), Point(StepAddress(2, 2), is_before=True), Point(StepAddress(3))]
)
def test_a_step_that_is_not_there_is_refused_with_the_last_one(records: list[Record], point: Point) -> None:
    with pytest.raises(UsageWrong, match=r"its last step is 2\.1"):
        facts_up_to(records, point)


def test_the_nearest_checkpoint_is_never_one_from_after_the_point() -> None:
    found = [StepAddress(1), StepAddress(1, 1), StepAddress(1, 1, 1), StepAddress(2, 1)]
    assert nearest(found, Point(START)) == StepAddress(1)
    assert nearest(found, Point(StepAddress(1, 1))) == StepAddress(1, 1)
    assert nearest(found, Point(StepAddress(1, 1), is_before=True)) == StepAddress(1)
    assert nearest(found, Point(StepAddress(2, 1), is_before=True)) == StepAddress(1, 1, 1)
    assert nearest(found, Point(StepAddress(2), is_before=True)) == StepAddress(1, 1, 1)
    assert nearest([], Point(START)) is None


def test_files_are_shared_up_to_the_point_and_the_parent_keeps_all(tmp_path: Path) -> None:
    store = Store(tmp_path)
    parent, child = store.create("a task"), store.create("a task")
    parent.checkpoints_dir.mkdir()
    for name in ("1.1.txt", "1.1+1.txt", "2.1.txt"):
        (parent.outputs_dir / name).write_text(name)
        (parent.checkpoints_dir / name.replace("txt", "json")).write_text(name)
    (parent.outputs_dir / "link").symlink_to("/etc/passwd")
    point = Point(StepAddress(1, 1))
    link_files(parent, child, point)
    assert [path.name for path in child.outputs_dir.iterdir()] == ["1.1.txt"]
    assert [path.name for path in child.checkpoints_dir.iterdir()] == ["1.1.json"]
    assert (child.outputs_dir / "1.1.txt").samefile(parent.outputs_dir / "1.1.txt")
    seen = parent.outputs_dir.stat().st_ino
    swap_outputs(parent, child, point)
    assert child.outputs_dir.stat().st_ino == seen
    assert [path.name for path in child.outputs_dir.iterdir() if not path.is_symlink()] == ["1.1.txt"]
    assert sorted(path.name for path in parent.outputs_dir.iterdir()) == ["1.1+1.txt", "1.1.txt", "2.1.txt"]
    assert [path.name for path in parent.path.iterdir() if "outputs" in path.name] == ["outputs"]
