"""What a person may do at any moment: end, interrupt, type, say something, go on after the end."""

import asyncio
from pathlib import Path

import pytest

from lis_tui.core.decisions import (
    Approve,
    CloseInput,
    End,
    FollowUp,
    Interrupt,
    Pause,
    Resume,
    RetryNow,
    SendInput,
    SetLimits,
    SetMode,
    Steer,
)
from lis_tui.core.errors import DecisionRefused, ModelUnreachable
from lis_tui.core.events import (
    GateOpened,
    InputAwaited,
    InputSent,
    InterruptSent,
    LimitsChanged,
    MessageQueued,
    MessageSent,
    ModeChanged,
    OutputArrived,
    ReplyCutOff,
    RunContinued,
    RunEnded,
    SandboxStopped,
    StepAddress,
)
from lis_tui.core.messages import ReplyEnded, TextPiece
from lis_tui.core.spec import Limits
from tests.fakes import Block, MemorySandbox, Played, Turn, bash, calls, says, submit
from tests.playing import Game, make_spec


async def running(tmp_path: Path, played: Played, *more: Turn) -> Game:
    """Play until a long command runs."""
    sandbox = MemorySandbox({"long": played})
    game = Game(tmp_path, calls(bash("long", "1"), bash("echo b", "2")), *more, sandbox=sandbox)
    game.start()
    await played.reached.wait()
    return game


async def speaking(tmp_path: Path, block: Block, *more: Turn) -> Game:
    """Play until the model is in the middle of its reply."""
    pieces: Turn = [TextPiece("half a"), block, ReplyEnded(calls(submit("x")))]
    game = Game(tmp_path, pieces, *more)
    game.start()
    await block.reached.wait()
    return game


# ---- ending


async def test_an_end_in_mid_reply_closes_the_stream_and_keeps_what_came(tmp_path: Path) -> None:
    game = await speaking(tmp_path, Block())
    game.decide(End("enough"))
    ended = await game.ended()
    assert (ended.status, ended.reason, ended.exit_code) == ("ended_by_person", "enough", 4)
    assert game.model.closed_streams == 1
    assert game.all(ReplyCutOff)[0].text == "half a"
    game.check_history()


async def test_an_end_in_mid_command_interrupts_it_and_answers_the_rest(tmp_path: Path) -> None:
    game = await running(tmp_path, Played([b"so far\n"], blocks=True))
    game.decide(End())
    assert (await game.ended()).status == "ended_by_person"
    first = game.observation(1, 1)
    assert (first.status, first.ended_by) == ("interrupted", "person")
    assert "so far" in first.text
    assert game.observation(1, 2).text == "Not run: the run was ended."
    assert game.sandbox.interrupts == 1
    game.check_history()


async def test_an_end_while_the_sandbox_starts_ends_the_run(tmp_path: Path) -> None:
    game = Game(tmp_path)
    game.decide(End("changed my mind"))
    assert (await game.play()).status == "ended_by_person"
    assert game.model.asked == []


async def test_what_is_decided_before_the_first_event_waits_for_it(tmp_path: Path) -> None:
    game = Game(tmp_path, calls(submit("x")))
    game.decide(Pause())
    game.decide(Approve(), (1, 1))
    game.start()
    await game.next(GateOpened)
    assert game.kinds()[:2] == ["RunStarted", "PauseAsked"]
    game.decide(Resume())
    assert (await game.ended()).status == "submitted"


async def test_terminate_ends_the_run_with_a_complete_journal(tmp_path: Path) -> None:
    game = await running(tmp_path, Played(blocks=True))
    await game.run.terminate("SIGTERM")
    ended = await game.ended()
    assert (ended.status, ended.reason, ended.exit_code) == ("terminated", "SIGTERM", 143)
    assert isinstance(game.keeper.events[-1], RunEnded)
    game.check_history()
    await game.run.terminate("again")
    with pytest.raises(DecisionRefused, match="terminated"):
        game.decide(FollowUp("go on"))


async def test_closing_a_run_that_goes_on_ends_it_first(tmp_path: Path) -> None:
    game = await running(tmp_path, Played(blocks=True))
    await game.run.close()
    assert (await game.ended()).status == "terminated"
    assert [type(event) for event in game.keeper.events[-2:]] == [RunEnded, SandboxStopped]
    game.check_history()


async def test_a_cancelled_run_still_writes_its_end(tmp_path: Path) -> None:
    game = await running(tmp_path, Played(blocks=True))
    game.cancel()
    with pytest.raises(asyncio.CancelledError):
        await game.ended()
    assert game.all(RunEnded)[0].status == "terminated"
    assert game.observation(1, 1).status == "interrupted"
    game.check_history()


async def test_an_ended_run_takes_no_more_decisions(tmp_path: Path) -> None:
    game = Game(tmp_path, calls(submit("x")))
    await game.play()
    for decision in (End(), Interrupt(), Resume(), RetryNow()):
        with pytest.raises(DecisionRefused, match="The run is over"):
            game.decide(decision)
    with pytest.raises(DecisionRefused):
        game.decide(Approve(), (1, 1))


# ---- the running command


async def test_an_interrupted_command_does_not_end_the_run(tmp_path: Path) -> None:
    game = await running(tmp_path, Played([b"so far\n"], blocks=True), calls(submit("x")))
    game.decide(Interrupt(), (1, 1))
    assert (await game.ended()).status == "submitted"
    assert game.all(InterruptSent) == [InterruptSent(StepAddress(1, 1), signal="INT")]
    first = game.observation(1, 1)
    assert (first.status, first.exit_code) == ("interrupted", 130)
    assert "[the user interrupted the command]" in first.text
    assert game.sandbox.ran == ["long", "echo b"]


async def test_what_is_typed_reaches_the_command_in_order(tmp_path: Path) -> None:
    played = Played(blocks=True, asks_for_input=True)
    game = await running(tmp_path, played, calls(submit("x")))
    assert game.fragments(InputAwaited) == [InputAwaited(StepAddress(1, 1), True)]
    for number in range(20):
        game.decide(SendInput(b"%d\n" % number), (1, 1))
    game.decide(CloseInput(), (1, 1))
    played.release()
    await game.ended()
    assert game.sandbox.typed == [*(b"%d\n" % number for number in range(20)), None]
    assert [sent.is_end for sent in game.all(InputSent)] == [False] * 20 + [True]


async def test_nothing_can_be_typed_where_nothing_runs(tmp_path: Path) -> None:
    game = Game(tmp_path, calls(bash("true")), spec=make_spec(mode="confirm"))
    game.start()
    await game.next(GateOpened)
    for decision in (SendInput(b"y\n"), CloseInput(), Interrupt()):
        with pytest.raises(DecisionRefused, match="Nothing is running"):
            game.decide(decision, (1, 1))
    game.decide(End())
    await game.ended()


async def test_an_interrupt_for_an_earlier_step_is_refused(tmp_path: Path) -> None:
    game = await running(tmp_path, Played(blocks=True))
    with pytest.raises(DecisionRefused, match="is over"):
        game.decide(Interrupt(), (1, 2))
    game.decide(End())
    await game.ended()


async def test_output_is_shown_while_the_command_runs(tmp_path: Path) -> None:
    game = await running(tmp_path, Played([b"a\n", b"b\n"], blocks=True))
    assert [piece.data for piece in game.fragments(OutputArrived)] == [b"a\n", b"b\n"]
    game.decide(End())
    await game.ended()


async def test_input_ends_by_itself_only_where_nobody_answers(tmp_path: Path) -> None:
    played = Played(blocks=True)
    game = await running(tmp_path, played, calls(submit("x")))
    game.decide(SetMode("confirm"))
    played.release()
    await game.next(GateOpened)
    game.decide(Approve(), (1, 2))
    await game.next(GateOpened)
    game.decide(End())
    await game.ended()
    assert game.sandbox.eof_after == [1.0, None]


# ---- the model


async def test_an_interrupt_in_mid_reply_cuts_it_and_holds_the_run(tmp_path: Path) -> None:
    game = await speaking(tmp_path, Block(), calls(submit("y")))
    game.decide(Interrupt())
    opened = await game.next(GateOpened)
    assert (opened.gate, opened.because, opened.address) == ("before_model", "paused", StepAddress(2))
    assert game.all(ReplyCutOff)[0].text == "half a"
    game.decide(Resume())
    assert (await game.ended()).answer == "y"
    game.check_history()


async def test_retry_now_reaches_a_model_that_waits(tmp_path: Path) -> None:
    game = await speaking(tmp_path, block := Block())
    game.decide(RetryNow())
    assert game.model.retries_hurried == 1
    block.released.set()
    await game.ended()


# ---- messages


async def test_what_a_person_says_reaches_the_model_before_its_next_turn(tmp_path: Path) -> None:
    played = Played(blocks=True)
    game = await running(tmp_path, played, calls(submit("x")))
    game.decide(Steer("Use awk."))
    assert game.all(MessageQueued) == [MessageQueued("Use awk.")]
    assert game.all(MessageSent) == []
    played.release()
    await game.ended()
    assert game.all(MessageSent) == [MessageSent(turn=2, text="Use awk.", origin="person")]
    assert "Use awk." in str(game.model.asked[1].messages[-1])
    game.check_history()


async def test_a_submit_waits_for_what_a_person_said_meanwhile(tmp_path: Path) -> None:
    block = Block()
    game = await speaking(tmp_path, block, calls(submit("y")))
    game.decide(Steer("Wait, also sort it."))
    block.released.set()
    assert (await game.ended()).answer == "y"
    assert "the user has something to say first" in game.observation(1, 1).text
    game.check_history()


async def test_a_message_takes_the_place_of_a_nudge(tmp_path: Path) -> None:
    block = Block()
    game = Game(tmp_path, [block, ReplyEnded(says("Which file?"))], calls(submit("x")))
    game.start()
    await block.reached.wait()
    game.decide(Steer("The first."))
    block.released.set()
    await game.ended()
    assert [sent.origin for sent in game.all(MessageSent)] == ["person"]


async def test_an_empty_message_is_refused(tmp_path: Path) -> None:
    game = await speaking(tmp_path, block := Block())
    with pytest.raises(DecisionRefused, match="nothing to say"):
        game.decide(Steer("  "))
    block.released.set()
    await game.ended()


# ---- after the end


async def test_a_follow_up_continues_the_same_run_in_the_same_sandbox(tmp_path: Path) -> None:
    game = Game(tmp_path, calls(submit("x")), calls(bash("true")), calls(submit("y")))
    await game.run.play()
    assert not game.run.wants_to_go_on
    game.decide(FollowUp("And now in French."))
    assert game.run.wants_to_go_on
    ended = await game.run.go_on()
    assert ended.answer == "y"
    assert not game.run.wants_to_go_on
    assert game.sandbox.starts == 1
    assert game.all(RunContinued) == [RunContinued("follow-up")]
    assert game.all(MessageSent)[0].origin == "follow_up"
    assert [event.status for event in game.all(RunEnded)] == ["submitted", "submitted"]
    game.check_history()
    await game.run.close()


async def test_a_plain_run_answers_a_follow_up_with_another_reply(tmp_path: Path) -> None:
    game = Game(tmp_path, says("42"), says("quarante-deux"), spec=make_spec(tool_style="none"))
    await game.run.play()
    game.decide(FollowUp("In French?"))
    assert (await game.run.go_on()).answer == "quarante-deux"
    assert game.sandbox.starts == 0
    game.check_history()


async def test_a_follow_up_after_a_cut_reply_keeps_the_history_valid(tmp_path: Path) -> None:
    game = await running(tmp_path, Played(blocks=True), calls(submit("x")))
    game.decide(End())
    await game.ended()
    game.decide(Steer("Go on after all."))
    await game.run.go_on()
    game.check_history()


async def test_a_raised_limit_continues_the_run(tmp_path: Path) -> None:
    spec = make_spec(limits=Limits(max_turns=1))
    game = Game(tmp_path, calls(bash("true")), calls(submit("x")), spec=spec)
    assert (await game.run.play()).status == "turn_limit"
    with pytest.raises(DecisionRefused, match="not enough"):
        game.decide(SetLimits(Limits(max_turns=1)))
    with pytest.raises(DecisionRefused, match="Raise the limit first"):
        game.decide(FollowUp("more"))
    game.decide(SetLimits(Limits(max_turns=5)))
    assert (await game.run.go_on()).status == "submitted"
    assert game.all(LimitsChanged) == [LimitsChanged(Limits(max_turns=5))]
    assert game.all(MessageSent)[0].origin == "limits"
    assert "4 turns are left" in game.all(MessageSent)[0].text
    game.check_history()


async def test_other_limits_and_modes_after_a_submit_do_not_start_it_again(tmp_path: Path) -> None:
    game = Game(tmp_path, calls(submit("x")))
    await game.play()
    game.decide(SetLimits(Limits(max_turns=500)))
    game.decide(SetMode("confirm"))
    assert not game.run.wants_to_go_on
    assert game.all(ModeChanged) == [ModeChanged("confirm")]


async def test_a_run_whose_model_failed_can_ask_again(tmp_path: Path) -> None:
    spec = make_spec(is_headless=True)
    game = Game(tmp_path, ModelUnreachable("No connection."), calls(submit("x")), spec=spec)
    assert (await game.run.play()).status == "model_failed"
    game.decide(RetryNow())
    assert game.run.wants_to_go_on
    assert (await game.run.go_on()).status == "submitted"
    game.check_history()
