"""Each decision there is, made by a program."""

import json
import re
import shlex
import sys
import typing
from pathlib import Path

import pytest

from lis_tui.core import decisions, events
from lis_tui.core.breakpoints import Breakpoint
from lis_tui.core.messages import ReplyEnded, TextPiece
from lis_tui.core.spec import GateSpec, Limits, Mode
from tests.deciding import play_with, program
from tests.fakes import Block, MemorySandbox, Played, Turn, bash, calls, says, submit
from tests.playing import Game, make_spec

DONE = calls(submit("x"))
ECHO = calls(bash("echo a"))
SLEEP = calls(bash("sleep 1000"))
Said = dict[str, object]


def say(kind: str, **fields: object) -> Said:
    return {"type": kind, **fields}


def approve() -> Said:
    return say("Approve")


def edit(command: str) -> Said:
    return say("Edit", arguments=json.dumps({"command": command}))


async def decide(
    folder: Path,
    *turns: Turn,
    first: list[Said],
    then: list[Said] | None = None,
    at: str = "tool:bash",
    mode: Mode = "auto",
    sandbox: MemorySandbox | None = None,
) -> Game:
    """Play a run whose first gate is answered like this, and each further one like that."""
    spec = make_spec(
        mode=mode,
        breakpoints=(Breakpoint(name="it", filter=at),),
        gate=GateSpec(default="approve"),
        is_headless=True,
    )
    source = (
        f"import os\nplace = {str(folder / 'asked')!r}\n"
        f"print({json.dumps(json.dumps(then or [approve()]))} if os.path.exists(place) else "
        f"{json.dumps(json.dumps(first))})\nopen(place, 'w').close()"
    )
    game = Game(folder, *turns, spec=spec, sandbox=sandbox)
    await play_with(game, program(folder, source), spec.gate)
    game.check_history()
    return game


def made_by_script(game: Game) -> list[str]:
    return [type(one.decision).__name__ for one in game.all(events.DecisionMade) if one.by == "script"]


def blocking() -> MemorySandbox:
    return MemorySandbox({"sleep 1000": Played(blocks=True)})


@pytest.mark.parametrize(
    ("said", "ran"),
    [
        (approve(), ["echo a"]),
        (edit("echo b"), ["echo b"]),
        (say("Reject", reason="No."), []),
        (say("Skip"), []),
        (say("End", reason="Enough.", answer="7"), []),
    ],
)
async def test_what_answers_a_gate(tmp_path: Path, said: Said, ran: list[str]) -> None:
    game = await decide(tmp_path, ECHO, DONE, first=[said])
    assert game.sandbox.ran == ran
    assert made_by_script(game)[0] == said["type"]


async def test_approving_by_a_rule_asks_about_this_call_no_more(tmp_path: Path) -> None:
    rule = {"tool": "execute_bash", "arguments": '{"command":"echo a"}'}
    game = await decide(tmp_path, ECHO, ECHO, DONE, first=[say("ApproveRule", rule=rule)])
    assert made_by_script(game) == ["ApproveRule"]
    assert game.sandbox.ran == ["echo a", "echo a"]


async def test_amending_and_then_approving_runs_what_was_amended(tmp_path: Path) -> None:
    amend = say("Amend", arguments='{"command":"echo b"}')
    game = await decide(tmp_path, ECHO, DONE, first=[amend, approve()])
    assert game.sandbox.ran == ["echo b"]
    assert [one.by for one in game.all(events.StepAmended)] == ["script"]


async def test_a_command_put_in_runs_first_and_the_rest_of_the_list_counts_when_the_gate_waits_again(
    tmp_path: Path,
) -> None:
    inject = say("Inject", command="echo first", is_hidden=True)
    game = await decide(
        tmp_path, ECHO, DONE, first=[inject, edit("echo second")], then=[say("Reject", reason="never")]
    )
    assert game.sandbox.ran == ["echo first", "echo second"]
    assert [one.by for one in game.all(events.CommandInjected)] == ["script"]
    assert made_by_script(game) == ["Inject", "Edit"]


async def test_another_reply_is_asked_for_and_the_first_one_chosen_again(tmp_path: Path) -> None:
    other = calls(bash("echo other"))
    chosen = [say("Resample"), say("ChooseVersion", version=1), approve()]
    game = await decide(tmp_path, ECHO, other, DONE, first=chosen)
    assert made_by_script(game) == ["Resample", "ChooseVersion", "Approve"]
    assert game.sandbox.ran == ["echo a"]


async def test_the_models_words_and_its_next_request_are_changed(tmp_path: Path) -> None:
    first = [
        say("EditReply", text="I look closely."),
        say("ChangeModel", model={"name": "other"}),
        say("Steer", text="Not this."),
        say("Withdraw", text="Not this."),
        say("Steer", text="Look closer."),
        say("SetLimits", limits={"max_turns": 7}),
        approve(),
    ]
    game = await decide(tmp_path, calls(bash("echo a"), text="I look."), DONE, first=first)
    assert [one.text for one in game.all(events.ReplyEdited)] == ["I look closely."]
    assert [(one.model.name, one.by) for one in game.all(events.ModelChanged)] == [("other", "script")]
    assert [one.text for one in game.all(events.MessageSent)] == ["Look closer."]
    assert [one.text for one in game.all(events.MessageWithdrawn)] == ["Not this."]
    assert [one.limits for one in game.all(events.LimitsChanged)] == [Limits(max_turns=7)]


async def test_what_the_model_sees_of_a_step_is_changed_after_it_ran(tmp_path: Path) -> None:
    game = await decide(
        tmp_path, calls(bash("false")), DONE, first=[say("EditObservation", text="Nothing.")], at="exit!=0"
    )
    assert [(one.text, one.by) for one in game.all(events.ObservationEdited)] == [("Nothing.", "script")]


async def test_the_rules_of_the_run_are_changed(tmp_path: Path) -> None:
    rule = {"tool": "execute_bash", "arguments": '{"command":"echo b"}'}
    first = [
        say("SetBreakpoints", breakpoints=[]),
        say("SetAllowRules", rules=[rule]),
        say("SetMode", mode="confirm"),
        say("Pause"),
        say("Resume"),
        approve(),
    ]
    game = await decide(tmp_path, ECHO, calls(bash("echo b")), DONE, first=first)
    assert [one.by for one in game.all(events.BreakpointsChanged)] == ["script"]
    assert [one.by for one in game.all(events.AllowRulesChanged)] == ["script"]
    assert [one.mode for one in game.all(events.ModeChanged)] == ["confirm"]
    assert len(game.all(events.PauseAsked)) == len(game.all(events.PauseLifted)) == 1
    assert [str(one.address) for one in game.all(events.GateOpened)] == ["1.1", "3.1"]


async def test_a_command_that_runs_is_stopped(tmp_path: Path) -> None:
    game = await decide(tmp_path, SLEEP, DONE, first=[approve(), say("Interrupt")], sandbox=blocking())
    assert game.observation(1, 1).status == "interrupted"
    assert [one.by for one in game.all(events.InterruptSent)][:1] == ["script"]


async def test_a_command_that_runs_is_let_go(tmp_path: Path) -> None:
    game = await decide(tmp_path, SLEEP, DONE, first=[approve(), say("ToBackground")], sandbox=blocking())
    assert game.observation(1, 1).status == "background"
    assert [one.by for one in game.all(events.SentToBackground)] == ["script"]


async def test_a_command_that_runs_is_typed_into_and_given_more_time(tmp_path: Path) -> None:
    first = [
        approve(),
        say("SetTimeout", timeout_s=99),
        say("SendInput", data="eWVzCg=="),
        say("CloseInput"),
        say("Interrupt"),
    ]
    game = await decide(tmp_path, SLEEP, DONE, first=first, sandbox=blocking())
    assert [one.timeout_s for one in game.all(events.TimeoutChanged)] == [99]
    assert game.sandbox.typed == [b"yes\n", None]
    assert game.sandbox.interrupts == 1


async def test_a_reply_is_cut_while_it_is_written_and_gone_on_with(tmp_path: Path) -> None:
    begun: Turn = [TextPiece("Half a "), Block(), ReplyEnded(says("never"))]
    first = [approve(), say("Interrupt", after_s=0.01)]
    then = [say("ContinueFrom", text="Half a "), say("Resume")]
    game = await decide(tmp_path, begun, DONE, first=first, then=then, mode="step")
    assert [one.text for one in game.all(events.ReplyCutOff)] == ["Half a "]
    assert "ContinueFrom" in made_by_script(game)


async def test_a_command_of_ones_own_is_run_and_shown_to_the_model(tmp_path: Path) -> None:
    first = [say("RunOwn", command="echo mine"), approve(), say("ShareOwn", number=1), say("Interrupt")]
    game = await decide(tmp_path, SLEEP, DONE, first=first, sandbox=blocking())
    assert [one.command for one in game.all(events.OwnCommandRan)] == ["echo mine"]
    assert [one.origin for one in game.all(events.MessageSent)] == ["command"]


async def test_the_hosts_that_may_be_reached_are_set(tmp_path: Path) -> None:
    sandbox = MemorySandbox(network="allow")
    first = [say("SetAllowedHosts", hosts=["example.org:8080"]), approve()]
    game = await decide(tmp_path, ECHO, DONE, first=first, sandbox=sandbox)
    assert [(one.hosts, one.by) for one in game.all(events.AllowedHostsChanged)] == [
        (("example.org:8080",), "script")
    ]
    assert sandbox.door is not None
    assert await sandbox.door.may_pass("example.org", 8080) == ""


@pytest.mark.parametrize(
    "said",
    [
        say("RetryNow"),
        say("StopOwn"),
        say("AnswerConnection", number=1, verdict="no"),
        say("SetAllowedHosts", hosts=["example.org"]),
    ],
)
async def test_what_is_never_possible_is_said_and_changes_nothing(
    tmp_path: Path, said: Said, capsys: pytest.CaptureFixture[str]
) -> None:
    game = await decide(tmp_path, ECHO, DONE, first=[approve(), said])
    assert game.sandbox.ran == ["echo a"]
    assert f"{said['type']} of --decide was never possible" in capsys.readouterr().err


async def test_a_follow_up_before_the_end_is_said_to_the_model(tmp_path: Path) -> None:
    game = await decide(tmp_path, ECHO, DONE, first=[say("FollowUp", text="And then?"), approve()])
    assert [one.text for one in game.all(events.MessageSent)] == ["And then?"]


def test_no_decision_is_missing_here() -> None:
    source = Path(__file__).read_text()
    kinds = {kind.__name__ for kind in typing.get_args(decisions.Decision)}
    missing = {kind for kind in kinds if f'say("{kind}"' not in source}
    assert missing == set()


def documented() -> list[str]:
    text = (Path(__file__).parents[3] / "docs" / "decide.md").read_text()
    return [found.replace("{…}", "{}") for found in re.findall(r"`(\{\"type\".*?\})`(?=[ ,])", text)]


def test_the_document_shows_every_decision_as_it_is_read() -> None:
    told = [events.DECISIONS.decode(text) for text in documented()]
    assert {type(one) for one in told} == set(typing.get_args(decisions.Decision))


async def test_the_program_of_the_document_works(tmp_path: Path) -> None:
    text = (Path(__file__).parents[3] / "docs" / "decide.md").read_text()
    source = text.partition("```python\n")[2].partition("```")[0]
    path = tmp_path / "example.py"
    path.write_text(source)
    spec = make_spec(mode="confirm", is_headless=True)
    game = Game(tmp_path, calls(bash("rm -rf data")), calls(submit()), calls(submit("x")), spec=spec)
    game.sandbox.commands["ls -la"] = Played()
    await play_with(game, shlex.join([sys.executable, "-S", "-E", str(path)]), spec.gate)
    assert game.sandbox.ran == ["ls -la"]
    assert made_by_script(game) == ["Edit", "Reject", "Approve"]
    assert [one.text for one in game.all(events.MessageSent)] == ["Delete nothing here."]
