"""Rewind, fork and resume through the client, with real hosts and real containers."""

import asyncio
import contextlib
import json
import os
import random
import signal
from collections.abc import AsyncGenerator
from pathlib import Path

import docker
import pytest
import yaml

from lis_tui.client import Client
from lis_tui.config.load import load, run_spec
from lis_tui.config.places import find_places
from lis_tui.core.decisions import Approve, Edit, End, SetMode
from lis_tui.core.events import (
    Fact,
    GateOpened,
    MessageSent,
    Record,
    RunContinued,
    RunEnded,
    RunForked,
    SandboxStarted,
    StepAddress,
    StepStarted,
)
from lis_tui.core.view import RunView
from lis_tui.core.wire import Changes
from lis_tui.trajectory.journal import read
from lis_tui.trajectory.store import Store
from tests.command import LisTui
from tests.conformance.test_checkpoints import SNAPSHOT, STATE, STEPS

pytestmark = pytest.mark.docker

LONGEST_S = 30
"""A test that waits so long for an event has failed."""


def bash(command: str) -> dict[str, object]:
    return {"calls": [{"tool": "execute_bash", "arguments": {"command": command}}]}


SUBMIT: dict[str, object] = {"calls": [{"tool": "submit"}]}


class Traveller:
    """A person at a screen: one client, and words for what they do."""

    def __init__(self, lis: LisTui, client: Client) -> None:
        self.lis = lis
        self.client = client
        self.places = find_places(lis.environ)

    async def start(self, *turns: dict[str, object], mode: str = "auto", name: str = "one") -> str:
        path = self.lis.home / f"{name}.yaml"
        path.write_text(yaml.safe_dump({"task": "t", "pace": 0, "turns": list(turns)}))
        settings = {"model": f"script/{path}", "mode": mode, "sandbox.checkpoints": "true"}
        loaded = load(settings, self.lis.environ, self.lis.home / "config")
        return await self.client.start_run(run_spec(loaded, task="Go.", name=name), {})

    async def until(self, run: str, kind: type[Fact], address: StepAddress | None = None) -> list[Fact]:
        """Watch a run from its beginning until something happens."""
        stream = self.client.attach(run)
        found: list[Fact] = []
        try:
            while item := await asyncio.wait_for(anext(stream), LONGEST_S):
                if isinstance(item, Record) and isinstance(item.event, Fact):
                    found.append(item.event)
                    if isinstance(item.event, kind) and address in (
                        None,
                        getattr(item.event, "address", None),
                    ):
                        return found
        finally:
            await stream.aclose()
        raise AssertionError(f"{kind.__name__} never came")

    async def approve(self, run: str, *turns: int) -> None:
        """Approve the first step of each of these turns, once it waits."""
        for turn in turns:
            await self.until(run, GateOpened, StepAddress(turn, 1))
            await self.client.decide(run, Approve(), StepAddress(turn, 1))

    async def end_of(self, run: str) -> RunEnded:
        """Watch a run to its end."""
        ended = (await self.until(run, RunEnded))[-1]
        assert isinstance(ended, RunEnded)
        return ended

    def view(self, run: str) -> RunView:
        return RunView().apply_all(read(Store(self.places.data).find(run)))

    def said(self, run: str, turn: int) -> str:
        step = self.view(run).step(StepAddress(turn, 1))
        assert step is not None
        assert step.observation is not None
        return step.observation.text


@pytest.fixture
async def me(lis: LisTui) -> AsyncGenerator[Traveller, None]:
    client = await Client.connect(find_places(lis.environ))
    yield Traveller(lis, client)
    await client.close()


async def test_a_rewind_takes_files_shell_and_conversation_back(me: Traveller) -> None:
    run = await me.start(
        bash("echo one > file; V=1; cd /tmp"),
        bash("echo two > /testbed/file; echo far > /opt/far; V=2; cd /"),
        bash('cat /testbed/file /opt/far; echo "$V $PWD"; echo $V > /testbed/answer.txt'),
        SUBMIT,
        mode="confirm",
    )
    await me.approve(run, 1, 2)
    await me.until(run, GateOpened, StepAddress(3, 1))
    child = await me.client.fork(run, StepAddress(1, 1), kind="rewind", changes=Changes(mode="confirm"))
    ended = await me.end_of(run)
    assert (ended.status, child in ended.reason) == ("rewound", True)
    forked = (await me.until(child, RunForked))[-1]
    assert isinstance(forked, RunForked)
    assert (forked.parent, forked.point, forked.kind, forked.has_files) == (
        run,
        StepAddress(1, 1),
        "rewind",
        True,
    )
    assert forked.problems == ()
    await me.approve(child, 2)
    await me.client.decide(child, SetMode("auto"))
    last = await me.end_of(child)
    assert (last.status, last.answer) == ("submitted", "2")
    assert me.said(child, 3) == "two\nfar\n2 /\n[turn 3 of 100: 97 left]"


def everything(folder: Path) -> dict[str, tuple[int, bytes]]:
    """All files of a run with their sizes and contents."""
    return {
        str(path.relative_to(folder)): (path.stat().st_mode, path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


async def test_forks_of_one_step_go_their_own_ways_and_the_parent_stays_as_it_is(me: Traveller) -> None:
    run = await me.start(
        bash("echo base > file; echo far > /opt/far; V=base; cd /opt"),
        bash('cat /testbed/file far; echo "$V $PWD" | tee /testbed/answer.txt'),
        SUBMIT,
    )
    await me.end_of(run)
    await me.client.close_run(run)
    folder = Store(me.places.data).find(run)
    before = everything(folder.path)
    children = [
        await me.client.fork(
            run,
            StepAddress(2, 1),
            is_before=True,
            changes=Changes(
                arguments=json.dumps(
                    {
                        "command": f"cat /testbed/file far; echo {name} >> /testbed/file; rm far; V={name}; "
                        "cat /testbed/file > /testbed/answer.txt"
                    }
                ),
                name=name,
            ),
        )
        for name in ("left", "right")
    ]
    assert children == ["left", "right"]
    assert set(await me.client.live_runs()) >= {"left", "right"}
    for child in children:
        ended = await me.end_of(child)
        assert ended.answer is not None
        assert ended.answer.split() == ["base", child]
        assert "base\nfar\n" in me.said(child, 2)
        step = me.view(child).step(StepAddress(2, 1))
        assert step is not None
        assert (step.changed_by, step.decided_by) == ("person", "person")
        await me.client.close_run(child)
    assert "base /opt" in me.said(run, 2)
    assert everything(folder.path) == before
    assert me.lis.containers() == []


async def test_a_fork_of_a_live_run_leaves_it_alone(me: Traveller) -> None:
    run = await me.start(
        bash("echo base > file"),
        bash("cat file; echo parent > file; cp file answer.txt"),
        SUBMIT,
        mode="confirm",
    )
    await me.approve(run, 1)
    await me.until(run, GateOpened, StepAddress(2, 1))
    child = await me.client.fork(run, StepAddress(1, 1), changes=Changes(mode="auto", message="Be brief."))
    ended = await me.end_of(child)
    assert ended.answer == "parent"
    said = [said.text for turn in me.view(child).turns for said in turn.said if said.origin == "person"]
    assert said == ["Be brief."]
    assert me.lis.worktree(run).joinpath("file").read_text() == "base\n"
    await me.client.decide(run, SetMode("auto"))
    last = await me.end_of(run)
    assert (last.status, last.answer) == ("submitted", "parent")
    assert not [fact for fact in await me.until(run, RunEnded) if isinstance(fact, RunForked)]


async def test_a_run_whose_host_was_killed_is_taken_up_with_its_files_and_shell(me: Traveller) -> None:
    run = await me.start(
        bash("echo one > file; echo far > /opt/far; V=kept; cd /opt"),
        bash("echo half > /testbed/file; touch /testbed/begun; sleep 1000"),
        bash('cat far /testbed/file; ls /testbed; echo "$V $PWD" > /testbed/answer.txt'),
        SUBMIT,
    )
    await me.until(run, StepStarted, StepAddress(2, 1))
    begun = me.lis.worktree(run) / "begun"
    while not begun.exists():
        await asyncio.sleep(0.01)
    before = len(me.lis.journal(run))
    for host in me.lis.hosts():
        os.kill(host, signal.SIGKILL)
    await me.client.close()
    me.client = await Client.connect(me.places)
    assert await me.client.take_up(run, Changes(message="Go on.")) == run
    ended = await me.end_of(run)
    assert (ended.status, ended.answer) == ("submitted", "kept /opt")
    step = me.view(run).step(StepAddress(2, 1))
    assert step is not None
    assert step.observation is not None
    assert step.observation.text.startswith("No result: the program ended while this ran")
    assert "far\none\n" in me.said(run, 3)
    assert "begun" not in me.said(run, 3)
    records = me.lis.journal(run)
    assert [record.n for record in records] == list(range(1, len(records) + 1))
    assert isinstance(
        next(one.event for one in records[before:] if not isinstance(one.event, SandboxStarted)), RunContinued
    )
    await me.client.close_run(run)
    assert me.lis.containers() == []


def test_the_command_line_forks_and_resumes(lis: LisTui) -> None:
    model = lis.scenario("echo one > /testbed/answer.txt", "cat answer.txt; echo two >> answer.txt")
    kept = ("--set", "sandbox.checkpoints=true")
    ran = lis.run("run", "Go.", "--model", model, "--headless", "--name", "one", "--max-turns", "2", *kept)
    assert ran.returncode == 3, ran.stdout + ran.stderr
    refused = lis.run("resume", "one", "--headless")
    assert refused.returncode == 2
    assert "The limit of 2 turns is reached. Raise it to go on." in refused.stderr
    resumed = lis.run("resume", "one", "--headless", "--max-turns", "5", "--message", "Finish it.")
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert "Answer:\none\ntwo" in resumed.stdout
    asked = [record.event for record in lis.journal("one") if isinstance(record.event, MessageSent)]
    assert [(one.origin, one.turn) for one in asked] == [("limits", 3), ("person", 3)]
    edit = json.dumps({"command": "echo other > answer.txt"})
    forked = lis.run(
        "fork",
        "one",
        "--at",
        "2.1",
        "--before",
        "--edit",
        edit,
        "--name",
        "two",
        "--max-turns",
        "9",
        "--headless",
    )
    assert forked.returncode == 0, forked.stdout + forked.stderr
    assert "Answer:\nother" in forked.stdout
    assert lis.run("fork", "one", "--at", "9.1", "--headless").returncode == 2
    assert lis.run("fork", "one", "--at", "2.1", "--before", "--edit", "{", "--headless").returncode == 2
    again = lis.run("resume", "two", "--headless")
    assert "say what it is to do now" in again.stderr
    assert sorted(path.name for path in (lis.home / "data" / "runs").iterdir()) == ["one", "two"]


INSTALL = "(apt-get update && apt-get install -y --no-install-recommends ed) >/dev/null 2>&1; :"
SHOW_STATE = f"echo '<<<'; {STATE}; echo '>>>'"


def snapshot(run: RunView) -> list[bytes]:
    """Look at all files of a run's container, past lis-tui."""
    assert run.sandbox is not None
    with contextlib.closing(docker.from_env(timeout=120)) as client:
        made = client.containers.get(run.sandbox.container).exec_run(["bash", "-c", SNAPSHOT])
    assert isinstance(made.output, bytes)
    return sorted(made.output.splitlines())


def state(run: RunView, turn: int) -> str:
    """What a step said of its shell."""
    step = run.step(StepAddress(turn, 1))
    assert step is not None
    assert step.observation is not None
    return step.observation.text.rpartition("<<<")[2].partition(">>>")[0]


@pytest.mark.slow
async def test_after_thirty_steps_each_rewind_gives_what_was_there_then(me: Traveller) -> None:
    steps = [*STEPS[:17], INSTALL, *STEPS[17:-1]]
    run = await me.start(*(bash(f"{step}\n{SHOW_STATE}") for step in steps), SUBMIT, mode="confirm")
    seen: dict[int, list[bytes]] = {}
    for turn in range(1, len(steps) + 1):
        await me.approve(run, turn)
        await me.until(run, GateOpened, StepAddress(turn + 1, 1))
        seen[turn] = snapshot(me.view(run))
    first = me.view(run)
    turns = sorted(random.Random(4).sample(range(1, len(steps)), 10), reverse=True)
    look = json.dumps({"command": SHOW_STATE})
    here = run
    for turn in turns:
        here = await me.client.fork(here, StepAddress(turn, 1), kind="rewind")
        await me.until(here, GateOpened, StepAddress(turn + 1, 1))
        view = me.view(here)
        assert view.fork is not None
        assert (view.fork.has_files, view.fork.problems) == (True, ())
        differs = set(snapshot(view)) ^ set(seen[turn])
        assert b"\n".join(sorted(differs)).decode(errors="replace") == "", turn
        await me.client.decide(here, Edit(look), StepAddress(turn + 1, 1))
        await me.until(here, GateOpened, StepAddress(turn + 2, 1))
        assert state(me.view(here), turn + 1) == state(first, turn), turn
    # and a fork of the first one, which ended when it was rewound, has a computer of its own
    turn = max(turns) + 1
    fork = await me.client.fork(run, StepAddress(turn, 1))
    await me.until(fork, GateOpened, StepAddress(turn + 1, 1))
    differs = set(snapshot(me.view(fork))) ^ set(seen[turn])
    assert b"\n".join(sorted(differs)).decode(errors="replace") == ""
    for live in (here, fork):
        await me.client.decide(live, End())
        await me.end_of(live)
        await me.client.close_run(live)


async def test_after_a_crash_a_rewound_run_is_found_by_its_new_name(me: Traveller) -> None:
    run = await me.start(
        bash("echo one > file; cd /tmp; V=1"),
        bash("echo two > /testbed/file"),
        bash('echo "$V $PWD $(cat /testbed/file)" > /testbed/answer.txt'),
        SUBMIT,
        mode="confirm",
    )
    await me.approve(run, 1, 2)
    await me.until(run, GateOpened, StepAddress(3, 1))
    child = await me.client.fork(run, StepAddress(1, 1), kind="rewind", changes=Changes(name="child"))
    await me.until(child, GateOpened, StepAddress(2, 1))
    assert me.lis.run("runs", "rm", run).returncode == 0
    # another program of this user looks for orphans: it must leave the container of the live child alone
    assert (
        me.lis.run("run", "Go.", "--headless", "--model", me.lis.scenario("echo 1 > answer.txt")).returncode
        == 0
    )
    assert me.lis.containers() == [run]
    for host in me.lis.hosts():
        os.kill(host, signal.SIGKILL)
    await me.client.close()
    me.client = await Client.connect(me.places)
    assert await me.client.take_up(child, Changes(mode="auto")) == child
    ended = await me.end_of(child)
    assert (ended.status, ended.answer) == ("submitted", "1 /tmp two")
    await me.client.close_run(child)
    assert me.lis.containers() == []
