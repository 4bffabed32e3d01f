"""A run that begins in its middle: forked, rewound or taken up, on fakes."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from lis_tui.core.decisions import Approve, Pause, Resume, Steer
from lis_tui.core.errors import DecisionRefused, ImageMissing
from lis_tui.core.events import (
    DecisionMade,
    Event,
    GateOpened,
    LimitsChanged,
    MessageSent,
    ModelAsked,
    PauseAsked,
    Record,
    ReplyCutOff,
    RunContinued,
    RunForked,
    StepAddress,
    StepFinished,
    StepProposed,
    StepStarted,
)
from lis_tui.core.ports import Restored
from lis_tui.core.spec import GateSpec, Limits
from lis_tui.engine.past import Past, last_turn, seconds_of, silent_replies
from lis_tui.trajectory.forking import Point, facts_up_to
from tests.fakes import Block, MemorySandbox, Played, bash, calls, says, submit
from tests.playing import Game, make_spec

FORKED = RunForked(parent="game-1", point=StepAddress(1, 1))


def up_to(records: Sequence[Record], turn: int, step: int, *, is_before: bool = False) -> tuple[Record, ...]:
    """The records of a run that a fork begins with."""
    found = facts_up_to(records, Point(StepAddress(turn, step), is_before))
    return (records[0], *(Record(n, one.at, one.event) for n, one in enumerate(found, start=2)))


async def played(folder: Path) -> Game:
    """Three calls in one turn, then the end."""
    game = Game(
        folder,
        calls(bash("echo a", "a"), bash("echo b", "b"), bash("echo c", "c")),
        calls(submit("x")),
    )
    await game.play()
    return game


async def test_what_of_the_last_reply_is_not_answered_comes_first(tmp_path: Path) -> None:
    parent = await played(tmp_path)
    past = Past(records=up_to(parent.keeper.records, 1, 1), opening=FORKED)
    child = Game(tmp_path, calls(submit("y")), past=past)
    assert (await child.play()).answer == "y"
    assert child.sandbox.ran == ["echo b", "echo c"]
    assert [one.call_id for one in child.all(StepFinished)] == ["a", "b", "c", "done"]
    assert [one.turn for one in child.all(ModelAsked)] == [1, 2]
    assert child.model.asked[0].messages == parent.model.asked[1].messages
    assert len(child.all(RunForked)) == 1


async def test_a_step_can_run_something_else_than_what_was_proposed(tmp_path: Path) -> None:
    parent = await played(tmp_path)
    past = Past(
        records=up_to(parent.keeper.records, 1, 2, is_before=True),
        opening=FORKED,
        arguments='{"command":"echo other"}',
    )
    child = Game(tmp_path, calls(submit("y")), past=past)
    await child.play()
    assert child.sandbox.ran == ["echo other", "echo c"]
    started = child.all(StepStarted)[1]
    assert (started.changed_by, started.arguments) == ("person", '{"command":"echo other"}')
    assert [one.call.arguments for one in child.all(StepProposed)][1] == bash("echo b").arguments
    assert child.all(DecisionMade)[0].by == "person"


async def test_turns_tokens_and_ids_of_before_count(tmp_path: Path) -> None:
    parent = await played(tmp_path)
    past = Past(records=up_to(parent.keeper.records, 1, 3), opening=FORKED)
    child = Game(tmp_path, calls(bash("echo d", "a")), past=past, spec=make_spec(limits=Limits(max_turns=2)))
    ended = await child.play()
    assert ended.status == "turn_limit"
    assert child.all(StepFinished)[-1].call_id == "call_2_1"
    assert child.observation(2, 1).text.endswith("[turn 2 of 2: 0 left] No turn is left.")


async def test_changes_and_a_message_come_after_the_opening(tmp_path: Path) -> None:
    parent = await played(tmp_path)
    limits = Limits(max_turns=7, max_cost_usd=None)
    past = Past(
        records=up_to(parent.keeper.records, 1, 3),
        opening=FORKED,
        changes=(LimitsChanged(limits),),
        message="Hurry.",
    )
    child = Game(tmp_path, calls(submit("y")), past=past, spec=make_spec(limits=limits))
    await child.play()
    fresh = child.kinds()[len(past.records) :]
    assert fresh[:5] == ["SandboxStarted", "RunForked", "LimitsChanged", "MessageQueued", "MessageSent"]
    assert child.all(MessageSent)[-1] == MessageSent(turn=2, text="Hurry.", origin="person")


async def test_a_run_that_was_cut_off_says_so_to_the_model_and_goes_on(tmp_path: Path) -> None:
    block = Played(blocks=True)
    parent = Game(
        tmp_path,
        calls(bash("echo a", "a"), bash("long", "b"), bash("echo c", "c")),
        sandbox=MemorySandbox({"long": block}),
    )
    parent.start()
    await block.reached.wait()
    parent.decide(Steer("And then?"))
    records = tuple(parent.keeper.records)  # the process dies here
    past = Past(records=records, opening=RunContinued("taken up again"), cut_off="the program ended.")
    child = Game(tmp_path, calls(submit("y")), past=past)
    ended = await child.play()
    assert ended.status == "submitted"
    assert child.observation(1, 2).text == "No result: the program ended."
    assert child.sandbox.ran == ["echo c"]
    assert [one.text for one in child.all(MessageSent)] == ["And then?"]
    child_history = [type(one).__name__ for one in child.model.asked[0].messages]
    assert child_history[-4:] == ["ToolMessage", "ToolMessage", "ToolMessage", "UserMessage"]
    parent.cancel()


async def test_a_proposal_that_waited_when_the_process_died_waits_again_and_is_told_once(
    tmp_path: Path,
) -> None:
    parent = Game(tmp_path, calls(bash("echo a", "a")), spec=make_spec(mode="confirm"))
    parent.start()
    await parent.next(GateOpened)
    past = Past(records=tuple(parent.keeper.records), opening=RunContinued("taken up again"))
    child = Game(tmp_path, calls(submit("y")), past=past, spec=make_spec(mode="confirm"))
    child.start()
    await child.next(GateOpened)
    child.decide(Approve(), (1, 1))
    await child.next(GateOpened)
    assert len(child.all(StepProposed)) == 2
    child.decide(Approve(), (2, 1))
    assert (await child.ended()).status == "submitted"
    assert child.sandbox.ran == ["echo a"]
    parent.cancel()


async def test_where_the_sandbox_does_not_come_back_the_fork_says_why_and_ends(tmp_path: Path) -> None:
    parent = await played(tmp_path)
    past = Past(records=up_to(parent.keeper.records, 1, 1), opening=FORKED)
    gone = MemorySandbox(start_fails_with=ImageMissing("The image is gone."))
    child = Game(tmp_path, past=past, sandbox=gone)
    ended = await child.play()
    assert (ended.status, ended.reason) == ("sandbox_failed", "The image is gone.")
    (forked,) = child.all(RunForked)
    assert (forked.has_files, forked.problems) == (False, ("The image is gone.",))
    assert [one.call_id for one in child.all(StepFinished)] == ["a", "b", "c"]


async def test_a_sandbox_that_was_handed_over_is_not_started_again(tmp_path: Path) -> None:
    parent = await played(tmp_path)
    sandbox = MemorySandbox()
    started = await sandbox.start()
    restored = Restored(written=1, deleted=0, took_s=0.5, started=started, lost=("sleep 9",))
    past = Past(
        records=up_to(parent.keeper.records, 1, 3),
        opening=RunForked(parent="game-1", point=StepAddress(1, 3), kind="rewind"),
        restored=restored,
        is_up=True,
        is_held=True,
    )
    child = Game(tmp_path, calls(submit("y")), past=past, sandbox=sandbox)
    child.start()
    opened = await child.next(GateOpened)
    assert (opened.because, opened.address) == ("paused", StepAddress(2))
    assert sandbox.starts == 1
    (forked,) = child.all(RunForked)
    assert (forked.took_s, forked.lost) == (0.5, ("it ran and does not any more: sleep 9",))
    assert len(child.all(PauseAsked)) == 1
    child.decide(Resume())
    await child.ended()


@pytest.mark.parametrize("is_streaming", [True, False])
async def test_a_run_stands_still_and_gives_its_sandbox_away(tmp_path: Path, is_streaming: bool) -> None:
    block, command = Block(), Played(blocks=True)
    turn = [block] if is_streaming else calls(bash("long"))
    game = Game(tmp_path, turn, sandbox=MemorySandbox({"long": command}))
    game.start()
    await (block.reached if is_streaming else command.reached).wait()
    assert await game.run.hold_still() is game.sandbox
    with pytest.raises(DecisionRefused, match="being rewound"):
        game.decide(Pause())
    await game.run.give_away("It goes on as game-2.")
    ended = await game.ended()
    assert (ended.status, ended.reason) == ("rewound", "It goes on as game-2.")
    await game.run.close()
    assert (game.sandbox.stops, game.sandbox.is_up) == (0, True)
    assert bool(game.all(ReplyCutOff)) == is_streaming
    game.check_history()


async def test_a_run_that_could_not_be_rewound_goes_on_held(tmp_path: Path) -> None:
    command = Played(blocks=True)
    game = Game(tmp_path, calls(bash("long")), calls(submit("y")), sandbox=MemorySandbox({"long": command}))
    game.start()
    await command.reached.wait()
    await game.run.hold_still()
    game.run.stay()
    game.decide(Approve(), (2, 0))
    await game.next(GateOpened)
    game.decide(Approve(), (2, 1))
    assert (await game.ended()).status == "submitted"
    with pytest.raises(DecisionRefused, match="ended"):
        await game.run.hold_still()


async def test_no_gate_takes_its_default_while_the_sandbox_changes_hands(tmp_path: Path) -> None:
    gate = GateSpec(timeout_s=0.001, default="approve")
    command = Played(blocks=True)
    sandbox = MemorySandbox({"long": command})
    game = Game(
        tmp_path, calls(bash("long"), bash("echo b", "b")), spec=make_spec(gate=gate), sandbox=sandbox
    )
    game.start()
    await command.reached.wait()
    await game.run.hold_still()
    for _ in range(5):
        await asyncio.wait([asyncio.get_running_loop().create_future()], timeout=0.002)
    assert sandbox.ran == ["long"]
    game.run.stay()
    await game.next(StepStarted)
    game.cancel()


async def test_replies_without_a_call_go_on_being_counted(tmp_path: Path) -> None:
    parent = Game(tmp_path, says("a"), says("b"), says("c"))
    await parent.play()
    view = parent.run._progress.view
    assert (last_turn(view), silent_replies(view)) == (3, 3)


def test_time_between_two_processes_and_at_gates_does_not_count() -> None:
    address = StepAddress(1, 1)
    events: list[tuple[float, Event]] = [
        (10, ModelAsked(turn=1, model="m", message_count=1, prompt_tokens_estimate=1)),
        (13, GateOpened(address=address, gate="before_step", because="confirm mode")),
        (50, DecisionMade(address=address, gate="before_step", decision=Approve())),
        (52, StepStarted(address=address, tool="t", arguments="{}")),
        (900, RunContinued()),
        (904, ModelAsked(turn=2, model="m", message_count=1, prompt_tokens_estimate=1)),
    ]
    assert seconds_of(Record(n, at, event) for n, (at, event) in enumerate(events)) == 3 + 2 + 4
