"""What the screens say of a run that another program recorded, and of which much is not known."""

from lis_tui.core import events
from lis_tui.core.compare import outcome
from lis_tui.core.events import Record, StepAddress
from lis_tui.core.messages import ToolCall
from lis_tui.core.parts import StepView
from lis_tui.core.view import RunView
from lis_tui.trajectory.foreign.building import Builder
from lis_tui.ui.calls import result_sign
from lis_tui.ui.outcomes import cells
from lis_tui.ui.screens.output import OutputScreen
from lis_tui.ui.screens.request import RequestScreen
from tests import story
from tests.screens import FakeSource, settle, text_of, workbench_app

SEEN = "<returncode>0</returncode>\n<output>\nonly this\n</output>"


def recorded(*, model: str = "", has_end: bool = False) -> list[Record]:
    """Two turns of a command each, without a time."""
    builder = Builder("mini-swe-agent", "1.1", name="one")
    builder.begin(task="Count.", model=model or None)
    for number in (1, 2):
        call = ToolCall("", "bash", f'{{"command": "seq {number}"}}')
        builder.reply(text=f"I count to {number}.", calls=[call])
        builder.observe(SEEN, output="only this\n", exit_code=0)
    if has_end:
        builder.end("elsewhere", "LimitsExceeded")
    return builder.finish().records


def step(started_at: float | None) -> StepView:
    """A command that runs."""
    call = story.bash("sleep 9")
    view = StepView(StepAddress(1, 1), call.name, call.arguments, call.arguments)
    view.status, view.started_at = "running", started_at
    return view


async def test_how_another_program_asked_is_not_recorded_and_not_made_up() -> None:
    app = workbench_app(FakeSource(recorded(), is_recorded=True))
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("v")
        await settle(pilot)
        assert isinstance(app.screen, RequestScreen)
        shown = text_of(app)
        assert "model: not recorded" in shown
        assert "all others: not recorded" in shown
        assert "65536" not in shown
        assert "tool_choice" not in shown
        assert "What was sent in turn 2" in shown
        await pilot.press("y")
        await settle(pilot)
        assert "how it asked is not recorded" in text_of(app)
        await pilot.press("left_square_bracket")
        await settle(pilot)
        assert "What was sent in turn 1" in text_of(app)


async def test_the_model_is_named_where_the_file_names_it() -> None:
    app = workbench_app(FakeSource(recorded(model="openai/qwen3-coder"), is_recorded=True))
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("v")
        await settle(pilot)
        assert "model: openai/qwen3-coder" in text_of(app)


async def test_nobody_is_named_for_what_was_said_elsewhere() -> None:
    records = recorded()
    spoken = [
        Record(90, 0.0, events.MessageSent(turn=1, text="The rules.", origin="nudge")),
        Record(91, 0.0, events.MessageSent(turn=1, text="Count on.", origin="person")),
    ]
    app = workbench_app(FakeSource([*records, *spoken], is_recorded=True))
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        shown = text_of(app)
    assert "to the model: The rules." in shown
    assert "a person: Count on." in shown
    assert "lis-tui: " not in shown


async def test_how_we_asked_is_shown_as_before() -> None:
    app = workbench_app(FakeSource(story.ended(), is_recorded=True))
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("v")
        await settle(pilot)
        for _ in range(6):
            await pilot.press("left_square_bracket")
            await settle(pilot)
        assert "max_tokens: 65536" in text_of(app)


async def test_a_commands_own_output_is_shown_and_what_the_model_saw_is_a_key_away() -> None:
    app = workbench_app(FakeSource(recorded(), is_recorded=True))
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        assert "only this" in text_of(app)
        assert "<returncode>" not in text_of(app)
        await pilot.press("2", "enter")
        await settle(pilot)
        await app.workers.wait_for_complete()
        await settle(pilot)
        assert isinstance(app.screen, OutputScreen)
        assert "<returncode>" not in text_of(app)
        assert "what the model saw" in text_of(app)
        await pilot.press("m")
        await settle(pilot)
        assert "<returncode>" in text_of(app)
        await pilot.press("m")
        await settle(pilot)
        assert "<returncode>" not in text_of(app)


def test_of_a_command_that_began_nobody_knows_when_no_time_is_shown() -> None:
    assert [text for text, _ in result_sign(step(0.0), story.START)] == ["▶"]
    assert [text for text, _ in result_sign(step(story.START), story.START + 61)] == ["▶ 61s"]


def test_a_run_of_another_program_is_not_live_and_lasts_no_time_that_is_known() -> None:
    view = RunView().apply_all(recorded())
    assert not view.is_live
    found = outcome("one", view)
    assert (found.state, found.seconds) == ("not recorded", None)
    assert "–" in cells(found)


def test_a_time_is_not_counted_from_1970_where_only_the_end_is_known() -> None:
    records = recorded(has_end=True)
    last = records[-1]
    view = RunView().apply_all([*records[:-1], Record(last.n, story.START, last.event)])
    assert outcome("one", view).seconds is None


def test_a_run_of_ours_that_came_of_another_programs_is_live() -> None:
    view = RunView().apply_all(recorded())
    view.apply(Record(99, story.START, events.RunForked(parent="one", point=StepAddress(1, 1))))
    assert view.is_live
