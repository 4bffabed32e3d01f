"""A program that answers gates: what it is told, what it may say, and what comes of its failures."""

import json
from pathlib import Path

import pytest

from lis_tui.core.breakpoints import Breakpoint
from lis_tui.core.events import DecisionMade, GateOpened, MessageSent, ObservationEdited
from lis_tui.core.spec import GateSpec
from tests.deciding import play_with, program
from tests.fakes import Turn, bash, calls, submit
from tests.playing import Game, make_spec

DONE = calls(submit("x"))


async def play(
    folder: Path, command: str, *turns: Turn, gate: GateSpec | None = None, text: str = "tool:bash"
) -> Game:
    """Play a run that stops at a breakpoint and is answered by a program."""
    spec = make_spec(breakpoints=(Breakpoint(name="it", filter=text),), gate=gate, is_headless=True)
    game = Game(folder, *turns, spec=spec)
    await play_with(game, command, spec.gate)
    game.check_history()
    return game


def made(game: Game) -> list[tuple[str, str]]:
    return [(type(one.decision).__name__, one.by) for one in game.all(DecisionMade)]


async def test_the_program_edits_the_command_that_waits(tmp_path: Path) -> None:
    source = (
        "command = json.loads(asked['call']['arguments'])['command']\n"
        "changed = json.dumps({'command': command.replace('rm', 'echo')})\n"
        "print(json.dumps({'type': 'Edit', 'arguments': changed}))"
    )
    game = await play(tmp_path, program(tmp_path, source), calls(bash("rm a")), DONE)
    assert game.sandbox.ran == ["echo a"]
    assert made(game) == [("Edit", "script")]


async def test_the_program_is_told_the_gate_the_call_and_what_came_of_it(tmp_path: Path) -> None:
    kept = tmp_path / "asked.json"
    source = f"open({str(kept)!r}, 'w').write(json.dumps(asked)); print('{{\"type\":\"Approve\"}}')"
    await play(tmp_path, program(tmp_path, source), calls(bash("false")), DONE, text="exit!=0")
    asked = json.loads(kept.read_text())
    assert asked["run"] == "game-1"
    assert asked["gate"]["gate"] == "after_step"
    assert asked["gate"]["address"] == [1, 1, 0]
    assert asked["gate"]["because"] == "breakpoint: it"
    assert asked["call"]["name"] == "execute_bash"
    assert asked["observation"]["exit_code"] == 1


async def test_several_decisions_are_carried_out_in_order(tmp_path: Path) -> None:
    source = (
        "print(json.dumps({'type': 'Steer', 'text': 'Look closer.'}))\n"
        "print(json.dumps({'type': 'EditObservation', 'text': 'Nothing.'}))"
    )
    game = await play(tmp_path, program(tmp_path, source), calls(bash("false")), DONE, text="exit!=0")
    assert [one.text for one in game.all(MessageSent)] == ["Look closer."]
    assert [(one.text, one.by) for one in game.all(ObservationEdited)] == [("Nothing.", "script")]
    assert made(game) == [("Approve", "script")]


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("sys.exit(3)", "ended with exit code 3"),
        ("print('yes')", "printed no decision"),
        ("print(json.dumps({'type': 'Dance'}))", "printed no decision"),
        ("pass", "said nothing"),
        ("print(json.dumps({'type': 'Edit', 'arguments': '{'}))", "no whole JSON object"),
        ("print(json.dumps({'type': 'Steer', 'text': ''}))", "nothing to say"),
    ],
)
async def test_where_the_program_gives_no_usable_answer_the_gate_takes_its_default(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], source: str, sentence: str
) -> None:
    game = await play(tmp_path, program(tmp_path, source), calls(bash("rm a")), DONE)
    assert made(game) == [("Reject", "default")]
    assert sentence in capsys.readouterr().err
    assert game.sandbox.ran == []


async def test_a_program_that_is_not_there_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gate = GateSpec(default="approve")
    game = await play(tmp_path, str(tmp_path / "missing"), calls(bash("true")), DONE, gate=gate)
    assert made(game) == [("Approve", "default")]
    assert "cannot be started" in capsys.readouterr().err


async def test_a_program_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    gate = GateSpec(timeout_s=0.3, default="end")
    command = program(tmp_path, "time.sleep(1000)")
    game = await play(tmp_path, command, calls(bash("true")), gate=gate)
    assert made(game) == [("End", "default")]
    assert len(game.all(GateOpened)) == 1
