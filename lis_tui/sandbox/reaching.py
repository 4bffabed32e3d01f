"""Opens connections for a sandbox: asked by name, looked up once, checked, joined to that very address.

What a name stands for is decided here and now; nobody looks it up a second time, so a name that changes its
mind in between leads nowhere else.
"""

import asyncio
import os
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence

import h11

from lis_tui.core.addresses import is_address, why_local
from lis_tui.core.network import LOCALHOST, host_of
from lis_tui.core.ports import Connection, Door
from lis_tui.sandbox.line import PIECE_BYTES, Line, Turned
from lis_tui.sandbox.upstream import USABLE, Upstream, Upstreams

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Gives the addresses of a name. Raises OSError."""
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
CONNECT_S = 20.0
LOOK_UP_S = 10.0
MOST_ADDRESSES = 8
_LOOPBACK = ("127.0.0.1", "::1")


async def looked_up(host: str, port: int) -> Sequence[str]:
    """Ask this machine's resolver."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


class Reach:
    """How connections are opened from this machine."""

    def __init__(
        self, environ: Mapping[str, str], resolve: Resolve = looked_up, connect_s: float = CONNECT_S
    ) -> None:
        self._upstreams = Upstreams(environ)
        self._resolve = resolve
        self._connect_s = connect_s

    async def open(self, door: Door, name: str, port: int, *, is_tunnel: bool) -> Line:
        """Connect to a host (as `host_of` gives it) that may be reached. Raises Turned; the door knows."""
        try:
            return await self._open(door, name, port, is_tunnel=is_tunnel)
        except Turned as turned:
            is_allowed = not turned.is_refusal
            door.note(Connection(host=name, port=port, is_allowed=is_allowed, why=turned.sentence))
            raise

    async def _open(self, door: Door, name: str, port: int, *, is_tunnel: bool) -> Line:
        _refuse(await door.may_pass(name, port))
        upstream = self._upstreams.to(name, port, is_tunnel=is_tunnel)
        addresses = await self._addresses(name, port, has_upstream=upstream is not None)
        passing = await _passing(door, name, port, addresses)
        if upstream is None or any(map(why_local, passing)):
            streams = await self._connected(name, port, passing)
            return Line(name, port, streams, note=door.note)
        streams = await self._connected_via(upstream)
        if is_tunnel:
            streams = await _through(upstream, streams, name, port, self._connect_s)
            return Line(name, port, streams, note=door.note)
        return Line(name, port, streams, note=door.note, via_headers=upstream.headers())

    async def _addresses(self, name: str, port: int, *, has_upstream: bool) -> Sequence[str]:
        """Look a name up; behind a proxy of the person's, which looks up itself, it may be unknown here."""
        if name == LOCALHOST or is_address(name):
            return _LOOPBACK if name == LOCALHOST else (name,)
        try:
            async with asyncio.timeout(LOOK_UP_S):
                found = [host_of(one) for one in await self._resolve(name, port)]
        except (OSError, ValueError) as error:
            if has_upstream:
                return ()
            why = "its name cannot be looked up" if isinstance(error, TimeoutError) else _said(error)
            raise Turned(502, f"{name} cannot be reached: {why}.") from error
        if not found and not has_upstream:
            raise Turned(502, f"{name} cannot be reached: its name stands for no address.")
        return list(dict.fromkeys(found))[:MOST_ADDRESSES]

    async def _connected(self, name: str, port: int, addresses: Sequence[str]) -> Streams:
        why = "no address answered in time"
        try:
            async with asyncio.timeout(self._connect_s):
                for address in addresses:
                    try:
                        return await asyncio.open_connection(address, port, limit=PIECE_BYTES)
                    except OSError as error:
                        why = _said(error)
        except TimeoutError as error:
            raise Turned(504, f"{name}:{port} cannot be reached: no answer in time.") from error
        raise Turned(502, f"{name}:{port} cannot be reached: {why}.")

    async def _connected_via(self, upstream: Upstream) -> Streams:
        if upstream.scheme not in USABLE:
            raise Turned(
                502, f"This machine's own proxy is of a kind that is not known here: {upstream.scheme}."
            )
        secured = ssl.create_default_context() if upstream.scheme == "https" else None
        try:
            async with asyncio.timeout(self._connect_s):
                return await asyncio.open_connection(
                    upstream.host, upstream.port, ssl=secured, limit=PIECE_BYTES
                )
        except OSError as error:
            raise Turned(502, f"This machine's own proxy cannot be reached: {_said(error)}.") from error


def _refuse(why: str) -> None:
    if why:
        raise Turned(403, why, is_refusal=True)


async def _passing(door: Door, name: str, port: int, addresses: Sequence[str]) -> list[str]:
    """Give the addresses that the door lets pass. Raises Turned where it is none of some."""
    passing = []
    why = ""
    for address in addresses:
        said = await door.may_pass(name, port, address)
        if not said:
            passing.append(address)
        why = why or said
    if addresses and not passing:
        _refuse(why)
    return passing


async def _through(upstream: Upstream, streams: Streams, name: str, port: int, within_s: float) -> Streams:
    """Have the person's proxy connect to the host. Raises Turned."""
    reader, writer = streams
    target = f"[{name}]:{port}" if ":" in name else f"{name}:{port}"
    try:
        async with asyncio.timeout(within_s):
            status, said = await _asked_for_tunnel(upstream, streams, target)
    except (OSError, ValueError, h11.ProtocolError) as error:
        writer.close()
        raise Turned(502, f"This machine's own proxy gave no proper answer: {_said(error)}.") from error
    except BaseException:
        writer.close()
        raise
    if status // 100 != 2:
        writer.close()
        raise Turned(502, f"This machine's own proxy does not connect to {target}: {status} {said}.".rstrip())
    return reader, writer


async def _asked_for_tunnel(upstream: Upstream, streams: Streams, target: str) -> tuple[int, str]:
    reader, writer = streams
    http = h11.Connection(h11.CLIENT)
    headers = [(b"Host", target.encode()), *upstream.headers()]
    asked = http.send(h11.Request(method=b"CONNECT", target=target.encode(), headers=headers))
    writer.write(asked or b"")
    await writer.drain()
    while True:
        event = http.next_event()
        if event is h11.NEED_DATA:
            # Byte by byte up to the empty line: what follows belongs to the tunnel.
            http.receive_data(await reader.readline())
        elif isinstance(event, h11.Response):
            return event.status_code, event.reason.decode("latin-1")[:100]
        elif not isinstance(event, h11.InformationalResponse):
            raise h11.RemoteProtocolError("it ended")


def _said(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, OSError):
        number = error.errno or 0
        text = os.strerror(number) if number > 0 else error.strerror
    else:
        text = str(error)
    return (text or type(error).__name__).rstrip(".")
