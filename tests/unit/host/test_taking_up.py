"""A run is taken up from every line of its journal, as if the machine had died right after it."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec import structs

from lis_tui.core import wire
from lis_tui.core.breakpoints import Breakpoint
from lis_tui.core.conversation import Conversation
from lis_tui.core.decisions import (
    Amend,
    Approve,
    Decision,
    Edit,
    End,
    Inject,
    Pause,
    Reject,
    Resume,
    SetBreakpoints,
    SetLimits,
    SetMode,
    Steer,
    Withdraw,
)
from lis_tui.core.events import (
    AllowedHostsChanged,
    CommandInjected,
    DecisionMade,
    GateOpened,
    MessageQueued,
    MessageSent,
    MessageWithdrawn,
    PauseAsked,
    PauseLifted,
    Record,
    RunContinued,
    RunEnded,
    StepAddress,
    StepFinished,
    StepStarted,
    encode,
)
from lis_tui.core.spec import Limits, RunSpec
from lis_tui.core.view import RunView
from lis_tui.engine.past import Past, standing
from lis_tui.host.origin import origin_of
from lis_tui.host.taking_up import past_of
from lis_tui.trajectory.journal import Journal
from lis_tui.trajectory.store import RunFolder, Store
from tests.fakes import bash, calls, submit
from tests.playing import Game, check_calls, make_spec

MANY = Limits(max_turns=77, max_cost_usd=None)
STOP = Breakpoint(name="html", filter="file:*.html")


async def lived(folder: Path) -> tuple[Record, ...]:
    """Give the journal of a run in which a person did a little of everything."""
    reply = calls(bash("echo one", "a"), bash("echo two", "b"), bash("echo three", "c"))
    spec = make_spec(mode="confirm")
    game = Game(folder, reply, calls(bash("echo four", "d")), calls(submit("x")), spec=spec)
    game.start()

    async def at(turn: int, step: int, *decisions: Decision) -> None:
        await game.next(GateOpened, lambda event: event.address == StepAddress(turn, step))
        for decision in decisions:
            game.decide(decision, (turn, step))

    await at(1, 1, Steer("first"), Steer("twice"), Steer("twice"), Steer("never"), Withdraw("never"))
    game.decide(SetLimits(MANY))
    game.decide(SetBreakpoints((STOP,)))
    game.decide(Amend('{"command":"echo amended"}'), (1, 1))
    game.decide(Inject("echo shown"), (1, 1))
    await at(1, 1, Inject("echo hidden", is_hidden=True, is_after=True), Approve())
    await at(1, 2, Edit('{"command":"echo edited"}'))
    await at(1, 3, Pause(), Reject("no"))
    await at(2, 0, Resume())
    await at(2, 1, Steer("last"), SetMode("auto"))
    game.decide(Pause())
    await game.next(GateOpened)
    game.decide(Resume())
    ended = await game.ended()
    assert ended.status == "submitted"
    await game.run.close()
    return tuple(game.keeper.records)


def on_disk(data: Path, records: Sequence[Record], torn: bytes = b"") -> RunFolder:
    """Write a journal that breaks off."""
    folder = Store(data).create("task")
    lines = b"".join(encode(record) + b"\n" for record in records)
    folder.journal_path.write_bytes(lines + torn)
    return folder


def taken_up(data: Path, folder: RunFolder, *, is_headless: bool = True) -> tuple[RunSpec, Past]:
    """Give what a process goes on with."""
    with folder.lock():
        Journal.resume(folder).close()
        origin = origin_of(data, folder, None)
        ask = wire.TakeUp(id=1, run=folder.name, changes=wire.Changes(message="Go on."))
        return past_of(origin, ask, is_headless=is_headless)


async def to_the_end(folder: Path, spec: RunSpec, past: Past) -> Game:
    """Play what is left, approving what waits."""
    game = Game(folder, *[calls(submit("x"))] * 3, spec=structs.replace(spec, mode="auto"), past=past)
    game.run._progress.gates.set_mode("auto", "person")
    game.start()
    await game.ended()
    await game.run.close()
    return game


async def test_from_every_line_it_goes_on_with_nothing_lost_and_nothing_twice(tmp_path: Path) -> None:
    records = await lived(tmp_path)
    for count in range(1, len(records)):
        before = records[:count]
        folder = on_disk(tmp_path / "data", before, torn=encode(records[count])[:-3])
        spec, past = taken_up(tmp_path / "data", folder)
        assert past.records == before
        game = await to_the_end(tmp_path, spec, past)
        check_nothing_is_lost(game, before)


def check_nothing_is_lost(game: Game, before: Sequence[Record]) -> None:
    conversation = Conversation()
    for event in game.keeper.events:
        conversation.apply(event)
    check_calls(conversation)
    said = Counter(one.event.text for one in before if isinstance(one.event, MessageQueued))
    said.subtract(one.event.text for one in before if isinstance(one.event, MessageWithdrawn))
    sent = Counter(one.text for one in game.all(MessageSent) if one.origin == "person")
    assert sent == +said + Counter({"Go on."})
    injected = {one.address for one in game.all(CommandInjected)}
    assert injected <= {one.address for one in game.all(StepFinished)}
    starts = [one.address for one in game.all(StepStarted)]
    assert len(starts) == len(set(starts))
    view = RunView().apply_all(game.keeper.records)
    assert all(step.is_over for step in view.steps)
    assert not view.queued


async def test_limits_breakpoints_mode_and_hosts_come_back(tmp_path: Path) -> None:
    records = await lived(tmp_path)
    changed = next(n for n, one in enumerate(records) if isinstance(one.event, CommandInjected))
    folder = on_disk(tmp_path / "data", records[: changed + 1])
    spec, past = taken_up(tmp_path / "data", folder, is_headless=False)
    assert (spec.limits, spec.breakpoints, spec.mode) == (MANY, (STOP,), "confirm")
    assert not past.is_held


async def test_allowed_hosts_come_back(tmp_path: Path) -> None:
    records = (await lived(tmp_path))[:3]
    hosts = Record(4, 5.0, AllowedHostsChanged(("example.org",)))
    folder = on_disk(tmp_path / "data", (*records, hosts))
    spec, past = taken_up(tmp_path / "data", folder)
    child = Game(tmp_path, spec=spec, past=past)
    assert child.run._progress.door.hosts == ("example.org",)


@pytest.mark.parametrize("is_headless", [True, False])
async def test_a_run_that_a_person_held_holds_again_where_somebody_watches(
    tmp_path: Path, *, is_headless: bool
) -> None:
    records = await lived(tmp_path)
    view = RunView()
    held = []
    for count in range(1, len(records)):
        view.apply(records[count - 1])
        folder = on_disk(tmp_path / "data", records[:count])
        _, past = taken_up(tmp_path / "data", folder, is_headless=is_headless)
        assert past.is_held == (view.is_held and not is_headless)
        held.append(past.is_held)
    assert is_headless or any(held)


async def test_what_a_rule_held_it_for_is_put_right_by_going_on(tmp_path: Path) -> None:
    records = (*(await lived(tmp_path))[:3],)
    more = Record(4, 5.0, PauseAsked("rule", "The sandbox is lost."))
    folder = on_disk(tmp_path / "data", (*records, more))
    _, past = taken_up(tmp_path / "data", folder, is_headless=False)
    assert not past.is_held


async def test_a_run_that_was_held_when_its_host_was_ended_holds_again(tmp_path: Path) -> None:
    records = (*(await lived(tmp_path))[:3],)
    ended = Record(5, 5.0, RunEnded(status="terminated", exit_code=143))
    folder = on_disk(tmp_path / "data", (*records, Record(4, 5.0, PauseAsked()), ended))
    _, past = taken_up(tmp_path / "data", folder, is_headless=False)
    assert past.is_held
    lifted = (*records, Record(4, 5.0, PauseAsked()), Record(5, 5.0, PauseLifted()))
    folder = on_disk(tmp_path / "data", (*lifted, Record(6, 5.0, RunEnded(status="terminated"))))
    assert not taken_up(tmp_path / "data", folder, is_headless=False)[1].is_held


@pytest.mark.parametrize(
    ("decision", "ran", "status"),
    [
        (Approve(), ["echo a"], "done"),
        (Edit('{"command":"echo b"}'), ["echo b"], "done"),
        (Reject("no"), [], "rejected"),
    ],
)
async def test_a_decision_about_a_step_that_had_not_begun_counts(
    tmp_path: Path, decision: Decision, ran: list[str], status: str
) -> None:
    game = Game(tmp_path, calls(bash("echo a")), spec=make_spec(mode="confirm"))
    game.start()
    await game.next(GateOpened)
    asked = asyncio.ensure_future(game.next(DecisionMade))
    game.decide(decision, (1, 1))
    await asked
    made = next(n for n, one in enumerate(game.keeper.records) if isinstance(one.event, DecisionMade))
    folder = on_disk(tmp_path / "data", game.keeper.records[: made + 1])
    spec, past = taken_up(tmp_path / "data", folder)
    child = Game(tmp_path, calls(submit("y")), spec=spec, past=past)
    child.start()
    gate = await child.next(GateOpened)
    assert gate.gate == "before_submit"
    assert (child.sandbox.ran, child.observation(1, 1).status) == (ran, status)
    assert len(child.all(DecisionMade)) == 1
    child.decide(End())
    await child.ended()
    game.cancel()


async def test_what_a_waiting_step_was_made_to_be_is_kept(tmp_path: Path) -> None:
    game = Game(tmp_path, calls(bash("echo a")), spec=make_spec(mode="confirm"))
    game.start()
    await game.next(GateOpened)
    game.decide(Amend('{"command":"echo amended"}'), (1, 1))
    folder = on_disk(tmp_path / "data", game.keeper.records)
    spec, past = taken_up(tmp_path / "data", folder)
    child = Game(tmp_path, calls(submit("y")), spec=spec, past=past)
    child.start()
    await child.next(GateOpened)
    child.decide(Approve(), (1, 1))
    await child.next(GateOpened)
    assert child.sandbox.ran == ["echo amended"]
    child.decide(End())
    await child.ended()
    game.cancel()


def test_a_decision_to_end_does_not_end_what_a_person_takes_up() -> None:
    here = StepAddress(1, 1)
    records = [
        Record(1, 0.0, GateOpened(address=here, gate="before_step", because="confirm mode")),
        Record(2, 0.0, DecisionMade(address=here, gate="before_step", decision=End())),
    ]
    assert standing(records) == {}
    made = Record(3, 0.0, DecisionMade(address=here, gate="before_step", decision=Approve()))
    assert standing([made]) == {here: (Approve(), "person")}
    assert standing([made, Record(4, 0.0, RunContinued())]) == {here: (Approve(), "person")}
    assert standing([made, Record(4, 0.0, RunEnded(status="terminated"))]) == {}
