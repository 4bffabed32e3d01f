"""What looks for leaks sees each kind of them, and takes nothing for one that belongs to a live run."""

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from lis_tui.config.places import find_places
from lis_tui.core.private import private_folder
from lis_tui.core.spec import SandboxSpec
from lis_tui.host.leftovers import host_id
from lis_tui.sandbox.groups import Groups
from lis_tui.sandbox.layers import Places
from lis_tui.trajectory.store import Store
from tests.docker_home import docker_image
from tests.faults.leaks import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    folder = Store(tmp_path / "data").create("task", "dead")
    folder.journal_path.write_text("{}\n")
    return Home(tmp_path, None)


def private_of(home: Home, run: str) -> Path:
    folder = home.data / "computers" / run
    return Places(folder, folder, folder).private


def test_nothing_is_found_where_nothing_was_left(home: Home) -> None:
    assert home.leaks(()) == []


def test_what_is_left_on_disk_and_in_memory_is_found(home: Home) -> None:
    (home.data / "computers" / "dead").mkdir(parents=True)
    (home.data / "worktrees" / "alone").mkdir()
    (home.data / "runs" / "dead" / "copy").mkdir()
    (home.data / "blobs" / "00").mkdir(parents=True)
    (home.data / "blobs" / "00" / ".new-x").touch()
    Store(home.data).create("task", "half")
    private = private_folder(private_of(home, "dead"))
    try:
        found = home.leaks(())
    finally:
        private.rmdir()
    told = ("computer dead", "work tree without a run: alone", "copy of dead", "half-made run half")
    assert set(told) <= set(found)
    assert [one for one in found if one.startswith("file")] == [f"file {home.data}/blobs/00/.new-x"]
    assert f"in memory {private.name}" in found
    assert home.leaks({"dead", "half"}) == [one for one in found if "alone" in one or ".new-x" in one]


def test_sockets_of_killed_hosts_are_found(home: Home) -> None:
    runtime = find_places({"LIS_TUI_HOME": str(home.root)}).make_runtime()
    with socket.socket(socket.AF_UNIX) as dead, socket.socket(socket.AF_UNIX) as live:
        dead.bind(str(runtime / "h-dead.sock"))
        live.bind(str(runtime / "h-live.sock"))
        live.listen()
        assert home.leaks(()) == ["socket h-dead.sock"]


@contextlib.contextmanager
def process(code: str, environ: dict[str, str]) -> Iterator[int]:
    with subprocess.Popen(
        [sys.executable, "-c", f"{code}; print(flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, **environ},
    ) as made:
        assert made.stdout is not None
        made.stdout.readline()
        yield made.pid
        made.communicate(b"\n")


def test_processes_are_found_by_what_they_were_given_and_not_those_of_a_live_run(home: Home) -> None:
    lock = home.data / "runs" / "dead" / "lock"
    with process(f"held = open({str(lock)!r}, 'w')", {"LIS_TUI_HOME": str(home.root)}) as pid:
        (found,) = home.leaks(())
        assert found.startswith(f"process {pid}: ")
        assert home.leaks({"dead"}) == []


def test_control_groups_are_found(home: Home) -> None:
    groups = Groups(f"{private_of(home, 'dead').name}-1", SandboxSpec())
    if not groups.make():
        pytest.skip("this machine lets us make no control groups")
    try:
        found = home.leaks(())
    finally:
        groups.remove()
    assert found
    assert all(one.startswith("control group ") for one in found)
    assert home.leaks(()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
def test_mounts_are_found(home: Home) -> None:
    place = home.data / "computers"
    place.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "tmpfs", str(place)], check=False, capture_output=True
    ).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        with subprocess.Popen(
            ["unshare", "--mount", "--propagation", "unchanged", "sh", "-c", "echo; read x"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as stranger:  # it has a copy of what is mounted here
            assert stranger.stdout is not None
            stranger.stdout.readline()
            assert home.leaks({"dead"}) == [f"mount {place}"]
            stranger.communicate(b"\n")
    finally:
        subprocess.run(["umount", str(place)], check=True)


@pytest.mark.docker
def test_containers_are_found(home: Home) -> None:
    image, reason = docker_image()
    if reason:
        pytest.skip(reason)
    with contextlib.closing(docker.from_env()) as client:
        labels = {"lis-tui.host": host_id(home.data), "lis-tui.run": "dead"}
        container = client.containers.create(image, ["true"], labels=labels)
        seen = Home(
            home.root, client.api.base_url.replace("http+docker://localhost", "unix:///var/run/docker.sock")
        )
        try:
            assert seen.containers() == {container.id: "dead"}
            assert "container of dead" in seen.leaks(())
            assert "container of dead" not in seen.leaks({"dead"})
        finally:
            container.remove(force=True)
