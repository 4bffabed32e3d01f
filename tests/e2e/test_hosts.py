import os
import signal

import pytest

from lis_tui.core.events import Fact, OutputArrived, Record, RunEnded, RunStarted, SandboxStopped, StepStarted
from tests.command import LisTui, wait_for_end

pytestmark = pytest.mark.docker
ANSWER = "echo 42 > answer.txt"
WAITS = "mkfifo -m 666 gate; echo waiting; cat gate; echo 42 > answer.txt"
"""A command that goes on when somebody writes into its pipe."""


def facts(records: list[Record]) -> list[Record]:
    """The facts of the run itself; its end may still be under way for one of two watchers."""
    return [
        one for one in records if isinstance(one.event, Fact) and not isinstance(one.event, SandboxStopped)
    ]


def let_go(lis: LisTui, run: str) -> None:
    (lis.worktree(run) / "gate").write_text("go\n")


def detached(lis: LisTui, name: str, command: str = WAITS) -> None:
    done = lis.run("run", "Wait.", "--model", lis.scenario(command), "--detach", "--name", name)
    assert done.returncode == 0, done.stderr
    assert f"lis-tui attach {name}" in done.stdout


def test_a_killed_client_ends_nothing_and_the_next_one_sees_the_whole_run(lis: LisTui) -> None:
    detached(lis, "one")
    first = lis.start("attach", "one", "--json")
    first.until(OutputArrived)
    first.send(signal.SIGKILL)
    assert first.end() == -signal.SIGKILL
    second = lis.start("attach", "one", "--json")
    seen = second.until(OutputArrived)
    assert isinstance(seen[0].event, RunStarted)
    let_go(lis, "one")
    seen += second.rest()
    assert second.process.returncode == 0
    assert facts(seen) == facts(lis.journal("one"))


def test_two_clients_see_the_same_and_a_late_one_gets_the_output_so_far(lis: LisTui) -> None:
    detached(lis, "one")
    first = lis.start("attach", "one", "--json")
    early = first.until(OutputArrived)
    second = lis.start("attach", "one", "--json")
    late = second.until(OutputArrived)
    output = late[-1].event
    assert isinstance(output, OutputArrived)
    assert b"waiting" in output.data
    let_go(lis, "one")
    assert facts(early + first.rest()) == facts(late + second.rest())


def test_a_terminated_host_leaves_complete_journals_and_no_container(lis: LisTui) -> None:
    detached(lis, "one")
    lis.start("attach", "one", "--json").until(OutputArrived)
    lis.end_hosts()
    ended = [record.event for record in lis.journal("one") if isinstance(record.event, RunEnded)]
    assert [event.status for event in ended] == ["terminated"]
    assert lis.containers() == []


def test_after_a_killed_host_the_next_start_tidies_up_and_leaves_live_runs_alone(lis: LisTui) -> None:
    detached(lis, "dies")
    lis.start("attach", "dies", "--json").until(OutputArrived)
    (host,) = lis.hosts()
    detached(lis, "lives")
    lis.start("attach", "lives", "--json").until(OutputArrived)
    fd = os.pidfd_open(host)
    os.kill(host, signal.SIGKILL)
    wait_for_end(fd)
    assert lis.containers() == ["dies", "lives"]
    opened = lis.run("open", "dies", "--json")
    assert opened.returncode == 0
    assert any(isinstance(record.event, StepStarted) for record in lis.journal("dies"))
    listed = {line.split("  ")[0]: line for line in lis.run("runs").stdout.splitlines()}
    assert "cut off" in listed["dies"]
    assert "live" in listed["lives"]
    third = lis.run("run", "Go.", "--model", lis.scenario(ANSWER), "--headless", "--name", "third")
    assert third.returncode == 0, third.stderr
    assert lis.containers() == ["lives"]
    last = lis.start("attach", "lives", "--json")
    last.until(OutputArrived)
    let_go(lis, "lives")
    assert any(isinstance(record.event, RunEnded) for record in last.rest())
    assert lis.run("runs", "rm", "dies").returncode == 0
    assert not lis.worktree("dies").exists()


def test_a_host_ends_by_itself_when_nobody_needs_it(lis: LisTui) -> None:
    detached(lis, "one", ANSWER)
    (host,) = lis.hosts()
    wait_for_end(os.pidfd_open(host))
    assert lis.containers() == []
    assert list((lis.home / "run").glob("*")) == []
