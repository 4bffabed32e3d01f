import msgspec
from textual.widgets import Input, TextArea

from lis_tui.core.spec import RunSpec
from lis_tui.trajectory.summary import RunSummary
from lis_tui.ui.family import Kin, families
from tests.screens import family_runs, settle, some_runs, start_app, text_of


async def test_the_task_has_the_cursor_and_enter_runs_it() -> None:
    asked: list[object] = []
    app = start_app([], asked=asked)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press(*"add qj", "ctrl+j", *"two", "enter")
        await settle(pilot)
    (spec,) = asked
    assert isinstance(spec, RunSpec)
    assert spec.task == "add qj\ntwo"
    assert spec.model.name.startswith("model=openai/qwen3-coder")


async def test_a_task_that_was_run_is_not_run_again_by_the_next_enter() -> None:
    asked: list[object] = []
    app = start_app([], asked=asked)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press(*"add", "enter", "enter", "tab", "enter")
        await settle(pilot)
    assert len(asked) == 1


async def test_an_empty_task_is_not_run() -> None:
    asked: list[object] = []
    app = start_app([], asked=asked)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert "Say in the field above" in text_of(app)
    assert asked == []


async def test_live_runs_come_first_and_enter_chooses_one() -> None:
    asked: list[object] = []
    app = start_app(some_runs(), asked=asked)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("tab", "tab", "enter", "down", "enter")
        await settle(pilot)
    assert [run.name for run in asked if isinstance(run, RunSummary)] == ["mandelbrot-3", "primes-12"]


async def test_what_is_not_ready_is_said_with_the_way_to_mend_it() -> None:
    app = start_app(some_runs(), "No key: set OPENAI_API_KEY.")
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        assert "No key: set OPENAI_API_KEY." in text_of(app)
        assert "cut off" in text_of(app)


async def test_the_settings_line_can_be_edited_and_enter_there_runs_too() -> None:
    asked: list[object] = []
    app = start_app([], asked=asked)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        app.screen.query_one(TextArea).text = "add"
        await pilot.press("tab")
        app.screen.query_one("#settings", Input).value = "mode=confirm"
        await pilot.press("enter")
        await settle(pilot)
    assert isinstance(asked[0], RunSpec)
    assert asked[0].model.name == "mode=confirm"


async def test_the_demo_is_one_key_away_even_while_typing() -> None:
    asked: list[object] = []
    app = start_app([], asked=asked)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("f2")
        await settle(pilot)
    assert asked == ["demo"]


async def test_the_settings_say_what_they_may_be_and_are_looked_at_anew_once_they_were_changed() -> None:
    problems = ["No model is set."]
    app = start_app([], check=lambda line: problems[0])
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert "No model is set." in text_of(app)
        await pilot.press("tab")
        await settle(pilot)
        assert "mode=auto, confirm or step" in text_of(app)
        problems[0] = ""
        await pilot.press("shift+tab")
        await settle(pilot)
        assert "No model is set." not in text_of(app)
        assert "mode=auto, confirm or step" not in text_of(app)


async def test_the_cursor_in_the_settings_stands_behind_the_model() -> None:
    app = start_app([])
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("tab", "-", "2")
        await settle(pilot)
        assert "model=openai/qwen3-coder-2  mode=auto" in text_of(app)


async def test_help_on_the_start_screen_begins_with_what_can_be_done_there() -> None:
    app = start_app([])
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("f1")
        await settle(pilot)
        assert "Run the task" in text_of(app)
        assert "input=" in text_of(app)
        assert "the run has not begun" not in text_of(app)


async def test_forks_stand_below_the_run_they_left() -> None:
    app = start_app(family_runs())
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        lines = [line for line in text_of(app).split("\n") if " turns " in line]
    names = [line.split("▶")[0].split("■")[0].split("✗")[0].rstrip() for line in lines]
    assert [name.strip() for name in names] == [
        "mandelbrot-3",
        "⑂ mandelbrot-4 @3.2",
        "⑂ mandelbrot-5 @2.1",
        "⑂ mandelbrot-svg @5.1",
        "primes-12",
        "other-7 @2.1",
        "scrape-2",
        "notes-1",
    ]
    said = "\n".join(lines)
    assert "⑂ from gone-1 · " in said
    assert "good #svg · The area is 1.507." in said
    assert "■ rewound" in said


async def test_a_run_that_was_cut_off_is_resumed_by_enter_and_any_that_is_over_by_r() -> None:
    asked: list[object] = []
    app = start_app(family_runs(), asked=asked)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("tab", "tab", "r")
        await settle(pilot)
        assert "This run cannot be resumed" in text_of(app)
        await pilot.press(*["down"] * 4, "r", *["down"] * 3)
        await settle(pilot)
        assert "enter resume or look  r resume" in text_of(app)
        await pilot.press("enter")
        await settle(pilot)
    assert asked == [("resume", "primes-12"), ("resume", "notes-1")]


def test_a_journal_that_names_itself_as_its_parent_is_listed_all_the_same() -> None:
    run = msgspec.structs.replace(some_runs()[0], parent="primes-12")
    assert families([run]) == [Kin(run)]
