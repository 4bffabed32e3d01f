"""Runs without an engine: in namespaces of this machine, chosen by itself, gone with their host."""

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from lis_tui.client import Client
from lis_tui.config.places import find_places
from lis_tui.core.decisions import SetMode
from lis_tui.core.events import GateOpened, OutputArrived, SandboxStarted, StepAddress
from lis_tui.core.wire import Changes
from tests.command import LisTui, wait_for_end
from tests.e2e.test_travel import SUBMIT, Traveller, bash
from tests.embedded_home import embedded_missing

NOWHERE = "unix:///nonexistent"
CANARY = "canary-5e1f"


@pytest.fixture
def lis(tmp_path: Path) -> Iterator[LisTui]:
    """`lis-tui` where no engine answers."""
    if reason := embedded_missing():
        pytest.skip(reason)
    environ = {"DOCKER_HOST": NOWHERE, "CANARY": CANARY}
    home = LisTui(tmp_path, environ=environ)
    yield home
    home.close()
    assert left_of(home) == []


def left_of(lis: LisTui) -> list[str]:
    """Name what embedded sandboxes of this home have on disk and in memory."""
    computers = lis.home / "data" / "computers"
    return [path.name for path in computers.iterdir()] if computers.exists() else []


def running(mark: str) -> list[int]:
    """Give the processes of this machine that have a word in their command line."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and mark.encode() in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def started(lis: LisTui, run: str) -> list[SandboxStarted]:
    return [record.event for record in lis.journal(run) if isinstance(record.event, SandboxStarted)]


def test_where_no_engine_answers_a_run_works_in_namespaces_and_says_so(lis: LisTui) -> None:
    model = lis.scenario("echo $((6 * 7)) > answer.txt; mkdir output; echo x > output/x")
    done = lis.run("run", "Go.", "--model", model, "--headless", "--name", "one")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Answer:\n42" in done.stdout
    assert "weaker than a container" in done.stdout
    (event,) = started(lis, "one")
    assert (event.kind, event.image_id.partition(":")[0]) == ("embedded", "embedded")
    assert (lis.home / "data/runs/one/results/output/x").read_text() == "x\n"
    (lis.home / "data/computers/one/layers").mkdir(parents=True)
    assert lis.run("runs", "rm", "one").returncode == 0
    assert left_of(lis) == []


def test_an_image_that_was_asked_for_is_not_replaced_by_something_weaker(lis: LisTui) -> None:
    model = lis.scenario("echo 42 > answer.txt")
    done = lis.run("run", "Go.", "--model", model, "--headless", "--image", "debian:12")
    assert done.returncode == 6
    assert "container engine" in done.stdout + done.stderr
    assert "embedded" not in done.stdout + done.stderr


def test_a_run_goes_on_and_is_forked_in_the_home_it_had(lis: LisTui) -> None:
    model = lis.scenario(
        "echo kept > kept; echo far > /etc/far; V=7", "rm kept /etc/far; echo 1 > answer.txt"
    )
    assert lis.run("run", "Go.", "--model", model, "--headless", "--name", "one").returncode == 0
    look = lis.scenario(*["cat kept /etc/far > answer.txt; echo $V >> answer.txt"] * 3, name="look")
    forked = lis.run("fork", "one", "--at", "1", "--model", look, "--headless", "--name", "two")
    assert (forked.returncode, forked.stderr) == (0, "")
    assert "Answer:\nkept\nfar\n7" in forked.stdout
    write = lis.scenario(*["ls /etc/far > answer.txt; echo on >> answer.txt"] * 6, name="write")
    again = lis.run("resume", "one", "--message", "More.", "--model", write, "--headless")
    assert (again.returncode, again.stderr) == (0, "")
    redone = lis.run("reexecute", "two", "--headless", "--name", "three")
    assert (redone.returncode, redone.stderr) == (0, "")
    assert {event.kind for run in ("one", "two", "three") for event in started(lis, run)} == {"embedded"}


async def test_a_rewind_takes_the_sandbox_over_under_its_own_name(lis: LisTui) -> None:
    lis.environ["LIS_TUI_SANDBOX_KIND"] = "embedded"
    client = await Client.connect(find_places(lis.environ))
    me = Traveller(lis, client)
    try:
        run = await me.start(
            bash("echo one > file; V=1; cd /tmp; echo near > /etc/near"),
            bash("echo two > /testbed/file; echo far > /etc/far; V=2; cd /"),
            bash("cat /testbed/file /etc/near; ls /etc/far; echo $V > /testbed/answer.txt"),
            SUBMIT,
            mode="confirm",
        )
        await me.approve(run, 1, 2)
        await me.until(run, GateOpened, StepAddress(3, 1))
        assert left_of(lis) == [run]
        child = await client.fork(run, StepAddress(1, 1), kind="rewind", changes=Changes(mode="confirm"))
        assert (await me.end_of(run)).status == "rewound"
        await me.until(child, GateOpened, StepAddress(2, 1))
        assert left_of(lis) == [child]
        await me.approve(child, 2)
        await me.until(child, GateOpened, StepAddress(3, 1))
        await client.decide(child, SetMode("auto"))
        last = await me.end_of(child)
        assert (last.status, last.answer) == ("submitted", "2")
        assert me.said(child, 3).startswith("two\nnear\n")
    finally:
        await client.close()


def test_a_killed_host_leaves_no_process_and_the_next_one_removes_its_folders(lis: LisTui) -> None:
    other = lis.home / "other" / "data" / "computers" / "one"
    other.mkdir(parents=True)
    mark = f"987{os.getpid()}"
    both = f"$(cat /proc/[0-9]*/cmdline | tr '\\0' '\\n' | grep -cx '[9]{mark[1:]}')"
    model = lis.scenario(
        f"setsid sleep {mark} & sleep {mark} & until [[ {both} == 2 ]]; do :; done; echo $CANARY; wait"
    )
    words = ("run", "Go.", "--model", model, "--detach", "--name", "one", "--env", "CANARY")
    assert lis.run(*words).returncode == 0
    lis.start("attach", "one", "--json").until(OutputArrived)
    assert len(running(f"sleep\0{mark}\0")) == 2
    assert running(CANARY) == []
    assert running("lis_tui.host") != []  # so that values would have been seen where they are
    inside = [os.pidfd_open(pid) for pid in running(f"sleep\0{mark}\0")]
    (host,) = lis.hosts()
    fd = os.pidfd_open(host)
    os.kill(host, signal.SIGKILL)
    wait_for_end(fd)
    for one in inside:
        wait_for_end(one)
    assert left_of(lis) == ["one"]
    memory = [path for path in Path(f"/dev/shm/lis-tui-{os.geteuid()}").iterdir() if is_of(path, lis)]
    assert len(memory) == 1
    model = lis.scenario("echo 42 > answer.txt", name="next")
    assert lis.run("run", "Go.", "--model", model, "--headless", "--name", "two").returncode == 0
    assert left_of(lis) == []
    assert [path for path in memory if path.exists()] == []
    assert other.exists()


def is_of(path: Path, lis: LisTui) -> bool:
    from lis_tui.sandbox.layers import Places

    places = Places(lis.home / "data/computers/one", lis.home, lis.home)
    return places.private == path


@pytest.mark.slow
def test_the_demo_solves_its_task_without_an_engine(lis: LisTui, index_answers: None) -> None:
    if shutil.which("python3", path="/usr/bin") is None:
        pytest.skip("the system has no Python of its own")
    lis.environ["LIS_TUI_MODEL_EXTRA_BODY"] = '{"pace": 0}'
    done = lis.run("demo", "--headless")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Answer:\nNordholm 0.51" in done.stdout
