"""Which hosts a run's sandbox may reach: rules, questions to a person, and what is told of connections."""

import asyncio
from pathlib import Path

import pytest
from msgspec import structs

from lis_tui.core.decisions import AnswerConnection, HostVerdict, SetAllowedHosts
from lis_tui.core.errors import DecisionRefused
from lis_tui.core.events import (
    AllowedHostsChanged,
    ConnectionAnswered,
    ConnectionAsked,
    ConnectionEnded,
    RunContinued,
    RunEnded,
    StepAddress,
)
from lis_tui.core.ports import Connection, Door
from lis_tui.core.spec import GateSpec, RunSpec
from lis_tui.engine.listing import MOST_AT_ONCE, MOST_SUMS, OTHERS
from lis_tui.engine.past import Past
from tests.fakes import MemorySandbox, Played, bash, calls, submit
from tests.playing import Game, make_spec


def spec_of(
    *hosts: str, ask: bool = False, gate: GateSpec | None = None, is_headless: bool = False
) -> RunSpec:
    spec = make_spec(gate=gate, is_headless=is_headless)
    sandbox = structs.replace(spec.sandbox, network="allow", allow=hosts, ask_hosts=ask)
    return structs.replace(spec, sandbox=sandbox)


class Play:
    """A run whose sandbox has a proxy, in the middle of a command; a test plays the proxy."""

    def __init__(self, folder: Path, spec: RunSpec, network: str = "allow", past: Past | None = None) -> None:
        self.first, self.second = Played(blocks=True), Played(blocks=True)
        self.sandbox = MemorySandbox({"first": self.first, "second": self.second}, network=network)
        turns = (calls(bash("first", "1"), bash("second", "2")), calls(submit("x", "3")))
        self.game = Game(folder, *turns, spec=spec, sandbox=self.sandbox, past=past)

    @property
    def door(self) -> Door:
        assert self.sandbox.door is not None
        return self.sandbox.door

    async def begin(self) -> "Play":
        self.game.start()
        await self.first.reached.wait()
        return self

    async def next_step(self) -> None:
        self.first.released.set()
        await self.second.reached.wait()

    async def end(self) -> RunEnded:
        self.first.released.set()
        self.second.released.set()
        ended = await self.game.ended()
        await self.game.run.close()
        return ended

    def ask(self, host: str, port: int = 443, address: str = "") -> "asyncio.Future[str]":
        return asyncio.ensure_future(self.door.may_pass(host, port, address))

    async def asked(self, host: str, port: int = 443) -> "tuple[asyncio.Future[str], int]":
        """Ask, and give the number of the question that came of it."""
        waiting = self.ask(host, port)
        await self.game.pass_by()
        return waiting, self.game.all(ConnectionAsked)[-1].number

    def answer(self, number: int, verdict: HostVerdict) -> None:
        self.game.decide(AnswerConnection(number, verdict))

    def note(self, host: str, *, why: str = "", times: int = 1, sent: int = 0) -> None:
        for _ in range(times):
            self.door.note(
                Connection(host=host, port=443, is_allowed=not why, why=why, sent=sent, received=1)
            )

    def told(self) -> list[tuple[str, bool, int, int]]:
        return [(one.host, one.is_allowed, one.count, one.sent) for one in self.game.all(ConnectionEnded)]


# ---- rules


async def test_hosts_of_the_spec_may_be_reached_and_others_may_not(tmp_path: Path) -> None:
    play = await Play(tmp_path, spec_of("a.org", "*.b.org:8080")).begin()
    assert await play.ask("a.org") == ""
    assert await play.ask("x.b.org", 8080) == ""
    assert "not among the hosts" in await play.ask("c.org")
    assert "metadata" in await play.ask("a.org", 443, "169.254.169.254")
    assert play.game.all(ConnectionAsked) == []
    await play.end()


async def test_other_hosts_are_set_at_any_time_and_a_wrong_one_changes_nothing(tmp_path: Path) -> None:
    play = await Play(tmp_path, spec_of("a.org")).begin()
    play.game.decide(SetAllowedHosts(("b.org",)))
    assert await play.ask("b.org") == ""
    assert await play.ask("a.org") != ""
    with pytest.raises(DecisionRefused, match="cannot be allowed"):
        play.game.decide(SetAllowedHosts(("http://c.org",)))
    assert await play.ask("b.org") == ""
    assert play.game.all(AllowedHostsChanged) == [AllowedHostsChanged(("b.org",))]
    await play.end()
    play.game.decide(SetAllowedHosts(()))
    assert play.game.run._progress.view.allowed_hosts == ()


async def test_where_there_is_no_proxy_decisions_about_hosts_are_refused(tmp_path: Path) -> None:
    play = await Play(tmp_path, spec_of("a.org"), network="bridge").begin()
    for decision in (SetAllowedHosts(("b.org",)), AnswerConnection(1, "once")):
        with pytest.raises(DecisionRefused, match="no proxy"):
            play.game.decide(decision)
    await play.end()


async def test_what_a_run_was_allowed_is_allowed_after_it_was_taken_up(tmp_path: Path) -> None:
    before = await Play(tmp_path, spec_of("a.org", ask=True)).begin()
    waiting, number = await before.asked("b.org", 8080)
    before.answer(number, "always")
    assert await waiting == ""
    left_open, _ = await before.asked("c.org")
    records = tuple(before.game.keeper.records)
    await before.end()
    assert await left_open != ""
    past = Past(records=records, opening=RunContinued("taken up"))
    after = Play(tmp_path, spec_of("a.org", ask=True), past=past)
    assert await after.ask("b.org", 8080) == ""
    again = after.ask("d.org")
    await after.game.pass_by()
    assert after.game.all(ConnectionAsked)[-1].number == 3
    again.cancel()
    await after.game.run.close()


# ---- questions


@pytest.mark.parametrize(("verdict", "passes"), [("once", True), ("always", True), ("no", False)])
async def test_a_person_says_whether_a_host_may_be_reached(
    tmp_path: Path, verdict: HostVerdict, passes: bool
) -> None:
    play = await Play(tmp_path, spec_of("a.org", ask=True)).begin()
    waiting, number = await play.asked("b.org")
    assert not waiting.done()
    play.answer(number, verdict)
    assert (await waiting == "") is passes
    assert (await play.ask("b.org") == "") is passes
    (answered,) = play.game.all(ConnectionAnswered)
    assert (answered.number, answered.verdict, answered.by) == (number, verdict, "person")
    changed = [one.hosts for one in play.game.all(AllowedHostsChanged)]
    assert changed == ([("a.org", "b.org")] if verdict == "always" else [])
    with pytest.raises(DecisionRefused, match="no longer open"):
        play.answer(number, verdict)
    await play.end()


async def test_connections_to_one_host_are_one_question(tmp_path: Path) -> None:
    play = await Play(tmp_path, spec_of(ask=True)).begin()
    first, number = await play.asked("b.org")
    others = [play.ask("b.org") for _ in range(5)]
    await play.game.pass_by()
    assert len(play.game.all(ConnectionAsked)) == 1
    play.answer(number, "once")
    assert await asyncio.gather(first, *others) == [""] * 6
    await play.end()


@pytest.mark.parametrize("verdict", ["once", "no"])
async def test_an_answer_is_good_for_the_step_that_runs(tmp_path: Path, verdict: HostVerdict) -> None:
    play = await Play(tmp_path, spec_of(ask=True)).begin()
    waiting, number = await play.asked("b.org")
    play.answer(number, verdict)
    said = await waiting
    assert (await play.ask("b.org") == "") is (said == "")
    assert len(play.game.all(ConnectionAsked)) == 1
    await play.next_step()
    again, second = await play.asked("b.org")
    assert second == number + 1
    play.answer(second, "no")
    assert await again != ""
    await play.end()


async def test_a_private_address_behind_an_allowed_name_is_asked_about_and_a_local_one_never(
    tmp_path: Path,
) -> None:
    play = await Play(tmp_path, spec_of("*", ask=True)).begin()
    assert await play.ask("inner.org") == ""
    waiting = play.ask("inner.org", 443, "10.0.0.1")
    await play.game.pass_by()
    play.answer(play.game.all(ConnectionAsked)[-1].number, "once")
    assert await waiting == ""
    for host, address in (
        ("evil.org", "127.0.0.1"),
        ("127.0.0.1", ""),
        ("localhost", ""),
        ("x.org", "169.254.169.254"),
    ):
        assert await play.ask(host, 80, address) != ""
    assert len(play.game.all(ConnectionAsked)) == 1
    await play.end()


@pytest.mark.parametrize(("default", "verdict"), [("approve", "once"), ("reject", "no"), ("end", "no")])
async def test_a_question_that_nobody_answers_takes_the_gates_default(
    tmp_path: Path, default: str, verdict: HostVerdict
) -> None:
    gate = structs.replace(GateSpec(timeout_s=0.01), default=default)
    play = await Play(tmp_path, spec_of(ask=True, gate=gate, is_headless=True)).begin()
    assert (await play.ask("b.org") == "") is (verdict == "once")
    (asked,), (answered,) = play.game.all(ConnectionAsked), play.game.all(ConnectionAnswered)
    assert asked.timeout_s == 0.01
    assert (answered.verdict, answered.by) == (verdict, "default")
    await play.end()


async def test_where_nobody_is_there_it_is_refused_at_once_and_said(tmp_path: Path) -> None:
    play = await Play(tmp_path, spec_of(ask=True, is_headless=True)).begin()
    assert "Nobody is there" in await play.ask("b.org")
    assert play.game.all(ConnectionAsked) == []
    await play.end()


async def test_setting_the_hosts_answers_what_was_asked_about_them(tmp_path: Path) -> None:
    play = await Play(tmp_path, spec_of(ask=True)).begin()
    waiting, _ = await play.asked("b.org")
    other, _ = await play.asked("c.org")
    play.game.decide(SetAllowedHosts(("*.org", "b.org")))
    assert [await waiting, await other] == ["", ""]
    assert [one.verdict for one in play.game.all(ConnectionAnswered)] == ["always", "always"]
    await play.end()


async def test_a_question_of_a_step_that_is_over_is_taken_back(tmp_path: Path) -> None:
    play = await Play(tmp_path, spec_of(ask=True)).begin()
    waiting, number = await play.asked("b.org")
    waiting.cancel()
    await play.next_step()
    await play.game.pass_by()
    assert [(one.number, one.verdict, one.by) for one in play.game.all(ConnectionAnswered)] == [
        (number, "no", "default")
    ]
    await play.end()


async def test_the_end_of_the_run_refuses_what_still_waits(tmp_path: Path) -> None:
    play = await Play(tmp_path, spec_of(ask=True)).begin()
    waiting, _ = await play.asked("b.org")
    play.first.released.set()
    play.second.released.set()
    await play.game.ended()
    assert await waiting != ""
    assert "Nobody is there" in await play.ask("c.org")
    await play.end()


async def test_no_more_questions_are_open_than_a_person_can_answer(tmp_path: Path) -> None:
    play = await Play(tmp_path, spec_of(ask=True)).begin()
    waiting = [play.ask(f"h{number}.org") for number in range(30)]
    await play.game.pass_by()
    refused = [one.result() for one in waiting if one.done()]
    assert len(refused) == 10
    assert all("Too many questions" in one for one in refused)
    await play.end()
    await asyncio.gather(*waiting)


# ---- what is told


async def test_each_connection_is_told_with_the_step_that_began_it(tmp_path: Path) -> None:
    play = await Play(tmp_path, spec_of("a.org")).begin()
    await play.ask("a.org")
    await play.next_step()
    play.note("a.org", sent=5)
    (told,) = play.game.all(ConnectionEnded)
    assert (told.host, told.sent, told.received, told.address) == ("a.org", 5, 1, StepAddress(1, 1))
    await play.end()


async def test_refused_ones_that_repeat_are_told_as_one(tmp_path: Path) -> None:
    play = await Play(tmp_path, spec_of("a.org")).begin()
    play.note("b.org", why="not allowed", times=50)
    assert play.told() == [("b.org", False, 1, 0)]
    await play.next_step()
    await play.game.pass_by()
    assert play.told() == [("b.org", False, 1, 0), ("b.org", False, 49, 0)]
    await play.end()


async def test_a_flood_is_bounded_and_nothing_of_it_is_left_out(tmp_path: Path) -> None:
    play = await Play(tmp_path, spec_of("*")).begin()
    for number in range(1000):
        play.note(f"h{number}.org", sent=2)
        play.note(f"r{number}.org", why="not allowed")
    assert len(play.told()) == MOST_AT_ONCE
    await play.end()
    told = play.told()
    assert len(told) <= MOST_AT_ONCE + MOST_SUMS + 2
    assert sum(count for _, _, count, _ in told) == 2000
    assert sum(count for _, is_allowed, count, _ in told if is_allowed) == 1000
    assert sum(sent for *_, sent in told) == 2000
    assert {host for host, *_ in told} >= {"h0.org", OTHERS}


async def test_what_a_host_is_called_is_kept_short(tmp_path: Path) -> None:
    play = await Play(tmp_path, spec_of("*")).begin()
    play.note("a" * 10_000 + "\udc80", why="x" * 10_000)
    (told,) = play.game.all(ConnectionEnded)
    assert len(told.host) < 300
    assert len(told.why) < 600
    await play.end()


async def test_a_run_that_is_closed_tells_nothing_more(tmp_path: Path) -> None:
    play = await Play(tmp_path, spec_of("a.org", ask=True)).begin()
    await play.end()
    play.note("a.org")
    assert play.told() == []
    assert "Nobody is there" in await play.ask("b.org")
