"""A trajectory of another program becomes a run of the store, once, and works as one."""

from pathlib import Path

import pytest

from lis_tui.core.errors import NoTrajectory
from lis_tui.core.events import Record, RunStarted
from lis_tui.core.view import RunView
from lis_tui.trajectory.adopting import adopt, is_imported
from lis_tui.trajectory.foreign.building import Builder
from lis_tui.trajectory.forking import Point
from lis_tui.trajectory.journal import read
from lis_tui.trajectory.replay import Recorded
from lis_tui.trajectory.store import Store
from tests.fakes import call


def records(output: str = "x\n") -> list[Record]:
    """A trajectory of one command, with half of a character pair in what it says."""
    builder = Builder("mini-swe-agent", name="My Traj!")
    builder.begin(task="Do it.")
    builder.reply(text="go \ud800", calls=[call("bash", '{"command":"echo x"}', "a")])
    builder.observe(output, exit_code=0)
    builder.end("elsewhere", "done")
    return builder.finish().records


def test_it_is_a_run_of_the_store_and_the_same_one_is_taken_in_once(tmp_path: Path) -> None:
    folder = adopt(tmp_path, records())
    assert folder.name == "my-traj"
    assert is_imported(folder)
    assert not folder.is_live()
    view = RunView().apply_all(read(folder))
    assert (len(view.steps), view.imported is not None) == (1, True)
    assert view.started is not None
    assert view.started.run == "my-traj"
    assert adopt(tmp_path, records()) == folder
    assert adopt(tmp_path, records("y\n")).name == "my-traj-2"
    assert adopt(tmp_path, records("y\n")).name == "my-traj-2"
    assert [one.name for one in Store(tmp_path).list()] == ["my-traj", "my-traj-2"]


def test_what_holds_no_run_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(NoTrajectory):
        adopt(tmp_path, [])
    assert not (tmp_path / "runs").exists()


def test_a_run_of_ours_is_not_imported(tmp_path: Path) -> None:
    ours = [one for one in records() if isinstance(one.event, RunStarted)]
    assert not is_imported(adopt(tmp_path, ours))


def test_a_recording_is_replayed_up_to_a_point_with_our_names_for_its_calls() -> None:
    whole = Recorded(records())
    assert [str(one) for one in whole.steps] == ["1.1"]
    assert whole.replies[1].calls[0].name == "execute_bash"
    assert (whole.next_turn(1), whole.next_turn(2)) == (1, None)
    from lis_tui.core.events import StepAddress

    before = Recorded(records(), Point(StepAddress(1, 1), is_before=True))
    assert (list(before.steps), list(before.replies)) == ([], [1])
    start = Recorded(records(), Point(StepAddress(1), is_before=True))
    assert (list(start.steps), list(start.replies)) == ([], [])


def test_one_that_tells_no_end_was_not_cut_off(tmp_path: Path) -> None:
    builder = Builder("mini-swe-agent", name="open")
    builder.begin(task="Do it.")
    builder.reply(text="go", calls=[call("bash", '{"command":"echo x"}', "a")])
    adopt(tmp_path, builder.finish().records)
    (run,) = Store(tmp_path).list()
    assert (run.status, run.was_cut_off, run.is_live) == ("not recorded", False, False)
