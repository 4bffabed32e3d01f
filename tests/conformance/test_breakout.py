"""A hostile program tries everything at once (`tests/attempts.py`); the same program outside is the control.

Outside it is root's, with all rights, and each attempt in mounts of its own: what it does not get there
either, this machine cannot show, and the control is skipped with what was said.
"""

import contextlib
import ctypes
import os
import pty
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from lis_tui.core.ports import Sandbox
from lis_tui.core.private import open_private
from tests.attempts import ATTEMPTS, FAMILIES
from tests.conformance.conftest import Home, Terminal

pytestmark = pytest.mark.asyncio(loop_scope="module")
SCRIPT = Path(__file__).parent.parent / "attempts.py"
CANARY = f"canary-{os.getpid()}-9d2f"
MARK = f"8639{os.getpid()}"
DEPENDS_ON_THE_MACHINE = {
    "namespace: by the calls of 32 bits",
    "namespace: by the calls of x32",
    "namespace: time",
    "terminal: typed into",
    "rights: spared when memory is short",
    *(f"socket: {name}" for name in FAMILIES),
    *(name for name in ATTEMPTS if name.startswith("kernel: ")),
    *(name for name in ATTEMPTS if name.startswith("mount: ") and name != "mount: a file system"),
}
"""A kernel may be built without these, and root be without some rights: then the control says so."""
SHUT_BY_NEWER_ENGINES = {
    "kernel: rings",
    "socket: virtual machines",
    "socket: ciphers",
    "socket: the bus of cars",
    "socket: clusters",
    "mount: a copy of a tree",
}
"""What Docker's own filter of system calls lets pass before version 25; nothing outside is reached by it."""


class Planted(msgspec.Struct):
    """What lies ready on this machine for whoever comes out of a sandbox."""

    folder: Path
    given: dict[str, str]

    def encoded(self, **other: str) -> bytes:
        """Give it as the attempts read it."""
        return msgspec.json.encode({**self.given, "empty": "/testbed/empty", **other})


def _shared_memory() -> int:
    key = 0x115 << 16 | os.getpid() & 0xFFFF
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.shmget(key, 4096, 0o1666) < 0:
        pytest.skip("this machine shares no memory by keys")
    return key


def _inode(path: str) -> str:
    found = os.stat(path)
    return f"{found.st_dev}:{found.st_ino}"


def _unshared(key: int) -> None:
    libc = ctypes.CDLL(None)
    libc.shmctl(libc.shmget(key, 0, 0), 0, None)


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planted]:
    own = tmp_path_factory.mktemp("machine")
    own.chmod(0o755)
    secret = own / "canary"
    secret.write_text(CANARY)
    other = tmp_path_factory.mktemp("other") / "journal.jsonl"
    other.write_text(CANARY)
    roots = Path(f"/etc/lis-{CANARY}") if os.geteuid() == 0 else secret
    with os.fdopen(open_private(roots, os.O_WRONLY), "w") as file:
        file.write(CANARY)
    held = os.open(own, os.O_RDONLY | os.O_DIRECTORY)
    environ = {**os.environ, "MARK": CANARY}
    process = subprocess.Popen(["sleep", MARK], pass_fds=(held,), cwd=own, env=environ)
    maps = Path(f"/proc/{process.pid}/maps").read_text()
    key = _shared_memory()
    with (
        socket.socket(socket.AF_UNIX) as hidden,
        socket.socket(socket.AF_UNIX) as named,
        socket.socket() as tcp,
    ):
        hidden.bind(f"\0{CANARY}")
        with contextlib.chdir(own):  # a socket's path must be short
            named.bind("socket")
        tcp.bind(("127.0.0.1", 0))
        for one in (hidden, named, tcp):
            one.listen()
        given = {
            "home": str(secret),
            "other run": str(other),
            "system": str(roots),
            "canary": CANARY,
            "name": secret.name,
            "own": "/etc/hostname",
            "inodes": f"{_inode('/dev/null')} {_inode(shutil.which('bwrap') or '/')}",
            "mark": MARK,
            "pid": str(process.pid),
            "first": "1",
            "address": maps.split("-")[0],
            "key": str(key),
            "terminal": "",
            "socket": str(own / "socket"),
            "abstract": CANARY,
            "port": str(tcp.getsockname()[1]),
        }
        yield Planted(own, given)
    process.kill()
    process.wait()
    os.close(held)
    _unshared(key)
    roots.unlink()


def told(lines: str) -> dict[str, tuple[str, str]]:
    """Give what each attempt got, and how."""
    rows = [line.split("\t") for line in lines.splitlines()]
    return {row[0]: (row[1], row[2]) for row in rows if len(row) == 3}


async def test_nothing_that_a_hostile_program_tries_gets_out(
    planted: Planted, run: Terminal, sandbox: Sandbox, home: Home
) -> None:
    if os.uname().machine != "x86_64":
        pytest.skip("the numbers are those of x86_64")
    if b"python3" not in await run("type -P python3"):
        pytest.skip("there is no Python inside")
    for name, data in (("attempts.py", SCRIPT.read_bytes()), ("given", planted.encoded())):
        await sandbox.write_file(f"/testbed/{name}", data)
    output = (
        await run("cd /testbed; mkdir -p empty; python3 attempts.py given 2>&1", timeout_s=120)
    ).decode()
    found = told(output)
    assert found.keys() == ATTEMPTS.keys(), output
    got = {name: how for name, (result, how) in found.items() if result == "got"}
    allowed = SHUT_BY_NEWER_ENGINES if home.name == "docker" else set()
    assert {name: how for name, how in got.items() if name not in allowed} == {}


@pytest.fixture(scope="module")
def outside(planted: Planted, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, str]]:
    """What each gets on this machine itself, as root with all rights, in mounts of its own."""
    if os.geteuid() != 0 or os.uname().machine != "x86_64":
        pytest.skip("only root has all the rights; the numbers are those of x86_64")
    given = tmp_path_factory.mktemp("given") / "given"
    terminal, other = pty.openpty()
    pid = planted.given["pid"]
    inodes = f"{planted.given['inodes']} {_inode(f'/proc/{pid}/exe')}"
    with tempfile.TemporaryDirectory(prefix="lis-open-") as empty:
        Path(empty).chmod(0o755)  # every user may enter it
        more = {"empty": empty, "terminal": os.ttyname(other), "first": pid, "inodes": inodes, "apart": "yes"}
        given.write_bytes(planted.encoded(**more))
        words = ["unshare", "--mount", "--uts", "--propagation", "private", sys.executable]
        done = subprocess.run(
            [*words, str(SCRIPT), str(given)],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            start_new_session=True,
        )
    os.close(terminal)
    os.close(other)
    found = told(done.stdout)
    assert found.keys() == ATTEMPTS.keys(), done.stderr
    return found


@pytest.mark.parametrize("name", list(ATTEMPTS))
async def test_outside_the_same_attempts_succeed(outside: dict[str, tuple[str, str]], name: str) -> None:
    result, how = outside[name]
    if result == "refused" and name in DEPENDS_ON_THE_MACHINE:
        pytest.skip(f"no control: this machine refuses it to all ({how})")
    assert result == "got", how
