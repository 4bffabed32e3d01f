"""Limits: each ends a run with a status and a sentence of its own."""

from pathlib import Path

import pytest

from lis_tui.core.decisions import SetLimits
from lis_tui.core.events import EndStatus, ReplyCutOff
from lis_tui.core.messages import Reply, ReplyEnded, TextPiece, Usage
from lis_tui.core.spec import Limits
from lis_tui.engine.limits import Spent, Stopwatch, reached, turn_note
from tests.fakes import Block, FakeClock, MemorySandbox, Played, bash, calls, submit
from tests.playing import Game, make_spec


@pytest.mark.parametrize(
    ("limits", "spent", "seconds", "status"),
    [
        (Limits(max_turns=2), Spent(turns=2), 0, "turn_limit"),
        (Limits(max_turns=2), Spent(turns=1), 0, None),
        (Limits(max_tokens=100), Spent(tokens=100), 0, "token_limit"),
        (Limits(max_tokens=100), Spent(tokens=99), 0, None),
        (Limits(max_cost_usd=0.5), Spent(cost_usd=0.5), 0, "cost_limit"),
        (Limits(max_cost_usd=None), Spent(cost_usd=1e9), 0, None),
        (Limits(timeout_s=10), Spent(), 10, "time_limit"),
        (Limits(timeout_s=10), Spent(), 9.9, None),
        (Limits(), Spent(), 1e9, None),
    ],
)
def test_a_limit_counts_from_its_very_value_on(
    limits: Limits, spent: Spent, seconds: float, status: EndStatus | None
) -> None:
    ending = reached(limits, spent, seconds)
    assert (ending.status if ending else None) == status
    assert ending is None or ending.reason.endswith(".")


def test_a_stopwatch_counts_only_while_it_runs() -> None:
    clock = FakeClock()
    watch = Stopwatch(clock)
    clock.forward(5)
    assert watch.seconds == 0
    watch.start()
    clock.forward(5)
    watch.stop()
    clock.forward(5)
    watch.start()
    watch.start()
    clock.forward(1)
    assert watch.seconds == 6


def test_few_turns_left_are_a_warning() -> None:
    assert turn_note(3, Limits(max_turns=100), Spent(turns=3)) == "[turn 3 of 100: 97 left]"
    assert "submit" in turn_note(96, Limits(max_turns=100), Spent(turns=96))
    assert "No turn is left" in turn_note(100, Limits(max_turns=100), Spent(turns=100))


def spending(**usage: float) -> Reply:
    """Give a reply with a call and this usage."""
    return Reply(calls=(bash("true"),), usage=Usage(**usage))  # type: ignore[arg-type]  # numbers as given


async def test_turns_end_a_run_after_their_calls_were_answered(tmp_path: Path) -> None:
    game = Game(tmp_path, calls(bash("true")), spec=make_spec(limits=Limits(max_turns=1)))
    ended = await game.play()
    assert (ended.status, ended.exit_code) == ("turn_limit", 3)
    assert ended.reason == "The limit of 1 turn is reached."
    assert game.sandbox.ran == ["true"]
    game.check_history()


async def test_tokens_of_prompt_and_reply_count_together(tmp_path: Path) -> None:
    reply = spending(prompt_tokens=30, completion_tokens=20)
    game = Game(tmp_path, reply, reply, spec=make_spec(limits=Limits(max_tokens=100)))
    ended = await game.play()
    assert (ended.status, ended.reason) == ("token_limit", "100 tokens were used; the limit is 100.")


async def test_cost_ends_a_run(tmp_path: Path) -> None:
    reply = spending(prompt_tokens=1, completion_tokens=1, cost_usd=0.3)
    game = Game(tmp_path, reply, reply, spec=make_spec(limits=Limits(max_cost_usd=0.5)))
    ended = await game.play()
    assert (ended.status, ended.exit_code) == ("cost_limit", 3)
    assert "$0.6000 was spent" in ended.reason


async def test_a_command_gets_no_more_time_than_the_run_has(tmp_path: Path) -> None:
    game = Game(
        tmp_path, calls(bash("true")), calls(submit("x")), spec=make_spec(limits=Limits(timeout_s=30))
    )
    await game.play()
    assert game.sandbox.timeouts == [30]


async def test_seconds_end_a_run_between_turns(tmp_path: Path) -> None:
    played = Played(blocks=True)
    sandbox = MemorySandbox({"long": played})
    game = Game(tmp_path, calls(bash("long")), sandbox=sandbox, spec=make_spec(limits=Limits(timeout_s=30)))
    game.start()
    await played.reached.wait()
    game.clock.forward(30)
    played.release()
    ended = await game.ended()
    assert (ended.status, ended.reason) == ("time_limit", "The limit of 30 seconds is reached.")


async def test_seconds_cut_a_reply_that_takes_too_long(tmp_path: Path) -> None:
    game = Game(tmp_path, [TextPiece("so"), block := Block()])
    game.start()
    await block.reached.wait()
    game.decide(SetLimits(Limits(timeout_s=0.0)))
    ended = await game.ended()
    assert ended.status == "time_limit"
    assert game.all(ReplyCutOff)[0].text == "so"
    assert game.model.closed_streams == 1


async def test_a_limit_that_is_lifted_in_time_ends_nothing(tmp_path: Path) -> None:
    spec = make_spec(limits=Limits(timeout_s=3600))
    game = Game(tmp_path, [block := Block(), ReplyEnded(calls(submit("x")))], spec=spec)
    game.start()
    await block.reached.wait()
    game.decide(SetLimits(Limits(timeout_s=None)))
    game.clock.forward(5000)
    block.released.set()
    assert (await game.ended()).status == "submitted"
