"""Passes one request on to a host and its answer back, piece by piece: no body is ever held whole."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

import h11

from lis_tui.sandbox.asking import Asked, Headers, passed_on
from lis_tui.sandbox.line import Line, Turned

MOST_HEAD = 65_536


class Stale(Exception):
    """The host ended the connection before it answered; nothing that matters twice was sent."""


class Side(Protocol):
    """The program's side of it."""

    http: h11.Connection

    async def event(self) -> h11.Event | type[h11.PAUSED]:
        """Give the next event of the request."""
        ...

    async def send(self, event: h11.Event) -> None:
        """Send a part of the answer."""
        ...


async def exchange(side: Side, wanted: Asked, line: Line, idle_s: float) -> bool:
    """Have the host answer; says whether the line can be used again. Raises Stale, Turned.

    OSError and h11's errors: it broke in the middle, and the program must not take it for whole.
    """
    try:
        async with asyncio.timeout(idle_s) as patience:

            def alive() -> None:
                patience.reschedule(asyncio.get_running_loop().time() + idle_s)

            return await _Exchange(side, wanted, line, alive).done()
    except TimeoutError as error:
        if side.http.our_state is not h11.SEND_RESPONSE:
            raise
        raise Turned(504, f"{wanted.host} took too long to answer.") from error


class _Exchange:
    def __init__(self, side: Side, wanted: Asked, line: Line, alive: Callable[[], None]) -> None:
        self._side = side
        self._wanted = wanted
        self._line = line
        self._alive = alive
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MOST_HEAD)
        self._heard = 0
        """Bytes of the answer."""
        self._lost: Exception | None = None
        """How the program's side broke while it was still speaking."""

    async def done(self) -> bool:
        try:
            await self._send(self._head())
        except OSError as error:
            raise Stale from error
        body = asyncio.ensure_future(self._pass_body_on())
        try:
            await self._answer()
        except (OSError, h11.ProtocolError, Stale, Turned):
            if self._lost is not None:
                raise self._lost from None
            raise
        finally:
            body.cancel()
            await asyncio.wait({body})
        states = (self._http.our_state, self._http.their_state)
        return states == (h11.DONE, h11.DONE) and self._http.trailing_data == (b"", False)

    def _head(self) -> h11.Request:
        wanted, via = self._wanted, self._line.via_headers
        target = wanted.target
        if via is not None:
            target = b"http://" + wanted.authority + (b"" if target == b"*" else target)
        headers = [(b"Host", wanted.authority), *wanted.headers, *wanted.framing, *(via or [])]
        return h11.Request(method=wanted.method, target=target, headers=headers)

    async def _send(self, event: h11.Event) -> None:
        if data := self._http.send(event):
            await self._line.write(data)

    async def _pass_body_on(self) -> None:
        while self._side.http.their_state is h11.SEND_BODY:
            try:
                event = await self._side.event()
            except (OSError, h11.ProtocolError) as error:
                self._lost = error
                self._line.close()
                return
            if isinstance(event, h11.Data):
                try:
                    await self._send(event)
                except OSError:
                    return  # the host wants no more of it; what it answers counts
            self._alive()
        with suppress(OSError):
            await self._send(h11.EndOfMessage())

    async def _answer(self) -> None:
        event = await self._first()
        while isinstance(event, h11.InformationalResponse):
            if self._side.http.their_http_version != b"1.0":
                await self._side.send(
                    h11.InformationalResponse(
                        status_code=event.status_code,
                        headers=passed_on(event.headers.raw_items()),
                        reason=event.reason,
                    )
                )
            event = await self._first()
        assert isinstance(event, h11.Response)
        headers = _answer_headers(event.headers.raw_items())
        await self._side.send(
            h11.Response(status_code=event.status_code, headers=headers, reason=event.reason)
        )
        while isinstance(event := await self._next(), h11.Data):
            await self._side.send(h11.Data(data=event.data))
        await self._side.send(h11.EndOfMessage())

    async def _first(self) -> h11.Event:
        """Give the next head of the answer. Raises Stale, Turned."""
        try:
            return await self._next()
        except (OSError, h11.ProtocolError) as error:
            if not self._heard:
                raise Stale from error
            raise Turned(502, f"{self._wanted.host} gave no proper answer: {error}.") from error

    async def _next(self) -> h11.Event:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            data = await self._line.read()
            self._heard += len(data)
            self._http.receive_data(data)
            self._alive()
        if not isinstance(event, h11.Event) or isinstance(event, h11.ConnectionClosed):
            raise h11.RemoteProtocolError("it ended before it began")
        return event


def _answer_headers(headers: Headers) -> Headers:
    """Give the headers of the answer; a length counts only where the host said nothing of chunks."""
    is_chunked = any(name.lower() == b"transfer-encoding" for name, _ in headers)
    lengths = [] if is_chunked else [one for one in headers if one[0].lower() == b"content-length"]
    return passed_on(headers) + lengths
