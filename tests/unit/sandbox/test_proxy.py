"""What goes through a sandbox's proxy, over real sockets of this machine."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import pytest

from lis_tui.core.network import Rules
from lis_tui.core.ports import Connection
from lis_tui.sandbox.caller import MOST_HEAD, Bounds
from lis_tui.sandbox.proxy import Proxy
from lis_tui.sandbox.reaching import Reach

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
SHORT = Bounds(head_s=0.2, between_s=0.2, idle_s=0.2, linger_s=0.05)
LIMIT_S = 10.0


@dataclass
class ListDoor:
    """Goes by rules, and keeps what it was told."""

    rules: Rules
    noted: list[Connection] = field(default_factory=list)
    asked: list[tuple[str, int, str]] = field(default_factory=list)
    holds: asyncio.Event | None = None

    async def may_pass(self, host: str, port: int, address: str = "") -> str:
        self.asked.append((host, port, address))
        if self.holds is not None:
            await self.holds.wait()
        return self.rules.why_not_there(host, port, address) if address else self.rules.why_not(host, port)

    def note(self, connection: Connection) -> None:
        self.noted.append(connection)


class World:
    """A proxy, hosts it can reach, and what names stand for."""

    def __init__(self) -> None:
        self.port = 0
        self.names: dict[str, list[str]] = {}
        self.looked_up: list[str] = []
        self.door = ListDoor(Rules([]))
        self.proxy = Proxy({})
        self._servers: list[asyncio.Server] = []
        self._writers: list[asyncio.StreamWriter] = []

    async def host(self, serve: Serve) -> int:
        """Serve on this machine; gives the port, which the door lets pass."""

        async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(OSError, asyncio.IncompleteReadError):
                await serve(reader, writer)
            writer.close()

        server = await asyncio.start_server(served, "127.0.0.1", 0)
        self._servers.append(server)
        port = int(server.sockets[0].getsockname()[1])
        self.allow(f"127.0.0.1:{port}")
        return port

    def allow(self, *rules: str) -> None:
        self.door.rules = Rules([*map(str, self.door.rules._rules), *rules])

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        self.looked_up.append(host)
        if host not in self.names:
            raise OSError(-2, "Name or service not known")
        return self.names[host]

    async def start(self, bounds: Bounds | None = None, *, most: int = 200, **environ: str) -> None:
        await self.proxy.close()
        self.proxy = Proxy(environ, reach=Reach(environ, self.resolve), bounds=bounds, most=most)
        self.proxy.guard(self.door)
        await self.serve()

    async def serve(self) -> None:
        """Have the proxy answer where `call` calls."""
        listening = socket.create_server(("127.0.0.1", 0))
        self.port = listening.getsockname()[1]
        await self.proxy.serve(listening)

    async def call(self) -> Streams:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self._writers.append(writer)
        return reader, writer

    async def ask(self, request: bytes) -> bytes:
        """Say something and nothing more; gives all that comes."""
        reader, writer = await self.call()
        writer.write(request)
        with suppress(OSError):
            await writer.drain()
            writer.write_eof()
        async with asyncio.timeout(LIMIT_S):
            return await read_all(reader)

    async def settled(self) -> None:
        """Wait until no connection is left."""
        async with asyncio.timeout(LIMIT_S):
            while self.proxy.connections:
                await asyncio.sleep(0)

    async def close(self) -> None:
        await self.proxy.close()
        for writer in self._writers:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
        for server in self._servers:
            server.close()
        await breathe()


async def breathe() -> None:
    """Let what was closed be closed."""
    for _ in range(5):
        await asyncio.sleep(0)


async def read_all(reader: asyncio.StreamReader) -> bytes:
    data = bytearray()
    with suppress(ConnectionError):
        while piece := await reader.read(65_536):
            data += piece
    return bytes(data)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    yield made
    await made.close()


def says(answer: bytes, heard: list[bytes] | None = None) -> Serve:
    """Answer each request that has no body with this."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            request = await reader.readuntil(b"\r\n\r\n")
            if heard is not None:
                heard.append(request)
            writer.write(answer)
            await writer.drain()

    return serve


async def echoes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say back what comes, and end after it."""
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


def get(port: int, path: str = "/", *lines: str, method: str = "GET", host: str = "127.0.0.1") -> bytes:
    head = [f"{method} http://{host}:{port}{path} HTTP/1.1", f"Host: {host}:{port}", *lines]
    return "\r\n".join([*head, "", ""]).encode()


def connect(port: int, host: str = "127.0.0.1") -> bytes:
    return f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode()


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def body(answer: bytes) -> bytes:
    return answer.partition(b"\r\n\r\n")[2]


async def tunnel(world: World, port: int, host: str = "127.0.0.1") -> Streams:
    reader, writer = await world.call()
    writer.write(connect(port, host))
    answer = await reader.readuntil(b"\r\n\r\n")
    assert status(answer) == 200
    return reader, writer


# ---- tunnels


async def test_a_tunnel_carries_bytes_both_ways_and_they_are_counted(world: World) -> None:
    port = await world.host(echoes)
    await world.start()
    reader, writer = await tunnel(world, port)
    writer.write(b"\x16\x03\x01 anything \x00\xff")
    writer.write_eof()
    assert await read_all(reader) == b"\x16\x03\x01 anything \x00\xff"
    await world.settled()
    (noted,) = world.door.noted
    assert (noted.host, noted.port, noted.is_allowed) == ("127.0.0.1", port, True)
    assert (noted.sent, noted.received) == (15, 15)


async def test_what_comes_with_the_request_is_the_first_in_the_tunnel(world: World) -> None:
    port = await world.host(echoes)
    await world.start()
    assert body(await world.ask(connect(port) + b"early")) == b"early"


async def test_a_side_that_has_ended_still_hears_the_other(world: World) -> None:
    async def answers_at_the_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        data = await reader.read()
        writer.write(b"got " + data)
        await writer.drain()

    async def speaks_first(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello")
        writer.write_eof()
        heard.append(await reader.read())

    heard: list[bytes] = []
    first, second = await world.host(answers_at_the_end), await world.host(speaks_first)
    await world.start()
    assert body(await world.ask(connect(first) + b"all of it")) == b"got all of it"
    reader, writer = await tunnel(world, second)
    assert await read_all(reader) == b"hello"
    writer.write(b"and on")
    writer.write_eof()
    await world.settled()
    assert heard == [b"and on"]


async def test_nothing_piles_up_where_nobody_reads(world: World) -> None:
    sent = 0

    async def floods(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        while True:
            writer.write(b"x" * 65_536)
            await writer.drain()
            sent += 65_536

    port = await world.host(floods)
    await world.start(Bounds(idle_s=0.5))
    await tunnel(world, port)
    await world.settled()  # given up as nobody took anything any more
    assert 0 < sent < 16_000_000
    assert world.door.noted[0].received < 16_000_000


async def test_a_tunnel_in_which_nobody_speaks_is_ended(world: World) -> None:
    port = await world.host(echoes)
    await world.start(SHORT)
    reader, _ = await tunnel(world, port)
    assert await read_all(reader) == b""
    await world.settled()
    assert len(world.door.noted) == 1


async def test_closing_ends_every_connection_and_tells_of_each(world: World) -> None:
    port = await world.host(echoes)
    await world.start()
    readers = [(await tunnel(world, port))[0] for _ in range(5)]
    idle, _ = await world.call()
    await world.proxy.close()
    assert world.proxy.connections == 0
    assert [await read_all(reader) for reader in (*readers, idle)] == [b""] * 6
    assert len(world.door.noted) == 5
    with pytest.raises(ConnectionRefusedError):
        await world.call()
    await world.serve()
    assert status(await world.ask(connect(port))) == 200


# ---- plain requests


async def test_a_request_reaches_the_host_in_its_own_form(world: World) -> None:
    heard: list[bytes] = []
    port = await world.host(says(OK, heard))
    await world.start()
    wanted = get(
        port, "/a?b=c", "Proxy-Connection: keep-alive", "Proxy-Authorization: Basic eA==",
        "Connection: X-Hop", "X-Hop: 1", "Accept: */*", "Upgrade: h2c",
    )  # fmt: skip
    answer = await world.ask(wanted.replace(f"Host: 127.0.0.1:{port}".encode(), b"Host: other.example"))
    assert (status(answer), body(answer)) == (200, b"hi")
    assert heard == [f"GET /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: */*\r\n\r\n".encode()]


async def test_a_connection_is_kept_for_the_next_requests_to_the_same_host(world: World) -> None:
    heard: list[bytes] = []
    port, other = await world.host(says(OK, heard)), await world.host(says(OK, heard))
    await world.start()
    answer = await world.ask(get(port, "/1") + get(port, "/2") + get(port, "/3") + get(other, "/4"))
    assert answer.count(b"200 OK") == 4
    assert [line.split()[1] for line in heard] == [b"/1", b"/2", b"/3", b"/4"]
    await world.settled()
    assert sorted(one.port for one in world.door.noted) == sorted([port, other])


async def test_a_host_that_ended_the_connection_meanwhile_is_asked_again(world: World) -> None:
    served = 0

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal served
        await reader.readuntil(b"\r\n\r\n")
        served += 1
        writer.write(OK)
        await writer.drain()
        if served < 3:
            await reader.readuntil(b"\r\n\r\n")  # the next one gets no answer

    port = await world.host(once)
    await world.start()
    assert (await world.ask(get(port) + get(port))).count(b"200 OK") == 2
    refused = await world.ask(get(port) + get(port, "/", "Content-Length: 0", method="POST"))
    assert refused.count(b"200 OK") in (1, 2)


async def test_a_body_in_chunks_and_one_of_a_length_arrive_whole(world: World) -> None:
    heard: list[bytes] = []

    async def takes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            head = await reader.readuntil(b"\r\n\r\n")
            if b"chunked" in head.lower():
                heard.append(await reader.readuntil(b"0\r\n\r\n"))
                writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
            else:
                heard.append(await reader.readexactly(5))
                writer.write(OK)
            await writer.drain()

    port = await world.host(takes)
    await world.start()
    chunked = (
        get(port, "/", "Transfer-Encoding: chunked", method="POST") + b"2\r\nhi\r\n3;x=y\r\n me\r\n0\r\n\r\n"
    )
    plain = get(port, "/", "Content-Length: 5", method="PUT") + b"hello"
    answer = await world.ask(chunked + plain)
    assert b"".join(heard).count(b"hi") == 1
    assert heard[1] == b"hello"
    assert b"3\r\nabc\r\n0\r\n\r\n" in answer
    assert answer.endswith(b"\r\n\r\nhi")


async def test_a_program_is_told_to_go_on_with_its_body_by_the_host(world: World) -> None:
    async def expects(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert b"100-continue" in await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" + await reader.readexactly(2))
        await writer.drain()

    port = await world.host(expects)
    await world.start()
    reader, writer = await world.call()
    writer.write(get(port, "/", "Expect: 100-continue", "Content-Length: 2", method="POST"))
    assert status(await reader.readuntil(b"\r\n\r\n")) == 103
    assert status(await reader.readuntil(b"\r\n\r\n")) == 100
    writer.write(b"ok")
    assert status(await reader.readuntil(b"\r\n\r\n")) == 200
    assert await reader.readexactly(2) == b"ok"


async def test_a_host_may_answer_before_it_has_all_of_the_body(world: World) -> None:
    async def refuses(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        await reader.read()

    port = await world.host(refuses)
    await world.start()
    reader, writer = await world.call()
    writer.write(get(port, "/", "Content-Length: 1000000", method="POST") + b"x" * 1000)
    assert status(await reader.readuntil(b"\r\n\r\n")) == 413


async def test_the_head_alone_and_an_answer_until_the_end_are_passed_on(world: World) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if head.startswith(b"HEAD"):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n")
        else:
            writer.write(b"HTTP/1.0 200 OK\r\n\r\nuntil the end")
        await writer.drain()

    port = await world.host(serve)
    await world.start()
    answer = await world.ask(get(port, method="HEAD"))
    assert b"5000" in answer
    assert body(answer) == b""
    assert b"until the end" in await world.ask(get(port))
    old = await world.ask(get(port).replace(b"HTTP/1.1", b"HTTP/1.0"))
    assert body(old) == b"until the end"


async def test_an_answer_that_breaks_off_does_not_look_whole(world: World) -> None:
    port = await world.host(_breaks_off)
    await world.start()
    reader, writer = await world.call()
    writer.write(get(port))
    answer = await read_all(reader)
    assert b"content-length: 100" in answer.lower()
    assert len(body(answer)) < 100


async def _breaks_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")
    await writer.drain()


async def test_a_large_answer_passes_in_pieces(world: World) -> None:
    size = 5_000_000

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n".encode())
        for _ in range(50):
            writer.write(b"x" * (size // 50))
            await writer.drain()

    port = await world.host(serve)
    await world.start()
    assert len(body(await world.ask(get(port)))) == size
    await world.settled()
    assert world.door.noted[0].received > size


# ---- what is refused


async def test_a_refused_host_is_answered_in_words_and_never_looked_up(world: World) -> None:
    await world.start()
    for answer in (
        await world.ask(connect(443, "secret-data.evil.example")),
        await world.ask(get(80, host="secret-data.evil.example")),
    ):
        assert status(answer) == 403
        assert b"secret-data.evil.example is not among the hosts" in answer.splitlines()[0]
        assert b"--allow HOST" in body(answer)
    assert world.looked_up == []
    assert [(one.is_allowed, one.why) for one in world.door.noted] == [
        (False, "secret-data.evil.example is not among the hosts that this sandbox may reach.")
    ] * 2


async def test_a_refusal_leaves_the_connection_open_for_other_requests(world: World) -> None:
    port = await world.host(says(OK))
    await world.start()
    answer = await world.ask(get(80, host="evil.example") + get(port))
    assert answer.count(b"HTTP/1.1 403") == 1
    assert answer.count(b"HTTP/1.1 200") == 1


@pytest.mark.parametrize(
    "stands_for",
    ["127.0.0.1", "::1", "169.254.169.254", "::ffff:127.0.0.1", "0.0.0.0", "10.0.0.1", "64:ff9b::7f00:1"],
)
async def test_a_name_that_stands_for_a_local_address_leads_nowhere(world: World, stands_for: str) -> None:
    touched: list[bytes] = []
    port = await world.host(says(OK, touched))
    world.door.rules = Rules(["*:*"])
    world.names["rebind.example"] = [stands_for]
    await world.start()
    literal = f"[{stands_for}]" if ":" in stands_for else stands_for
    for host in ("rebind.example", literal):
        assert status(await world.ask(get(port, host=host))) == 403
        assert status(await world.ask(connect(port, host))) == 403
    assert touched == []


async def test_a_name_is_looked_up_once_and_joined_to_that_address(world: World) -> None:
    """A name server that answers something else the second time changes nothing."""
    port = await world.host(says(OK))
    world.allow(f"fine.example:{port}")
    answers = iter([["127.0.0.1"], ["203.0.113.1"], ["203.0.113.1"]])

    async def changing(host: str, port: int) -> Sequence[str]:
        world.looked_up.append(host)
        return next(answers)

    world.proxy = Proxy({}, reach=Reach({}, changing))
    world.proxy.guard(world.door)
    await world.serve()
    assert status(await world.ask(get(port, host="fine.example"))) == 200
    assert world.looked_up == ["fine.example"]
    assert world.door.asked == [("fine.example", port, ""), ("fine.example", port, "127.0.0.1")]


async def test_of_several_addresses_only_those_that_may_be_reached_are_tried(world: World) -> None:
    port = await world.host(says(OK))
    world.allow("*:*")
    world.names["two.example"] = ["169.254.169.254", "127.0.0.1"]
    await world.start()
    assert status(await world.ask(get(port, host="two.example"))) == 200


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f000001", "127.1", "017700000001", "127.0.0.1.", "%31", "a..b", "[::1%lo]"]
)
async def test_no_other_way_to_write_an_address_gets_around_the_rules(world: World, host: str) -> None:
    world.allow("*:*")
    await world.start()
    answers = [await world.ask(get(80, host=host)), await world.ask(connect(80, host))]
    assert {status(answer) for answer in answers} <= {400, 403}
    assert world.looked_up == []


async def test_a_name_that_nobody_knows_and_a_port_where_nobody_listens_are_said(world: World) -> None:
    port = await world.host(says(OK))
    for server in world._servers:
        server.close()
        await server.wait_closed()
    world.allow("gone.example")
    await world.start()
    unknown, closed = await world.ask(connect(443, "gone.example")), await world.ask(connect(port))
    assert (status(unknown), status(closed)) == (502, 502)
    assert b"Name or service not known" in unknown
    assert b"refused" in closed
    assert all(one.is_allowed and one.why for one in world.door.noted)


async def test_a_sandbox_that_nobody_guards_reaches_nothing(world: World) -> None:
    port = await world.host(says(OK))
    await world.start()
    await world.proxy.close()
    world.proxy = Proxy({})
    await world.serve()
    reader, writer = await world.call()
    writer.write(connect(port))
    assert status(await reader.readuntil(b"\r\n\r\n")) == 403


# ---- what is no request


GET = b"GET http://example.org/ HTTP/1.1\r\nHost: a\r\n"
POST = b"POST http://example.org/ HTTP/1.1\r\nHost: a\r\n"


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
        (b"garbage\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n", 400),
        (b"GET http:///path HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET http://user:pw@example.org/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET https://example.org/ HTTP/1.1\r\nHost: a\r\n\r\n", 501),
        (b"GET ftp://example.org/ HTTP/1.1\r\nHost: a\r\n\r\n", 501),
        (b"CONNECT example.org HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"CONNECT example.org:0 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"CONNECT example.org:99999 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"CONNECT http://example.org/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (GET + b"Host: b\r\n\r\n", 400),
        (GET + b"Upgrade: websocket\r\n\r\n", 501),
        (POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nx", 400),
        (POST + b"Content-Length: -1\r\n\r\nx", 400),
        (POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
         b"0\r\n\r\nGET http://evil/ HTTP/1.1\r\n\r\n", 400),
        (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n", 501),
        (POST + b"Transfer-Encoding: xchunked\r\n\r\n", 501),
        (POST + b"Transfer-Encoding : chunked\r\n\r\n", 400),
        (b"POST http://example.org/ HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (GET + b"X: a\rb\r\n\r\n", 400),
        (GET + b"X: " + b"a" * (2 * MOST_HEAD) + b"\r\n\r\n", 431),
        (b"GET http://example.org/" + b"a" * (2 * MOST_HEAD), 431),
    ],
)  # fmt: skip
async def test_what_is_no_proper_request_is_answered_and_goes_nowhere(
    world: World, request_: bytes, expected: int
) -> None:
    world.allow("*:*")
    await world.start()
    answer = await world.ask(request_)
    assert status(answer) == expected
    assert answer.count(b"HTTP/1.1 ") == 1
    assert world.looked_up == []


async def test_a_body_that_breaks_its_own_rules_reaches_nobody_whole(world: World) -> None:
    heard: list[bytes] = []

    async def takes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read())

    port = await world.host(takes)
    await world.start()
    wanted = get(port, "/", "Transfer-Encoding: chunked", method="POST")
    await world.ask(wanted + b"5\r\nhello\r\nnot a length\r\n\r\n")
    await world.settled()
    assert b"0\r\n\r\n" not in heard[0]


async def test_what_a_host_adds_to_its_answer_is_no_second_answer(world: World) -> None:
    port = await world.host(says(OK + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"))
    await world.start()
    answer = await world.ask(get(port) + get(port))
    assert b"evil" not in answer
    assert answer.count(b"200 OK") == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"\x00\xff garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * (2 * MOST_HEAD),
        b"",
        b"HTTP/1.1 101 Ok\r\n\r\n",
    ],
)
async def test_a_host_that_gives_no_proper_answer_is_told_of_in_words(world: World, answer: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()

    port = await world.host(serve)
    await world.start()
    told = await world.ask(get(port))
    assert status(told) == 502
    assert b"127.0.0.1" in told


# ---- bounds


@pytest.mark.parametrize("begins", [b"GET http://exa", b"GET http://a/ HTTP/1.1\r\nX: y\r\n"])
async def test_who_speaks_too_slowly_is_told_so(world: World, begins: bytes) -> None:
    await world.start(SHORT)
    reader, writer = await world.call()
    writer.write(begins)
    assert status(await reader.readuntil(b"\r\n\r\n")) == 408
    await world.settled()


async def test_who_says_nothing_is_let_go(world: World) -> None:
    await world.start(SHORT)
    reader, _ = await world.call()
    assert await read_all(reader) == b""
    await world.settled()


async def test_a_host_that_never_answers_is_given_up_in_words(world: World) -> None:
    async def sleeps(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        await reader.read()

    port = await world.host(sleeps)
    await world.start(SHORT)
    reader, writer = await world.call()
    writer.write(get(port))
    assert status(await reader.readuntil(b"\r\n\r\n")) == 504
    await world.settled()


async def test_more_connections_than_there_may_be_are_turned_away_in_words(world: World) -> None:
    port = await world.host(echoes)
    await world.start(Bounds(linger_s=0.05), most=3)
    kept = [await tunnel(world, port) for _ in range(3)]
    reader, _ = await world.call()
    assert status(await reader.readuntil(b"\r\n\r\n")) == 503
    for _, writer in kept:
        writer.close()
    await world.settled()
    await tunnel(world, port)


async def call_that_waits(world: World) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Ask for a host, and come back when a person is asked about it."""
    world.door.holds = asyncio.Event()
    port = await world.host(echoes)
    await world.start()
    reader, writer = await world.call()
    writer.write(connect(port))
    async with asyncio.timeout(LIMIT_S):
        while not world.door.asked:
            await asyncio.sleep(0)
    return reader, writer


async def test_who_leaves_while_a_person_is_asked_holds_no_place(world: World) -> None:
    _, writer = await call_that_waits(world)
    writer.close()
    await world.settled()
    assert world.door.noted == []


async def test_what_comes_while_a_person_is_asked_is_not_lost(world: World) -> None:
    reader, writer = await call_that_waits(world)
    writer.write(b"eager")
    await writer.drain()
    await asyncio.sleep(0)
    assert world.door.holds is not None
    world.door.holds.set()
    assert status(await reader.readuntil(b"\r\n\r\n")) == 200
    assert await reader.readexactly(5) == b"eager"


# ---- the person's own proxy


@dataclass
class Upstream:
    """A proxy of the person's, which wants a password."""

    heard: list[bytes] = field(default_factory=list)
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.heard.append(head)
        if b"Proxy-Authorization: Basic bWU6cGEgc3M=" not in head:
            writer.write(b"HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n")
        elif head.startswith(b"CONNECT"):
            writer.write(b"HTTP/1.1 200 Fine\r\n\r\nearly ")
            await writer.drain()
            await echoes(reader, writer)
        else:
            writer.write(OK)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def upstream() -> AsyncIterator[Upstream]:
    made = Upstream()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = int(server.sockets[0].getsockname()[1])
    yield made
    await breathe()
    server.close()
    await breathe()


async def test_the_persons_own_proxy_leads_there_and_gets_its_password(world: World) -> None:
    world.allow("far.example", "unknown.example")
    world.names["far.example"] = ["93.184.216.34"]
    async with upstream() as own:
        url = f"http://me:pa%20ss@127.0.0.1:{own.port}"
        await world.start(http_proxy=url, HTTPS_PROXY=url)
        assert body(await world.ask(connect(443, "far.example") + b"hello")) == b"early hello"
        secret = get(80, "/x", "Proxy-Authorization: Basic inside", host="unknown.example")
        assert status(await world.ask(secret)) == 200
    first, second = own.heard
    assert first.startswith(b"CONNECT far.example:443 HTTP/1.1\r\n")
    assert second.startswith(b"GET http://unknown.example/x HTTP/1.1\r\nHost: unknown.example\r\n")
    assert b"inside" not in second


async def test_the_persons_own_proxy_is_no_way_around_the_rules(world: World) -> None:
    world.allow("*:*")
    world.names["rebind.example"] = ["127.0.0.1"]
    world.names["inner.example"] = ["10.0.0.1"]
    async with upstream() as own:
        url = f"http://me:pa%20ss@127.0.0.1:{own.port}"
        await world.start(http_proxy=url, https_proxy=url)
        for host in ("rebind.example", "inner.example", "localhost", "169.254.169.254", "127.0.0.1"):
            assert status(await world.ask(connect(443, host))) == 403
            assert status(await world.ask(get(80, host=host))) == 403
    assert own.heard == []


async def test_hosts_that_need_no_proxy_and_local_ones_are_reached_directly(world: World) -> None:
    heard: list[bytes] = []
    port = await world.host(says(OK, heard))
    world.names["near.corp"] = ["127.0.0.1"]
    world.allow(f"near.corp:{port}")
    async with upstream() as own:
        await world.start(http_proxy=f"http://127.0.0.1:{own.port}", no_proxy=".corp")
        assert status(await world.ask(get(port, host="near.corp"))) == 200
        assert status(await world.ask(get(port))) == 200
    assert own.heard == []
    assert len(heard) == 2


async def test_what_the_persons_own_proxy_refuses_is_said(world: World) -> None:
    world.allow("far.example")
    async with upstream() as own:
        await world.start(https_proxy=f"http://127.0.0.1:{own.port}")
        answer = await world.ask(connect(443, "far.example"))
    assert status(answer) == 502
    assert b"407 Who are you" in answer
    await world.start(https_proxy="socks5://127.0.0.1:1")
    assert b"socks5" in await world.ask(connect(443, "far.example"))
    await world.start(https_proxy="http://127.0.0.1:1")
    assert b"cannot be reached" in await world.ask(connect(443, "far.example"))
