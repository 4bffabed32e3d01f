"""What a person makes of a waiting step, and of the answer, before it runs."""

from pathlib import Path

import pytest

from lis_tui.core.breakpoints import AllowRule
from lis_tui.core.decisions import (
    Amend,
    Approve,
    ApproveRule,
    Edit,
    End,
    Inject,
    SetMode,
    Steer,
    Withdraw,
)
from lis_tui.core.errors import DecisionRefused, FileRefused
from lis_tui.core.events import (
    DecisionMade,
    GateOpened,
    MessageSent,
    MessageWithdrawn,
    RunEnded,
    StepAddress,
    StepAmended,
    StepStarted,
)
from lis_tui.core.messages import AssistantMessage, Reply
from lis_tui.core.spec import GateSpec, Mode
from lis_tui.core.view import RunView
from tests.fakes import MemorySandbox, Turn, bash, call, calls, submit
from tests.playing import Game, make_spec

LIST = '{"command": "echo list"}'


async def at_the_gate(
    tmp_path: Path,
    *turns: Turn,
    mode: Mode = "confirm",
    sandbox: MemorySandbox | None = None,
    gate: GateSpec | None = None,
) -> Game:
    """Play until the first gate waits."""
    game = Game(tmp_path, *turns, spec=make_spec(mode=mode, gate=gate), sandbox=sandbox)
    game.start()
    await game.next(GateOpened)
    return game


async def finish(game: Game) -> RunEnded:
    """Let everything else go, and look at what is left behind."""
    game.decide(SetMode("auto"))
    ended = await game.ended()
    await game.run.close()
    game.check_history()
    return ended


async def test_an_amended_step_waits_on_and_runs_as_amended_once_approved(tmp_path: Path) -> None:
    game = await at_the_gate(tmp_path, calls(bash("rm -rf data")), calls(submit("x")))
    game.decide(Amend(LIST), (1, 1))
    await game.pass_by()
    assert game.sandbox.ran == []
    assert RunView().apply_all(game.keeper.records).steps[0].amended == LIST
    game.decide(Approve(), (1, 1))
    await game.next(GateOpened)
    assert game.sandbox.ran == ["echo list"]
    started = game.all(StepStarted)[0]
    assert (started.arguments, started.changed_by) == (LIST, "person")
    assert game.all(DecisionMade)[0].decision == Edit(LIST)
    assert game.observation(1, 1).text.startswith("[The user changed this call before it ran.")
    view = RunView().apply_all(game.keeper.records)
    assert (view.steps[0].proposed, view.steps[0].arguments) == (bash("rm -rf data").arguments, LIST)
    assert view.steps[0].amended is None
    await finish(game)


async def test_an_amendment_can_be_undone_until_it_takes_effect(tmp_path: Path) -> None:
    game = await at_the_gate(tmp_path, calls(bash("echo kept")), calls(submit("x")))
    game.decide(Amend(LIST), (1, 1))
    game.decide(Amend(None), (1, 1))
    with pytest.raises(DecisionRefused, match="Nothing was changed"):
        game.decide(Amend(None), (1, 1))
    game.decide(Approve(), (1, 1))
    await game.next(GateOpened)
    assert game.sandbox.ran == ["echo kept"]
    assert game.all(StepAmended)[-1].arguments is None
    assert game.all(StepStarted)[0].changed_by is None
    await finish(game)


@pytest.mark.parametrize("arguments", ["{", "[]", '{"command": 3}', "{}", '{"command": "a\\u0000b"}'])
async def test_an_amendment_that_cannot_run_is_refused(tmp_path: Path, arguments: str) -> None:
    game = await at_the_gate(tmp_path, calls(bash("echo a")), calls(submit("x")))
    with pytest.raises(DecisionRefused):
        game.decide(Amend(arguments), (1, 1))
    assert game.all(StepAmended) == []
    await finish(game)


async def test_only_the_step_that_waits_can_be_amended(tmp_path: Path) -> None:
    game = await at_the_gate(tmp_path, calls(bash("echo a")), calls(submit("x")), mode="step")
    with pytest.raises(DecisionRefused, match="waits to run"):
        game.decide(Amend(LIST), (1, 0))
    game.decide(Approve(), (1, 0))
    await game.next(GateOpened)
    with pytest.raises(DecisionRefused, match="no longer waiting"):
        game.decide(Amend(LIST), (1, 2))
    await finish(game)


async def test_what_a_person_amended_is_theirs_also_where_nobody_approves_in_time(tmp_path: Path) -> None:
    game = Game(
        tmp_path,
        calls(bash("rm -rf data")),
        calls(submit("x")),
        spec=make_spec(mode="confirm", gate=GateSpec(timeout_s=0.5, default="approve")),
    )
    game.start()
    await game.next(GateOpened)
    game.decide(Amend(LIST), (1, 1))
    await game.ended()
    assert game.sandbox.ran == ["echo list"]
    assert game.all(StepStarted)[0].changed_by == "person"
    assert (game.all(DecisionMade)[0].by, game.all(DecisionMade)[0].decision) == ("default", Edit(LIST))


async def test_a_rule_is_not_made_of_a_call_that_was_changed(tmp_path: Path) -> None:
    game = await at_the_gate(tmp_path, calls(bash("rm -rf data")), calls(submit("x")))
    game.decide(Amend(LIST), (1, 1))
    with pytest.raises(DecisionRefused, match="was changed"):
        game.decide(ApproveRule(AllowRule("execute_bash", bash("rm -rf data").arguments)), (1, 1))
    await finish(game)


async def test_an_amendment_outlives_a_command_that_is_put_in(tmp_path: Path) -> None:
    game = await at_the_gate(tmp_path, calls(bash("rm -rf data")), calls(submit("x")))
    game.decide(Amend(LIST), (1, 1))
    game.decide(Inject("true"), (1, 1))
    await game.next(GateOpened)
    assert RunView().apply_all(game.keeper.records).waiting is not None
    waiting = RunView().apply_all(game.keeper.records).waiting
    assert waiting is not None
    assert waiting.amended == LIST
    await finish(game)
    assert game.sandbox.ran == ["true", "echo list"]


async def test_with_signed_thinking_history_keeps_the_call_and_the_result_says_what_ran(
    tmp_path: Path,
) -> None:
    signed = Reply(calls=(bash("rm -rf data"),), thinking_json='{"thinking_blocks": [{"signature": "s"}]}')
    game = await at_the_gate(tmp_path, signed, calls(submit("x")))
    game.decide(Edit(LIST), (1, 1))
    await game.next(GateOpened)
    said = game.model.asked[1].messages[2]
    assert isinstance(said, AssistantMessage)
    assert said.calls == signed.calls
    assert said.thinking_json == signed.thinking_json
    assert f"What ran: execute_bash {LIST}" in game.model.asked[1].messages[3].text
    await finish(game)


# ---- the answer


async def test_the_gate_before_submit_shows_what_would_be_submitted(tmp_path: Path) -> None:
    sandbox = MemorySandbox(files={"/testbed/answer.txt": b"41\n"})
    game = await at_the_gate(tmp_path, calls(submit("7")), sandbox=sandbox)
    assert game.all(GateOpened)[0].answer == "41"
    assert (await finish(game)).answer == "41"


async def test_an_answer_of_the_call_is_shown_where_there_is_no_file(tmp_path: Path) -> None:
    game = await at_the_gate(tmp_path, calls(submit("7")))
    assert game.all(GateOpened)[0].answer == "7"
    await finish(game)


@pytest.mark.parametrize("is_amended", [True, False])
async def test_an_edited_answer_is_written_and_submitted(tmp_path: Path, is_amended: bool) -> None:
    sandbox = MemorySandbox(files={"/testbed/answer.txt": b"41\n"})
    game = await at_the_gate(tmp_path, calls(submit()), sandbox=sandbox)
    edited = '{"answer": "42"}'
    if is_amended:
        game.decide(Amend(edited), (1, 1))
        game.decide(Approve(), (1, 1))
    else:
        game.decide(Edit(edited), (1, 1))
    ended = await game.ended()
    assert (ended.status, ended.answer) == ("submitted", "42")
    assert sandbox.files["/testbed/answer.txt"] == b"42\n"
    assert game.all(GateOpened)[0].answer == "41"
    assert game.all(StepStarted)[0].changed_by == "person"
    assert "-41" in game.observation(1, 1).diff
    assert "+42" in game.observation(1, 1).diff
    game.check_history()


async def test_an_answer_that_is_the_same_is_no_change(tmp_path: Path) -> None:
    sandbox = MemorySandbox(files={"/testbed/answer.txt": b"41\n"})
    game = await at_the_gate(tmp_path, calls(submit("41")), sandbox=sandbox)
    game.decide(Edit('{"answer": "41"}'), (1, 1))
    assert (await game.ended()).answer == "41"
    assert game.all(StepStarted)[0].changed_by is None


class Guarded(MemorySandbox):
    """A computer whose answer cannot be written."""

    async def write_file(self, path: str, data: bytes) -> None:
        """Refuse."""
        raise FileRefused(f"{path} is a folder.")


async def test_an_answer_that_cannot_be_written_is_not_submitted(tmp_path: Path) -> None:
    game = await at_the_gate(tmp_path, calls(submit("41")), calls(submit("41")), sandbox=Guarded())
    game.decide(Edit('{"answer": "42"}'), (1, 1))
    await game.next(GateOpened)
    assert game.observation(1, 1).text.startswith("Not submitted: /testbed/answer.txt is a folder.")
    assert (await finish(game)).answer == "41"


async def test_a_person_can_end_with_an_answer_of_their_own(tmp_path: Path) -> None:
    game = await at_the_gate(tmp_path, calls(bash("echo a"), call("execute_bash", "{")))
    game.decide(End("I know it", "42"))
    ended = await game.ended()
    assert (ended.status, ended.reason, ended.answer) == ("ended_by_person", "I know it", "42")
    game.check_history()


# ---- what was said


async def test_what_was_not_sent_yet_can_be_taken_back(tmp_path: Path) -> None:
    game = await at_the_gate(tmp_path, calls(bash("echo a")), calls(submit("x")))
    game.decide(Steer("Hurry."))
    game.decide(Steer("Look twice."))
    game.decide(Withdraw("Hurry."))
    assert game.all(MessageWithdrawn)[0].text == "Hurry."
    assert RunView().apply_all(game.keeper.records).queued == ["Look twice."]
    game.decide(Approve(), (1, 1))
    await game.next(GateOpened)
    assert [sent.text for sent in game.all(MessageSent)] == ["Look twice."]
    with pytest.raises(DecisionRefused, match="has it already"):
        game.decide(Withdraw("Look twice."))
    assert game.all(GateOpened)[-1].address == StepAddress(2, 1)
    await finish(game)
