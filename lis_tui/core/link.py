"""One connection to one host: every ask gets its answer, an attached run its records."""

import asyncio
import itertools
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

from lis_tui.core import events, wire
from lis_tui.core.bus import spawn
from lis_tui.core.errors import HostUnreachable, LisError
from lis_tui.core.events import Record
from lis_tui.core.wire import CaughtUp

PATIENCE_S = 20.0
"""How long a host may take to answer a greeting."""


class AskRefused(LisError):
    """The host did not do what was asked."""

    def __init__(self, tell: wire.Refused) -> None:
        super().__init__(tell.sentence)
        self.exit_code = tell.exit_code


class Link:
    """Asks, each answered; many may be under way at once."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._ids = itertools.count(1)
        self._answers: dict[int, asyncio.Future[wire.Tell]] = {}
        self._is_over = False

    @classmethod
    async def open(cls, path: Path, version: str) -> "Link":
        """Connect and greet. Raises HostUnreachable, AskRefused; OSError where nobody listens."""
        link = cls(*await asyncio.open_unix_connection(path))
        spawn(link._listen(), "answers of a host")
        try:
            async with asyncio.timeout(PATIENCE_S):
                await link.ask(lambda number: wire.Hello(id=number, version=version))
        except TimeoutError as error:
            await link.close()
            raise HostUnreachable(f"The host at {path} does not answer.") from error
        except LisError:
            await link.close()
            raise
        return link

    @property
    def is_over(self) -> bool:
        """Whether the host or we have hung up."""
        return self._is_over

    async def ask(self, make: Callable[[int], wire.Ask]) -> wire.Tell:
        """Send an ask and wait for its answer. Raises AskRefused, HostUnreachable."""
        if self._is_over:
            raise _gone()
        number = next(self._ids)
        answer: asyncio.Future[wire.Tell] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        try:
            with suppress(ConnectionError):
                self._writer.write(wire.frame(make(number)))
                await self._writer.drain()
            tell = await answer
        finally:
            self._answers.pop(number, None)
        if isinstance(tell, wire.Refused):
            raise AskRefused(tell)
        return tell

    async def close(self) -> None:
        """Hang up."""
        self._is_over = True
        await _hang_up(self._writer)

    async def _listen(self) -> None:
        try:
            while (body := await wire.read_frame(self._reader)) is not None:
                tell = wire.TELLS.decode(body)
                if isinstance(tell, wire.Done | wire.Refused | wire.LiveRuns) and tell.id in self._answers:
                    self._answers[tell.id].set_result(tell)
        finally:
            self._is_over = True
            self._writer.close()
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_exception(_gone())


async def watch(
    path: Path, version: str, run: str, on_open: Callable[[asyncio.StreamWriter], None]
) -> AsyncGenerator[Record | CaughtUp, None]:
    """Give a run's records as fast as they are taken, over a connection of its own; ends when the run closes.

    Whoever closes the writer that `on_open` got ends it too.

    Raises HostUnreachable where the host vanishes before that, AskRefused, OSError where nobody listens.
    """
    reader, writer = await asyncio.open_unix_connection(path)
    on_open(writer)
    try:
        writer.write(wire.frame(wire.Hello(id=1, version=version)) + wire.frame(wire.Attach(2, run)))
        async for tell in _tells(reader):
            match tell:
                case wire.Happened(_, record):
                    yield events.decode(record)
                case CaughtUp() as mark:
                    yield mark
                case wire.Refused():
                    raise AskRefused(tell)
                case wire.Closed():
                    return
                case _:
                    pass
        if not writer.is_closing():
            raise _gone()
    finally:
        await _hang_up(writer)


async def _tells(reader: asyncio.StreamReader) -> AsyncIterator[wire.Tell]:
    while (body := await wire.read_frame(reader)) is not None:
        yield wire.TELLS.decode(body)


def _gone() -> HostUnreachable:
    return HostUnreachable(
        "The process that owned the run is gone. What was written down is kept: open the run to see it."
    )


async def _hang_up(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(ConnectionError, BrokenPipeError):
        await writer.wait_closed()
