"""What a person allowed in a run counts where it is taken up, forked and done again, up to the same point."""

import asyncio
from pathlib import Path

import pytest
from msgspec import structs

from lis_tui.core import wire
from lis_tui.core.decisions import AnswerConnection, SetAllowedHosts
from lis_tui.core.events import (
    AllowedHostsChanged,
    ConnectionAnswered,
    ConnectionAsked,
    Record,
    RunForked,
    RunStarted,
    SandboxStarted,
    StepAddress,
    encode,
)
from lis_tui.core.ports import Door
from lis_tui.core.spec import Network, RunSpec
from lis_tui.core.view import RunView
from lis_tui.engine.past import Past
from lis_tui.engine.replaying import Replay
from lis_tui.host import setting
from lis_tui.host.origin import origin_of
from lis_tui.host.setting import Setting
from lis_tui.host.taking_up import past_of
from lis_tui.host.travel import Forking
from lis_tui.trajectory.forking import Point
from lis_tui.trajectory.journal import Journal
from lis_tui.trajectory.replay import Recorded
from lis_tui.trajectory.store import RunFolder, Store
from tests.fakes import MemorySandbox, Played, bash, calls, submit
from tests.playing import Game, make_spec

FIRST, SECOND = StepAddress(1, 1), StepAddress(1, 2)


def spec_of(network: Network = "allow") -> RunSpec:
    spec = make_spec(is_headless=True)
    sandbox = structs.replace(spec.sandbox, network=network, allow=("a.org",), ask_hosts=True)
    return structs.replace(spec, sandbox=sandbox)


class Steps:
    """A sandbox with two commands that run until a test lets them end; the test plays its proxy."""

    def __init__(self) -> None:
        self.first, self.second = Played(blocks=True), Played(blocks=True)
        self.sandbox = MemorySandbox({"first": self.first, "second": self.second}, network="allow")

    async def ask(self, host: str) -> str:
        assert self.sandbox.door is not None
        return await self.sandbox.door.may_pass(host, 443)

    async def next(self) -> None:
        self.first.released.set()
        await self.second.reached.wait()


async def lived(folder: Path) -> tuple[Record, ...]:
    """Give the journal of a run: b.org once and c.org always in its first step, d.org in its second."""
    steps = Steps()
    spec = structs.replace(spec_of(), is_headless=False)
    turns = (calls(bash("first", "1"), bash("second", "2")), calls(submit("x", "3")))
    game = Game(folder, *turns, spec=spec, sandbox=steps.sandbox)
    game.start()
    await steps.first.reached.wait()
    for number, (host, verdict) in enumerate((("b.org", "once"), ("c.org", "always"), ("no.org", "no")), 1):
        waiting = asyncio.ensure_future(steps.ask(host))
        await game.pass_by()
        game.decide(AnswerConnection(number, verdict))  # type: ignore[arg-type]  # the verdicts above
        assert (await waiting == "") is (verdict != "no")
    await steps.next()
    game.decide(SetAllowedHosts(("c.org", "d.org")))
    steps.second.released.set()
    await game.ended()
    await game.run.close()
    return tuple(game.keeper.records)


def on_disk(data: Path, records: tuple[Record, ...]) -> RunFolder:
    folder = Store(data).create("task")
    folder.journal_path.write_bytes(b"".join(encode(record) + b"\n" for record in records))
    return folder


def door_after(folder: Path, spec: RunSpec, past: Past) -> Door:
    steps = Steps()
    Game(folder, spec=spec, sandbox=steps.sandbox, past=past)
    assert steps.sandbox.door is not None
    return steps.sandbox.door


async def reached(door: Door, *hosts: str) -> list[str]:
    return [host for host in hosts if not await door.may_pass(host, 443)]


async def test_a_run_that_is_taken_up_keeps_all_that_was_allowed(tmp_path: Path) -> None:
    records = await lived(tmp_path)
    folder = on_disk(tmp_path, records)
    with folder.lock():
        Journal.resume(folder).close()
        origin = origin_of(tmp_path, folder, None)
        ask = wire.TakeUp(id=1, run=folder.name, changes=wire.Changes(message="Go on."))
        spec, past = past_of(origin, ask, is_headless=True)
    door = door_after(tmp_path, spec, past)
    assert await reached(door, "a.org", "b.org", "c.org", "d.org") == ["c.org", "d.org"]


@pytest.mark.parametrize(
    ("point", "hosts"),
    [
        (Point(FIRST, is_before=True), ["a.org"]),
        (Point(FIRST), ["a.org", "c.org"]),
        (Point(SECOND), ["c.org", "d.org"]),
    ],
)
async def test_a_fork_keeps_what_was_allowed_up_to_its_point(
    tmp_path: Path, point: Point, hosts: list[str]
) -> None:
    folder = on_disk(tmp_path, await lived(tmp_path))
    origin = origin_of(tmp_path, folder, point)
    ask = wire.Fork(id=1, run=folder.name, point=point.address, is_before=point.is_before)
    fork = Forking(tmp_path, origin, ask, is_headless=True)
    home, past = fork.make()
    home.leave()
    assert await reached(door_after(tmp_path, fork.spec, past), "a.org", "b.org", "c.org", "d.org") == hosts
    view = RunView().apply_all([*past.records, Record(99, 1.0, past.opening)])
    assert list(view.allowed_hosts) == hosts
    assert not view.asked_hosts, "nobody asks in the fork what was asked before it"


async def test_no_question_of_a_dead_process_is_still_open(tmp_path: Path) -> None:
    records = await lived(tmp_path)
    asked = next(n for n, one in enumerate(records) if isinstance(one.event, ConnectionAsked))
    before = RunView().apply_all(records[: asked + 1])
    assert before.asked_hosts
    opening = RunForked(parent="p", point=FIRST, is_before=True)
    assert not before.apply_all([Record(99, 1.0, opening)]).asked_hosts


async def test_what_was_allowed_for_good_is_written_down_before_the_answer(tmp_path: Path) -> None:
    kinds = [type(one.event) for one in await lived(tmp_path)]
    changed = kinds.index(AllowedHostsChanged)
    assert kinds[changed + 1] is ConnectionAnswered, "a crash between them loses the question, not the host"


def again(folder: Path, records: tuple[Record, ...]) -> tuple[Game, Steps]:
    steps, started = Steps(), records[0].event
    assert isinstance(started, RunStarted)
    past = Past(
        records=(Record(1, 1.0, started),),
        opening=RunForked(parent="p", point=StepAddress(0), kind="reexecution"),
    )
    replay = Replay(recorded=Recorded(records))
    return Game(folder, spec=spec_of(), sandbox=steps.sandbox, past=past, replay=replay), steps


async def test_each_step_that_is_done_again_reaches_what_it_reached_and_nobody_is_asked(
    tmp_path: Path,
) -> None:
    game, steps = again(tmp_path, await lived(tmp_path))
    game.start()
    await steps.first.reached.wait()
    found = [host for host in ("a.org", "b.org", "c.org", "d.org", "no.org") if not await steps.ask(host)]
    assert found == ["a.org", "b.org", "c.org"]
    await steps.next()
    found = [host for host in ("a.org", "b.org", "c.org", "d.org") if not await steps.ask(host)]
    assert found == ["c.org", "d.org"]
    steps.second.released.set()
    await game.ended()
    await game.run.close()
    assert game.all(ConnectionAsked) == []
    assert {one.by for one in game.all(AllowedHostsChanged)} == {"script"}


async def test_hosts_that_a_person_sets_while_it_is_done_again_count_from_then_on(tmp_path: Path) -> None:
    game, steps = again(tmp_path, await lived(tmp_path))
    game.start()
    await steps.first.reached.wait()
    game.decide(SetAllowedHosts(("a.org",)))
    assert await steps.ask("b.org") != "", "what was answered then does not pass what is set now"
    await steps.next()
    assert await steps.ask("a.org") == ""
    assert await steps.ask("d.org") != ""
    steps.second.released.set()
    await game.ended()
    await game.run.close()


# ---- said


def setting_of(
    data: Path, records: tuple[Record, ...], kind: str, recorded: Network, **asked: object
) -> Setting:
    """Give with what such a recorded run begins again."""
    started = records[0].event
    assert isinstance(started, RunStarted)
    spec = structs.replace(started.spec, sandbox=structs.replace(started.spec.sandbox, network=recorded))
    was = "allow" if kind == "embedded" else "bridge"
    home = SandboxStarted(kind=kind, image="i", image_id="", container="", network=was, took_s=1.0)
    facts = [one for one in records[1:] if not isinstance(one.event, SandboxStarted)]
    first = Record(1, 1.0, structs.replace(started, spec=spec))
    folder = on_disk(data, (first, Record(2, 1.0, home), *facts))
    ask = wire.Reexecute(id=1, run=folder.name, **asked)  # type: ignore[arg-type]  # as the test says
    return Setting(data, origin_of(data, folder, None), ask)


@pytest.fixture
def any_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every home can be had."""
    monkeypatch.setattr(setting, "choose", lambda spec: spec.kind)


@pytest.mark.usefixtures("any_home")
async def test_a_re_execution_says_which_hosts_are_allowed_again(tmp_path: Path) -> None:
    records = await lived(tmp_path)
    notes = " ".join(setting_of(tmp_path, records, "embedded", "auto").notes)
    assert "are so again, each by the same step: c.org, d.org." in notes
    assert "counts again, in the same steps" in notes
    quiet = " ".join(setting_of(tmp_path, records, "embedded", "auto", network="none").notes)
    assert "so again" not in quiet
    assert "The network is none; when it was recorded it was allow." in quiet


@pytest.mark.usefixtures("any_home")
@pytest.mark.parametrize(
    ("kind", "recorded", "other", "network", "said"),
    [
        ("docker", "auto", "embedded", "allow", "is allow; when it was recorded it was bridge"),
        ("docker", "bridge", "embedded", "allow", "is allow; when it was recorded it was bridge"),
        ("docker", "none", "embedded", "none", ""),
        ("embedded", "auto", "docker", "allow", ""),
        ("embedded", "auto", "embedded", "auto", ""),
    ],
)
async def test_another_home_never_gets_a_wider_network_than_was_recorded(
    tmp_path: Path, kind: str, recorded: Network, other: str, network: str, said: str
) -> None:
    found = setting_of(tmp_path, await lived(tmp_path), kind, recorded, sandbox=other)
    assert found.sandbox.network == network
    told = [note for note in found.notes if note.startswith("The network")]
    assert [said in note for note in told] == [True] * len(told)
    assert bool(told) is bool(said)
