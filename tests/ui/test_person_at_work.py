from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lis_tui.core import events
from lis_tui.core.decisions import CloseInput, Decision, SendInput
from lis_tui.core.events import Event, FileEntry, Record, StepAddress
from lis_tui.core.messages import Observation, Reply
from lis_tui.core.parts import MOST_TAIL
from lis_tui.ui.listing import opened_below
from lis_tui.ui.previewing import text_sheets
from lis_tui.ui.reading import as_text
from lis_tui.ui.rows import Row
from tests import story
from tests.screens import FakeSource, Ticking, bench, settle, text_of, workbench_app

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
        assert bench(app).commands.step is bench(app).view.steps[-1]


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


@pytest.mark.parametrize("remark", ["[turn 6 of 100: 94 left]", "[turn 1 of 1: 0 left] No turn is left."])
async def test_remarks_for_the_model_are_not_shown_with_a_nudge(remark: str) -> None:
    told = story.Story()
    told.begin()
    text = "Call a tool.\n[turn 6 of 100: 94 left]"
    told.say(events.MessageSent(turn=1, text=text, origin="nudge"))
    app = workbench_app(FakeSource(told.records))
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        assert "Call a tool." in text_of(app)
        assert " left" not in text_of(app)


def printed(output: bytes, text: str, command: str = "printf x") -> list[Record]:
    """A command that is over, as a journal tells it: without what streamed."""
    told = story.Story(has_fragments=False)
    told.begin()
    call = story.bash(command)
    told.say(events.StepProposed(address=HERE, call=call))
    told.say(events.StepStarted(address=HERE, tool=call.name, arguments=call.arguments))
    seen = Observation(text=text, status="done", exit_code=0, output_bytes=len(output), output_name="7.1.txt")
    told.say(events.StepFinished(address=HERE, call_id="c1", tool=call.name, observation=seen))
    return told.records


async def test_a_recorded_output_has_its_colours(tmp_path: Path) -> None:
    output = b"\x1b[31mred\x1b[0m \x1b]0;title\x07plain\n"
    (tmp_path / "7.1.txt").write_bytes(output)
    source = FakeSource(printed(output, "red plain"), is_recorded=True)
    source.outputs = tmp_path
    app = workbench_app(source)
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await settle(pilot)
        row = next(strip for strip in app.screen._compositor.render_strips() if "red" in strip.text)
        colours = {segment.text: segment.style and segment.style.color for segment in row}
        red = next(colour for text, colour in colours.items() if "red" in text)
        plain = next(colour for text, colour in colours.items() if "plain" in text)
        assert red != plain


@pytest.mark.parametrize("kind", ["missing", "link", "longer"])
async def test_a_recorded_output_that_is_not_there_is_shown_as_the_model_read_it(
    kind: str, tmp_path: Path
) -> None:
    path = tmp_path / "7.1.txt"
    if kind == "link":
        path.symlink_to("/etc/passwd")
    elif kind == "longer":
        path.write_bytes(b"y" * (MOST_TAIL + 1))
    source = FakeSource(printed(b"twelve bytes", "as the model read it"), is_recorded=True)
    source.outputs = tmp_path
    app = workbench_app(source)
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await settle(pilot)
        assert "as the model read it" in text_of(app)


async def test_a_long_command_is_whole_above_its_output() -> None:
    command = "\n".join(f"echo {number}" for number in range(12))
    app = workbench_app(FakeSource(printed(b"11", "eleven", command)))
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        assert "echo 11" not in text_of(app)
        await pilot.press("enter")
        await settle(pilot)
        assert "$ echo 0" in text_of(app)
        assert "echo 11" in text_of(app)
        assert "eleven" in text_of(app)


async def test_the_cursor_stays_on_a_step_that_is_read_though_all_fits_and_more_comes() -> None:
    told = story.Story()
    told.begin("auto")
    for number in (1, 2, 3):
        told.say(events.StepProposed(address=StepAddress(1, number), call=story.bash(f"echo {number}")))
    source = FakeSource(told.records)
    app = workbench_app(source)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("k")
        await settle(pilot)
        more(source, events.StepProposed(address=StepAddress(1, 4), call=story.bash("echo 4")))
        await settle(pilot)
        step = bench(app).commands.step
        assert step is not None
        assert step.address == StepAddress(1, 2)
        await pilot.press("G")
        await settle(pilot)
        more(source, events.StepProposed(address=StepAddress(1, 5), call=story.bash("echo 5")))
        await settle(pilot)
        step = bench(app).commands.step
        assert step is not None
        assert step.address == StepAddress(1, 5)


async def test_the_reasoning_of_the_step_that_is_read_is_open() -> None:
    app = workbench_app(FakeSource(story.ended(), is_recorded=True))
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        assert "There is a folder with" not in text_of(app)
        await pilot.press("g", "n")
        await settle(pilot)
        assert "There is a folder with" in text_of(app)
        await pilot.press("F")
        await settle(pilot)
        assert "There is a folder with" not in text_of(app)


@pytest.mark.parametrize("gate", ["before_model", "before_step"])
async def test_a_run_that_failed_before_its_first_step_offers_only_what_there_is(gate: events.Gate) -> None:
    told = story.Story()
    told.begin()
    told.wait(StepAddress(1), gate)
    app = workbench_app(FakeSource(told.records))
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        assert ("before the model" in text_of(app)) == (gate == "before_model")
        told.say(events.RunEnded(status="sandbox_failed", reason="No container engine answers."))
        source = bench(app).source
        assert isinstance(source, FakeSource)
        source.add(told.records[-1])
        await settle(pilot)
        assert "v what was sent" not in text_of(app)
        assert "q leave" in text_of(app)


async def test_the_key_that_raises_the_limit_is_in_sight_once_a_limit_ended_the_run() -> None:
    told = story.Story()
    told.begin()
    told.say(events.RunEnded(status="turn_limit", reason="The limit of 3 turns is reached."))
    app = workbench_app(FakeSource(told.records))
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        assert "L limits" in text_of(app).split("\n")[-1]


async def test_an_editor_that_is_not_there_gives_the_terminal_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISUAL", "no-such-editor-at-all")
    lent: list[str] = []

    @contextmanager
    def suspend() -> Iterator[None]:
        lent.append("lent")
        yield
        lent.append("given back")  # as Textual does it: not where something was raised

    app = workbench_app(FakeSource(story.waiting()), monotonic=Ticking())
    monkeypatch.setattr(app, "suspend", suspend)
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await pilot.press("e", "ctrl+e")
        await settle(pilot)
        assert lent == ["lent", "given back"]
        assert "no-such-editor-at-all cannot be started" in text_of(app)


def test_a_preview_folds_prose_and_cuts_code(tmp_path: Path) -> None:
    line = "words that go on and on " * 12
    for name in ("answer.txt", "notes.md", "plot.py"):
        (tmp_path / name).write_text(line)
    heights = {}
    for name in ("answer.txt", "notes.md", "plot.py"):
        with opened_below(tmp_path)(FileEntry(name)) as content:
            piece = as_text(content, name)
        assert piece is not None
        row = text_sheets(piece)[0].line(0, 40)
        assert isinstance(row, Row)
        heights[name] = row.height(40)
    assert heights == {"answer.txt": 8, "notes.md": 8, "plot.py": 1}


async def test_the_palette_puts_names_before_what_is_said_of_others() -> None:
    app = workbench_app(FakeSource(story.ended(), is_recorded=True))
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        theme = app.theme
        await pilot.press("colon", "t", "h", "e", "enter")
        await settle(pilot)
        assert app.theme != theme
