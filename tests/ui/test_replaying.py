"""A recording on the workbench: moving through it both ways, playing it, searching it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from lis_tui.core import events
from lis_tui.core.breakpoints import Breakpoint
from lis_tui.core.decisions import RunOwn
from lis_tui.core.events import Record, StepAddress
from lis_tui.core.messages import Observation, ToolCall
from lis_tui.trajectory.foreign.building import Builder
from lis_tui.trajectory.marks import Marks
from lis_tui.ui.app import LisApp
from lis_tui.ui.replay import Replay
from tests import changed, story
from tests.screens import FakeSource, bench, settle, text_of, workbench_app

SIZE = (120, 40)


@asynccontextmanager
async def shown(
    records: list[Record], *keys: str, size: tuple[int, int] = SIZE, marks: Marks | None = None
) -> AsyncIterator[tuple[Pilot[int], Replay]]:
    source = FakeSource(records, is_recorded=True)
    source.marks = marks
    app = workbench_app(source)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await press(pilot, *keys)
        replay = bench(app).walk.replay
        assert replay is not None
        yield pilot, replay


async def press(pilot: Pilot[int], *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
        await settle(pilot)


def screen_of(pilot: Pilot[int]) -> str:
    assert isinstance(pilot.app, LisApp)
    return text_of(pilot.app)


def status_of(pilot: Pilot[int]) -> str:
    return screen_of(pilot).split("\n")[-1]


def broken_at_the_third() -> list[Record]:
    """Tell a run in which a breakpoint is set that means the steps 3.2 and 5.1."""
    records = story.ended()
    rules = (Breakpoint(name="plot", filter='cmd~"python3 plot"'),)
    return [*records, Record(990, records[-1].at, events.BreakpointsChanged(rules))]


# ---- where one is


async def test_a_recording_opens_at_its_end_and_is_the_whole_run() -> None:
    async with shown(story.ended()) as (pilot, replay):
        assert replay.is_last
        assert "▷ replay 9/9  ■ submitted" in status_of(pilot)
        assert "The area of the Mandelbrot set is 1.507" in screen_of(pilot)


async def test_the_screen_in_the_middle_shows_nothing_of_what_came_later() -> None:
    async with shown(story.ended(), "left_square_bracket", "left_square_bracket") as (pilot, replay):
        assert replay.place.address == StepAddress(3, 2)
        text = screen_of(pilot)
        assert "cannot reshape" in text
        assert "label.py" not in text
        assert "▷ replay 4/9" in status_of(pilot)
        assert "23.4k tok · $0.012   0:23" in status_of(pilot)
        strip = text.split("\n")[1]
        assert strip.count("◉") == 1
        assert sum(sign in "●✗✎◉" for sign in strip) == 9


def two_calls_without_results() -> list[Record]:
    """Each turn asks twice, and no result is recorded before the end."""
    builder = Builder("Claude Code", name="one")
    builder.begin(task="Read.")
    for turn in range(6):
        builder.reply(calls=[ToolCall(f"c{turn}-{n}", "read_file", f'{{"path": "{n}"}}') for n in (1, 2)])
    return builder.finish().records


@pytest.mark.parametrize("tell", [story.ended, changed.versions, changed.injected, two_calls_without_results])
async def test_stepping_back_shows_the_same_screens_as_stepping_forward(
    tell: Callable[[], list[Record]],
) -> None:
    async with shown(tell(), "g") as (pilot, replay):
        there, back = {}, {}
        while not replay.is_last:
            there[replay.index] = screen_of(pilot)
            replay.go(replay.index + 1, is_jump=False)
            await settle(pilot)
        there[replay.index] = screen_of(pilot)
        for index in range(len(replay.timeline.places) - 1, -1, -1):
            replay.go(index, is_jump=False)
            await settle(pilot)
            back[index] = screen_of(pilot)
        assert len(there) == len(replay.timeline.places) > 12
        assert back == there


@pytest.mark.parametrize("keys", [("n",), ("j",), ("down",)])
async def test_forward_goes_from_step_to_step_and_says_where_it_ends(keys: tuple[str, ...]) -> None:
    async with shown(story.ended(), "g") as (pilot, replay):
        seen = []
        for _ in range(4):
            await press(pilot, *keys)
            seen.append(str(replay.place.address))
        assert seen == ["1.1", "2.1", "3.1", "3.2"]
        await press(pilot, "end", *keys)
        assert "this is the end" in status_of(pilot)


async def test_turns_are_stops_before_anything_of_them_has_run() -> None:
    async with shown(story.ended(), "number_sign", "6", "enter") as (pilot, replay):
        assert replay.place.kind == "reply"
        assert "replay 6/9 reply 6" in status_of(pilot)
        assert "6.2 $ ls -l output" in screen_of(pilot)
        assert "you changed it" not in screen_of(pilot)
        await press(pilot, "K")
        assert replay.place.address == StepAddress(5)
        await press(pilot, "J", "n", "n", "K")
        assert replay.place.address == StepAddress(6)


async def test_a_step_is_reached_by_its_number_and_what_is_none_is_said() -> None:
    async with shown(story.ended(), "number_sign", *"3.1", "enter") as (pilot, replay):
        assert replay.place.address == StepAddress(3, 1)
        await press(pilot, "number_sign", *"33", "enter")
        assert "there is no step 33" in status_of(pilot)
        await press(pilot, "number_sign", "x", "enter")
        assert "12.1 a step of it" in status_of(pilot)
        assert replay.place.address == StepAddress(3, 1)


async def test_the_dialog_of_a_jump_says_that_enter_goes_there() -> None:
    async with shown(story.ended(), "number_sign") as (pilot, _):
        subtitle = pilot.app.screen.query_one(".dialog").border_subtitle
    assert subtitle is not None
    assert "go there" in str(subtitle)


async def test_one_gets_back_to_where_one_was_before_a_jump_and_forth_again() -> None:
    async with shown(story.ended(), "left_parenthesis") as (pilot, replay):
        assert "nowhere else before" in status_of(pilot)
        await press(pilot, "g", "left_parenthesis")
        assert replay.is_last
        await press(pilot, "right_parenthesis")
        assert replay.is_first
        await press(pilot, "right_parenthesis")
        assert "you did not go back" in status_of(pilot)


async def test_the_mouse_on_the_strip_goes_to_that_step() -> None:
    async with shown(story.ended()) as (pilot, replay):
        strip = screen_of(pilot).split("\n")[1]
        await pilot.click("#header", offset=(strip.index("✗"), 1))
        await settle(pilot)
        assert replay.place.address == StepAddress(3, 2)


async def test_a_recording_of_nothing_says_so() -> None:
    async with shown([], "n", "N", "K", "g", "G", "space", "slash", "m") as (pilot, replay):
        assert not replay.is_read
        assert "▷ nothing was recorded" in status_of(pilot)


# ---- a large one


def cut(records: list[Record], last: StepAddress) -> list[Record]:
    """Tell a run up to a step."""
    ends = [n for n, one in enumerate(records) if getattr(one.event, "address", None) == last]
    return records[: ends[-1] + 1]


async def test_of_a_large_recording_the_first_step_is_shown_while_the_rest_is_read() -> None:
    source = FakeSource(story.ended(), is_recorded=True)
    source.first = cut(story.ended(), StepAddress(3, 1))
    source.has_whole.clear()
    app = workbench_app(source)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        assert "▷ replay 1/4 · reading …" in status_of(pilot)
        await press(pilot, "n", "n", "n", "n")
        assert "only the beginning of this recording has been read" in status_of(pilot)
        for key in ("slash", "m", "f", "percent_sign", "G", "w"):
            await press(pilot, "g", key)
            assert "only the beginning of this recording has been read" in status_of(pilot), key
        await press(pilot, "n")
        before = screen_of(pilot).split("\n")[2:10]
        source.has_whole.set()
        await settle(pilot)
        await settle(pilot)
        replay = bench(app).walk.replay
        assert replay is not None
        assert not replay.is_partial
        assert "▷ replay 1/9" in status_of(pilot)
        assert [line[:90] for line in screen_of(pilot).split("\n")[2:10]] == [line[:90] for line in before]
        await press(pilot, "G")
        assert "▷ replay 9/9  ■ submitted" in status_of(pilot)
        await press(pilot, "v")
        assert "What was sent in turn" in screen_of(pilot)


async def test_what_was_begun_from_shows_the_same_screens_as_what_was_read_at_once() -> None:
    source = FakeSource(story.ended(), is_recorded=True)
    source.first = cut(story.ended(), StepAddress(2, 1))
    app = workbench_app(source)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await settle(pilot)
        await press(pilot, "g", "n", "n", "n", "n")
        partly = screen_of(pilot)
    async with shown(story.ended(), "g", "n", "n", "n", "n") as (pilot, _):
        assert screen_of(pilot) == partly


# ---- breakpoints


async def test_breakpoints_lead_to_their_matches_both_ways() -> None:
    async with shown(broken_at_the_third(), "g", "c") as (pilot, replay):
        assert replay.place.address == StepAddress(3, 2)
        await press(pilot, "c")
        assert replay.place.address == StepAddress(5, 1)
        await press(pilot, "c")
        assert "no step after this one is meant by a breakpoint" in status_of(pilot)
        await press(pilot, "C")
        assert replay.place.address == StepAddress(3, 2)


async def test_a_breakpoint_acts_from_the_hit_and_at_the_gates_that_it_names() -> None:
    records = story.ended()
    rules = (
        Breakpoint(name="second", filter='cmd~"python3 plot"', hits_needed=2),
        Breakpoint(name="at the end", filter="turn>=6", gates=("before_submit",)),
    )
    records.append(Record(990, records[-1].at, events.BreakpointsChanged(rules)))
    async with shown(records, "g", "c") as (pilot, replay):
        assert replay.place.address == StepAddress(5, 1)
        await press(pilot, "c")
        assert replay.place.address == StepAddress(7, 1)
        await press(pilot, "C")
        assert replay.place.address == StepAddress(5, 1)


async def test_a_breakpoint_made_in_a_recording_acts_there_and_nowhere_else() -> None:
    async with shown(story.ended(), "g", "c") as (pilot, replay):
        assert "there are no breakpoints; b makes one" in status_of(pilot)
        await press(pilot, "b")
        pilot.app.screen.query_one("#filter", Input).value = "exit!=0"
        await settle(pilot)
        await press(pilot, "enter", "c")
        assert replay.place.address == StepAddress(3, 2)
        await press(pilot, "I", "g", "c")
        assert "the breakpoints are off" in status_of(pilot)
        await press(pilot, "I", "c")
        assert replay.place.address == StepAddress(3, 2)


# ---- searching


async def test_what_is_found_is_counted_listed_and_walked() -> None:
    async with shown(story.ended(), "g", "slash", *"plot.py") as (pilot, replay):
        assert "4 found in 9 steps" in screen_of(pilot)
        listed = pilot.app.screen.query_one(OptionList)
        assert listed.option_count == 4
        await press(pilot, "enter")
        assert replay.place.address == StepAddress(3, 1)
        assert "hit 1/4" in status_of(pilot)
        await press(pilot, "apostrophe", "apostrophe")
        assert replay.place.address == StepAddress(4, 1)
        assert "hit 3/4" in status_of(pilot)
        await press(pilot, "quotation_mark")
        assert replay.place.address == StepAddress(3, 2)


async def test_a_wrong_filter_is_pointed_at_and_finds_nothing() -> None:
    async with shown(story.ended(), "slash", *"exit") as (pilot, replay):
        await press(pilot, "equals_sign", "x")
        lines = screen_of(pilot).split("\n")
        field = next(number for number, line in enumerate(lines) if "exit=x" in line)
        assert lines[field + 1].index("▲") == lines[field].index("x", lines[field].index("="))
        await press(pilot, "enter", "escape", "apostrophe")
        assert replay.is_last
        assert "nothing was searched for" in status_of(pilot)


async def test_a_live_run_is_searched_too_and_its_cursor_goes_there() -> None:
    app = workbench_app(FakeSource(story.waiting()))
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "slash", *"exit!=0", "enter")
        step = bench(app).commands.step
        assert step is not None
        assert step.address == StepAddress(3, 2)
        await press(pilot, "left_parenthesis")
        assert bench(app).commands.step is not step


# ---- marks


async def test_marks_are_seen_listed_gone_to_and_there_when_it_is_opened_again(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    kept = Marks.of_run(run, tmp_path)
    async with shown(story.ended(), "number_sign", *"3.2", "enter", marks=kept) as (pilot, replay):
        await press(pilot, "m", "semicolon", *"why", "ctrl+s")
        assert "◆3.2" in screen_of(pilot)
        assert "why" in screen_of(pilot)
        await press(pilot, "G", "asterisk", "enter")
        assert replay.place.address == StepAddress(3, 2)
        await press(pilot, "G")
        assert "◆" in screen_of(pilot).split("\n")[1]
    assert [(mark.address, mark.comment) for mark in kept.read()] == [(StepAddress(3, 2), "why")]
    async with shown(story.ended(), "g", "right_square_bracket", marks=kept) as (pilot, replay):
        assert replay.place.address == StepAddress(3, 2)
        await press(pilot, "asterisk", "x", "escape")
        assert "◆" not in screen_of(pilot)
    assert kept.read() == ()


# ---- playing


async def test_playing_waits_as_long_as_it_took_but_never_long() -> None:
    async with shown(story.ended()) as (_, replay):
        waits = []
        for index in range(len(replay.timeline.places) - 1):
            replay.index = index
            waits.append(replay.player.wait_s())
        assert max(waits) == 3.0
        assert min(waits) < 1.0
        replay.index = waits.index(3.0)
        replay.player.speed = 4.0
        assert replay.player.wait_s() == 0.75


async def test_playing_goes_on_by_itself_until_it_is_stopped() -> None:
    async with shown(untimed(), "g", "space") as (pilot, replay):
        assert "▷ replay 0/3  ▶ 1×" in status_of(pilot)
        replay.player._go_on()
        await settle(pilot)
        assert replay.place.address == StepAddress(1, 1)
        await press(pilot, "plus")
        assert replay.player.wait_s() == 0.5
        await press(pilot, "space")
        assert not replay.player.is_playing
        await press(pilot, "G", "space")
        assert "this is the end" in status_of(pilot)


# ---- what another program recorded


def untimed() -> list[Record]:
    """Tell a run of another program, which wrote down neither times nor exit codes."""
    told = story.Story(has_fragments=False)
    told.begin("auto")
    told.say(events.TrajectoryImported(format="SWE-agent", version="1.1"))
    for turn in (1, 2, 3):
        call = story.bash(f"ls {turn}")
        told.think(turn, f"Look at {turn}.", [call], cost=None)
        address = StepAddress(turn, 1)
        told.say(events.StepStarted(address=address, tool=call.name, arguments=call.arguments))
        seen = Observation(text=f"file {turn}\n", status="unknown", duration_s=None)
        told.say(events.StepFinished(address=address, call_id="c1", tool=call.name, observation=seen))
    told.say(events.RunEnded(status="elsewhere"))
    return [Record(one.n, 0.0, one.event) for one in told.records]


async def test_what_another_program_did_not_say_is_not_made_up() -> None:
    async with shown(untimed(), "g", "n") as (pilot, _):
        text = screen_of(pilot)
        assert "SWE-agent 1.1" in text.split("\n")[0]
        assert "✓" not in text
        assert "0.0s" not in text
        assert "0:00" not in text
        assert " · " in next(line for line in text.split("\n") if "$ ls 1" in line)
        assert "turn 1 " in status_of(pilot)


async def test_a_shell_in_a_recording_is_refused_with_the_way_to_one() -> None:
    async with shown(story.ended(), "exclamation_mark") as (pilot, _):
        assert "f forks it here" in status_of(pilot)


# ---- outputs and shells


async def test_an_output_is_shown_with_its_controls_applied_or_raw(tmp_path: Path) -> None:
    (tmp_path / "1.1.txt").write_bytes(b"10%\r20%\r100%\n\x1b[31mred\x1b[0m\n")
    source = FakeSource(story.ended(), is_recorded=True)
    source.outputs = tmp_path
    app = workbench_app(source)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "g", "n", "enter")
        assert "as recorded, controls applied" in text_of(app)
        await until(pilot, "100%")
        assert "20%" not in text_of(app)
        await press(pilot, "r")
        await until(pilot, "10%␍20%␍100%")
        assert "␛[31mred␛[0m" in text_of(app)
        assert "raw, controls shown" in text_of(app)
        await press(pilot, "r")
        await until(pilot, "as recorded, controls applied")


async def until(pilot: Pilot[int], text: str) -> None:
    """Wait until a text is on the screen; pytest's own limit ends it where it never comes."""
    while text not in screen_of(pilot):
        await settle(pilot)


async def test_a_shell_at_an_earlier_step_of_a_live_run_is_in_a_copy_of_that() -> None:
    here = StepAddress(3, 2)
    records = story.waiting()
    kept = events.CheckpointTaken(address=here, entries=3, bytes_new=0, took_s=0.1)
    source = FakeSource([*records, Record(900, records[-1].at, kept)])
    app = workbench_app(source)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "left_square_bracket", "exclamation_mark")
        assert "throw-away copy of 3.2" in text_of(app)
        await press(pilot, "l", "s", "enter")
        await press(pilot, "escape", "F", "exclamation_mark")
        assert "throw-away" not in text_of(app)
        await press(pilot, "l", "s", "enter")
    assert source.decisions == [(RunOwn("ls"), here), (RunOwn("ls"), None)]
