"""One connection from a sandbox to its proxy: what is asked is carried out, or answered in words."""

import asyncio
import http
from collections.abc import Callable, Coroutine
from contextlib import suppress

import h11
from msgspec import Struct

from lis_tui.core.ports import Connection, Door
from lis_tui.core.text import one_line
from lis_tui.sandbox.asking import Asked, asked
from lis_tui.sandbox.forwarding import Stale, exchange
from lis_tui.sandbox.line import PIECE_BYTES, Line, Turned
from lis_tui.sandbox.reaching import Reach
from lis_tui.sandbox.tunnel import join

MOST_HEAD = 65_536
"""Bytes of a request's head, and of an answer's."""
_MOST_DRAINED = 1 << 20
_WORDLESS = "ended the connection without an answer."
_ASK = (
    "Whoever started this run can allow it (--allow HOST, or on their screen). Go on without it otherwise.\n"
)
_BUSY = "Too many connections at once: close some and try again."


class Bounds(Struct, frozen=True):
    """For how long a connection may be silent."""

    head_s: float = 20.0
    """A request's head, from its first byte to its last."""
    between_s: float = 75.0
    """Until the next request begins."""
    idle_s: float = 900.0
    """While a host and a program speak with each other: then neither has said anything."""
    linger_s: float = 2.0
    """For who still speaks when they have their answer."""


class Caller:
    """Serves the requests of one connection, one after the other."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        reach: Reach,
        door: Callable[[], Door],
        bounds: Bounds,
    ) -> None:
        self.http = h11.Connection(h11.SERVER, max_incomplete_event_size=MOST_HEAD)
        self._reader = reader
        self._writer = writer
        self._reach = reach
        self._door = door
        self._bounds = bounds
        self._line: Line | None = None
        """To the host of the last request, for the next one."""
        self._ahead = b""
        """Came while the door was asked."""

    async def serve(self) -> None:
        """Serve until one side ends it."""
        try:
            while await self._serve_one():
                self.http.start_next_cycle()
        except (OSError, h11.ProtocolError):
            self._writer.transport.abort()  # it is broken or cut off: nothing may look as if it were whole
        finally:
            self._leave()
            self._writer.close()

    async def turn_away(self) -> None:
        """Say that there are too many."""
        with suppress(OSError, h11.ProtocolError):
            async with asyncio.timeout(self._bounds.head_s):
                await self._answer(Turned(503, _BUSY))

    # ---- for whoever carries a request out

    async def event(self) -> h11.Event | type[h11.PAUSED]:
        """Give the next event of the request; at the end of the stream h11 says what that means."""
        event = self.http.next_event()
        while event is h11.NEED_DATA:
            ahead, self._ahead = self._ahead, b""
            self.http.receive_data(ahead or await self._reader.read(PIECE_BYTES))
            event = self.http.next_event()
        assert event is h11.PAUSED or isinstance(event, h11.Event)
        return event

    async def send(self, event: h11.Event) -> None:
        """Send a part of the answer."""
        data = self.http.send(event)
        if data:
            self._writer.write(data)
            await self._writer.drain()

    # ---- one request

    async def _serve_one(self) -> bool:
        """Serve one request; False: it was the last."""
        try:
            request = await self._request()
            if request is None:
                return False
            wanted = asked(request)
            if wanted.is_tunnel:
                await self._tunnel(wanted)
                return False
            await self._forward(wanted)
        except Turned as turned:
            self._leave()
            await self._answer(turned)
        return self.http.our_state is h11.DONE and self.http.their_state is h11.DONE

    async def _request(self) -> h11.Request | None:
        """Read the next head; None: there is none. Raises Turned where it cannot be read."""
        event = self.http.next_event()
        if event is h11.NEED_DATA:
            try:
                async with asyncio.timeout(self._bounds.between_s):
                    data = await self._reader.read(PIECE_BYTES)
            except TimeoutError:
                return None
            self.http.receive_data(data)
        elif isinstance(event, h11.Request):
            return event
        try:
            async with asyncio.timeout(self._bounds.head_s):
                event = await self.event()
        except TimeoutError as error:
            raise Turned(408, "The request did not come to its end in time.") from error
        except h11.RemoteProtocolError as error:
            status = error.error_status_hint if error.error_status_hint in (400, 431, 501) else 400
            raise Turned(status, f"This is no request that a proxy understands: {error}.") from error
        return event if isinstance(event, h11.Request) else None

    async def _tunnel(self, wanted: Asked) -> None:
        line = self._line = await self._open(wanted)
        await self.send(h11.Response(status_code=200, headers=[], reason=b"Connection established"))
        early = self.http.trailing_data[0] + self._ahead
        try:
            await join(self._reader, self._writer, line, self._bounds.idle_s, early)
        except* OSError:  # one side broke, or neither spoke
            self._writer.transport.abort()

    async def _forward(self, wanted: Asked) -> None:
        line = self._line
        if line is None or (line.host, line.port) != (wanted.host, wanted.port) or line.is_over:
            await self._ask_afresh(wanted)
            return
        try:
            self._keep(await exchange(self, wanted, line, self._bounds.idle_s))
        except Stale:
            if not wanted.can_be_repeated:
                raise Turned(502, f"{wanted.host} {_WORDLESS}") from None
            await self._ask_afresh(wanted)

    async def _ask_afresh(self, wanted: Asked) -> None:
        self._leave()
        line = self._line = await self._open(wanted)
        try:
            self._keep(await exchange(self, wanted, line, self._bounds.idle_s))
        except Stale:
            raise Turned(502, f"{wanted.host} {_WORDLESS}") from None

    def _keep(self, may_be_used_again: bool) -> None:
        if not may_be_used_again:
            self._leave()

    async def _open(self, wanted: Asked) -> Line:
        door = _Patient(self._door(), self._gone)
        return await self._reach.open(door, wanted.host, wanted.port, is_tunnel=wanted.is_tunnel)

    async def _gone(self) -> None:
        """Wait until the program has left; what it says instead is kept."""
        if self._ahead:
            await asyncio.get_running_loop().create_future()
        self._ahead = await self._reader.read(PIECE_BYTES)
        if self._ahead:
            await asyncio.get_running_loop().create_future()

    def _leave(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.close()

    # ---- answers in words

    async def _answer(self, turned: Turned) -> None:
        """Say why not: in the status line too, which is all that many a program shows."""
        if self.http.our_state not in (h11.SEND_RESPONSE, h11.IDLE):
            self._writer.transport.abort()
            return
        if self.http.their_state is h11.SEND_BODY:
            self.http.next_event()  # where there is no body this is its end
        text = one_line(turned.sentence, 500)
        body = f"{text}\n{_ASK if turned.is_refusal else ''}".encode()
        is_whole = self.http.their_state is h11.DONE
        headers = [
            (b"Content-Type", b"text/plain; charset=utf-8"),
            (b"Content-Length", str(len(body)).encode()),
        ]
        if not is_whole:
            headers.append((b"Connection", b"close"))
        reason = text.encode("ascii", "replace") or http.HTTPStatus(turned.status).phrase.encode()
        await self.send(h11.Response(status_code=turned.status, headers=headers, reason=reason))
        await self.send(h11.Data(data=body))
        await self.send(h11.EndOfMessage())
        if not is_whole:
            await self._drain()

    async def _drain(self) -> None:
        """Let the answer be read by a program that is still speaking, for a moment."""
        if self._writer.can_write_eof():
            self._writer.write_eof()
        left = _MOST_DRAINED
        with suppress(TimeoutError):
            async with asyncio.timeout(self._bounds.linger_s):
                while left > 0 and (data := await self._reader.read(PIECE_BYTES)):
                    left -= len(data)


class _Patient:
    """A door at which nobody waits any longer once the program that wants to pass has left."""

    def __init__(self, door: Door, gone: Callable[[], Coroutine[object, object, None]]) -> None:
        self._door = door
        self._gone = gone

    async def may_pass(self, host: str, port: int, address: str = "") -> str:
        """Ask the door, for as long as somebody waits. Raises ConnectionAbortedError."""
        asking = asyncio.ensure_future(self._door.may_pass(host, port, address))
        leaving = asyncio.ensure_future(self._gone())
        try:
            await asyncio.wait({asking, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not asking.done():
                raise ConnectionAbortedError
            return asking.result()
        finally:
            asking.cancel()
            leaving.cancel()
            await asyncio.wait({asking, leaving})

    def note(self, connection: Connection) -> None:
        """Tell it."""
        self._door.note(connection)
