"""A browser as its pipe has it: commands in, answers and events out, one at a time."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
from msgspec import Raw, Struct

END = b"\0"
_NOTHING = Raw(b"{}")
_MOST_EVENTS = 20_000


class BrowserLost(Exception):
    """The browser ended, or what it says makes no sense."""


class _Said(Struct):
    """What the browser says: an answer where it has an id, else an event."""

    id: int | None = None
    method: str = ""
    params: Raw = _NOTHING
    result: Raw = _NOTHING
    error: Raw | None = None


class Event(Struct):
    """What happened in a page."""

    method: str
    params: Raw


class _Asked(Struct, omit_defaults=True):
    id: int
    method: str
    params: dict[str, object] = {}
    sessionId: str = ""  # noqa: N815  # the protocol's name


class Pipe:
    """Speaks with one browser. `on_event` is awaited for each event, and may tell the browser something."""

    def __init__(
        self,
        reading: asyncio.StreamReader,
        writing: asyncio.StreamWriter,
        on_event: Callable[["Pipe", Event], Awaitable[None]],
    ) -> None:
        self.session = ""
        """The page that is meant; empty: the browser itself."""
        self._reading = reading
        self._writing = writing
        self._on_event = on_event
        self._last = 0
        self._events = 0

    async def ask(self, method: str, **params: object) -> Raw:
        """Have something done and wait for its answer; events meanwhile are passed on. Raises BrowserLost."""
        number = await self.tell(method, **params)
        while True:
            said = await self._next()
            if said.id == number:
                if said.error is not None:
                    raise BrowserLost(f"{method}: {bytes(said.error)[:200].decode(errors='replace')}")
                return said.result
            await self._pass_on(said)

    async def tell(self, method: str, **params: object) -> int:
        """Have something done without waiting for an answer."""
        self._last += 1
        line = msgspec.json.encode(_Asked(self._last, method, params, self.session))
        try:
            self._writing.write(line + END)
            await self._writing.drain()
        except OSError as error:
            raise BrowserLost("the browser is gone") from error
        return self._last

    async def listen(self) -> None:
        """Pass on what happens, for as long as it is not cancelled."""
        while True:
            await self.listen_once()

    async def listen_once(self) -> None:
        """Wait for what happens next and pass it on."""
        await self._pass_on(await self._next())

    async def _pass_on(self, said: _Said) -> None:
        self._events += 1
        if self._events > _MOST_EVENTS:
            raise BrowserLost("the page does too much at once")
        if said.method:
            await self._on_event(self, Event(said.method, said.params))

    async def _next(self) -> _Said:
        try:
            line = await self._reading.readuntil(END)
            return msgspec.json.decode(line[:-1], type=_Said)
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError) as error:
            raise BrowserLost("the browser ended") from error
        except msgspec.MsgspecError as error:
            raise BrowserLost("the browser makes no sense") from error
