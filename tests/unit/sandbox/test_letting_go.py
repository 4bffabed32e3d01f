"""No channel into a sandbox is forgotten open: not one that died, nor one that nobody waits for any more."""

import asyncio
import socket
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import docker
import pytest
import requests

from lis_tui.core.errors import ShellLost
from lis_tui.sandbox import shell as module
from lis_tui.sandbox.bash import Bash
from lis_tui.sandbox.channel import Channel, Handover, SocketChannel
from lis_tui.sandbox.engine import archive
from lis_tui.sandbox.service import Answer, Service
from lis_tui.sandbox.shell import Shell


class Thing:
    """Counts how often it is closed."""

    def __init__(self) -> None:
        self.times_closed = 0

    def close(self) -> None:
        self.times_closed += 1


class Quiet(Service):
    """A service that has nothing to say."""

    async def ask(self, *_: object, **__: object) -> Answer:
        return Answer(0, b"", "")


class Ending:
    is_gone, is_ending = True, False

    def __init__(self, *, fails: bool) -> None:
        self._fails = fails
        self.is_closed = False

    async def start(self, _: bytes) -> None:
        if self._fails:
            raise ShellLost("none comes up")

    def close(self) -> None:
        self.is_closed = True


class Bashes:
    """Stands for the bash's class: each ends as soon as it is there, or does not come up."""

    LAUNCH = Bash.LAUNCH

    def __init__(self, *, fails: bool = False) -> None:
        self.fails = fails
        self.made: list[Ending] = []

    def __call__(self, *_: object) -> Ending:
        self.made.append(Ending(fails=self.fails))
        return self.made[-1]


class Idle(Thing):
    """A process that ends when it is spoken to."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""

    async def read(self) -> list[tuple[int, bytes]]:
        return []

    async def write(self, data: bytes) -> None:
        self.written += data

    async def exit_code(self) -> int | None:
        return None


class Nowhere:
    async def open(self, _: Sequence[str]) -> Channel:
        return Idle()


def a_shell(monkeypatch: pytest.MonkeyPatch, bashes: Bashes) -> Shell:
    monkeypatch.setattr(module, "Bash", bashes)
    shell = Shell(Nowhere(), Quiet(Nowhere()), folder="/nowhere", workdir="/")

    async def nothing(_: bytes) -> None:
        pass

    monkeypatch.setattr(shell, "_script", nothing)
    return shell


async def test_a_bash_that_ended_between_two_commands_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    bashes = Bashes()
    shell = a_shell(monkeypatch, bashes)
    await shell.start()
    await shell._ready()
    assert [bash.is_closed for bash in bashes.made] == [True, False]


async def test_a_bash_that_does_not_come_up_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    bashes = Bashes(fails=True)
    with pytest.raises(ShellLost):
        await a_shell(monkeypatch, bashes).start()
    assert [bash.is_closed for bash in bashes.made] == [True, True]  # it is tried again, once


class Slow:
    """A door that opens when it is told to."""

    def __init__(self) -> None:
        self.asked, self.may = asyncio.Event(), asyncio.Event()
        self.channel = Idle()

    async def open(self, _: Sequence[str]) -> Channel:
        self.asked.set()
        await self.may.wait()
        return self.channel


async def test_a_service_that_is_ended_while_its_bash_comes_up_keeps_none() -> None:
    door = Slow()
    service = Service(door)
    asking = asyncio.ensure_future(service.ask(b":"))
    await door.asked.wait()
    service.close()
    door.may.set()
    with pytest.raises(ShellLost):
        await asking
    assert (door.channel.times_closed, door.channel.written) == (1, b"")


class Closing:
    """A door behind which everything ends at once; at some opening somebody ends the service."""

    def __init__(self, at: int) -> None:
        self.openings, self._at = 0, at
        self.service = Service(self)

    async def open(self, _: Sequence[str]) -> Channel:
        self.openings += 1
        if self.openings == self._at:
            asyncio.get_running_loop().call_soon(self.service.close)
        return Idle()


@pytest.mark.parametrize(("at", "openings"), [(2, 2), (3, 3), (99, 5)])
async def test_a_service_that_is_ended_while_it_tries_again_tries_no_more(
    monkeypatch: pytest.MonkeyPatch, at: int, openings: int
) -> None:
    monkeypatch.setattr("lis_tui.sandbox.service._PAUSES_S", (0.0,) * 4)
    door = Closing(at)
    with pytest.raises(ShellLost):
        await door.service.ask(b":")
    assert door.openings == openings


def test_what_is_opened_for_a_caller_who_has_gone_is_closed() -> None:
    handover, thing = Handover[Thing](), Thing()
    handover.give_up()
    handover.put(thing)
    assert thing.times_closed == 1


def test_what_was_opened_when_its_caller_goes_is_closed() -> None:
    handover, thing = Handover[Thing](), Thing()
    handover.put(thing)
    assert thing.times_closed == 0
    handover.give_up()
    assert thing.times_closed == 1


async def test_a_socket_keeps_its_number_until_what_is_being_sent_broke_off() -> None:
    near, far = socket.socketpair()
    thing = Thing()
    with far:
        channel = SocketChannel(near, Idle().exit_code, thing.close)
        sending = asyncio.ensure_future(channel.write(bytes(1 << 24)))
        await asyncio.sleep(0)
        channel.close()
        assert (near.fileno() >= 0, thing.times_closed) == (True, 0)
        with pytest.raises(BrokenPipeError):
            await sending
        assert (near.fileno(), thing.times_closed) == (-1, 1)


class Engine(BaseHTTPRequestHandler):
    """A container engine that has one container, and in it a file larger than anybody reads."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = bytes(1 << 22) if self.path.endswith("archive?path=%2Flarge") else b'{"Id": "one"}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def client() -> Iterator[docker.DockerClient]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Engine) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        with closing(docker.DockerClient(f"tcp://127.0.0.1:{server.server_port}", version="1.44")) as client:
            yield client
        server.shutdown()
        thread.join()


def test_an_archive_of_which_a_part_was_read_is_closed(
    client: docker.DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    container = client.containers.get("one")
    closed: list[str] = []
    close = requests.Response.close

    def noted(response: requests.Response) -> None:
        closed.append(response.url.rpartition("/")[2])
        close(response)

    monkeypatch.setattr(requests.Response, "close", noted)
    stream = archive(container, "/large")
    assert stream is not None
    assert next(stream)
    assert closed == []
    stream.close()
    assert closed == ["archive?path=%2Flarge"]
