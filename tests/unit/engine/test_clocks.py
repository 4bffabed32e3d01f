"""The time of day may jump, a process may be stopped: limits and journals bear both."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lis_tui.analysis.numbers import numbers_of
from lis_tui.core.bus import Bus
from lis_tui.core.errors import ModelStalled
from lis_tui.core.events import Record, ReplyFinished, StepStarted
from lis_tui.core.messages import Request
from lis_tui.core.spec import Limits, ModelSpec
from lis_tui.core.view import RunView
from lis_tui.engine.past import seconds_of
from lis_tui.engine.progress import Progress
from lis_tui.model.gateway import LATE_S, Gateway
from lis_tui.model.watch import Watch
from tests import story
from tests.fakes import FakeClock, ListKeeper, Played, bash, calls, submit
from tests.playing import Game, make_spec

HOURS = st.floats(-50_000.0, 50_000.0)


def test_a_clock_that_somebody_sets_reaches_no_limit() -> None:
    wall, steady = FakeClock(), FakeClock(5.0)
    spec = make_spec(limits=Limits(timeout_s=60))
    progress = Progress(spec, Bus(ListKeeper(), wall), wall, monotonic=steady)
    progress.stopwatch.start()
    wall.forward(36_000)
    assert progress.over() is None
    wall.forward(-72_000)
    assert progress.seconds_left == 60
    steady.forward(61)
    over = progress.over()
    assert over is not None
    assert over.status == "time_limit"


async def test_a_clock_set_back_in_the_middle_of_a_run_changes_no_order_and_no_duration(
    tmp_path: Path,
) -> None:
    block = Played(blocks=True)
    game = Game(tmp_path, calls(bash("long")), calls(submit("x")))
    game.sandbox.commands["long"] = block
    game.start()
    await game.next(StepStarted)
    game.clock.forward(-7200)
    block.release()
    assert (await game.ended()).status == "submitted"
    assert [record.n for record in game.keeper.records] == list(range(1, len(game.keeper.records) + 1))
    assert all(one.duration_s is None or one.duration_s >= 0 for one in game.all(ReplyFinished))
    assert seconds_of(game.keeper.records) >= 0
    await game.run.close()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 150), HOURS), max_size=6))
def test_journal_times_that_jump_break_no_view_and_no_number(jumps: Sequence[tuple[int, float]]) -> None:
    records = [
        Record(one.n, one.at + sum(by for place, by in jumps if place <= number), one.event)
        for number, one in enumerate(story.ended())
    ]
    view = RunView().apply_all(records)
    calm = RunView().apply_all(story.ended())
    assert [step.status for step in view.steps] == [step.status for step in calm.steps]
    assert view.waited_s >= 0
    assert seconds_of(records) >= 0
    numbers = numbers_of("one", records)
    assert (numbers.wall_s or 0) >= 0
    assert all((turn.model_s or 0) >= 0 for turn in numbers.timeline)


async def test_a_process_that_was_stopped_listens_once_more_before_it_gives_a_stream_up() -> None:
    clock = FakeClock()
    model = ModelSpec(name="m", gap_s=0.01, total_s=100.0)
    gateway, watch = Gateway(None, clock=clock), Watch(model, clock)
    watch.heard(has_begun=True)
    request = Request(turn=1, messages=(), tools=(), model=model)
    event: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(clock.forward, LATE_S + 500)
    await gateway._wait(request, watch, event)
    with pytest.raises(ModelStalled, match=r"fell silent for 0\.01 s"):
        await gateway._wait(request, watch, event)
