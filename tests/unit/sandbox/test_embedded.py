"""The embedded home: what it says of itself, parts that take no layer, and life as an ordinary user."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import pytest

from lis_tui.core import namespaces
from lis_tui.core.errors import EngineMissing, SandboxFailed
from lis_tui.core.ports import Load
from lis_tui.core.spec import SandboxSpec
from lis_tui.sandbox import layers
from lis_tui.sandbox.groups import Groups
from lis_tui.sandbox.keeper import Keeper, PipeChannel
from lis_tui.sandbox.layers import Places, script
from tests.conformance.conftest import Terminal
from tests.embedded_home import embedded_missing, embedded_sandbox
from tests.ordinary import THROUGH_SHELL, a_python, readable_packages

_NETWORKS: tuple[Literal["bridge", "none"], ...] = ("bridge", "none")


@pytest.fixture
def here() -> None:
    if reason := embedded_missing():
        pytest.skip(reason)


async def test_one_that_goes_down_as_a_process_is_begun_in_it_comes_up_again(
    here: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin, killed = Keeper.open, list[int]()

    async def late(keeper: Keeper, arguments: Sequence[str]) -> PipeChannel:
        if not killed:
            killed.append(keeper.pid)
            os.kill(keeper.pid, signal.SIGKILL)
        return await begin(keeper, arguments)

    sandbox = embedded_sandbox(tmp_path)
    await sandbox.start()
    try:
        run = Terminal(sandbox)
        await run("echo kept > /var/kept")
        monkeypatch.setattr(Keeper, "open", late)
        said: list[bytes] = []
        await sandbox.own_run("cat /var/kept", timeout_s=30, on_output=said.append)
        assert b"".join(said) == b"kept\n"
        assert await run("cat /var/kept") == b"kept\n"
        assert len(killed) == 1
    finally:
        await sandbox.stop()


# -- what it says of itself ------------------------------------------------------------------------


def test_a_missing_program_is_named_and_where_it_comes_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert "bwrap" in namespaces.why_not_here()
    assert "Debian: bubblewrap" in namespaces.why_not_here()
    with pytest.raises(EngineMissing, match="No embedded sandbox can be made here: it needs bwrap"):
        namespaces.must_be_possible()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("kernel/unprivileged_userns_clone", "0", "sysctl kernel.unprivileged_userns_clone=1"),
        ("kernel/apparmor_restrict_unprivileged_userns", "1", "AppArmor"),
        ("user/max_user_namespaces", "0", "switched off"),
    ],
)
def test_what_forbids_an_ordinary_user_namespaces_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).write_text(f"{value}\n")
    assert said in namespaces.reason("unshare failed", tmp_path)
    (tmp_path / name).write_text("2\n")
    assert "(unshare failed)" in namespaces.reason("one\nunshare failed\n", tmp_path)


async def test_what_is_weaker_and_not_limited_is_said_when_it_starts(here: None, tmp_path: Path) -> None:
    sandbox = embedded_sandbox(tmp_path)
    try:
        notes = " ".join((await sandbox.start()).notes)
        assert "weaker than a container" in notes
        assert "through a proxy" in notes
        assert "disk" not in notes
    finally:
        await sandbox.stop()
    alone = embedded_sandbox(tmp_path, spec=SandboxSpec(network="none"))
    try:
        assert "loopback" not in " ".join((await alone.start()).notes)
        assert await Terminal(alone)("cat /proc/net/dev | tail -n +3 | cut -d: -f1") == b"    lo\n"
    finally:
        await alone.stop()


async def test_what_runs_inside_is_measured(here: None, tmp_path: Path) -> None:
    sandbox = embedded_sandbox(tmp_path)
    assert await sandbox_load(tmp_path) == Load()
    await sandbox.start()
    try:
        before = await sandbox.load()
        await Terminal(sandbox)("x=$(head -c 30000000 /dev/zero | tr '\\0' x); sleep 60 & sleep 60 & echo")
        after = await sandbox.load()
        assert (after.memory_bytes or 0) - (before.memory_bytes or 0) > 20_000_000
        assert (after.pids or 0) - (before.pids or 0) >= 2
        assert after.memory_limit_bytes in (None, SandboxSpec().memory_mb << 20)
    finally:
        await sandbox.stop()


def test_groups_are_made_where_that_is_allowed_and_only_there(tmp_path: Path) -> None:
    top, listed = tmp_path / "cgroup", tmp_path / "listed"
    mine = top / "user" / "app"
    (mine / "own").mkdir(parents=True)
    listed.write_text("0::/user/app/own\n")
    (top / "cgroup.controllers").write_text("")
    groups = Groups("lis-x", SandboxSpec(), top, listed)
    assert groups.make() == []
    (mine / "cgroup.procs").write_text("")
    assert groups.make() == [mine / "lis-x" / "cgroup.procs"]
    assert (mine / "lis-x" / "pids.max").read_text() == "512"
    assert (mine / "lis-x" / "memory.max").read_text() == str(4096 << 20)


async def test_a_service_of_the_machine_is_reached_by_its_network_and_not_without(
    here: None, tmp_path: Path
) -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    said = {}
    async with server:
        for network in _NETWORKS:
            sandbox = embedded_sandbox(tmp_path / network, spec=SandboxSpec(network=network))
            try:
                await sandbox.start()
                said[network] = await Terminal(sandbox)(
                    f"(exec 3<>/dev/tcp/127.0.0.1/{port}) 2>&1 && echo in"
                )
            finally:
                await sandbox.stop()
    assert said["bridge"] == b"in\n"
    assert b"refused" in said["none"] or b"unreachable" in said["none"]


# -- layers ----------------------------------------------------------------------------------------


async def test_a_part_that_takes_no_layer_is_read_only_and_named(
    here: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_out = layers.lay_out

    def without_a_place(places: Places, base: Path | None, files: Mapping[str, bytes]) -> None:
        lay_out(places, base, files)
        shutil.rmtree(places.layers / f"work{layers.layered().index('/usr')}")

    monkeypatch.setattr(layers, "lay_out", without_a_place)
    sandbox = embedded_sandbox(tmp_path)
    try:
        started = await sandbox.start()
        assert "/usr cannot be changed inside" in started.notes
        run = Terminal(sandbox)
        assert b"Read-only file system" in await run("echo x >/usr/bin/lis-odd")
        assert await run("echo x >/etc/odd && cat /etc/odd") == b"x\n"
    finally:
        await sandbox.stop()


async def test_where_secrets_cannot_be_hidden_nothing_starts(
    here: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_out = layers.lay_out

    def without_a_place(places: Places, base: Path | None, files: Mapping[str, bytes]) -> None:
        lay_out(places, base, files)
        shutil.rmtree(places.layers / f"work{layers.layered().index('/etc')}")

    monkeypatch.setattr(layers, "lay_out", without_a_place)
    sandbox = embedded_sandbox(tmp_path)
    with pytest.raises(SandboxFailed, match="did not start"):
        await sandbox.start()
    await sandbox.stop()
    assert not (tmp_path / "computer").exists()


def test_names_with_odd_characters_are_mounted_as_they_are(tmp_path: Path) -> None:
    text = script(Places(tmp_path / "a b,c:d'e", tmp_path, tmp_path), None, ["--", "true"])
    subprocess.run(["sh", "-n", "-c", text], check=True)
    assert "a b\\,c\\:d" in text


def test_groups_are_known_before_they_are_made_and_what_runs_in_them_ends_with_them(tmp_path: Path) -> None:
    groups = Groups(f"lis-x-{os.getpid()}", SandboxSpec())
    planned = groups.planned()
    entries = groups.make()
    if not entries:
        pytest.skip("this machine lets us make no control groups")
    assert [entry.parent for entry in entries] == [group for group in planned if group.exists()]
    with subprocess.Popen(["sleep", "1000"]) as sleeper:
        for entry in entries:
            entry.write_text(str(sleeper.pid))
        places = Places(tmp_path / "one", tmp_path, tmp_path)
        places.folder.mkdir()
        places.groups.write_text("".join(f"{group}\n" for group in planned))
        layers.delete(places)
        assert sleeper.wait() == -signal.SIGKILL
    assert not any(group.exists() for group in (*planned, places.folder))


async def sandbox_load(folder: Path) -> Load:
    """Measure one that never was up."""
    from lis_tui.sandbox.carry import Carried
    from lis_tui.sandbox.embedded import EmbeddedHome

    home = EmbeddedHome(SandboxSpec(), Places(folder / "c", folder, folder), env={}, carried=Carried())
    return await home.load()


# -- an ordinary user ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(
            ("test_escapes", "test_breakout", "test_network", "test_jobs", "test_limits"), id="escapes"
        ),
        pytest.param(
            ("test_shell", "test_commands", "test_files", "test_checkpoints", "test_bombs"),
            id="all",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_the_conformance_suite_holds_for_an_ordinary_user(here: None, names: tuple[str, ...]) -> None:
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("only root can become another user")
    python = a_python()
    if python is None:
        pytest.skip(f"an ordinary user may run no Python here: {sys.executable} is shut to others")
    become = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *THROUGH_SHELL]
    folder = Path(tempfile.mkdtemp(prefix="lis-ordinary-"))
    try:
        folder.chmod(0o755)
        packages = readable_packages(python, folder / "packages", "pytest", "pytest-asyncio")
        root = Path(packages.partition(":")[0])
        (folder / "home").mkdir()
        os.chown(folder / "home", 65534, 65534)
        environ = {
            **os.environ,
            "HOME": str(folder / "home"),
            "PYTHONPATH": packages,
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        probe = [*become, python, "-c", "from lis_tui.core.namespaces import why_not_here as w; print(w())"]
        why = subprocess.run(
            probe, env=environ, cwd="/", capture_output=True, text=True, check=True
        ).stdout.strip()
        if why:
            pytest.skip(why)
        words = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--basetemp", f"{folder}/home/t"]
        paths = [str(root / "tests" / "conformance" / f"{name}.py") for name in names]
        done = subprocess.run(
            [*become, *words, "-k", "embedded", *paths],
            env=environ,
            cwd=root,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
        assert " passed" in done.stdout
    finally:
        shutil.rmtree(folder)
