"""Waiting for a person: which gates wait, and what a decision does to the step."""

from pathlib import Path

import pytest

from lis_tui.core.decisions import (
    Approve,
    Decision,
    Edit,
    End,
    Pause,
    Reject,
    Resume,
    SetMode,
    Skip,
)
from lis_tui.core.errors import DecisionRefused
from lis_tui.core.events import (
    DecisionMade,
    GateOpened,
    ModeChanged,
    ModelAsked,
    PauseAsked,
    PauseLifted,
    RunEnded,
    StepAddress,
    StepProposed,
    StepStarted,
)
from lis_tui.core.messages import ReplyEnded
from lis_tui.core.spec import GateSpec, Limits, Mode
from lis_tui.engine.gates import reason_to_wait
from tests.fakes import Block, MemorySandbox, Played, Turn, bash, call, calls, submit
from tests.playing import Game, make_spec


async def at_the_gate(tmp_path: Path, *turns: Turn, mode: Mode = "confirm") -> Game:
    """Play until the first gate waits."""
    game = Game(tmp_path, *turns, spec=make_spec(mode=mode))
    game.start()
    await game.next(GateOpened)
    return game


def test_which_gates_wait_is_decided_by_mode_and_pause() -> None:
    assert reason_to_wait("before_step", "auto", False) == ""
    assert reason_to_wait("before_step", "auto", True) == "paused"
    assert reason_to_wait("before_step", "confirm", True) == "confirm mode"
    assert reason_to_wait("before_submit", "confirm", False) == "confirm mode"
    assert reason_to_wait("before_model", "confirm", False) == ""
    assert reason_to_wait("before_model", "confirm", True) == "paused"
    assert reason_to_wait("before_model", "step", False) == "step mode"


async def test_in_confirm_mode_nothing_runs_before_it_is_approved(tmp_path: Path) -> None:
    game = await at_the_gate(tmp_path, calls(bash("echo a")), calls(submit("x")))
    opened = game.all(GateOpened)[0]
    assert (opened.address, opened.gate, opened.because) == (StepAddress(1, 1), "before_step", "confirm mode")
    assert game.sandbox.ran == []
    game.decide(Approve(), (1, 1))
    assert (await game.next(GateOpened)).gate == "before_submit"
    assert game.sandbox.ran == ["echo a"]
    game.decide(Approve(), (2, 1))
    assert (await game.ended()).status == "submitted"
    game.check_history()


async def test_in_step_mode_the_model_is_asked_when_approved(tmp_path: Path) -> None:
    game = await at_the_gate(tmp_path, calls(submit("x")), mode="step")
    opened = game.all(GateOpened)[0]
    assert (opened.gate, opened.address) == ("before_model", StepAddress(1))
    assert game.model.asked == []
    game.decide(Approve(), (1, 0))
    assert (await game.next(GateOpened)).gate == "before_submit"
    game.decide(SetMode("auto"))
    assert (await game.ended()).status == "submitted"


async def test_an_edited_command_is_the_one_that_runs(tmp_path: Path) -> None:
    game = await at_the_gate(tmp_path, calls(bash("rm -rf /")), calls(submit("x")))
    game.decide(Edit('{"command": "echo kind"}'), (1, 1))
    await game.next(GateOpened)
    assert game.sandbox.ran == ["echo kind"]
    assert game.all(StepProposed)[0].call == bash("rm -rf /")
    started = game.all(StepStarted)[0]
    assert (started.arguments, started.changed_by) == ('{"command": "echo kind"}', "person")
    text = game.observation(1, 1).text
    assert text.startswith("[The user changed this call before it ran. What ran: execute_bash")
    assert "echo kind" in text
    game.decide(Approve(), (2, 1))
    await game.ended()
    game.check_history()


async def test_history_keeps_the_call_that_the_model_made(tmp_path: Path) -> None:
    game = await at_the_gate(tmp_path, calls(bash("proposed")), calls(submit("x")))
    game.decide(Edit('{"command": "true"}'), (1, 1))
    await game.next(GateOpened)
    assert "proposed" in str(game.model.asked[1].messages[2])
    game.decide(Approve(), (2, 1))
    await game.ended()


async def test_an_edit_that_changes_nothing_is_an_approval(tmp_path: Path) -> None:
    game = await at_the_gate(tmp_path, calls(bash("echo a")), calls(submit("x")))
    game.decide(Edit('{ "command" : "echo a" }'), (1, 1))
    await game.next(GateOpened)
    assert game.all(StepStarted)[0].changed_by is None
    assert game.observation(1, 1).text.startswith("a\n")
    game.decide(End())
    await game.ended()


@pytest.mark.parametrize("arguments", ["{", "[]", '{"command": 3}', "{}"])
async def test_an_edit_that_cannot_run_is_refused_and_the_gate_waits_on(
    tmp_path: Path, arguments: str
) -> None:
    game = await at_the_gate(tmp_path, calls(bash("echo a")))
    with pytest.raises(DecisionRefused):
        game.decide(Edit(arguments), (1, 1))
    game.decide(End())
    assert (await game.ended()).status == "ended_by_person"


@pytest.mark.parametrize(
    ("decision", "status", "text"),
    [
        (Reject("too dangerous"), "rejected", "the user rejected this call. The reason: too dangerous"),
        (Reject(), "rejected", "Not run: the user rejected this call.\n[turn"),
        (Skip(), "skipped", "Not run: the user skipped this call."),
    ],
)
async def test_what_is_refused_is_not_run_and_the_model_hears_why(
    tmp_path: Path, decision: Decision, status: str, text: str
) -> None:
    game = await at_the_gate(tmp_path, calls(bash("echo a")), calls(submit("x")))
    game.decide(decision, (1, 1))
    await game.next(GateOpened)
    assert game.sandbox.ran == []
    assert game.observation(1, 1).status == status
    assert text in game.observation(1, 1).text
    game.decide(Approve(), (2, 1))
    await game.ended()
    game.check_history()


async def test_a_rejected_submit_lets_the_run_go_on(tmp_path: Path) -> None:
    game = await at_the_gate(tmp_path, calls(submit("x")), calls(submit("y")))
    game.decide(Reject("check it first"), (1, 1))
    await game.next(GateOpened)
    game.decide(Approve(), (2, 1))
    assert (await game.ended()).answer == "y"


async def test_a_malformed_call_does_not_wait(tmp_path: Path) -> None:
    game = await at_the_gate(tmp_path, calls(call("nope", "{}"), bash("true", "2")), calls(submit("x")))
    assert game.all(GateOpened)[0].address == StepAddress(1, 2)
    game.decide(End())
    await game.ended()


async def test_a_decision_for_another_step_is_refused(tmp_path: Path) -> None:
    game = await at_the_gate(tmp_path, calls(bash("true", "1"), bash("true", "2")), calls(submit("x")))
    for address in ((1, 2), (2, 1), None):
        with pytest.raises(DecisionRefused, match="no longer waiting"):
            game.decide(Approve(), address)
    game.decide(Approve(), (1, 1))
    with pytest.raises(DecisionRefused, match="no longer waiting"):
        game.decide(Approve(), (1, 1))
    await game.next(GateOpened)
    with pytest.raises(DecisionRefused, match="no longer waiting"):
        game.decide(Reject("typed ahead"), (1, 1))
    game.decide(End())
    await game.ended()
    assert [made.address for made in game.all(DecisionMade)] == [StepAddress(1, 1), StepAddress(1, 2)]


async def test_only_approve_or_end_answer_the_gate_before_the_model(tmp_path: Path) -> None:
    game = await at_the_gate(tmp_path, calls(submit("x")), mode="step")
    with pytest.raises(DecisionRefused, match="Nothing is proposed yet"):
        game.decide(Reject("no"), (1, 0))
    game.decide(End("enough"))
    ended = await game.ended()
    assert (ended.status, ended.reason) == ("ended_by_person", "enough")
    assert game.model.asked == []
    assert game.all(ModelAsked) == []


async def test_a_pause_while_the_model_speaks_holds_the_whole_reply(tmp_path: Path) -> None:
    block = Block()
    game = Game(tmp_path, [block, ReplyEnded(calls(bash("echo a")))], calls(submit("x")))
    game.start()
    await block.reached.wait()
    game.decide(Pause())
    block.released.set()
    opened = await game.next(GateOpened)
    assert (opened.because, opened.gate) == ("paused", "before_step")
    game.decide(Resume())
    assert (await game.ended()).status == "submitted"
    assert len(game.all(PauseAsked)) == len(game.all(PauseLifted)) == 1
    assert game.sandbox.ran == ["echo a"]


async def test_approving_one_step_of_a_paused_run_holds_it_again_at_the_next(tmp_path: Path) -> None:
    game = Game(tmp_path, calls(bash("echo a", "1"), bash("echo b", "2")), calls(submit("x")))
    game.decide(Pause())
    game.start()
    assert (await game.next(GateOpened)).gate == "before_model"
    game.decide(Approve(), (1, 0))
    assert (await game.next(GateOpened)).address == StepAddress(1, 1)
    game.decide(Approve(), (1, 1))
    assert (await game.next(GateOpened)).address == StepAddress(1, 2)
    assert game.sandbox.ran == ["echo a"]
    game.decide(Resume())
    await game.ended()


async def test_a_pause_during_a_command_lets_it_finish_and_holds_then(tmp_path: Path) -> None:
    played = Played([b"working\n"], blocks=True)
    game = Game(tmp_path, calls(bash("long")), calls(submit("x")), sandbox=MemorySandbox({"long": played}))
    game.start()
    await played.reached.wait()
    game.decide(Pause())
    played.release()
    opened = await game.next(GateOpened)
    assert (opened.gate, opened.address) == ("before_model", StepAddress(2))
    assert game.observation(1, 1).status == "done"
    game.decide(Resume())
    await game.ended()


async def test_resume_does_not_approve_what_waits_for_another_reason(tmp_path: Path) -> None:
    game = await at_the_gate(tmp_path, calls(bash("echo a")), calls(submit("x")))
    game.decide(Pause())
    game.decide(Resume())
    assert game.run._progress.gates.waiting_at == StepAddress(1, 1)
    game.decide(Pause())
    game.decide(SetMode("auto"))
    assert game.run._progress.gates.waiting_at == StepAddress(1, 1)
    game.decide(Resume())
    assert (await game.ended()).status == "submitted"


async def test_going_to_auto_approves_what_waits_because_of_the_mode(tmp_path: Path) -> None:
    game = await at_the_gate(tmp_path, calls(bash("echo a")), calls(submit("x")))
    game.decide(SetMode("auto"))
    assert (await game.ended()).status == "submitted"
    assert [changed.mode for changed in game.all(ModeChanged)] == ["auto"]
    assert len(game.all(GateOpened)) == 1


@pytest.mark.parametrize(
    ("default", "status", "ran"),
    [("approve", "submitted", ["true"]), ("reject", "no_action", []), ("end", "ended_by_person", [])],
)
async def test_a_gate_that_nobody_answers_takes_its_default(
    tmp_path: Path, default: str, status: str, ran: list[str]
) -> None:
    gate = GateSpec(timeout_s=0.0, default=default)  # type: ignore[arg-type]  # a parameter of the test
    last = calls(submit("x")) if default == "approve" else calls()
    game = Game(tmp_path, calls(bash("true")), last, last, last, spec=make_spec(mode="confirm", gate=gate))
    ended = await game.play()
    assert ended.status == status
    assert game.sandbox.ran == ran
    assert {made.by for made in game.all(DecisionMade)} == {"default"}
    assert game.all(GateOpened)[0].default == default
    game.check_history()


async def test_an_end_at_the_gate_answers_the_rest_of_the_reply(tmp_path: Path) -> None:
    game = await at_the_gate(tmp_path, calls(bash("true", "1"), bash("true", "2")))
    game.decide(End("enough"), (1, 1))
    ended = await game.ended()
    assert (ended.status, ended.exit_code) == ("ended_by_person", 4)
    assert game.observation(1, 1).status == game.observation(1, 2).status == "skipped"
    assert game.sandbox.ran == []
    assert isinstance(game.keeper.events[-1], RunEnded)
    game.check_history()


async def test_time_in_which_a_person_is_waited_for_does_not_count(tmp_path: Path) -> None:
    spec = make_spec(mode="confirm", limits=Limits(timeout_s=60))
    game = Game(tmp_path, calls(bash("true")), calls(submit("x")), spec=spec)
    game.start()
    await game.next(GateOpened)
    game.clock.forward(3600)
    game.decide(SetMode("auto"))
    assert (await game.ended()).status == "submitted"
