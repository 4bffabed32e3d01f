"""Commands of a person's among the model's steps."""

import asyncio
from pathlib import Path

import pytest

from lis_tui.core.breakpoints import Breakpoint
from lis_tui.core.decisions import (
    Approve,
    EditObservation,
    End,
    FollowUp,
    Inject,
    Interrupt,
    Pause,
    Reject,
    SetMode,
)
from lis_tui.core.errors import DecisionRefused
from lis_tui.core.events import (
    CheckpointTaken,
    CommandInjected,
    DecisionMade,
    GateOpened,
    MessageSent,
    ModelAsked,
    OutputArrived,
    RunEnded,
    StepAddress,
    StepFinished,
    StepStarted,
)
from lis_tui.core.manifest import Manifest
from lis_tui.core.messages import ReplyEnded, ToolMessage, UserMessage
from lis_tui.core.ports import Restored
from lis_tui.core.spec import Mode
from lis_tui.core.view import RunView
from tests.fakes import Block, MemorySandbox, Played, Turn, bash, calls, says, submit
from tests.playing import Game, make_spec


async def at_the_gate(
    tmp_path: Path, *turns: Turn, mode: Mode = "confirm", sandbox: MemorySandbox | None = None
) -> Game:
    """Play until the first gate waits."""
    game = Game(tmp_path, *turns, spec=make_spec(mode=mode), sandbox=sandbox)
    game.start()
    await game.next(GateOpened)
    return game


async def finish(game: Game) -> RunEnded:
    """Let everything else go, and look at what is left behind."""
    game.decide(SetMode("auto"))
    ended = await game.ended()
    await game.run.close()
    game.check_history()
    assert all(step.is_over for step in RunView().apply_all(game.keeper.records).steps)
    return ended


async def test_a_command_put_in_at_a_gate_runs_before_the_step_which_waits_again(tmp_path: Path) -> None:
    game = await at_the_gate(tmp_path, calls(bash("echo mine")), calls(submit("x")))
    game.decide(Inject("echo before"), (1, 1))
    again = await game.next(GateOpened)
    assert (again.address, again.gate, again.because) == (StepAddress(1, 1), "before_step", "confirm mode")
    assert game.sandbox.ran == ["echo before"]
    place = StepAddress(1, 0, 1)
    assert game.all(CommandInjected) == [CommandInjected(address=place, command="echo before")]
    assert game.all(StepStarted)[0].address == place
    assert game.fragments(OutputArrived)[0].address == place
    finished = game.all(StepFinished)[0]
    assert (finished.address, finished.call_id) == (place, "")
    kinds = game.kinds()
    order = ["GateOpened", "DecisionMade", "CommandInjected", "StepStarted", "StepFinished", "GateOpened"]
    assert [kind for kind in kinds[kinds.index("GateOpened") :] if kind in order] == order
    view = RunView().apply_all(game.keeper.records)
    assert [str(step.address) for step in view.steps] == ["1.0+1", "1.1"]
    assert [str(step.address) for step in view.turn.steps] == ["1.0+1", "1.1"]
    assert view.steps[1].decided_by is None
    await finish(game)
    assert game.sandbox.ran == ["echo before", "echo mine"]


async def test_the_model_sees_it_before_its_next_turn_and_never_between_calls_and_answers(
    tmp_path: Path,
) -> None:
    game = await at_the_gate(tmp_path, calls(bash("echo a", "1"), bash("echo b", "2")), calls(submit("x")))
    game.decide(Approve(), (1, 1))
    await game.next(GateOpened)
    game.decide(Inject("echo seen"), (1, 2))
    await finish(game)
    kinds = [type(message) for message in game.model.asked[1].messages[-3:]]
    assert kinds == [ToolMessage, ToolMessage, UserMessage]
    sent = game.all(MessageSent)[0]
    assert (sent.turn, sent.origin) == (2, "command")
    assert sent.text == game.model.asked[1].messages[-1].text
    assert "$ echo seen\nseen" in sent.text
    assert game.all(CommandInjected)[0].address == StepAddress(1, 1, 1)


async def test_a_hidden_command_is_never_told(tmp_path: Path) -> None:
    game = await at_the_gate(tmp_path, calls(bash("echo a")), calls(submit("x")))
    game.decide(Inject("echo unseen", is_hidden=True), (1, 1))
    await game.next(GateOpened)
    with pytest.raises(DecisionRefused):
        game.decide(EditObservation("seen"), (1, 0, 1))
    await finish(game)
    assert "echo unseen" in game.sandbox.ran
    assert "unseen" not in str(game.model.asked)
    assert game.all(MessageSent) == []


async def test_what_the_model_sees_of_it_can_be_changed_until_then(tmp_path: Path) -> None:
    game = await at_the_gate(tmp_path, calls(bash("echo a")), calls(submit("x")))
    game.decide(Inject("echo secret"), (1, 1))
    await game.next(GateOpened)
    game.decide(EditObservation("nothing to see"), (1, 0, 1))
    await finish(game)
    assert game.all(MessageSent)[0].text.endswith("$ echo secret\nnothing to see")


async def test_a_command_after_the_step_runs_right_after_it(tmp_path: Path) -> None:
    game = await at_the_gate(tmp_path, calls(bash("echo a", "1"), bash("echo b", "2")), calls(submit("x")))
    game.decide(Inject("echo after", is_after=True), (1, 1))
    await game.pass_by()
    assert len(game.all(GateOpened)) == 1
    assert game.sandbox.ran == []
    view = RunView().apply_all(game.keeper.records)
    assert [str(step.address) for step in view.steps] == ["1.1", "1.1+1"]
    game.decide(Approve(), (1, 1))
    assert (await game.next(GateOpened)).address == StepAddress(1, 2)
    assert game.sandbox.ran == ["echo a", "echo after"]
    await finish(game)


async def test_it_runs_after_the_last_step_of_a_turn_and_after_one_that_was_rejected(tmp_path: Path) -> None:
    game = await at_the_gate(tmp_path, calls(bash("echo a")), calls(submit("x")))
    game.decide(Inject("echo after", is_after=True), (1, 1))
    game.decide(Reject("no"), (1, 1))
    await game.next(GateOpened)
    assert game.sandbox.ran == ["echo after"]
    assert "$ echo after" in game.model.asked[1].messages[-1].text
    await finish(game)


async def test_while_the_model_thinks_a_command_waits_for_the_next_step(tmp_path: Path) -> None:
    block = Block()
    game = Game(tmp_path, [block, ReplyEnded(calls(bash("echo a")))], calls(submit("x")))
    game.start()
    await block.reached.wait()
    game.decide(Inject("echo queued"))
    assert game.all(CommandInjected)[0].address == StepAddress(1, 0, 1)
    await game.pass_by()
    assert game.sandbox.ran == []
    block.released.set()
    await finish(game)
    assert game.sandbox.ran == ["echo queued", "echo a"]


async def test_where_the_reply_makes_no_call_it_runs_before_the_model_is_asked_again(tmp_path: Path) -> None:
    block = Block()
    game = Game(tmp_path, [block, ReplyEnded(says("Hm."))], calls(submit("x")))
    game.start()
    await block.reached.wait()
    game.decide(Inject("echo queued"))
    block.released.set()
    await finish(game)
    assert "$ echo queued\nqueued" in game.model.asked[1].messages[-1].text


async def test_while_a_command_runs_the_next_one_waits_for_its_end(tmp_path: Path) -> None:
    long = Played(blocks=True)
    sandbox = MemorySandbox({"long": long})
    game = Game(tmp_path, calls(bash("long")), calls(submit("x")), sandbox=sandbox)
    game.start()
    await long.reached.wait()
    game.decide(Inject("echo one"))
    game.decide(Inject("echo two"))
    assert [one.address for one in game.all(CommandInjected)] == [StepAddress(1, 1, 1), StepAddress(1, 1, 2)]
    long.release()
    await finish(game)
    assert sandbox.ran == ["long", "echo one", "echo two"]


async def test_one_that_runs_can_be_interrupted(tmp_path: Path) -> None:
    long = Played([b"begun\n"], blocks=True)
    game = await at_the_gate(
        tmp_path, calls(bash("echo a")), calls(submit("x")), sandbox=MemorySandbox({"long": long})
    )
    game.decide(Inject("long"), (1, 1))
    await long.reached.wait()
    with pytest.raises(DecisionRefused, match="no longer waiting"):
        game.decide(Approve(), (1, 1))
    game.decide(Interrupt())
    await game.next(GateOpened)
    assert game.observation(1, 0, 1).status == "interrupted"
    await finish(game)


async def test_before_the_model_is_asked_it_is_told_at_once(tmp_path: Path) -> None:
    game = await at_the_gate(tmp_path, calls(submit("x")), mode="step")
    game.decide(Inject("echo early"), (1, 0))
    assert (await game.next(GateOpened)).gate == "before_model"
    assert game.observation(1, 0, 1).text == "early\n"
    assert game.all(ModelAsked) == []
    game.decide(Approve(), (1, 0))
    await game.next(GateOpened)
    assert "$ echo early\nearly" in game.model.asked[0].messages[-1].text
    await finish(game)


async def test_at_the_gate_after_a_step_it_runs_and_that_gate_waits_again(tmp_path: Path) -> None:
    rule = Breakpoint(name="it", filter="tool:bash", gates=("after_step",))
    game = Game(tmp_path, calls(bash("echo a")), calls(submit("x")), spec=make_spec(breakpoints=(rule,)))
    game.start()
    assert (await game.next(GateOpened)).gate == "after_step"
    game.decide(Inject("echo look"), (1, 1))
    again = await game.next(GateOpened)
    assert (again.address, again.gate, again.because) == (StepAddress(1, 1), "after_step", "breakpoint: it")
    assert game.all(CommandInjected)[0].address == StepAddress(1, 1, 1)
    game.decide(Approve(), (1, 1))
    await finish(game)
    assert game.sandbox.ran == ["echo a", "echo look"]


async def test_the_pending_submit_may_still_be_approved_after_a_shown_command(tmp_path: Path) -> None:
    game = await at_the_gate(tmp_path, calls(submit("x")), [Block()])
    game.decide(Inject("echo one more look"), (1, 1))
    assert (await game.next(GateOpened)).gate == "before_submit"
    with pytest.raises(DecisionRefused, match="ends with this step"):
        game.decide(Inject("true", is_after=True), (1, 1))
    game.decide(Approve(), (1, 1))
    assert (await game.ended()).status == "submitted"
    game.decide(FollowUp("And now?"))
    game.go_on()
    await game.next(ModelAsked)
    await game.pass_by()
    assert "$ echo one more look" in str(game.model.asked[1].messages)
    game.decide(End())
    await game.ended()
    game.check_history()


async def test_what_has_not_run_when_the_run_ends_is_said_to_be_skipped(tmp_path: Path) -> None:
    game = await at_the_gate(tmp_path, calls(bash("echo a")))
    game.decide(Inject("echo after", is_after=True), (1, 1))
    game.decide(End())
    await game.ended()
    assert game.observation(1, 1, 1).status == "skipped"
    assert game.sandbox.ran == []
    assert RunView().apply_all(game.keeper.records).steps[-1].is_over


@pytest.mark.parametrize("command", ["", "  \n", "a\0b"])
async def test_a_command_that_cannot_run_is_refused(tmp_path: Path, command: str) -> None:
    game = await at_the_gate(tmp_path, calls(bash("echo a")), calls(submit("x")))
    with pytest.raises(DecisionRefused):
        game.decide(Inject(command), (1, 1))
    with pytest.raises(DecisionRefused, match="no longer waiting"):
        game.decide(Inject("true"), (2, 1))
    assert game.all(DecisionMade) == []
    await finish(game)


async def test_a_run_without_tools_has_no_shell_for_it(tmp_path: Path) -> None:
    block = Block()
    game = Game(tmp_path, [block, ReplyEnded(says("4"))], spec=make_spec(tool_style="none"))
    game.start()
    await block.reached.wait()
    with pytest.raises(DecisionRefused, match="no shell"):
        game.decide(Inject("true"))
    block.released.set()
    await game.ended()


async def test_another_mode_while_it_runs_lets_the_step_go(tmp_path: Path) -> None:
    long = Played(blocks=True)
    game = await at_the_gate(
        tmp_path, calls(bash("echo a")), calls(submit("x")), sandbox=MemorySandbox({"long": long})
    )
    game.decide(Inject("long"), (1, 1))
    await long.reached.wait()
    game.decide(SetMode("auto"))
    long.release()
    assert (await game.ended()).status == "submitted"
    assert len(game.all(GateOpened)) == 1


async def test_a_command_of_a_held_run_runs_all_the_same(tmp_path: Path) -> None:
    block = Block()
    game = Game(tmp_path, [block, ReplyEnded(calls(bash("echo a")))], calls(submit("x")))
    game.start()
    await block.reached.wait()
    game.decide(Pause())
    game.decide(Inject("echo queued"))
    block.released.set()
    assert (await game.next(GateOpened)).because == "paused"
    assert game.sandbox.ran == ["echo queued"]
    game.decide(End())
    await game.ended()


class Keeping(MemorySandbox):
    """A computer that can be kept."""

    can_checkpoint = True

    async def checkpoint(self, address: StepAddress) -> CheckpointTaken:
        """Pretend to keep it."""
        return CheckpointTaken(address=address, entries=1, bytes_new=0, took_s=0.0)

    async def restore(self, manifest: Manifest) -> Restored:
        """Pretend to bring it back."""
        return Restored(written=0, deleted=0, took_s=0.0)


async def test_the_sandbox_is_kept_after_it(tmp_path: Path) -> None:
    game = await at_the_gate(tmp_path, calls(bash("echo a")), calls(submit("x")), sandbox=Keeping())
    game.decide(Inject("true"), (1, 1))
    await game.next(GateOpened)
    await finish(game)
    await asyncio.sleep(0)
    assert StepAddress(1, 0, 1) in [taken.address for taken in game.all(CheckpointTaken)]
