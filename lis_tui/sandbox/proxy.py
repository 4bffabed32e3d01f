"""The proxy of one sandbox, on this machine, and a door that says which hosts may be reached through it.

A sandbox with network `allow` has no other way out. What cannot be said in HTTP (CONNECT, or a request with a
whole `http://` address) does not go through.
"""

import asyncio
import socket
from collections.abc import Mapping

from lis_tui.core.bus import spawn
from lis_tui.core.ports import Connection, Door
from lis_tui.sandbox.caller import Bounds, Caller
from lis_tui.sandbox.line import PIECE_BYTES
from lis_tui.sandbox.reaching import Reach

MOST_CONNECTIONS = 200
"""At once; each needs two descriptors."""
LAST_WORDS_S = 5.0
"""How long what was said last may take to be taken."""
NO_DESCRIPTOR_S = 0.1
"""How long to wait where this process can open nothing more."""


class Shut:
    """The door of a sandbox that nobody guards."""

    async def may_pass(self, host: str, port: int, address: str = "") -> str:  # noqa: ARG002  (a port)
        """Say that nothing may."""
        return f"{host} cannot be reached: this sandbox has no network."

    def note(self, connection: Connection) -> None:
        """Nobody wants to know."""


class Proxy:
    """Answers on the socket it is given, and ends every connection when it is closed; it may begin again."""

    def __init__(
        self,
        environ: Mapping[str, str],
        *,
        reach: Reach | None = None,
        bounds: Bounds | None = None,
        most: int = MOST_CONNECTIONS,
    ) -> None:
        self._door: Door = Shut()
        self._reach = reach or Reach(environ)
        self._bounds = bounds or Bounds()
        self._most = most
        self._listening: socket.socket | None = None
        self._callers: set[asyncio.Task[object]] = set()

    @property
    def is_open(self) -> bool:
        """Whether it listens."""
        return self._listening is not None

    @property
    def connections(self) -> int:
        """How many connections there are now."""
        return len(self._callers)

    def guard(self, door: Door) -> None:
        """Ask this door from now on."""
        self._door = door

    async def serve(self, listening: socket.socket) -> None:
        """Answer on a socket that listens already, wherever that is."""
        await self.close()
        listening.setblocking(False)
        self._listening = listening
        self._listen()

    async def close(self) -> None:
        """End every connection and listen no more; safe to call twice."""
        bound, self._listening = self._listening, None
        if bound is not None:
            asyncio.get_running_loop().remove_reader(bound)
            bound.close()
        callers = list(self._callers)
        for caller in callers:
            caller.cancel()
        if callers:
            await asyncio.wait(callers)

    def _listen(self) -> None:
        """Take connections ourselves: asyncio's server loses those that come while it is closed."""
        if self._listening is not None:
            asyncio.get_running_loop().add_reader(self._listening, self._called, self._listening)

    def _called(self, bound: socket.socket) -> None:
        try:
            connection, _ = bound.accept()
        except (BlockingIOError, InterruptedError, ConnectionError):
            return  # whoever called has gone again
        except OSError:  # this process can open nothing more
            loop = asyncio.get_running_loop()
            loop.remove_reader(bound)
            loop.call_later(NO_DESCRIPTOR_S, self._listen)
            return
        connection.setblocking(False)
        task = spawn(self._serve(connection, is_full=len(self._callers) >= self._most), "proxy")
        self._callers.add(task)
        task.add_done_callback(self._callers.discard)
        task.add_done_callback(lambda _: connection.close())

    async def _serve(self, connection: socket.socket, *, is_full: bool) -> None:
        reader, writer = await asyncio.open_connection(sock=connection, limit=PIECE_BYTES)
        caller = Caller(reader, writer, self._reach, lambda: self._door, self._bounds)
        try:
            await (caller.turn_away() if is_full else caller.serve())
            writer.close()
            async with asyncio.timeout(LAST_WORDS_S):
                await writer.wait_closed()
        except OSError:
            pass  # it is gone already, or does not listen
        finally:
            writer.transport.abort()
