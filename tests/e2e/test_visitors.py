"""A run that is printed takes visitors, and none of them changes how it ends unless they mean to."""

import json
import signal
import sys
from collections.abc import AsyncGenerator

import pexpect
import pytest

from lis_tui.client import Client
from lis_tui.config.places import find_places
from lis_tui.core.decisions import Edit, Pause, Resume, SetMode
from lis_tui.core.errors import DecisionRefused
from lis_tui.core.events import (
    EXIT_CODES,
    DecisionMade,
    Fact,
    GateOpened,
    OutputArrived,
    PauseAsked,
    PauseLifted,
    Record,
    RunEnded,
    RunStarted,
    StepAddress,
    StepStarted,
)
from lis_tui.core.view import RunView
from lis_tui.core.wire import CaughtUp
from tests.command import LONGEST_S, LisTui

pytestmark = pytest.mark.docker
WAITS = "mkfifo -m 666 gate; echo wait''ing-here; cat gate"
ANSWER = "echo 41 > answer.txt"
RIGHT = "echo 42 > answer.txt"

Stream = AsyncGenerator[Record | CaughtUp, None]


class Visitor:
    """A client and what it has seen of the run."""

    def __init__(self, client: Client, run: str) -> None:
        self.client = client
        self.run = run
        self.view = RunView()
        self.facts: list[Fact] = []
        self._stream = client.attach(run)

    async def until(self, kind: type[Fact] | type[CaughtUp]) -> None:
        """Watch up to the first such event."""
        async for item in self._stream:
            if isinstance(item, Record):
                self.view.apply(item)
            if isinstance(item, Record) and isinstance(item.event, Fact):
                self.facts.append(item.event)
            if isinstance(item.event if isinstance(item, Record) else item, kind):
                return
        raise AssertionError(f"{kind.__name__} never came")

    async def leave(self) -> None:
        """Detach."""
        await self._stream.aclose()
        await self.client.close()


def headless(lis: LisTui, *more: str) -> str:
    return lis.scenario(WAITS, ANSWER, *more)


def let_go(lis: LisTui, run: str = "one") -> None:
    (lis.worktree(run) / "gate").write_text("go\n")


async def visit(lis: LisTui) -> Visitor:
    visitor = Visitor(await Client.connect(find_places(lis.environ), may_start=False), "one")
    await visitor.until(CaughtUp)
    return visitor


def attached(lis: LisTui) -> "pexpect.spawn[bytes]":
    """Give a screen that watches the run."""
    return pexpect.spawn(
        sys.executable,
        ["-m", "lis_tui", "attach", "one"],
        env={**lis.environ, "TERM": "xterm-256color"},
        cwd=str(lis.home),
        dimensions=(40, 120),
        timeout=LONGEST_S,
    )


async def test_two_visitors_of_a_headless_run_agree_and_it_ends_by_itself_after_they_left(
    lis: LisTui,
) -> None:
    process = lis.start("run", "Go.", "--model", headless(lis), "--json", "--name", "one")
    process.until(OutputArrived)
    first, second = await visit(lis), await visit(lis)
    await first.client.decide("one", Pause())
    await second.until(PauseAsked)
    let_go(lis)
    await first.until(GateOpened)
    await second.until(GateOpened)
    assert first.facts == second.facts
    assert first.view.gate == second.view.gate
    assert second.view.gate is not None
    assert (second.view.gate.address, second.view.gate.because) == (StepAddress(2), "paused")
    await second.client.decide("one", Resume())
    await first.until(PauseLifted)
    await first.until(RunEnded)
    await first.leave()
    await second.leave()
    rest = process.rest()
    assert process.process.returncode == 0
    assert (lis.home / "data" / "runs" / "one" / "results" / "answer.txt").read_text() == "41\n"
    assert [record for record in rest if record.n][-1] == lis.journal("one")[-1]
    assert list((lis.home / "run").glob("*")) == []


async def test_a_visitor_pauses_edits_releases_and_detaches_and_the_run_goes_on_without_one(
    lis: LisTui,
) -> None:
    model = headless(lis, "cat last")
    process = lis.start("run", "Go.", "--model", model, "--json", "--name", "one")
    process.until(OutputArrived)
    visitor = await visit(lis)
    await visitor.client.decide("one", Pause())
    let_go(lis)
    await visitor.until(GateOpened)
    await visitor.client.decide("one", SetMode("confirm"))
    await visitor.client.decide("one", Resume())
    await visitor.until(GateOpened)
    edit = Edit(json.dumps({"command": f"{RIGHT}; mkfifo last"}))
    with pytest.raises(DecisionRefused):
        await visitor.client.decide("one", edit, StepAddress(7, 1))
    await visitor.client.decide("one", edit, StepAddress(2, 1))
    await visitor.until(GateOpened)
    await visitor.client.decide("one", SetMode("auto"))
    await visitor.until(StepStarted)
    await visitor.leave()
    (lis.worktree("one") / "last").write_text("go\n")
    process.rest()
    assert process.process.returncode == 0
    assert (lis.home / "data" / "runs" / "one" / "results" / "answer.txt").read_text() == "42\n"
    made = [one.event for one in lis.journal("one") if isinstance(one.event, DecisionMade)]
    assert [type(one.decision).__name__ for one in made if one.address == StepAddress(2, 1)] == ["Edit"]


def test_visitors_that_hang_or_are_killed_change_nothing(lis: LisTui) -> None:
    flood = "for i in 1 2 3 4; do head -c 3000000 /dev/zero | tr '\\0' 'x' | fold; done"
    model = lis.scenario(WAITS, flood, ANSWER)
    process = lis.start("run", "Go.", "--model", model, "--headless", "--name", "one")
    lines = process.process.stdout
    assert lines is not None
    assert any("waiting-here" in line for line in lines)
    hanging, killed = (lis.start("attach", "one", "--json") for _ in range(2))
    hanging.until(OutputArrived)
    killed.until(OutputArrived)
    hanging.send(signal.SIGSTOP)
    killed.send(signal.SIGKILL)
    let_go(lis)
    rest = lines.read()
    assert process.process.wait(LONGEST_S) == 0
    assert "Answer:\n41" in rest
    assert lis.containers() == []


def test_a_screen_attaches_to_a_headless_run_lets_a_step_go_and_detaches(lis: LisTui) -> None:
    model = headless(lis)
    process = lis.start("run", "Go.", "--model", model, "--json", "--name", "one")
    process.until(OutputArrived)
    screen = attached(lis)
    screen.expect("waiting-here")
    screen.send("p")
    process.until(PauseAsked)
    let_go(lis)
    process.until(GateOpened)
    screen.expect("paused")
    screen.send("p")
    process.until(PauseLifted)
    screen.close(force=True)
    rest = process.rest()
    assert process.process.returncode == 0
    assert [one.event.status for one in rest if isinstance(one.event, RunEnded)] == ["submitted"]


async def test_a_headless_run_that_a_visitor_rewinds_hands_its_sandbox_on_and_its_process_waits_for_the_other(
    lis: LisTui,
) -> None:
    model = lis.scenario("echo 1 > one", WAITS, ANSWER)
    checkpoints = ("--set", "sandbox.checkpoints=true")
    process = lis.start("run", "Go.", "--model", model, "--json", "--name", "one", *checkpoints)
    process.until(OutputArrived)
    visitor = await visit(lis)
    await visitor.client.decide("one", Pause())
    let_go(lis)
    await visitor.until(GateOpened)
    child = await visitor.client.fork("one", StepAddress(1, 1), kind="rewind")
    await visitor.client.decide(child, Resume())
    await visitor.leave()
    other = lis.start("attach", child, "--json")
    seen = [one.event for one in other.until(OutputArrived)]
    assert isinstance(seen[0], RunStarted)
    let_go(lis, child)
    assert [one.event.status for one in other.rest() if isinstance(one.event, RunEnded)] == ["submitted"]
    process.rest()
    assert process.process.returncode == EXIT_CODES["rewound"]
    assert (lis.home / "data" / "runs" / child / "results" / "answer.txt").read_text() == "41\n"


def test_two_screens_of_a_headless_run_agree_on_what_waits_and_on_what_became_of_it(lis: LisTui) -> None:
    process = lis.start("run", "Go.", "--model", headless(lis), "--json", "--name", "one")
    process.until(OutputArrived)
    first, second = attached(lis), attached(lis)
    first.expect("waiting-here")
    second.expect("waiting-here")
    first.send("p")
    process.until(PauseAsked)
    let_go(lis)
    process.until(GateOpened)
    first.expect("paused")
    second.expect("paused")
    second.send("p")
    process.until(RunEnded)
    first.expect("submitted")
    second.expect("submitted")
    first.close(force=True)
    second.close(force=True)
    process.rest()
    assert process.process.returncode == 0
