"""Secrets of a person's, looked for wherever a run leaves or shows anything; each search has a control."""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

import docker
import pytest

from lis_tui.cli.export import export
from lis_tui.config.places import find_places
from lis_tui.core.events import OutputArrived
from lis_tui.host.leftovers import remove_orphans
from lis_tui.trajectory.exporting.names import FORMATS
from tests.command import LisTui, Process, wait_for_end
from tests.docker_home import docker_image
from tests.embedded_home import embedded_missing
from tests.server import Answer, Call, FakeServer

Kind = Literal["docker", "embedded"]
KEY = "sk-canary-key-81f2a7c04be9"
PASSED = "canary-passed-55ab01"
MACHINE = "canary-machine-77c3de"
SETTING = "canary-setting-90be17"
PROXY = "canary-proxy-3fd2a8"
CANARIES = {"key": KEY, "passed": PASSED, "machine": MACHINE, "setting": SETTING, "proxy": PROXY}
SETTINGS = f'# {SETTING}\ntheme = "dark"\n'
LOOK = (
    "env; export -p; cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline; cat /run/lis/* /etc/lis-tui/*; ps auxeww;"
    " cat /proc/mounts; ls -laR /testbed; echo looked"
)


@pytest.fixture(params=[pytest.param("docker", marks=pytest.mark.docker), "embedded"])
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    if reason := docker_image()[1] if found == "docker" else embedded_missing():
        pytest.skip(reason)
    return found


@pytest.fixture
def lis(tmp_path: Path, kind: Kind) -> Iterator[LisTui]:
    environ = {
        "LIS_TUI_SANDBOX_KIND": kind,
        "LIS_TUI_IMAGE": docker_image()[0],
        "CANARY_API_KEY": KEY,
        "PASSED": PASSED,
        "MACHINE_SECRET": MACHINE,
        "HTTPS_PROXY": f"http://someone:{PROXY}@proxy.invalid:3128",
        "NO_PROXY": "127.0.0.1,localhost",
    }
    home = LisTui(tmp_path, environ=environ)
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.toml").write_text(SETTINGS)
    yield home
    home.close()
    asyncio.run(remove_orphans(tmp_path / "data"))


def found_in(data: bytes | str, allowed: Iterable[str] = ()) -> list[str]:
    """Name the canaries in it."""
    text = data.encode() if isinstance(data, str) else data
    return [name for name, value in CANARIES.items() if value.encode() in text and name not in allowed]


def on_disk(*folders: Path) -> dict[str, list[str]]:
    """Name the canaries in all files of these folders, the settings file apart."""
    found = {}
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file() and not path.is_symlink() and path.name != "config.toml":
                found[str(path)] = found_in(path.read_bytes())
    return {path: names for path, names in found.items() if names}


def command_lines() -> bytes:
    """Give what every process of this machine was started with."""
    lines = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            lines.append((folder / "cmdline").read_bytes())
        except OSError:
            continue
    return b"\n".join(lines)


def inspected(lis: LisTui, image: str) -> str:
    """Give all that the engine tells of the run's containers and their image."""
    host = (lis.home / "data" / "host-id").read_text().strip()
    with contextlib.closing(docker.from_env()) as client:
        made = client.containers.list(all=True, filters={"label": f"lis-tui.host={host}"})
        assert made, "the run has a container"
        return str([one.attrs for one in made]) + str(client.images.get(image).attrs)


def shown(lis: LisTui) -> dict[str, str]:
    """Give what commands print of the run; exports are written below the home."""
    said = (("doctor",), ("doctor", "--security"), ("runs",), ("open", "one", "--headless"))
    found = {}
    for words in said:
        done = lis.run(*words)
        found[" ".join(words)] = done.stdout + done.stderr
    (lis.home / "exports").mkdir()
    for name in FORMATS:
        export(find_places(lis.environ), "one", to=name, path=lis.home / "exports" / name)
    return found


def run_words(server: FakeServer) -> tuple[str, ...]:
    return (
        *("run", "Go.", "--model", "openai/m", "--api-base", server.url, "--name", "one"),
        *("--set", "model.key=CANARY_API_KEY", "--env", "PASSED"),
    )


def inside() -> list[bytes]:
    """Give the surroundings of every process that lives in other namespaces than we do."""
    own, found = Path("/proc/self/ns/pid").readlink(), []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if (folder / "ns/pid").readlink() != own:
                found.append((folder / "environ").read_bytes() + (folder / "cmdline").read_bytes())
        except OSError:
            continue
    return found


def until_said(process: Process, words: bytes) -> str:
    """Give all that a watcher of a run was told up to these words in its output."""
    told = []
    for record in process.records():
        told.append(repr(record))
        if isinstance(record.event, OutputArrived) and words in record.event.data:
            return "".join(told)
    raise AssertionError(f"{words!r} was never said")


def as_another(user: int, path: Path) -> subprocess.CompletedProcess[bytes]:
    words = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "cat", str(path)]
    return subprocess.run(words, capture_output=True, check=False)


def bash(command: str) -> Answer:
    return Answer(calls=(Call(name="execute_bash", arguments={"command": command}),))


def test_secrets_are_nowhere_while_a_run_lives_nor_after_its_host_crashed(lis: LisTui, kind: Kind) -> None:
    lis.environ["PYTHONFAULTHANDLER"] = "1"
    with FakeServer([bash(LOOK), bash("echo said $PASSED; mkfifo f; read x <f")]) as server:
        assert lis.run(*run_words(server), "--detach").returncode == 0
        frames = until_said(lis.start("attach", "one", "--json"), b"said ")
        assert "looked" in frames
        assert [found_in(seen.raw) for seen in server.requests] == [[], []]
        assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
        (host,) = lis.hosts()
        environ = Path(f"/proc/{host}/environ")
        assert {"key", "machine", "passed", "proxy"} == set(found_in(environ.read_bytes()))
        assert found_in(frames) == []
        assert found_in(command_lines()) == []
        passed = ("passed", "proxy") if kind == "docker" else ("passed",)
        assert "passed" in [name for one in inside() for name in found_in(one)]
        assert [names for one in inside() if (names := found_in(one, passed))] == []
        if kind == "docker":
            assert found_in(inspected(lis, lis.environ["LIS_TUI_IMAGE"])) == []
        if os.geteuid() == 0:
            assert as_another(65534, environ).stdout == b""
        limits = Path(f"/proc/{host}/limits").read_text()
        assert "Max core file size        1 " in limits
        fd = os.pidfd_open(host)
        os.kill(host, signal.SIGABRT)
        wait_for_end(fd)
    (log,) = (lis.home / "data" / "logs").iterdir()
    assert "Fatal Python error: Aborted" in log.read_text()
    assert on_disk(lis.home) == {}
    if kind == "embedded":  # a recording is the same in each
        assert {name: names for name, text in shown(lis).items() if (names := found_in(text))} == {}
    assert on_disk(lis.home) == {}
    (lis.home / "data" / "planted").write_text(f"{KEY}{PASSED}")
    assert list(on_disk(lis.home).values()) == [["key", "passed"]]


@pytest.mark.parametrize("kind", ["embedded"], indirect=True)
def test_a_key_that_a_server_says_back_in_its_refusal_is_nowhere(lis: LisTui) -> None:
    answer = Answer(status=401, message=f"Incorrect API key provided: {KEY}.")
    with FakeServer([answer], then="repeat") as server:
        done = lis.run(*run_words(server), "--json")
        assert len(server.requests) == 1
    assert (done.returncode, found_in(done.stdout + done.stderr)) == (5, [])
    assert "Incorrect API key provided" in done.stdout
    assert on_disk(lis.home) == {}
