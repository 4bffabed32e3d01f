"""kill -9 of the process that owns a run, at any moment of it."""

import os
import random
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from itertools import cycle, islice

import pytest
import yaml

from lis_tui.core import events
from lis_tui.core.events import OutputArrived, Record, RunEnded, StepFinished
from tests.command import LisTui, Process, wait_for_end
from tests.faults.shown import lost_of
from tests.server import Answer, Call, FakeServer

pytestmark = pytest.mark.docker
TALK = "Let me count, one line after the other, and think about it while I do. "
COUNT = "for i in $(seq 50); do echo line $i; done; sleep 0.05; mkdir -p output; date >> output/days"
TURNS = 3
MOST_LINES = 260
"""About as many records as a whole run prints."""


class Killer:
    """Starts runs of every kind, kills each at a moment of its own, and remembers what they had shown."""

    def __init__(self, lis: LisTui, dice: random.Random) -> None:
        self.shown: dict[str, list[Record]] = {}
        self._lis = lis
        self._dice = dice
        self._servers = ExitStack()
        self._script = lis.home / "talks.yaml"
        turn = {
            "text": TALK * 3,
            "calls": [{"tool": "execute_bash", "arguments": {"command": COUNT}}],
        }
        end = {"calls": [{"tool": "submit", "arguments": {"answer": "42"}}]}
        scenario = {"task": "t", "pace": 0.1, "turns": [*[turn] * TURNS, end]}
        self._script.write_text(yaml.safe_dump(scenario))

    def kill_headless(self, name: str) -> None:
        """Kill a run in a process of its own, after some of its lines."""
        process = self._lis.start("run", "Go.", *self._scripted(), "--json", "--name", name)
        self._kill_after(name, process, process.process.pid, self._dice.randint(1, MOST_LINES))

    def kill_early(self, name: str) -> None:
        """Kill a run after some time, most likely while it starts."""
        process = self._lis.start("run", "Go.", *self._scripted(), "--json", "--name", name)
        with suppress(subprocess.TimeoutExpired):
            process.process.wait(self._dice.uniform(0.1, 1.5))
        self._kill_after(name, process, process.process.pid, 0)

    def kill_host(self, name: str) -> None:
        """Kill the host of a run that somebody watches."""
        others = self._lis.hosts()
        assert self._lis.run("run", "Go.", *self._scripted(), "--detach", "--name", name).returncode == 0
        (host,) = set(self._lis.hosts()) - set(others)
        watcher = self._lis.start("attach", name, "--json")
        fd = os.pidfd_open(host)
        self._kill_after(name, watcher, host, self._dice.randint(1, MOST_LINES))
        wait_for_end(fd)

    def kill_over_http(self, name: str) -> None:
        """Kill a run whose model answers over HTTP."""
        turn = Answer(text=TALK * 3, calls=(Call(name="execute_bash", arguments={"command": COUNT}),))
        server = self._servers.enter_context(FakeServer([turn] * TURNS))
        model = ("--model", "openai/m", "--api-base", server.url, "--set", "model.key=none")
        process = self._lis.start("run", "Go.", *model, "--json", "--name", name)
        self._kill_after(name, process, process.process.pid, self._dice.randint(1, MOST_LINES))

    def close(self) -> None:
        """Stop the model servers."""
        self._servers.close()

    def _scripted(self) -> tuple[str, str]:
        return "--model", f"script/{self._script}"

    def _kill_after(self, name: str, process: Process, victim: int, lines: int) -> None:
        stdout = process.process.stdout
        assert stdout is not None
        shown = list(islice(stdout, lines))
        with suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
        shown += stdout
        process.process.wait()
        whole = [line for line in shown if line.endswith("\n")]
        self.shown[name] = [events.decode(line.encode()) for line in whole]


@pytest.fixture
def other(lis: LisTui) -> Iterator[str]:
    """A run that lives in another host the whole time, and ends well when it may."""
    waits = lis.scenario("mkfifo -m 666 gate; echo waiting; cat gate; echo 42 > answer.txt", name="waits")
    assert lis.run("run", "Wait.", "--model", waits, "--detach", "--name", "other").returncode == 0
    lis.start("attach", "other", "--json").until(OutputArrived)
    yield "other"
    watcher = lis.start("attach", "other", "--json")
    watcher.until(OutputArrived)
    (lis.worktree("other") / "gate").write_text("go\n")
    assert [one.event.status for one in watcher.rest() if isinstance(one.event, RunEnded)] == ["submitted"]


@pytest.fixture
def moments(request: pytest.FixtureRequest) -> int:
    """How many runs are killed: each way once, and more of each where slow tests are asked for."""
    return 12 if request.config.getoption("--slow") else 5


def test_killed_at_some_moments_a_run_keeps_all_that_was_shown_and_leaves_no_container(
    lis: LisTui, other: str, moments: int
) -> None:
    killer = Killer(lis, random.Random(4))
    ways = (killer.kill_headless, killer.kill_early, killer.kill_host, killer.kill_headless)
    for number, way in enumerate(islice(cycle((*ways, killer.kill_over_http)), moments)):
        way(f"run-{number}")
    # the next start tidies up
    last = lis.run("run", "Go.", "--model", lis.scenario("echo 42 > answer.txt"), "--headless")
    killer.close()
    assert last.returncode == 0, last.stderr
    assert lis.containers() == [other]
    for name, shown in killer.shown.items():
        assert lost_of(lis.home / "data", name, shown) == ""
    assert len(killer.shown) == moments
    assert any(isinstance(one.event, StepFinished) for shown in killer.shown.values() for one in shown)
