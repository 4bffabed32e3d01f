"""What a person does to the command that runs, and beside it: signals, time, background, own shell."""

from pathlib import Path

import pytest

from lis_tui.core.decisions import (
    End,
    Interrupt,
    RunOwn,
    SetLimits,
    SetTimeout,
    ShareOwn,
    StopOwn,
    ToBackground,
    Withdraw,
)
from lis_tui.core.errors import DecisionRefused, ShellLost
from lis_tui.core.events import (
    CheckpointTaken,
    InterruptSent,
    JobEnded,
    MessageSent,
    MessageWithdrawn,
    OutputArrived,
    OwnCommandRan,
    OwnOutputArrived,
    RestoreProgressed,
    RunContinued,
    SandboxStarted,
    SandboxStopped,
    SentToBackground,
    StepAddress,
    TimeoutChanged,
)
from lis_tui.core.messages import ReplyEnded, UserMessage
from lis_tui.core.ports import OnProgress, Sandbox
from lis_tui.core.spec import Limits
from lis_tui.core.view import RunView
from lis_tui.engine.past import Past
from tests.fakes import Block, MemorySandbox, Played, Turn, bash, calls, submit
from tests.playing import Game

FIRST = StepAddress(1, 1)


async def running(tmp_path: Path, played: Played, *more: Turn, **others: Played) -> Game:
    """Play until a long command runs."""
    sandbox = MemorySandbox({"long": played, **others})
    game = Game(tmp_path, calls(bash("long", "1")), *more, sandbox=sandbox)
    game.start()
    await played.reached.wait()
    return game


def told(game: Game, turn: int) -> list[str]:
    """Give what the user said to the model in a request."""
    return [one.text for one in game.model.asked[turn - 1].messages[2:] if isinstance(one, UserMessage)]


# ---- an interrupt


async def test_each_harder_signal_of_an_interrupt_is_told(tmp_path: Path) -> None:
    game = await running(tmp_path, Played(blocks=True), calls(submit("x")))
    game.sandbox.signals = ("INT", "TERM", "KILL")
    game.decide(Interrupt(), (1, 1))
    await game.ended()
    assert [one.signal for one in game.all(InterruptSent)] == ["INT", "TERM", "KILL"]
    assert {one.address for one in game.all(InterruptSent)} == {FIRST}


async def test_a_second_interrupt_sends_no_second_int(tmp_path: Path) -> None:
    game = await running(tmp_path, Played(blocks=True), calls(submit("x")))
    game.decide(Interrupt(), (1, 1))
    game.decide(Interrupt(), (1, 1))
    await game.ended()
    assert [one.signal for one in game.all(InterruptSent)] == ["INT", ""]


# ---- another time limit


async def test_another_time_limit_counts_at_once(tmp_path: Path) -> None:
    played = Played(blocks=True)
    game = await running(tmp_path, played, calls(submit("x")))
    game.decide(SetTimeout(7.5), (1, 1))
    assert game.sandbox.timeouts == [7.5]
    assert game.all(TimeoutChanged) == [TimeoutChanged(FIRST, 7.5)]
    played.release()
    await game.ended()


async def test_a_time_limit_without_sense_is_refused(tmp_path: Path) -> None:
    played = Played(blocks=True)
    game = await running(tmp_path, played, calls(submit("x")))
    with pytest.raises(DecisionRefused, match="more than 0"):
        game.decide(SetTimeout(0), (1, 1))
    with pytest.raises(DecisionRefused, match=r"Step 1\.2 is over"):
        game.decide(SetTimeout(5), (1, 2))
    game.decide(SetLimits(Limits(max_cost_usd=None, timeout_s=20)))
    game.clock.forward(5)
    game.decide(SetTimeout(20), (1, 1))
    with pytest.raises(DecisionRefused, match="The run itself ends in 15 seconds"):
        game.decide(SetTimeout(21), (1, 1))
    played.release()
    await game.ended()
    with pytest.raises(DecisionRefused):
        game.decide(SetTimeout(5), (1, 1))


# ---- the background


async def test_a_command_goes_on_in_the_background_while_the_model_goes_on(tmp_path: Path) -> None:
    played, block = Played([b"so far\n"], blocks=True), Block()
    thinking: Turn = [block, ReplyEnded(calls(bash("echo b", "2")))]
    game = await running(tmp_path, played, thinking, calls(submit("x")))
    game.clock.forward(4)
    game.decide(ToBackground(), (1, 1))
    await block.reached.wait()
    seen = game.observation(1, 1)
    assert (seen.status, seen.ended_by, seen.exit_code) == ("background", "background", None)
    assert seen.text.startswith("so far\n[after 0 s the user let the command go on in the background")
    assert "/outputs/1.1.txt" in seen.text
    assert game.all(SentToBackground) == [SentToBackground(FIRST)]
    played.prints(b"later\n")
    assert game.fragments(OutputArrived)[-1] == OutputArrived(FIRST, b"later\n")
    game.clock.forward(5)
    played.end_job(3)
    ended = await game.next(JobEnded)
    assert ended == JobEnded(address=FIRST, exit_code=3, output_bytes=13, duration_s=9.0)
    assert (tmp_path / "1.1.txt").read_bytes() == b"so far\nlater\n"
    block.released.set()
    await game.ended()
    assert told(game, 2) == []
    assert told(game, 3) == [
        "[The command of step 1.1 that went on in the background ended with exit code 3 after 9 s. "
        "Its output: /outputs/1.1.txt]"
    ]
    assert [one.origin for one in game.all(MessageSent)] == ["nudge"]
    assert RunView().apply_all(game.keeper.records).steps[0].job == "ended"
    game.check_history()


async def test_an_interrupt_at_a_job_s_address_stops_the_job_alone(tmp_path: Path) -> None:
    played, second = Played(blocks=True), Played(blocks=True)
    game = await running(tmp_path, played, calls(bash("second", "2")), calls(submit("x")), second=second)
    game.decide(ToBackground(), (1, 1))
    await second.reached.wait()
    game.decide(Interrupt(), (1, 1))
    assert (await game.next(JobEnded)).exit_code == 130
    assert game.sandbox.interrupts == 0
    second.release()
    await game.ended()
    assert "was stopped by the user" in told(game, 3)[0]
    with pytest.raises(DecisionRefused):
        game.decide(Interrupt(), (1, 1))
    game.check_history()


async def test_a_job_ends_with_the_sandbox_and_before_it(tmp_path: Path) -> None:
    game = await running(tmp_path, Played(blocks=True), calls(submit("x")))
    game.decide(ToBackground(), (1, 1))
    await game.ended()
    with pytest.raises(DecisionRefused, match="The run is over"):
        game.decide(Interrupt(), (2, 1))
    assert game.all(JobEnded) == []
    await game.run.close()
    kinds = game.kinds()
    assert kinds.index("JobEnded") < kinds.index("SandboxStopped")
    assert [one.exit_code for one in game.all(JobEnded)] == [None]
    assert "NoticeGiven" not in kinds[kinds.index("JobEnded") :]


async def test_a_job_of_a_process_that_is_gone_is_lost_and_the_model_is_told(tmp_path: Path) -> None:
    block = Block()
    game = await running(tmp_path, Played(blocks=True), [block])
    game.decide(ToBackground(), (1, 1))
    await block.reached.wait()
    records = tuple(game.keeper.records)
    game.cancel()
    past = Past(records=records, opening=RunContinued("taken up"))
    again = Game(tmp_path, calls(submit("x")), past=past)
    assert (await again.play()).status == "submitted"
    assert again.all(JobEnded) == [JobEnded(address=FIRST)]
    text = "[The command of step 1.1 that went on in the background does not run any more.]"
    assert [(one.text, one.origin) for one in again.all(MessageSent)] == [(text, "nudge")]


async def test_a_job_can_be_stopped_after_the_end_too(tmp_path: Path) -> None:
    game = await running(tmp_path, Played(blocks=True), calls(submit("x")))
    game.decide(ToBackground(), (1, 1))
    await game.ended()
    game.decide(Interrupt(), (1, 1))
    assert (await game.next(JobEnded)).exit_code == 130


async def test_what_is_no_running_command_goes_nowhere(tmp_path: Path) -> None:
    played = Played(blocks=True)
    game = await running(tmp_path, played, calls(submit("x")))
    game.decide(Interrupt(), (1, 1))
    with pytest.raises(DecisionRefused, match="being stopped"):
        game.decide(ToBackground(), (1, 1))
    await game.ended()
    with pytest.raises(DecisionRefused):
        game.decide(ToBackground())
    assert game.all(SentToBackground) == []


async def test_an_end_with_a_job_running_is_clean(tmp_path: Path) -> None:
    block = Block()
    game = await running(tmp_path, Played(blocks=True), [block])
    game.decide(ToBackground(), (1, 1))
    await block.reached.wait()
    game.decide(End("enough"))
    assert (await game.ended()).status == "ended_by_person"
    await game.run.close()
    assert game.all(MessageSent) == []
    game.check_history()


# ---- the person's own shell


async def test_an_own_command_runs_beside_the_model_s_and_the_model_sees_nothing(tmp_path: Path) -> None:
    played = Played(blocks=True)
    game = await running(tmp_path, played, calls(submit("x")))
    game.decide(RunOwn("echo mine"))
    ran = await game.next(OwnCommandRan)
    assert (ran.number, ran.command, ran.output, ran.exit_code) == (1, "echo mine", "mine\n", 0)
    assert (ran.cwd, ran.is_cut, ran.at) == ("/testbed", False, None)
    shown = game.fragments(OwnOutputArrived)
    assert shown == [OwnOutputArrived(1, b"", "echo mine"), OwnOutputArrived(1, b"mine\n")]
    game.decide(RunOwn("false"))
    assert (await game.next(OwnCommandRan)).number == 2
    played.release()
    await game.ended()
    assert game.sandbox.ran == ["long"]
    assert "mine" not in str(game.model.asked[1].messages)
    game.check_history()


async def test_what_a_person_shares_reaches_the_model_before_its_next_turn(tmp_path: Path) -> None:
    played = Played(blocks=True)
    game = await running(tmp_path, played, calls(submit("x")))
    with pytest.raises(DecisionRefused, match="no such command"):
        game.decide(ShareOwn(1))
    game.decide(RunOwn("false"))
    await game.next(OwnCommandRan)
    game.decide(ShareOwn(1))
    with pytest.raises(DecisionRefused, match="already"):
        game.decide(ShareOwn(1))
    played.release()
    await game.ended()
    text = "The user ran a command in /testbed, in a shell of their own in your sandbox:\n$ false\n\n"
    text += "[exit code 1]"
    assert game.all(MessageSent) == [MessageSent(turn=2, text=text, origin="command")]
    assert RunView().apply_all(game.keeper.records).queued == []
    game.check_history()


async def test_what_was_shared_can_be_taken_back(tmp_path: Path) -> None:
    played = Played(blocks=True)
    game = await running(tmp_path, played, calls(submit("x")))
    game.decide(RunOwn("echo mine"))
    await game.next(OwnCommandRan)
    game.decide(ShareOwn(1))
    game.decide(Withdraw(RunView().apply_all(game.keeper.records).queued[0]))
    played.release()
    await game.ended()
    assert (len(game.all(MessageWithdrawn)), game.all(MessageSent)) == (1, [])


async def test_one_own_command_runs_at_a_time_and_can_be_stopped(tmp_path: Path) -> None:
    played, mine = Played(blocks=True), Played([b"up"], blocks=True)
    game = await running(tmp_path, played, calls(submit("x")), mine=mine)
    with pytest.raises(DecisionRefused, match="No command of yours"):
        game.decide(StopOwn())
    game.decide(RunOwn("mine"))
    await mine.reached.wait()
    with pytest.raises(DecisionRefused, match="still runs"):
        game.decide(RunOwn("echo b"))
    game.decide(StopOwn())
    ran = await game.next(OwnCommandRan)
    assert (ran.output, ran.exit_code, game.sandbox.interrupts) == ("up", 130, 0)
    played.release()
    await game.ended()


async def test_a_long_own_output_is_cut_in_its_middle(tmp_path: Path) -> None:
    played = Played(blocks=True)
    long = Played([b"begin" + b"x" * 200_000 + b"\xffend"])
    game = await running(tmp_path, played, calls(submit("x")), mine=long)
    game.decide(RunOwn("mine"))
    ran = await game.next(OwnCommandRan)
    assert ran.is_cut
    assert ran.output.startswith("begin")
    assert ran.output.endswith("�end")
    assert len(ran.output) < 66_000
    played.release()
    await game.ended()


async def test_an_own_command_can_run_after_the_end_as_long_as_the_sandbox_is_there(tmp_path: Path) -> None:
    game = Game(tmp_path, calls(bash("true", "1")), calls(submit("x")))
    game.start()
    await game.next(SandboxStarted)
    with pytest.raises(DecisionRefused, match="no command"):
        game.decide(RunOwn("  "))
    await game.ended()
    game.decide(RunOwn("echo mine"))
    assert (await game.next(OwnCommandRan)).output == "mine\n"
    await game.run.close()
    with pytest.raises(DecisionRefused, match="not up"):
        game.decide(RunOwn("echo mine"))


class MemoryCopies:
    """Copies that are sandboxes in memory."""

    def __init__(self, sandbox: MemorySandbox) -> None:
        self.sandbox = sandbox
        self.asked: list[StepAddress] = []
        self.closes = 0

    async def at(self, address: StepAddress, on_progress: OnProgress) -> Sandbox:
        self.asked.append(address)
        await self.sandbox.start()
        on_progress(1, 2)
        return self.sandbox

    async def close(self) -> None:
        self.closes += 1


async def test_at_a_past_step_an_own_command_runs_in_a_copy(tmp_path: Path) -> None:
    played, mine = Played(blocks=True), Played([b"then\n"], blocks=True)
    copies = MemoryCopies(MemorySandbox({"mine": mine}))
    sandbox = MemorySandbox({"long": played})
    game = Game(tmp_path, calls(bash("long", "1")), calls(submit("x")), sandbox=sandbox, copies=copies)
    game.start()
    await played.reached.wait()
    with pytest.raises(DecisionRefused, match=r"No checkpoint was kept at 1\.1"):
        game.decide(RunOwn("mine"), (1, 1))
    game.bus.publish(CheckpointTaken(address=FIRST, entries=0, bytes_new=0, took_s=0))
    game.decide(RunOwn("mine"), (1, 1))
    await mine.reached.wait()
    game.decide(StopOwn())
    ran = await game.next(OwnCommandRan)
    assert (ran.output, ran.exit_code, ran.at) == ("then\n", 130, FIRST)
    assert game.fragments(RestoreProgressed) == [RestoreProgressed(1, 2), RestoreProgressed(0, 0)]
    assert (copies.asked, sandbox.ran_own) == ([FIRST], [])
    played.release()
    await game.ended()
    await game.run.close()
    assert copies.closes == 1


async def test_a_copy_that_fails_is_said_and_made_anew(tmp_path: Path) -> None:
    played, mine = Played(blocks=True), Played(raises=ShellLost("The copy is gone."))
    copies = MemoryCopies(MemorySandbox({"mine": mine}))
    sandbox = MemorySandbox({"long": played})
    game = Game(tmp_path, calls(bash("long", "1")), calls(submit("x")), sandbox=sandbox, copies=copies)
    game.start()
    await played.reached.wait()
    game.bus.publish(CheckpointTaken(address=FIRST, entries=0, bytes_new=0, took_s=0))
    game.decide(RunOwn("mine"), (1, 1))
    assert (await game.next(OwnCommandRan)).output == "The copy is gone.\n"
    assert copies.closes == 1
    played.release()
    assert (await game.ended()).status == "submitted"


async def test_a_sandbox_that_goes_takes_an_own_command_with_it(tmp_path: Path) -> None:
    played, mine = Played(blocks=True), Played([b"up\n"], blocks=True)
    game = await running(tmp_path, played, calls(submit("x")), mine=mine)
    game.decide(RunOwn("mine"))
    await mine.reached.wait()
    played.release()
    await game.ended()
    await game.run.close()
    assert game.all(OwnCommandRan)[0].output == "up\nThe sandbox is gone.\n"
    kinds = game.kinds()
    assert kinds.index("OwnCommandRan") < kinds.index("SandboxStopped")
    assert len(game.all(SandboxStopped)) == 1
