"""One connection from the proxy to a host: its bytes are counted, and told of when it is over."""

import asyncio
import time
from collections.abc import Callable

from lis_tui.core.ports import Connection

PIECE_BYTES = 65_536


class Turned(Exception):
    """A connection does not come about; `status` and the sentence are for the program that wanted it."""

    def __init__(self, status: int, sentence: str, *, is_refusal: bool = False) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.is_refusal = is_refusal


class Line:
    """A connection to a host, or for plain requests to the person's own proxy, which leads there."""

    def __init__(
        self,
        host: str,
        port: int,
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        *,
        note: Callable[[Connection], None],
        via_headers: list[tuple[bytes, bytes]] | None = None,
    ) -> None:
        self.host = host
        self.port = port
        self.via_headers = via_headers
        """What the person's proxy wants to be told with each request; None: there is none in between."""
        self.sent = 0
        self.received = 0
        self._reader, self._writer = streams
        self._note = note
        self._began = time.monotonic()
        self._is_closed = False

    @property
    def is_over(self) -> bool:
        """The host has ended it."""
        return self._reader.at_eof() or self._writer.is_closing()

    async def read(self) -> bytes:
        """Give what comes next; empty at the end."""
        data = await self._reader.read(PIECE_BYTES)
        self.received += len(data)
        return data

    async def write(self, data: bytes) -> None:
        """Send, no faster than it is taken."""
        self._writer.write(data)
        self.sent += len(data)
        await self._writer.drain()

    def end_writing(self) -> None:
        """Say that nothing more will be sent."""
        if self._writer.can_write_eof() and not self._writer.is_closing():
            self._writer.write_eof()

    def close(self) -> None:
        """End it and tell of it; safe to call twice."""
        if self._is_closed:
            return
        self._is_closed = True
        self._writer.close()
        self._note(
            Connection(
                host=self.host,
                port=self.port,
                is_allowed=True,
                sent=self.sent,
                received=self.received,
                took_s=time.monotonic() - self._began,
            )
        )
