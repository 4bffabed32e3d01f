from pathlib import Path

from textual.widgets import Input, TextArea

from lis_tui.core import events
from lis_tui.core.decisions import End, FollowUp, Pause
from lis_tui.core.events import Event, Record, StepAddress
from lis_tui.core.wire import Changes
from lis_tui.ui.widgets.choice import Choice
from tests import story
from tests.families import FIFTH, app_of, family_of_two, kept, parent
from tests.screens import FakeSource, bench, settle, shown, text_of

SMALL = (80, 24)


def told(source: FakeSource, *facts: Event) -> None:
    source.add(*[Record(950 + n, story.START + 950 + n, event) for n, event in enumerate(facts)])


# ---- rewind


async def test_a_rewind_says_what_comes_back_what_is_dropped_and_what_is_lost() -> None:
    source = parent()
    address = StepAddress(1, 1)
    told(source, events.SentToBackground(address))
    async with shown(app_of(source)) as (app, pilot):
        bench(app).commands.move_to(2)
        await pilot.press("r")
        await settle(pilot)
        said = text_of(app)
    assert "Rewind to 3.1" in said
    assert "files as they were after 3.1" in said
    assert "5 steps, 3.2 to 6.2; to be read in mandelbrot-3, which ends" in said
    assert "processes end and do not come back: 1.1 $ ls -la" in said


async def test_a_rewind_shows_the_new_run_instead_of_the_old_one() -> None:
    source = parent()
    async with shown(app_of(source)) as (app, pilot):
        old = bench(app)
        await pilot.press("k", "r", "enter")
        await settle(pilot)
        assert [made[:3] for made in source.forks] == [(FIFTH, False, "rewind")]
        assert bench(app).source.name == "mandelbrot-3-fork"
        assert "rewound: this is after 5.1 again" in text_of(app)
        assert "⑂ from mandelbrot-3 @5.1" in text_of(app)
        assert old not in app.screen_stack
        assert source.has_left
        assert not source.is_closed


async def test_escape_leaves_the_run_as_it_is() -> None:
    source = parent()
    async with shown(app_of(source), SMALL) as (app, pilot):
        await pilot.press("k", "r", "escape")
        await settle(pilot)
        assert bench(app).source is source
    assert source.forks == []


async def test_a_step_can_be_left_before_it() -> None:
    source = parent()
    async with shown(app_of(source), SMALL) as (app, pilot):
        await pilot.press("k", "r", "right")
        await settle(pilot)
        assert "files as they were before 5.1" in text_of(app)
        await pilot.press("enter")
        await settle(pilot)
    assert [made[:2] for made in source.forks] == [(FIFTH, True)]


async def test_a_step_that_waits_can_only_be_left_before_it() -> None:
    source = parent()
    async with shown(app_of(source), SMALL) as (app, pilot):
        await pilot.press("r")
        await settle(pilot)
        assert not app.screen.query(Choice)
        await pilot.press("enter")
        await settle(pilot)
    assert [made[:2] for made in source.forks] == [(StepAddress(6, 1), True)]


async def test_without_a_checkpoint_it_is_said_what_that_means() -> None:
    source = parent(kept(story.waiting(), FIFTH))
    async with shown(app_of(source)) as (app, pilot):
        await pilot.press("k", "r")
        await settle(pilot)
        assert "no checkpoint after 5.1: the sandbox is new" in text_of(app)


async def test_a_refused_rewind_is_said_and_changes_nothing() -> None:
    source = parent()
    source.refusal = "The image of the run is gone."
    async with shown(app_of(source)) as (app, pilot):
        await pilot.press("k", "r", "enter")
        await settle(pilot)
        assert "The image of the run is gone." in text_of(app)
        assert bench(app).source is source


async def test_a_recording_is_forked_not_rewound() -> None:
    source = parent(kept(story.ended()), is_recorded=True)
    async with shown(app_of(source)) as (app, pilot):
        await pilot.press("r")
        await settle(pilot)
        assert "f forks it here" in text_of(app)
        await pilot.press("k", "k", "f", "enter")
        await settle(pilot)
        assert bench(app).source.name == "mandelbrot-3-fork"
    assert [made[:3] for made in source.forks] == [(StepAddress(6, 2), False, "fork")]


# ---- fork


async def test_a_fork_is_shown_and_its_parent_goes_on_behind_it() -> None:
    source = parent()
    async with shown(app_of(source)) as (app, pilot):
        await pilot.press("k", "f", "enter")
        await settle(pilot)
        assert bench(app).source.name == "mandelbrot-3-fork"
        assert not source.has_left
        told(source, events.NoticeGiven("the parent is still heard"))
        await settle(pilot)
        behind = next(each for each in app.branches.open if each.source is source)
        assert behind.view.turn.said[-1].text == "the parent is still heard"


async def test_what_is_different_in_a_fork_is_sent_with_it(tmp_path: Path) -> None:
    prompt = tmp_path / "system.md"
    prompt.write_text("You are brief.", encoding="utf-8")
    source = parent()
    async with shown(app_of(source)) as (app, pilot):
        await pilot.press("k", "f")
        await settle(pilot)
        app.screen.query_one("#model", Input).value = "script/other temperature=0.5"
        app.screen.query_one("#message", Input).value = "use SVG"
        app.screen.query_one("#prompt", Input).value = str(prompt)
        app.screen.query_one("#mode", Choice).choose(2)
        app.screen.query_one("#side", Choice).choose(1)
        await settle(pilot)
        app.screen.query_one(TextArea).text = "ls output"
        await pilot.press("ctrl+s")
        await settle(pilot)
    ((point, is_before, kind, changes, _),) = source.forks
    assert (point, is_before, kind) == (FIFTH, True, "fork")
    assert changes.model is not None
    assert (changes.model.name, changes.model.temperature) == ("script/other", 0.5)
    assert (changes.mode, changes.message, changes.system_prompt) == ("step", "use SVG", "You are brief.")
    assert changes.arguments is not None
    assert "ls output" in changes.arguments


async def test_a_fork_as_it_was_changes_nothing() -> None:
    source = parent()
    async with shown(app_of(source), SMALL) as (_, pilot):
        await pilot.press("k", "f", "enter")
        await settle(pilot)
    assert source.forks[0][3] == Changes(name="mandelbrot")


async def test_what_makes_no_sense_in_a_fork_is_said() -> None:
    source = parent()
    async with shown(app_of(source)) as (app, pilot):
        await pilot.press("k", "f")
        await settle(pilot)
        app.screen.query_one("#prompt", Input).value = "/nowhere/system.md"
        await pilot.press("ctrl+s")
        await settle(pilot)
        assert "/nowhere/system.md cannot be read" in text_of(app)
        app.screen.query_one("#prompt", Input).value = ""
        app.screen.query_one("#model", Input).value = "a/b temperature=warm"
        await pilot.press("ctrl+s")
        await settle(pilot)
        assert "temperature needs a number" in text_of(app)
    assert source.forks == []


# ---- going on


async def test_after_the_end_s_is_a_follow_up_and_f_a_fork() -> None:
    source = parent(kept(story.ended()))
    async with shown(app_of(source)) as (app, pilot):
        assert "s follow-up" in text_of(app)
        assert "f fork" in text_of(app)
        await pilot.press("s", *"go on", "enter")
        await settle(pilot)
    assert source.decisions == [(FollowUp("go on"), None)]


async def test_a_run_that_was_cut_off_is_taken_up_again() -> None:
    source = parent(kept(story.waiting()), is_recorded=True)
    again = FakeSource(kept(story.waiting()))
    source.others = {"mandelbrot-3": again}
    async with shown(app_of(source)) as (app, pilot):
        await pilot.press("U")
        await settle(pilot)
        assert "the sandbox as it was after 5.1" in text_of(app)
        app.screen.query_one("#message", Input).value = "on with it"
        app.screen.query_one("#limits", Input).value += " turns=200"
        await pilot.press("enter")
        await settle(pilot)
        assert bench(app).source is again
    ((changes, _),) = source.taken_up
    assert changes.message == "on with it"
    assert changes.limits is not None
    assert changes.limits.max_turns == 200
    assert changes.model is None


async def test_a_fork_that_is_ready_takes_nobody_out_of_a_dialog() -> None:
    source = parent()
    async with shown(app_of(source)) as (app, pilot):
        await pilot.press("s", *"half a")
        await settle(pilot)
        app.branches.show(source.others["mandelbrot-3-fork"])
        await pilot.press(*" word")
        await settle(pilot)
        assert app.screen.query_one(TextArea).text == "half a word"
        await pilot.press("escape")
        await settle(pilot)
        assert bench(app).source is source
        assert "mandelbrot-3-fork is there; O shows it" in text_of(app)


# ---- the family


async def test_one_goes_back_and_forth_and_each_run_keeps_its_place() -> None:
    source = parent()
    source.family = source.others["mandelbrot-3-fork"].family = family_of_two()
    async with shown(app_of(source)) as (app, pilot):
        first = bench(app)
        first.commands.move_to(1)
        await pilot.press("O")
        await settle(pilot)
        assert "▸mandelbrot-3" in text_of(app)
        assert "⑂ mandelbrot-3-fork @5.1" in text_of(app)
        assert "primes-12" not in text_of(app)
        await pilot.press("down", "enter")
        await settle(pilot)
        second = bench(app)
        assert second.source.name == "mandelbrot-3-fork"
        await pilot.press("O", "up", "enter")
        await settle(pilot)
        assert bench(app) is first
        assert first.commands.cursor == 1
        await pilot.press("O", "down", "enter")
        await settle(pilot)
        assert bench(app) is second


async def test_a_run_behind_says_when_it_waits() -> None:
    source = parent(kept(story.waiting())[:-2])
    async with shown(app_of(source)) as (app, pilot):
        await pilot.press("g", "f", "enter")
        await settle(pilot)
        told(source, events.GateOpened(address=StepAddress(6, 1), gate="before_step", because="confirm mode"))
        await settle(pilot)
        assert "mandelbrot-3: waits for you" in text_of(app)
        assert not app.title.startswith("waits for you")


async def test_leaving_names_the_live_runs_and_pauses_all_of_them() -> None:
    source = parent()
    fork = source.others["mandelbrot-3-fork"]
    async with shown(app_of(source), SMALL) as (app, pilot):
        await pilot.press("k", "f", "enter")
        await settle(pilot)
        await pilot.press("q")
        await settle(pilot)
        assert "2 runs are live" in text_of(app)
        assert "mandelbrot-3-fork, mandelbrot-3" in text_of(app)
        await pilot.press("p")
        await settle(pilot)
    assert [each.decisions for each in (source, fork)] == [[(Pause(), None)]] * 2
    assert source.has_left
    assert fork.has_left


async def test_one_of_several_live_runs_is_ended_alone() -> None:
    source = parent()
    fork = source.others["mandelbrot-3-fork"]
    async with shown(app_of(source), SMALL) as (app, pilot):
        await pilot.press("k", "f", "enter")
        await settle(pilot)
        await pilot.press("q", "h")
        await settle(pilot)
        assert app.is_running
    assert fork.decisions == [(End(), None)]
    assert source.decisions == []


async def test_a_checkpoint_that_was_told_of_after_the_next_reply_is_known_at_its_step() -> None:
    first = StepAddress(1, 1)
    records = kept(story.ended(), first)
    late = next(
        n
        for n, record in enumerate(records)
        if isinstance(record.event, events.ReplyFinished) and record.event.turn == first.turn + 1
    )
    taken = events.CheckpointTaken(address=first, entries=9, bytes_new=800, took_s=0.1)
    records.insert(late + 1, Record(899, records[late].at, taken))
    async with shown(app_of(parent(records, is_recorded=True))) as (app, pilot):
        bench(app).walk.go_to_step(first)
        await settle(pilot)
        await pilot.press("f")
        await settle(pilot)
        said = text_of(app)
    assert "Fork mandelbrot-3 at 1.1" in said
    assert "rebuilt by re-execution" not in said
    assert "files as they were after 1.1" in said
