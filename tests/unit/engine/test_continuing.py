"""A reply that was cut off: asked for anew, or gone on with from what a person makes of its beginning."""

from pathlib import Path

import pytest

from lis_tui.core.conversation import begun_in_turn
from lis_tui.core.decisions import (
    Approve,
    ContinueFrom,
    Decision,
    Inject,
    Interrupt,
    Pause,
    Resume,
    SetMode,
)
from lis_tui.core.errors import DecisionRefused
from lis_tui.core.events import (
    GateOpened,
    ModelAsked,
    ReasoningArrived,
    ReplyCutOff,
    ReplyFinished,
    RunEnded,
    StepAddress,
    TextArrived,
)
from lis_tui.core.messages import (
    AssistantMessage,
    Piece,
    ReasoningPiece,
    Reply,
    ReplyEnded,
    RetryPiece,
    TextPiece,
)
from lis_tui.core.view import RunView
from lis_tui.engine.continuing import Continuation
from tests.fakes import Block, Turn, bash, calls, says, submit
from tests.playing import Game, make_spec

BEGUN = "I will look at the data"


async def cut(tmp_path: Path, *turns: Turn, begun: str = BEGUN, is_plain: bool = False) -> Game:
    """Cut the first reply after its beginning; the run holds before it asks again."""
    block = Block()
    first: list[Piece | Block | Exception] = [ReasoningPiece("Hm."), TextPiece(begun), block]
    spec = make_spec(tool_style="none") if is_plain else make_spec()
    game = Game(tmp_path, first, *turns, spec=spec)
    game.start()
    await block.reached.wait()
    game.decide(Pause())
    game.decide(Interrupt())
    await game.next(GateOpened)
    return game


async def finish(game: Game, decision: Decision | None = None) -> RunEnded:
    """Let everything else go, and look at what is left behind."""
    if decision is not None:
        game.decide(decision, (2, 0))
    game.decide(Resume())
    ended = await game.ended()
    await game.run.close()
    game.check_history()
    return ended


async def test_the_second_pause_closes_the_stream_and_keeps_what_came(tmp_path: Path) -> None:
    game = await cut(tmp_path, calls(submit("x")))
    assert game.model.closed_streams == 1
    off = game.all(ReplyCutOff)[0]
    assert (off.reasoning, off.text) == ("Hm.", BEGUN)
    opened = game.all(GateOpened)[0]
    assert (opened.address, opened.gate, opened.because) == (StepAddress(2), "before_model", "paused")
    await finish(game)


async def test_approved_it_is_asked_anew_and_the_part_is_dropped(tmp_path: Path) -> None:
    game = await cut(tmp_path, calls(submit("x"), text="Else."))
    await finish(game, Approve())
    assert game.model.asked[1].begun is None
    assert game.model.asked[1].messages == game.model.asked[0].messages
    assert game.all(ReplyFinished)[0].reply.text == "Else."


async def test_continued_it_goes_on_from_what_a_person_made_of_it(tmp_path: Path) -> None:
    rest = calls(submit("x"), text=" first.")
    game = await cut(tmp_path, rest)
    await finish(game, ContinueFrom("I will look at one file  \n", "Hm."))
    assert game.model.asked[1].begun == AssistantMessage("I will look at one file", "Hm.")
    assert game.model.asked[1].messages == game.model.asked[0].messages
    reply = game.all(ReplyFinished)[0].reply
    assert (reply.text, reply.reasoning) == ("I will look at one file first.", "Hm.")
    assert [one.name for one in reply.calls] == ["submit"]
    arrived = "".join(one.text for one in game.fragments(TextArrived) if one.turn == 2)
    assert arrived == "I will look at one file first."
    thought = "".join(one.text for one in game.fragments(ReasoningArrived) if one.turn == 2)
    assert thought == "Hm."
    assert game.all(ReplyCutOff)[0].text == BEGUN
    assert begun_in_turn(game.keeper.records, 2) == AssistantMessage("I will look at one file", "Hm.")
    assert begun_in_turn(game.keeper.records, 1) is None


@pytest.mark.parametrize("size", [1, 7, 1000])
async def test_a_server_that_repeats_the_beginning_is_not_heard_twice(tmp_path: Path, size: int) -> None:
    whole = f"{BEGUN}, all of it."
    pieces: list[Piece | Block | Exception] = [
        TextPiece(whole[start : start + size]) for start in range(0, len(whole), size)
    ]
    game = await cut(tmp_path, [*pieces, ReplyEnded(calls(submit("x"), text=whole))])
    await finish(game, ContinueFrom(BEGUN))
    assert game.all(ReplyFinished)[0].reply.text == whole
    assert "".join(one.text for one in game.fragments(TextArrived) if one.turn == 2) == whole


async def test_what_only_begins_like_a_repetition_is_heard(tmp_path: Path) -> None:
    rest = "I will look at the map"
    game = await cut(
        tmp_path, [TextPiece(rest[:9]), TextPiece(rest[9:]), ReplyEnded(calls(submit("x"), text=rest))]
    )
    await finish(game, ContinueFrom(BEGUN))
    assert game.all(ReplyFinished)[0].reply.text == BEGUN + rest


def test_what_is_held_back_comes_at_the_end() -> None:
    continuation = Continuation(BEGUN)
    assert continuation.take(BEGUN[:5]) == ""
    assert continuation.rest() == BEGUN[:5]
    short = Continuation("1, ")
    assert short.take("1, ") == "1, "


async def test_a_retry_goes_on_from_the_beginning_again(tmp_path: Path) -> None:
    retry = RetryPiece(attempt=2, max_attempts=3, wait_s=0.0, reason="429")
    game = await cut(
        tmp_path,
        [TextPiece(" wrong"), retry, TextPiece(" right"), ReplyEnded(calls(submit("x"), text=" right"))],
    )
    live = RunView()
    listener = game.bus.listen()
    await finish(game, ContinueFrom(BEGUN))
    game.bus.leave(listener)
    async for record in listener:
        live.apply(record)
    assert str(live.turns[2].text) == f"{BEGUN} right"
    assert game.all(ReplyFinished)[0].reply.text == f"{BEGUN} right"


async def test_cut_again_it_keeps_all_that_was_said(tmp_path: Path) -> None:
    block = Block()
    game = await cut(tmp_path, [TextPiece(" and"), block], calls(submit("x"), text=" more"))
    game.decide(ContinueFrom(BEGUN), (2, 0))
    await block.reached.wait()
    game.decide(Interrupt())
    again = await game.next(GateOpened)
    assert again.address == StepAddress(3)
    assert game.all(ReplyCutOff)[1].text == f"{BEGUN} and"
    game.decide(ContinueFrom(game.all(ReplyCutOff)[1].text), (3, 0))
    await finish(game)
    assert game.all(ReplyFinished)[0].reply.text == f"{BEGUN} and more"


async def test_a_model_that_cannot_says_why_and_the_gate_waits_on(tmp_path: Path) -> None:
    game = await cut(tmp_path, calls(submit("x")))
    game.model.cannot = "This model cannot."
    with pytest.raises(DecisionRefused, match=r"This model cannot\."):
        game.decide(ContinueFrom(BEGUN), (2, 0))
    with pytest.raises(DecisionRefused, match="nothing to go on from"):
        game.decide(ContinueFrom("  "), (2, 0))
    assert len(game.all(ModelAsked)) == 1
    await finish(game)


async def test_only_a_reply_that_was_cut_off_can_be_continued(tmp_path: Path) -> None:
    game = Game(tmp_path, calls(bash("true")), calls(submit("x")), spec=make_spec(mode="step"))
    game.start()
    await game.next(GateOpened)
    with pytest.raises(DecisionRefused, match="No reply was cut off"):
        game.decide(ContinueFrom(BEGUN), (1, 0))
    game.decide(Approve(), (1, 0))
    await game.next(GateOpened)
    with pytest.raises(DecisionRefused, match="reply is whole"):
        game.decide(ContinueFrom(BEGUN), (1, 1))
    game.decide(SetMode("auto"))
    await game.ended()


async def test_a_command_may_be_put_in_before_it_goes_on(tmp_path: Path) -> None:
    game = await cut(tmp_path, calls(submit("x"), text=" now"))
    game.decide(Inject("echo look"), (2, 0))
    await game.next(GateOpened)
    await finish(game, ContinueFrom(BEGUN))
    assert "$ echo look\nlook" in game.model.asked[1].messages[-1].text
    assert game.all(ReplyFinished)[0].reply.text == f"{BEGUN} now"


async def test_a_plain_answer_can_be_continued_too(tmp_path: Path) -> None:
    game = await cut(tmp_path, says(" is 4"), begun="The answer", is_plain=True)
    assert (await finish(game, ContinueFrom("The answer"))).answer == "The answer is 4"


async def test_an_unstreamed_reply_is_joined_as_well(tmp_path: Path) -> None:
    whole = Reply(text="first.", reasoning="And so.", calls=(submit("x"),))
    game = await cut(tmp_path, [ReplyEnded(whole)])
    await finish(game, ContinueFrom(f"{BEGUN}: ", "Hm."))
    reply = game.all(ReplyFinished)[0].reply
    assert (reply.text, reply.reasoning) == (f"{BEGUN}:first.", "Hm.\nAnd so.")
