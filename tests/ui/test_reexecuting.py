"""Re-execution on the screen: asked for in a dialog, each step with its sign, enter shows what differs."""

from pathlib import Path

from lis_tui.core import events
from lis_tui.core.events import Record, StepAddress
from tests import story
from tests.families import FIFTH, app_of, kept, parent
from tests.screens import FakeSource, bench, settle, text_of

SIZE = (120, 40)
SMALL = (80, 24)


def compared() -> FakeSource:
    """A run that plays another one again: the first step is the same, the second not, others cannot tell."""
    records: list[Record] = []
    signs: dict[StepAddress, events.Verdict] = {
        StepAddress(1, 1): "identical",
        StepAddress(2, 1): "diverged",
        StepAddress(3, 1): "normalised",
        StepAddress(3, 2): "not_replayable",
    }
    for record in story.ended():
        records.append(record)
        event = record.event
        if isinstance(event, events.StepFinished) and event.address in signs:
            verdict = signs[event.address]
            replayed = events.StepReplayed(
                address=event.address,
                verdict=verdict,
                expected="what was recorded\n",
                expected_exit_code=0,
                rules=("times",) if verdict == "normalised" else (),
                because="it printed something else" if verdict == "diverged" else "",
            )
            records.append(Record(900 + len(records), record.at, replayed))
    return FakeSource(records, is_recorded=True)


async def test_each_step_shows_how_it_compares_and_the_end_counts_them() -> None:
    app = app_of(compared())
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        strip = text_of(app).splitlines()[1]
        assert [sign for sign in strip if sign in "=≠≈–"] == ["=", "≠", "≈", "–"]
        assert "re-executed: 1 identical, 1 normalised" in text_of(app)
        await pilot.press("g", "n")
        await settle(pilot)
        assert "= ✓" in text_of(app)


async def test_enter_on_a_step_that_diverged_shows_the_difference() -> None:
    source = compared()
    app = app_of(source)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        bench(app).commands.move_to(1)
        await pilot.press("enter")
        await settle(pilot)
        said = text_of(app)
        assert "2.1 ≠ diverged: it printed something else" in said
        assert "-what was recorded" in said
        await pilot.press("escape")
        await settle(pilot)
        bench(app).commands.move_to(0)
        await pilot.press("enter")
        await settle(pilot)
        assert "what was recorded" not in text_of(app)


async def test_the_dialog_asks_how_far_and_the_new_run_is_shown() -> None:
    source = parent(kept(story.ended()), is_recorded=True)
    app = app_of(source)
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        bench(app).commands.move_to(2)
        bench(app).action_do("reexecute")
        await settle(pilot)
        said = text_of(app)
        assert "3.1, under the cursor" in said
        assert "no model is asked" in said
        await pilot.press("right", "tab", "right", "tab", "right", "enter")
        await settle(pilot)
        assert bench(app).source.name == "mandelbrot-3-fork"
    (ask,) = source.reexecuted
    assert (ask.last, ask.is_stopping, ask.mode) == (StepAddress(3, 1), True, "step")


async def test_a_persons_rules_are_shown_and_asked_for_and_a_broken_file_is_said(tmp_path: Path) -> None:
    source = parent(kept(story.ended()), is_recorded=True)
    app = app_of(source)
    (tmp_path / "normalising.toml").write_text("off = ['versions', 'hosts']\n")
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        bench(app).config_folder = tmp_path
        bench(app).action_do("reexecute")
        await settle(pilot)
        assert "but for: progress, times, durations, pids, temp, addresses, commits, totals" in text_of(app)
        (tmp_path / "normalising.toml").write_text("off = ['nothing']\n")
        await pilot.press("enter")
        await settle(pilot)
        assert "'nothing'" in text_of(app)
        assert source.reexecuted == []
        await pilot.press("escape")
        await settle(pilot)
        bench(app).action_do("reexecute")
        await settle(pilot)
        assert "'nothing'" in text_of(app)


async def test_where_no_checkpoint_is_a_fork_is_rebuilt_unless_one_wants_a_new_sandbox() -> None:
    source = parent(kept(story.ended(), FIFTH), is_recorded=True)
    app = app_of(source)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        bench(app).commands.move_to([step.address for step in bench(app).view.steps].index(FIFTH))
        await pilot.press("f")
        await settle(pilot)
        assert "by re-execution: 6 steps run again in a fresh sandbox" in text_of(app)
        await pilot.press("enter")
        await settle(pilot)
    assert source.rebuilt == [True]


async def test_with_a_checkpoint_nothing_is_rebuilt() -> None:
    source = parent(kept(story.ended()), is_recorded=True)
    app = app_of(source)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("k", "f")
        await settle(pilot)
        assert "by re-execution" not in text_of(app)
        await pilot.press("enter")
        await settle(pilot)
    assert source.rebuilt == [False]
