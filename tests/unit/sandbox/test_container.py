"""The docker home itself: hardening, labels, images with files, orphans, and life as an ordinary user."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import docker
import pytest

from lis_tui.core.errors import EngineMissing, FileRefused, ImageMissing, SandboxFailed, ShellLost
from lis_tui.core.spec import SandboxSpec
from lis_tui.sandbox.docker_home import DockerSandbox
from lis_tui.sandbox.engines import connect
from lis_tui.sandbox.orphans import reclaim, remove_orphans
from tests.docker_home import HOST_ID, docker_available, docker_image, docker_sandbox
from tests.ordinary import readable_packages

pytestmark = pytest.mark.docker


@pytest.fixture(autouse=True)
def engine() -> None:
    if reason := docker_available():
        pytest.skip(reason)


@pytest.fixture
def client() -> Iterator[docker.DockerClient]:
    found = connect()
    yield found
    found.close()


Make = Callable[..., DockerSandbox]


@pytest.fixture
async def make(tmp_path: Path) -> AsyncIterator[Make]:
    made: list[DockerSandbox] = []

    def one(**changes: object) -> DockerSandbox:
        made.append(docker_sandbox(tmp_path, **changes))  # type: ignore[arg-type]  # as given
        return made[-1]

    yield one
    for sandbox in made:
        await sandbox.stop()


async def said(sandbox: DockerSandbox, command: str) -> str:
    pieces: list[bytes] = []
    await sandbox.run(command, timeout_s=60, on_output=pieces.append)
    return b"".join(pieces).decode()


async def test_a_container_can_do_little_to_its_host(make: Make, client: docker.DockerClient) -> None:
    sandbox = make(spec=SandboxSpec(memory_mb=300, pids=100, cpus=1, network="none"), run="hard-1")
    started = await sandbox.start()
    attrs = client.containers.get(started.container).attrs
    config = attrs["HostConfig"]
    assert config["CapDrop"] == ["ALL"]
    assert {name.removeprefix("CAP_") for name in config["CapAdd"]} == {
        "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETUID", "SETGID",
    }  # fmt: skip
    assert "no-new-privileges" in config["SecurityOpt"]
    assert (config["Memory"], config["MemorySwap"], config["PidsLimit"]) == (300 << 20, 300 << 20, 100)
    assert (config["NanoCpus"], config["NetworkMode"], config["Init"]) == (10**9, "none", True)
    assert attrs["Config"]["Labels"].items() >= {"lis-tui.run": "hard-1", "lis-tui.host": HOST_ID}.items()
    assert "lis-tui.boot" in attrs["Config"]["Labels"]
    assert (
        await said(sandbox, "grep NoNewPrivs /proc/self/status; ls /sys/class/net") == "NoNewPrivs:\t1\nlo\n"
    )
    assert started.capabilities[0].startswith("bash ")
    assert started.network == "none"


async def test_the_work_tree_is_shared_with_this_machine(make: Make, tmp_path: Path) -> None:
    (tmp_path / "worktree").mkdir()
    (tmp_path / "worktree/mine").write_text("kept")
    sandbox = make(env={"GIVEN": "a 'b'"})
    await sandbox.start()
    assert await said(sandbox, 'pwd; cat mine; echo " $GIVEN"; echo new >made') == "/testbed\nkept a 'b'\n"
    assert (tmp_path / "worktree/made").read_text() == "new\n"
    assert sorted(path.name for path in (tmp_path / "worktree").iterdir()) == ["made", "mine"]


async def test_files_of_the_image_are_in_the_work_tree_with_owners_and_links(
    make: Make, client: docker.DockerClient
) -> None:
    first = make(run="filled")
    started = await first.start()
    await said(
        first,
        "mkdir -p /repo/sub; cd /repo; echo x >sub/f; chown 12:34 sub/f; ln -s /etc/passwd l; ln sub/f h",
    )
    client.containers.get(started.container).commit("lis-tui-test-filled", "latest")
    await first.stop()
    try:
        sandbox = make(spec=SandboxSpec(image="lis-tui-test-filled", workdir="/repo"))
        await sandbox.start()
        assert await said(sandbox, "pwd; stat -c '%n %F %u:%g %h' l sub/f h; readlink l") == (
            "/repo\nl symbolic link 0:0 1\nsub/f regular file 12:34 2\nh regular file 12:34 2\n/etc/passwd\n"
        )
        assert [entry.path for entry in (await sandbox.walk()).entries] == ["h", "l", "sub", "sub/f"]
        await sandbox.stop()
    finally:
        client.images.remove("lis-tui-test-filled", force=True)


async def test_a_remote_engine_gets_copies(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An engine elsewhere does not find the nonce in its own folder of that name."""
    (tmp_path / "away").mkdir()
    source: Callable[..., object] = docker.types.Mount

    def elsewhere(target: str, path: str, **rest: object) -> object:
        return source(target, str(tmp_path / "away"), **rest)

    monkeypatch.setattr("docker.types.Mount", elsewhere)
    sandbox = make()
    started = await sandbox.start()
    assert "remote" in started.notes[0]
    assert sandbox.outputs_path is None
    assert await said(sandbox, "pwd; echo 1 >f; mkdir output; echo 2 >output/g") == "/testbed\n"
    assert not list((tmp_path / "worktree").iterdir())
    assert (await sandbox.save_outputs(tmp_path / "saved")).files == ("output/g",)
    reasons: list[str] = []
    sandbox.watch(lambda _: None, reasons.append)
    assert reasons == ["the engine is elsewhere"]
    await sandbox.stop()
    alone = make(spec=SandboxSpec(network="allow"))
    with pytest.raises(SandboxFailed, match="another machine"):
        await alone.start()


async def test_missing_things_are_said_with_the_next_step(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ImageMissing, match="docker pull lis-tui-no-such"):
        await make(spec=SandboxSpec(image="lis-tui-no-such:1")).start()
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")
    with pytest.raises(EngineMissing, match="DOCKER_HOST"):
        await make().start()
    with pytest.raises(EngineMissing):
        await remove_orphans(lambda _: False, HOST_ID)


async def test_one_that_does_not_start_leaves_nothing_in_the_work_tree(make: Make, tmp_path: Path) -> None:
    with pytest.raises(SandboxFailed, match="did not start"):
        await make(spec=SandboxSpec(workdir="/proc/testbed")).start()
    assert list((tmp_path / "worktree").iterdir()) == []


async def test_a_sandbox_that_is_gone_says_so(make: Make, client: docker.DockerClient) -> None:
    sandbox = make()
    started = await sandbox.start()
    client.containers.get(started.container).remove(force=True)
    for _ in range(2):
        with pytest.raises(SandboxFailed):
            await said(sandbox, "true")
    with pytest.raises(SandboxFailed):
        await sandbox.read_file("/etc/passwd")
    await sandbox.stop()
    await sandbox.stop()
    with pytest.raises(ShellLost):
        await said(sandbox, "true")


async def test_stopping_in_the_middle_of_a_command_ends_it(make: Make, client: docker.DockerClient) -> None:
    sandbox = make(run="stopped")
    await sandbox.start()
    task = asyncio.ensure_future(said(sandbox, "sleep 1000"))
    await asyncio.sleep(0.2)
    await sandbox.stop()
    with pytest.raises(SandboxFailed):
        await task
    assert not client.containers.list(all=True, filters={"label": "lis-tui.run=stopped"})


async def test_containers_of_dead_runs_are_removed_and_no_others(
    make: Make, client: docker.DockerClient, tmp_path: Path
) -> None:
    live, dead = make(run="orphan-live"), make(run="orphan-dead")
    stranger = make(run="orphan-stranger", host_id="another-host-of-tests")
    for sandbox in (live, dead, stranger):
        await sandbox.start()
    gone = await remove_orphans(lambda run: not run.startswith("orphan-dead"), HOST_ID)
    left = {c.labels["lis-tui.run"] for c in client.containers.list(all=True) if "lis-tui.run" in c.labels}
    assert gone == ["orphan-dead"]
    assert left >= {"orphan-live", "orphan-stranger"}
    assert "orphan-dead" not in left


async def test_a_run_whose_image_is_gone_says_which_and_what_to_do(make: Make) -> None:
    sandbox = make(image_id="sha256:" + "0123456789abcdef" * 4)
    with pytest.raises(ImageMissing, match=r"0123456789ab.* load that very image again, or begin anew"):
        await sandbox.start()


async def test_carried_files_and_variables_are_inside(make: Make, tmp_path: Path) -> None:
    class Bundle:
        def variables(self) -> dict[str, str]:
            return {"PIP_CERT": "/etc/lis-tui/ca.pem"}

        def files(self) -> dict[str, bytes]:
            return {"/etc/lis-tui/ca.pem": b"certificate\n"}

        def secrets(self) -> tuple[str, ...]:
            return ()

    sandbox = make(carried=Bundle())
    await sandbox.start()
    assert await said(sandbox, "cat $PIP_CERT; stat -c '%a %u' $PIP_CERT") == "certificate\n644 0\n"


# -- an ordinary user ------------------------------------------------------------------------------

_AS_USER = """
import asyncio, json, os, shutil, sys
from pathlib import Path
from lis_tui.core.errors import LisError
from tests.docker_home import docker_sandbox
from lis_tui.sandbox.orphans import reclaim
folder = Path(sys.argv[1])

async def main():
    sandbox = docker_sandbox(folder, run="ordinary")
    await sandbox.start()
    pieces = []
    await sandbox.run(
        "mkdir -m 700 shut shut/in; echo s >shut/in/f; echo r >r; chmod 600 r shut/in/f; mkdir -m 0 none",
        timeout_s=20, on_output=pieces.append)
    reason = asyncio.get_running_loop().create_future()
    sandbox.watch(lambda _: None, reason.set_result)
    await asyncio.wait_for(reason, 20)
    told = {
        "euid": os.geteuid(),
        "host_reads": os.access(folder / "worktree/r", os.R_OK),
        "walk": [(e.path, oct(e.mode)) for e in (await sandbox.walk()).entries],
        "owners": sorted({e.owner for e in await sandbox._files.entries()}),
        "blind": reason.result(),
        "read": (await sandbox.read_file("/testbed/r")).decode(),
        "said": b"".join(pieces).decode(),
    }
    if sys.argv[2] == "crash":
        sandbox._home._vessel.inside().remove(force=True)
        try:
            shutil.rmtree(folder / "worktree")
        except PermissionError:
            told["is_stuck"] = True
        await reclaim(folder / "worktree", sandbox._spec.image)
    else:
        await sandbox.stop()
    told["after"] = (folder / "worktree/r").read_text() + (folder / "worktree/shut/in/f").read_text()[:1]
    shutil.rmtree(folder / "worktree")
    print(json.dumps(told))

asyncio.run(main())
"""


def _ordinary_python() -> str:
    """A Python that another user may run: the tests' own may lie in a closed home."""
    return shutil.which(f"python3.{sys.version_info.minor}", path="/usr/bin:/usr/local/bin") or ""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become an ordinary user")
@pytest.mark.skipif(not _ordinary_python(), reason="no Python that an ordinary user may run")
@pytest.mark.skipif(not Path("/var/run/docker.sock").exists(), reason="the engine is elsewhere")
@pytest.mark.parametrize("end", ["stop", "crash"])
def test_an_ordinary_user_sees_and_gets_back_what_root_made_inside(tmp_path: Path, end: str) -> None:
    home = Path(f"/tmp/lis-tui-ordinary-{os.getpid()}-{end}")
    home.mkdir()
    try:
        os.chown(home, 54321, 54321)
        packages = readable_packages(_ordinary_python(), home / "packages")
        group = Path("/var/run/docker.sock").stat().st_gid
        done = subprocess.run(
            ["setpriv", "--reuid=54321", f"--regid={group}", "--clear-groups",
             _ordinary_python(), "-c", _AS_USER, str(home), end],
            env={"PYTHONPATH": packages, "HOME": str(home), "PATH": os.environ["PATH"],
                 "LIS_TUI_TEST_IMAGE": docker_image()[0], "PYTHONDONTWRITEBYTECODE": "1"},
            cwd=home, capture_output=True, timeout=90, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode()
        told = json.loads(done.stdout)
    finally:
        shutil.rmtree(home)
    assert told["euid"] == 54321
    assert told["host_reads"] is False
    assert told["said"] == ""
    assert told["walk"] == [
        ["none", "0o0"], ["r", "0o600"], ["shut", "0o700"], ["shut/in", "0o700"], ["shut/in/f", "0o600"],
    ]  # fmt: skip
    assert told["owners"] == ["0:0"]
    assert told["read"] == "r\n"
    assert told["blind"] == "a folder may not be read from outside"
    assert told["after"] == "r\ns"
    assert told.get("is_stuck", end == "stop") is True


async def test_reclaiming_without_the_image_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ImageMissing):
        await reclaim(tmp_path, "lis-tui-no-such:1")


async def test_a_file_larger_than_the_host_should_hold_is_refused(make: Make) -> None:
    sandbox = make()
    await sandbox.start()
    await said(sandbox, "truncate -s 3G huge")
    with pytest.raises(FileRefused, match="larger than 256 MB"):
        await sandbox.read_file("/testbed/huge")
    assert await sandbox.read_file("/testbed/huge", max_bytes=5) == b"\0" * 5
