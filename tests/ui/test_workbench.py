import json
from pathlib import Path

import pytest
from textual.widgets import Input, TextArea

from lis_tui.core import events
from lis_tui.core.decisions import (
    Approve,
    Edit,
    End,
    FollowUp,
    Interrupt,
    Pause,
    Reject,
    Resume,
    SetLimits,
    SetMode,
    Steer,
)
from lis_tui.core.events import FileEntry, Record, StepAddress
from lis_tui.ui import filing
from lis_tui.ui.deeds.group import GRACE_S
from tests import story
from tests.screens import Clock, FakeSource, bench, settle, shown, text_of, workbench_app

HERE = StepAddress(6, 1)
SIZE = (120, 40)


def last_at(records: list[Record]) -> float:
    return records[-1].at


async def test_a_key_decides_about_the_step_that_was_painted() -> None:
    source, clock = FakeSource(story.waiting()), Clock(0.0)
    async with shown(workbench_app(source, monotonic=clock)) as (_, pilot):
        clock.at += GRACE_S * 2
        await pilot.press("a")
        await settle(pilot)
    assert source.decisions == [(Approve(), HERE)]


async def test_a_key_typed_ahead_of_the_gate_decides_nothing_and_says_so() -> None:
    source, clock = FakeSource(story.waiting()), Clock(0.0)
    async with shown(workbench_app(source, monotonic=clock)) as (app, pilot):
        clock.at += GRACE_S / 2
        await pilot.press("a")
        await settle(pilot)
        assert source.decisions == []
        assert "nothing was decided" in text_of(app)
        clock.at += GRACE_S
        await pilot.press("a")
        await settle(pilot)
    assert source.decisions == [(Approve(), HERE)]


async def test_a_gate_out_of_sight_is_shown_before_it_can_be_answered() -> None:
    source, clock = FakeSource(story.waiting()), Clock(0.0)
    async with shown(workbench_app(source, monotonic=clock)) as (app, pilot):
        await pilot.press("g")
        await settle(pilot)
        clock.at += 10
        assert "waits: confirm mode" not in text_of(app)
        await pilot.press("a")
        await settle(pilot)
        assert source.decisions == []
        assert "waits: confirm mode" in text_of(app)
        await pilot.press("a")
        await settle(pilot)
    assert source.decisions == [(Approve(), HERE)]


async def test_a_command_taller_than_the_pane_can_be_read_and_decided() -> None:
    records = story.waiting()
    call = story.bash("\n".join(f"echo {number}" for number in range(80)))
    here = StepAddress(7, 1)
    at = last_at(records)
    records = [
        *records[:-1],
        Record(80, at, events.StepProposed(address=here, call=call)),
        Record(81, at, events.GateOpened(address=here, gate="before_step", because="confirm mode")),
    ]
    source, clock = FakeSource(records), Clock(0.0)
    async with shown(workbench_app(source, monotonic=clock)) as (app, pilot):
        await pilot.press("g")
        await settle(pilot)
        await pilot.press("a")
        await settle(pilot)
        clock.at += 1
        await pilot.press("a")
        await settle(pilot)
        assert source.decisions == [(Approve(), here)]
        await pilot.press("enter")
        await settle(pilot)
        assert "echo 0" in text_of(app)


async def test_an_edited_command_is_sent_as_arguments_of_the_same_shape() -> None:
    source, clock = FakeSource(story.waiting()), Clock(0.0)
    async with shown(workbench_app(source, monotonic=clock)) as (app, pilot):
        clock.at += 1
        await pilot.press("e")
        await settle(pilot)
        area = app.screen.query_one(TextArea)
        assert area.text.startswith("python3 label.py")
        area.text = "ls output"
        await pilot.press("ctrl+s")
        await settle(pilot)
    ((decision, address),) = source.decisions
    assert address == HERE
    assert isinstance(decision, Edit)
    assert json.loads(decision.arguments) == {"command": "ls output"}


async def test_letters_in_the_editor_type_and_an_unchanged_text_is_no_edit() -> None:
    source, clock = FakeSource(story.waiting()), Clock(0.0)
    async with shown(workbench_app(source, monotonic=clock)) as (app, pilot):
        clock.at += 1
        await pilot.press("e")
        await settle(pilot)
        await pilot.press("ctrl+s")
        assert "nothing is changed" in text_of(app)
        await pilot.press("a", "q", "p")
        await settle(pilot)
        assert app.screen.query_one(TextArea).text.startswith("aqp")
        await pilot.press("escape")
        await settle(pilot)
    assert source.decisions == []


async def test_a_rejection_carries_its_reason() -> None:
    source, clock = FakeSource(story.waiting()), Clock(0.0)
    async with shown(workbench_app(source, monotonic=clock)) as (app, pilot):
        clock.at += 1
        await pilot.press("x")
        await settle(pilot)
        app.screen.query_one(TextArea).text = "use 12 points"
        await pilot.press("enter")
        await settle(pilot)
    assert source.decisions == [(Reject("use 12 points"), HERE)]


async def test_something_can_be_said_to_the_model_at_any_moment() -> None:
    source = FakeSource(story.thinking())
    async with shown(workbench_app(source)) as (app, pilot):
        await pilot.press("s")
        await settle(pilot)
        app.screen.query_one(TextArea).text = "label the axes in German"
        await pilot.press("enter")
        await settle(pilot)
    assert source.decisions == [(Steer("label the axes in German"), None)]


async def test_pause_holds_then_cuts_and_at_the_gate_goes_on() -> None:
    records = story.running()
    source = FakeSource(records)
    async with shown(workbench_app(source)) as (app, pilot):
        await pilot.press("p")
        await settle(pilot)
        source.add(Record(90, last_at(records), events.PauseAsked()))
        await settle(pilot)
        assert "pausing" in text_of(app)
        await pilot.press("p")
        await settle(pilot)
        gate = events.GateOpened(address=StepAddress(3, 0), gate="before_model", because="paused")
        source.add(Record(91, last_at(records), gate))
        await settle(pilot)
        assert "‖ paused" in text_of(app)
        await pilot.press("p")
        await settle(pilot)
    assert [decision for decision, _ in source.decisions] == [Pause(), Interrupt(), Resume()]


async def test_one_step_approves_this_one_and_waits_at_the_next() -> None:
    source, clock = FakeSource(story.waiting()), Clock(0.0)
    async with shown(workbench_app(source, monotonic=clock)) as (_, pilot):
        clock.at += 1
        await pilot.press("n")
        await settle(pilot)
    assert source.decisions == [(SetMode("step"), None), (Approve(), HERE)]


async def test_an_action_that_cannot_run_says_why() -> None:
    source = FakeSource(story.running())
    async with shown(workbench_app(source)) as (app, pilot):
        await pilot.press("a")
        await settle(pilot)
        assert "nothing waits for you" in text_of(app)
    assert source.decisions == []


async def test_a_recording_takes_no_decision() -> None:
    source = FakeSource(story.waiting(), is_recorded=True)
    async with shown(workbench_app(source)) as (app, pilot):
        for key in ("a", "x", "e", "p", "n", "c", "M", "s"):
            await pilot.press(key)
            await settle(pilot)
        assert "this is a recording" in text_of(app)
        assert len(app.screen_stack) == 1
    assert source.decisions == []


async def test_a_refused_decision_is_said() -> None:
    source, clock = FakeSource(story.waiting()), Clock(0.0)
    source.refusal = "That step is no longer waiting."
    async with shown(workbench_app(source, monotonic=clock)) as (app, pilot):
        clock.at += 1
        await pilot.press("a")
        await settle(pilot)
        assert source.refusal in text_of(app)


async def test_a_refusal_that_the_status_line_has_no_room_for_is_told_whole_until_a_key() -> None:
    source, clock = FakeSource(story.waiting()), Clock(0.0)
    source.refusal = f"That step is {'no longer ' * 20}waiting: ask the model again."
    async with shown(workbench_app(source, monotonic=clock)) as (app, pilot):
        clock.at += 1
        await pilot.press("a")
        await settle(pilot)
        assert "ask the model again." in text_of(app)
        await pilot.press("q")
        await settle(pilot)
        assert len(app.screen_stack) == 1
        assert "ask the model again." not in text_of(app)


async def test_what_one_reads_stays_in_place_while_more_arrives() -> None:
    records = story.ended()
    gate = next(n for n, record in enumerate(records) if record.event == story.waiting()[-1].event)
    source = FakeSource(records[: gate + 1])
    async with shown(workbench_app(source)) as (app, pilot):
        await pilot.press("k", "k", "k")
        await settle(pilot)
        await pilot.press("g")
        await settle(pilot)
        before = [line[38:88] for line in text_of(app).split("\n")[3:38]]
        source.add(*records[gate + 1 :])
        await settle(pilot)
        after = [line[38:88] for line in text_of(app).split("\n")[3:38]]
        assert after == before
        assert "new" in text_of(app).split("\n")[2]
        await pilot.press("F")
        await settle(pilot)
        assert "The area of the Mandelbrot set" in text_of(app)


async def test_a_finished_turn_folds_when_the_next_begins_unless_a_person_opened_it() -> None:
    source = FakeSource(story.waiting())
    async with shown(workbench_app(source)) as (app, pilot):
        reasoning = bench(app).reasoning
        assert "Let me look around first. There is a folder" not in text_of(app)
        await pilot.press("1", "g", "j", "enter")
        await settle(pilot)
        assert reasoning.cursor == 1
        assert "There is a folder with" in text_of(app)
        asked = events.ModelAsked(turn=7, model="m", message_count=9, prompt_tokens_estimate=9)
        source.add(Record(99, story.START + 100, asked))
        await settle(pilot)
        assert "There is a folder with" in text_of(app)
        assert "I can submit" not in text_of(app)


async def test_copying_gives_the_block_raw() -> None:
    source = FakeSource(story.waiting())
    async with shown(workbench_app(source)) as (app, pilot):
        await pilot.press("y")
        await settle(pilot)
        assert app.clipboard.startswith("python3 label.py --font 14 \\\n  --title")


async def test_the_whole_output_of_a_step_opens_and_closes(tmp_path: Path) -> None:
    (tmp_path / "3.2.txt").write_bytes(b"from the file\n" + b"x\n" * 300)
    source = FakeSource(story.waiting())
    source.outputs = tmp_path
    async with shown(workbench_app(source)) as (app, pilot):
        await pilot.press("left_square_bracket", "enter")
        await settle(pilot)
        assert "from the file" in text_of(app)
        await pilot.press("escape")
        await settle(pilot)
        assert "2 Commands" in text_of(app)


async def test_zoom_shows_one_pane_and_then_all_again() -> None:
    source = FakeSource(story.waiting())
    async with shown(workbench_app(source)) as (app, pilot):
        await pilot.press("3", "z")
        await settle(pilot)
        assert "Commands" not in text_of(app)
        assert "3 Files" in text_of(app)
        await pilot.press("z")
        await settle(pilot)
        assert "2 Commands" in text_of(app)


async def test_the_terminal_may_change_its_size_at_any_time() -> None:
    source = FakeSource(story.waiting())
    async with shown(workbench_app(source)) as (app, pilot):
        for width, height, seen in ((70, 24, "4 Preview"), (50, 12, "60 × 15"), (90, 30, "2 Commands")):
            await pilot.resize_terminal(width, height)
            await settle(pilot)
            assert seen in text_of(app)
        assert "waits: confirm mode" in text_of(app)


async def test_leaving_a_live_run_asks_and_detaching_leaves_it_alone() -> None:
    source = FakeSource(story.waiting())
    async with shown(workbench_app(source)) as (app, pilot):
        await pilot.press("q")
        await settle(pilot)
        assert "The run is live" in text_of(app)
        await pilot.press("d")
        await settle(pilot)
    assert source.decisions == []
    assert source.has_left
    assert not source.is_closed
    assert app.return_value == 0
    assert "lis-tui attach mandelbrot-3" in app.farewell


async def test_textuals_own_key_for_leaving_asks_too() -> None:
    source = FakeSource(story.waiting())
    async with shown(workbench_app(source)) as (app, pilot):
        await pilot.press("ctrl+q")
        await settle(pilot)
        assert "The run is live" in text_of(app)
        await pilot.press("ctrl+q")
        await settle(pilot)
        assert "The run is live" not in text_of(app)
        assert app.is_running


async def test_ending_while_leaving_shows_the_end_first() -> None:
    source = FakeSource(story.waiting())
    async with shown(workbench_app(source)) as (_, pilot):
        await pilot.press("q", "e")
        await settle(pilot)
        assert isinstance(source.decisions[0][0], End)
        assert not source.has_left


async def test_leaving_an_ended_run_lets_its_sandbox_go_and_says_the_answer() -> None:
    source = FakeSource(story.ended())
    async with shown(workbench_app(source)) as (app, pilot):
        await pilot.press("q")
        await settle(pilot)
    assert source.is_closed
    assert "1.507" in app.farewell
    assert "~/mandelbrot/output" in app.farewell


async def test_an_ended_run_can_be_continued_by_a_message_or_by_other_limits() -> None:
    source = FakeSource(story.ended())
    async with shown(workbench_app(source)) as (app, pilot):
        await pilot.press("s")
        await settle(pilot)
        app.screen.query_one(TextArea).text = "now in colour"
        await pilot.press("enter")
        await settle(pilot)
        await pilot.press("L")
        await settle(pilot)
        app.screen.query_one(Input).value = "turns=200 cost=none"
        await pilot.press("enter")
        await settle(pilot)
    first, second = (decision for decision, _ in source.decisions)
    assert first == FollowUp("now in colour")
    assert isinstance(second, SetLimits)
    assert second.limits.max_turns == 200
    assert second.limits.max_cost_usd is None
    assert second.limits.command_timeout_s == 600


async def test_control_c_interrupts_a_running_command_and_never_ends_the_program() -> None:
    source = FakeSource(story.running())
    async with shown(workbench_app(source)) as (app, pilot):
        await pilot.press("ctrl+c")
        await settle(pilot)
        assert app.is_running
    assert source.decisions == [(Interrupt(), StepAddress(2, 1))]


async def test_a_changed_file_is_previewed_until_a_person_chooses_one(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("first file")
    (tmp_path / "two.txt").write_text("second file")
    records = story.running()
    source = FakeSource(records, worktree=tmp_path)
    async with shown(workbench_app(source)) as (app, pilot):
        source.add(Record(0, last_at(records), events.FilesChanged((FileEntry("one.txt", size_bytes=10),))))
        await settle(pilot)
        assert "first file" in text_of(app)
        await pilot.press("3", "k")
        await settle(pilot)
        source.add(Record(0, last_at(records), events.FilesChanged((FileEntry("two.txt", size_bytes=11),))))
        await settle(pilot)
        assert "second file" not in text_of(app)
        assert "two.txt" in text_of(app)


async def test_changed_files_flash_once_and_keep_their_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filing, "FLASH_S", 600)  # it ends below
    async with shown(workbench_app(FakeSource(story.waiting()))) as (app, pilot):
        files = bench(app).files
        line = next(y for y in range(40) if "area.txt" in files.render_line(y).text)
        assert any(segment.style and segment.style.reverse for segment in files.render_line(line))
        bench(app).files.end_flash()
        await settle(pilot)
        assert not any(segment.style and segment.style.reverse for segment in files.render_line(line))
        assert "+" in files.render_line(line).text


async def test_the_palette_finds_and_does_an_action() -> None:
    source = FakeSource(story.waiting())
    async with shown(workbench_app(source)) as (app, pilot):
        await pilot.press("colon")
        await settle(pilot)
        await pilot.press(*"theme")
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert app.theme == "lis-light"


async def test_what_was_sent_is_shown_with_what_is_new_and_copied_without_a_key() -> None:
    source = FakeSource(story.waiting())
    async with shown(workbench_app(source)) as (app, pilot):
        await pilot.press("v")
        await settle(pilot)
        assert "What was sent in turn 6: 13 messages, + 2 new" in text_of(app)
        await pilot.press("y")
        await settle(pilot)
        assert app.clipboard.startswith("curl ")
        assert "$API_KEY" in app.clipboard
        await pilot.press("left_square_bracket")
        await settle(pilot)
        assert "in turn 5" in text_of(app)
        await pilot.press("escape")
        await settle(pilot)
        assert "2 Commands" in text_of(app)


async def test_a_host_that_goes_away_is_said_and_the_screen_stays() -> None:
    from collections.abc import AsyncIterator

    from lis_tui.core.errors import HostUnreachable

    class Broken(FakeSource):
        async def records(self) -> AsyncIterator[Record]:
            for record in story.thinking():
                yield record
            raise HostUnreachable("The host is gone.")

    async with shown(workbench_app(Broken([]))) as (app, pilot):
        assert "The host is gone." in text_of(app)
        await pilot.press("q")
        await settle(pilot)
    assert app.return_value == HostUnreachable.exit_code


async def test_ten_thousand_steps_cost_no_more_widgets_than_ten() -> None:
    counts = []
    for steps in (10, 10_000):
        source = FakeSource([])
        app = workbench_app(source)
        async with app.run_test(size=SIZE) as pilot:
            bench(app).view.apply_all(story.long(steps))
            bench(app)._redraw()
            await settle(pilot)
            counts.append(len(app.screen.query("*")))
            assert f"{steps}.1 $ python3 step.py --number {steps}" in text_of(app)
            await pilot.press("g", "j")
            await settle(pilot)
            assert "1.1 $ python3 step.py --number 1" in text_of(app)
    assert counts[0] == counts[1]
