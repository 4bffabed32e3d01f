import grp
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lis_tui.core.events import OutputArrived
from tests.command import LisTui, wait_for_end
from tests.ordinary import THROUGH_SHELL, may_run, readable_packages

pytestmark = pytest.mark.docker
USER = f"lis-test-{os.getpid()}"
PRIVATE = (
    "umask 077; mkdir -p output/deep; echo drawn > output/deep/plot.txt; mkdir shut; echo x > shut/file; "
)
SHARED = Path(tempfile.gettempdir()) / f"lis-tui-for-{USER}"


@pytest.fixture
def ordinary(image: str) -> Iterator[LisTui]:
    """`lis-tui` as a fresh user of group docker."""
    if os.geteuid() != 0 or shutil.which("useradd") is None or shutil.which("setpriv") is None:
        pytest.skip("only root can make another user")
    if not any(group.gr_name == "docker" for group in grp.getgrall()):
        pytest.skip("there is no group docker")
    pythons = (sys.executable, "/usr/bin/python3", f"/usr/bin/python3.{sys.version_info.minor}")
    python = next((one for one in pythons if may_run(one)), None)
    if python is None:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        pytest.skip(f"an ordinary user may run no Python {version} here: {sys.executable} is shut to others")
    home = Path(tempfile.mkdtemp(prefix="lis-user-"))
    subprocess.run(["useradd", "--home-dir", home, "--groups", "docker", USER], check=True)
    user = pwd.getpwnam(USER)
    os.chown(home, user.pw_uid, user.pw_gid)
    become = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--init-groups", *THROUGH_SHELL]
    environ = {
        "HOME": str(home),
        "LIS_TUI_IMAGE": image,
        "PYTHONPATH": readable_packages(python, SHARED),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    lis = LisTui(home, command=[*become, python, "-m", "lis_tui"], environ=environ)
    try:
        yield lis
        lis.close()
        assert lis.containers() == []
    finally:
        subprocess.run(["userdel", USER], check=True)
        shutil.rmtree(home)
        shutil.rmtree(SHARED, ignore_errors=True)


def test_a_run_works_as_an_ordinary_user_and_its_files_are_theirs(ordinary: LisTui) -> None:
    model = ordinary.scenario(PRIVATE + "echo 42 > answer.txt; stat -c %u shut/file")
    done = ordinary.run("run", "Go.", "--model", model, "--headless", "--name", "one")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Answer:\n42" in done.stdout
    user = pwd.getpwnam(USER).pw_uid
    saved = ordinary.home / "data" / "runs" / "one" / "results" / "output" / "deep" / "plot.txt"
    assert (saved.read_text(), saved.stat().st_uid) == ("drawn\n", user)
    assert (ordinary.worktree("one") / "shut" / "file").stat().st_uid == user
    removed = ordinary.run("runs", "rm", "one")
    assert (removed.returncode, removed.stderr) == (0, "")
    assert not ordinary.worktree("one").exists()


def test_an_ordinary_users_run_goes_on_with_the_owners_it_had(ordinary: LisTui) -> None:
    look = "(stat -c '%u:%g %a %n' root-only theirs theirs/in; cat root-only)"
    made = "echo r > root-only; chmod 600 root-only; mkdir -m 700 theirs; echo t > theirs/in; "
    model = ordinary.scenario(f"{made} chown -R 12:34 theirs; {look} > answer.txt")
    done = ordinary.run("run", "Go.", "--model", model, "--headless", "--name", "one")
    assert (done.returncode, done.stderr) == (0, "")
    user = pwd.getpwnam(USER).pw_uid
    assert (ordinary.worktree("one") / "root-only").stat().st_uid == user
    again = ordinary.scenario(
        *[f"{look} > again.txt; cmp again.txt answer.txt && echo same > answer.txt"] * 4, name="two"
    )
    resumed = ordinary.run("resume", "one", "--message", "Again.", "--model", again, "--headless")
    assert (resumed.returncode, resumed.stderr) == (0, "")
    worktree = ordinary.worktree("one")
    assert (worktree / "again.txt").read_text() == (
        "0:0 600 root-only\n12:34 700 theirs\n12:34 644 theirs/in\nr\n"
    )
    assert "same" in resumed.stdout
    assert (worktree / "theirs" / "in").stat().st_uid == user


def test_after_a_killed_host_an_ordinary_user_can_read_and_delete_the_run(ordinary: LisTui) -> None:
    model = ordinary.scenario(PRIVATE + "echo ready; sleep 1000")
    assert ordinary.run("run", "Go.", "--model", model, "--detach", "--name", "one").returncode == 0
    ordinary.start("attach", "one", "--json").until(OutputArrived)
    (host,) = ordinary.hosts()
    fd = os.pidfd_open(host)
    os.kill(host, signal.SIGKILL)
    wait_for_end(fd)
    model = ordinary.scenario("echo 42 > answer.txt", name="next")
    assert ordinary.run("run", "Go.", "--model", model, "--headless", "--name", "two").returncode == 0
    assert ordinary.containers() == []
    assert (ordinary.worktree("one") / "shut" / "file").stat().st_uid == pwd.getpwnam(USER).pw_uid
    assert ordinary.run("open", "one", "--headless").returncode == 0
    removed = ordinary.run("runs", "rm", "one")
    assert (removed.returncode, removed.stderr) == (0, "")


def test_what_root_left_behind_is_removed_by_the_engine_or_said(ordinary: LisTui) -> None:
    model = ordinary.scenario(PRIVATE + "echo ready; sleep 1000")
    assert ordinary.run("run", "Go.", "--model", model, "--detach", "--name", "one").returncode == 0
    ordinary.start("attach", "one", "--json").until(OutputArrived)
    (host,) = ordinary.hosts()
    fd = os.pidfd_open(host)
    os.kill(host, signal.SIGKILL)
    wait_for_end(fd)
    engine, ordinary.environ["DOCKER_HOST"] = ordinary.environ.get("DOCKER_HOST"), "unix:///nonexistent"
    refused = ordinary.run("runs", "rm", "one")
    assert refused.returncode == 7
    assert "A sandbox leaves files of root" in refused.stderr
    del ordinary.environ["DOCKER_HOST"]
    if engine is not None:
        ordinary.environ["DOCKER_HOST"] = engine
    removed = ordinary.run("runs", "rm", "one")
    assert (removed.returncode, removed.stderr) == (0, "")
    model = ordinary.scenario("echo 42 > answer.txt", name="next")
    assert ordinary.run("run", "Go.", "--model", model, "--headless", "--name", "two").returncode == 0
    assert ordinary.containers() == []
