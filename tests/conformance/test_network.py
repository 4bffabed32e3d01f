"""What a sandbox reaches with each network, and what not; each attempt has a control that would notice.

The controls are the same attempts on this machine itself, or from a container that nobody guards.
"""

import json
import os
import random
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
import pytest_asyncio

from lis_tui.core.network import Rules
from lis_tui.core.ports import Connection, Sandbox
from lis_tui.core.spec import Network, SandboxSpec
from lis_tui.sandbox.engines import connect
from tests.canary import Canary, listening
from tests.conformance.conftest import Home, Terminal
from tests.docker_home import HOST_ID, docker_image

pytestmark = pytest.mark.asyncio(loop_scope="module")
HEARD, OTHER = "127.0.0.2", "127.0.0.3"
"""Addresses of this machine alone, which no sandbox takes for itself: it excepts 127.0.0.1 from its proxy."""

PROBE = r"""
import http.client, json, os, socket, sys, urllib.error, urllib.request

def tried(what):
    try:
        return str(what())
    except urllib.error.HTTPError as error:
        return "%d %s" % (error.code, error.read().decode())
    except OSError as error:
        return "refused: %s" % error

def connected(family, address):
    with socket.socket(family) as one:
        one.settimeout(3)
        one.connect(address)
    return "connected"

def sent(address):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        return "sent" if one.sendto(b"x", address) else ""

def through(address):
    return urllib.request.urlopen(address, timeout=10).read().decode()

def tunnel(host, port):
    proxy = http.client.HTTPConnection("127.0.0.1", 3128, timeout=10)
    proxy.set_tunnel(host, port)
    try:
        proxy.request("GET", "/tunnelled")
        return proxy.getresponse().status
    finally:
        proxy.close()

found = {}
for name, what, *words in json.loads(sys.argv[1]):
    words = [tuple(word) if isinstance(word, list) else word for word in words]
    if what == "abstract":
        found[name] = tried(lambda: connected(socket.AF_UNIX, "\0" + words[0]))
    elif what == "tcp":
        found[name] = tried(lambda: connected(socket.AF_INET, words[0]))
    elif what == "udp":
        found[name] = tried(lambda: sent(words[0]))
    elif what == "get":
        found[name] = tried(lambda: through(words[0]))
    elif what == "tunnel":
        found[name] = tried(lambda: tunnel(*words))
    elif what == "name":
        found[name] = tried(lambda: socket.getaddrinfo(words[0], 80) and "found")
print(json.dumps(found))
"""
Attempt = tuple[object, ...]


class Ruled:
    """A door that knows rules only, as a run's does where nobody is asked."""

    def __init__(self, *texts: str) -> None:
        self._rules = Rules(texts)
        self.noted: list[Connection] = []

    async def may_pass(self, host: str, port: int, address: str = "") -> str:
        """Ask the rules."""
        if not address:
            return self._rules.why_not(host, port)
        return self._rules.why_not_there(host, port, address)

    def note(self, connection: Connection) -> None:
        """Take it down."""
        self.noted.append(connection)


@pytest.fixture(scope="module", autouse=True)
def without_a_proxy_of_ours(home: Home) -> Iterator[None]:
    """The sandbox's proxy goes where it is asked to, not through one of this machine's."""
    if home.is_elsewhere:
        pytest.skip("nothing leads from an engine elsewhere to the proxy here")
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.lower().endswith("_proxy"):
                patch.delenv(name)
        yield


@pytest.fixture(scope="module")
def canary() -> Iterator[Canary]:
    with listening(HEARD) as one:
        one.pages = {"/heard": b"heard"}
        yield one


@pytest.fixture(scope="module")
def other() -> Iterator[Canary]:
    with listening(OTHER) as one:
        yield one


@pytest.fixture
def abstract() -> Iterator[str]:
    """The name of a socket without a file, as some desktops and container runtimes have."""
    name = f"lis-tui-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(f"\0{name}")
        one.listen()
        yield name


@asynccontextmanager
async def started(home: Home, folder: Path, network: Network, door: Ruled) -> AsyncIterator[Sandbox]:
    made = home.make(folder, spec=SandboxSpec(network=network))
    made.guard(door)
    told = await made.start()
    assert told.network == network
    try:
        terminal = Terminal(made)
        if b"python3" not in await terminal("type -P python3"):
            pytest.skip("there is no Python inside")
        yield made
    finally:
        await made.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ruled(canary: Canary) -> Ruled:
    return Ruled(f"{HEARD}:{canary.port}", "listed.invalid")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def allowed(home: Home, folder: Path, ruled: Ruled) -> AsyncIterator[Sandbox]:
    async with started(home, folder / "allowed", "allow", ruled) as made:
        yield made


async def inside(sandbox: Sandbox, *attempts: Attempt) -> dict[str, str]:
    words = ["python3", "-c", PROBE, json.dumps(attempts)]
    output = await Terminal(sandbox)(shlex.join(words))
    found: dict[str, str] = json.loads(output.splitlines()[-1])
    return found


def outside(*attempts: Attempt) -> dict[str, str]:
    """Do the same on this machine."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, json.dumps(attempts)], capture_output=True, text=True, check=True
    )
    found: dict[str, str] = json.loads(done.stdout)
    return found


def ways_out(canary: Canary, abstract: str) -> list[Attempt]:
    """Everything by which the machine is reached without a proxy."""
    ways: list[Attempt] = [
        ("loopback", "tcp", (canary.host, canary.port)),
        ("datagram", "udp", (canary.host, canary.port)),
        ("abstract", "abstract", abstract),
    ]
    if address := own_address():
        ways.append(("datagram to the machine", "udp", (address, 9)))
    return ways


def own_address() -> str:
    """Give the address by which this machine reaches others, if it has one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        try:
            one.connect(("198.51.100.1", 9))
        except OSError:
            return ""
        return str(one.getsockname()[0])


def is_shut(found: dict[str, str], canary: Canary) -> bool:
    """A datagram to an address that leads back inside is sent, and nobody hears of it."""
    closed = [said.startswith("refused") for name, said in found.items() if name != "datagram"]
    return all(closed) and canary.datagrams() == 0 and canary.calls == 0


def assert_all_open(ways: list[Attempt], canary: Canary) -> None:
    """The control: on this machine the same attempts reach it."""
    found = outside(*ways)
    assert set(found.values()) == {"connected", "sent"}, found
    assert (canary.calls, canary.datagrams()) == (1, 1)


async def test_with_none_nothing_is_reached(home: Home, folder: Path, canary: Canary, abstract: str) -> None:
    ways = ways_out(canary, abstract)
    canary.forget()
    async with started(home, folder / "none", "none", Ruled("*")) as made:
        found = await inside(made, *ways, ("proxy", "tcp", ("127.0.0.1", 3128)), ("name", "name", "one.test"))
    assert is_shut(found, canary), found
    assert_all_open(ways, canary)


async def test_with_allow_there_is_no_way_but_the_proxy(
    allowed: Sandbox, canary: Canary, abstract: str
) -> None:
    ways = ways_out(canary, abstract)
    canary.forget()
    found = await inside(allowed, *ways, ("name", "name", "listed.invalid"))
    assert is_shut(found, canary), found
    assert_all_open(ways, canary)
    assert (await inside(allowed, ("own", "name", "localhost")))["own"] == "found"


async def test_with_allow_a_listed_host_passes_and_others_are_refused_in_words(
    allowed: Sandbox, ruled: Ruled, canary: Canary, other: Canary
) -> None:
    ruled.noted.clear()
    found = await inside(
        allowed,
        ("listed", "get", f"{canary.address}/heard"),
        ("tunnel", "tunnel", canary.host, canary.port),
        ("other", "get", f"{other.address}/x"),
        ("other port", "tunnel", canary.host, other.port),
        ("metadata", "get", "http://169.254.169.254/"),
        ("unlisted", "tunnel", "unlisted.invalid", 443),
    )
    assert found["listed"] == "heard"
    assert found["tunnel"] == "404", "the page of that name is not there, but the server is"
    assert found["other"].startswith("403 ")
    assert OTHER in found["other"]
    assert "403" in found["other port"]
    assert found["metadata"].startswith("403 ")
    assert "403" in found["unlisted"]
    assert other.asked == []
    assert outside(("control", "tcp", (other.host, other.port)))["control"] == "connected"
    assert {(one.host, one.is_allowed) for one in ruled.noted} == {
        (HEARD, True),
        (HEARD, False),
        (OTHER, False),
        ("169.254.169.254", False),
        ("unlisted.invalid", False),
    }


async def test_programs_find_the_proxy_by_their_variables(allowed: Sandbox, canary: Canary) -> None:
    terminal = Terminal(allowed)
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        assert await terminal(f"echo ${name}") == b"http://127.0.0.1:3128\n"
    assert b"127.0.0.1" in await terminal("echo $no_proxy; test $NODE_USE_ENV_PROXY = 1")
    assert terminal.end.exit_code == 0
    serve = "python3 -m http.server -b 127.0.0.1 8000 >/dev/null 2>&1 & "
    wait = "until (: </dev/tcp/127.0.0.1/8000) 2>/dev/null; do :; done; "
    own = (
        "python3 -c 'import urllib.request as u; print(u.urlopen(\"http://localhost:8000\").status)'; kill %1"
    )
    assert b"200" in await terminal(serve + wait + own)


async def test_nobody_inside_holds_what_answers(allowed: Sandbox) -> None:
    listening_ = await Terminal(allowed)("grep -i ' 0100007F:0C38 .* 0A ' /proc/net/tcp | tr -s ' '")
    inode = listening_.split()[9].decode()
    links = await Terminal(allowed)("ls -l /proc/[0-9]*/fd 2>/dev/null; exec 9<>/dev/tcp/127.0.0.1/3128")
    assert f"socket:[{inode}]" not in links.decode()
    links = await Terminal(allowed)("readlink /proc/$$/fd/9; exec 9>&-")
    assert links.startswith(b"socket:["), "the control: sockets that are held are seen"


async def test_killing_all_that_runs_inside_closes_no_way(allowed: Sandbox, canary: Canary) -> None:
    canary.forget()
    await Terminal(allowed)("kill -9 -1; kill -9 $$")
    found = await inside(allowed, ("again", "get", f"{canary.address}/heard"))
    assert (found["again"], canary.asked) == ("heard", ["/heard"])


async def test_when_it_is_gone_nothing_of_its_way_is_left(home: Home, folder: Path, canary: Canary) -> None:
    before = sockets()
    async with started(home, folder / "gone", "allow", Ruled(f"{HEARD}:{canary.port}")) as made:
        await inside(made, ("control", "get", f"{canary.address}/heard"))
        assert sockets() > before
    assert sockets() == before
    assert list((folder / "gone").glob("passage*")) == []


def sockets() -> int:
    """Count those that this process holds."""
    count = 0
    for name in os.listdir("/proc/self/fd"):
        with suppress(FileNotFoundError):
            count += os.readlink(f"/proc/self/fd/{name}").startswith("socket:")
    return count


# -- a container's own network ---------------------------------------------------------------------


@pytest.fixture
def metadata() -> Iterator[Canary]:
    """A server of this machine at an address of the kind at which clouds have theirs."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("only root gives this machine another address")
    address = f"169.254.{random.randrange(1, 255)}.{random.randrange(1, 255)}"
    subprocess.run(["ip", "address", "add", f"{address}/32", "dev", "lo"], check=True)
    try:
        with listening(address) as one:
            yield one
    finally:
        subprocess.run(["ip", "address", "del", f"{address}/32", "dev", "lo"], check=True)


@pytest.mark.parametrize("is_local", [True, False], ids=["entered", "by a container"])
async def test_a_clouds_metadata_is_not_reached_from_a_bridge(
    home: Home, folder: Path, metadata: Canary, monkeypatch: pytest.MonkeyPatch, is_local: bool
) -> None:
    if home.name != "docker":
        pytest.skip("an embedded sandbox with this network has this machine's own")
    if not is_local:  # as where the engine's processes are not ours to enter
        monkeypatch.setattr("lis_tui.sandbox.sidecar._is_of", lambda _pid, _container: False)
    attempt: Attempt = ("metadata", "tcp", (metadata.host, metadata.port))
    async with started(home, folder / f"bridge{is_local}", "bridge", Ruled()) as made:
        with listening(gateway()) as heard:  # an engine may have it only while there is a container
            found = await inside(made, attempt, ("control", "tcp", (heard.host, heard.port)))
            changed = await Terminal(made)("ip route del unreachable 169.254.0.0/16 2>&1 && echo changed")
    assert found["control"] == "connected"
    assert found["metadata"].startswith("refused")
    assert b"changed" not in changed
    assert metadata.calls == 0
    assert unguarded(metadata) == 0
    assert metadata.calls == 1


def gateway() -> str:
    """Give this machine's address in the engine's network."""
    client = connect()
    try:
        found = client.networks.get("bridge").attrs["IPAM"]["Config"][0]
    finally:
        client.close()
    return str(found.get("Gateway") or found["Subnet"].rpartition(".")[0] + ".1")


def unguarded(canary: Canary) -> int:
    """Connect from a plain container; gives the exit code."""
    client = connect()
    try:
        made = client.containers.create(
            docker_image()[0],
            entrypoint=["bash", "-c", f": </dev/tcp/{canary.host}/{canary.port}"],
            labels={"lis-tui.host": HOST_ID},
        )
        try:
            made.start()
            return int(made.wait(timeout=30)["StatusCode"])
        finally:
            made.remove(force=True)
    finally:
        client.close()


async def test_where_the_engines_processes_cannot_be_entered_a_short_container_does_it(
    home: Home, folder: Path, canary: Canary, monkeypatch: pytest.MonkeyPatch
) -> None:
    if home.name != "docker":
        pytest.skip("there is no engine")
    monkeypatch.setattr("lis_tui.sandbox.sidecar._is_of", lambda _pid, _container: False)
    made = home.make(folder / "apart", spec=SandboxSpec(network="allow"))
    made.guard(Ruled(f"{HEARD}:{canary.port}"))
    try:
        notes = " ".join((await made.start()).notes)
        assert "by a short container" in notes
        assert (await inside(made, ("listed", "get", f"{canary.address}/heard")))["listed"] == "heard"
        assert {path.name for path in (folder / "apart").iterdir()} == {"worktree", "outputs"}
    finally:
        await made.stop()
