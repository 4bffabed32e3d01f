import pytest

from lis_tui.core import events
from lis_tui.core.decisions import CloseInput, Decision, SendInput
from lis_tui.core.events import Event, Record, StepAddress
from lis_tui.core.messages import Reply
from tests import story
from tests.screens import FakeSource, bench, settle, text_of, workbench_app

HERE = StepAddress(7, 1)
SMALL = (80, 24)


def asking(mode: str = "confirm") -> list[Record]:
    """A command runs and reads its input."""
    told = story.Story()
    told.begin(mode)
    call = story.bash("read -p 'Name? ' name; echo $name")
    told.say(events.StepProposed(address=HERE, call=call))
    told.say(events.StepStarted(address=HERE, tool=call.name, arguments=call.arguments))
    told.say(events.InputAwaited(HERE, is_waiting=True))
    return told.records


def more(source: FakeSource, *told: Event) -> None:
    source.add(*[Record(900 + n, story.START + 900 + n, event) for n, event in enumerate(told)])


@pytest.mark.parametrize(
    ("keys", "decision"),
    [
        (("t", "A", "n", "n", "enter"), SendInput(b"Ann\n")),
        (("t", "enter"), SendInput(b"\n")),
        (("t", "ctrl+d"), CloseInput()),
    ],
)
async def test_a_person_types_into_the_command_that_waits_for_input(
    keys: tuple[str, ...], decision: Decision
) -> None:
    source = FakeSource(asking())
    app = workbench_app(source)
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        assert "the command waits for input" in text_of(app)
        assert "t type" in text_of(app)
        await pilot.press(*keys)
        await settle(pilot)
    assert source.decisions == [(decision, HERE)]


async def test_what_was_typed_into_a_command_is_shown_as_the_persons() -> None:
    source = FakeSource(asking())
    app = workbench_app(source)
    async with app.run_test(size=SMALL) as pilot:
        more(
            source,
            events.InputSent(address=HERE, data=b"Ann\x1b[2J\n"),
            events.InputSent(address=HERE, is_end=True),
        )
        await settle(pilot)
        assert "✎ you typed: Ann" in text_of(app)
        assert "\x1b" not in text_of(app)
        assert "✎ you ended its input" in text_of(app)


@pytest.mark.parametrize(("mode", "is_told"), [("confirm", True), ("auto", False)])
async def test_a_command_that_asks_is_announced_only_where_a_person_answers_it(
    mode: str, is_told: bool
) -> None:
    app = workbench_app(FakeSource(asking(mode)))
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        assert app.title.startswith("waits for input") == is_told


async def test_the_answer_is_in_sight_at_the_end_of_a_run_however_small_the_window() -> None:
    app = workbench_app(FakeSource(story.ended()))
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        assert "The area of the Mandelbrot set" in text_of(app)


async def test_a_run_that_goes_on_after_its_end_is_followed_again() -> None:
    source = FakeSource(story.ended())
    app = workbench_app(source)
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        assert not bench(app).commands.is_following
        call = story.bash("echo again")
        more(
            source,
            events.RunContinued(),
            events.StepProposed(address=StepAddress(8, 1), call=call),
            events.GateOpened(address=StepAddress(8, 1), gate="before_step", because="confirm mode"),
        )
        await settle(pilot)
        assert bench(app).commands.is_following
        assert "echo again" in text_of(app)


async def test_the_box_counts_the_calls_of_the_reply_though_the_others_come_later() -> None:
    told = story.Story()
    told.begin()
    calls = tuple(story.bash(f"echo {number}", f"c{number}") for number in range(3))
    told.say(events.ReplyFinished(turn=1, reply=Reply(calls=calls)))
    told.say(events.StepProposed(address=StepAddress(1, 1), call=calls[0]))
    told.wait(StepAddress(1, 1))
    app = workbench_app(FakeSource(told.records))
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        assert "1 of 3 calls" in text_of(app)


@pytest.mark.parametrize("width", [80, 120])
async def test_how_to_pause_is_said_while_the_model_works(width: int) -> None:
    app = workbench_app(FakeSource(story.thinking()))
    async with app.run_test(size=(width, 24)) as pilot:
        await settle(pilot)
        assert "p pause" in text_of(app).split("\n")[-1]


async def test_a_paused_run_says_in_its_box_how_it_goes_on() -> None:
    told = story.Story()
    told.begin("auto")
    told.say(events.PauseAsked())
    told.say(events.StepProposed(address=StepAddress(1, 1), call=story.bash("ls")))
    told.say(events.GateOpened(address=StepAddress(1, 1), gate="before_step", because="paused"))
    app = workbench_app(FakeSource(told.records))
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        assert "p resume" in text_of(app)


async def test_remarks_for_the_model_are_not_shown_with_a_nudge() -> None:
    told = story.Story()
    told.begin()
    text = "Call a tool.\n[turn 6 of 100: 94 left]"
    told.say(events.MessageSent(turn=1, text=text, origin="nudge"))
    app = workbench_app(FakeSource(told.records))
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        assert "Call a tool." in text_of(app)
        assert "94 left" not in text_of(app)
