"""The proxy of one sandbox, on this machine: a unix socket, and a door that says which hosts may be reached.

A sandbox with network `allow` has no other way out. What cannot be said in HTTP (CONNECT, or a request with a
whole `http://` address) does not go through.
"""

import asyncio
import os
import socket
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from lis_tui.core.bus import spawn
from lis_tui.core.errors import SandboxFailed
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
_LONGEST_NAME = 100
"""Bytes of a socket's path, on every system."""


class Shut:
    """The door of a sandbox that nobody guards."""

    async def may_pass(self, host: str, port: int, address: str = "") -> str:  # noqa: ARG002  (a port)
        """Say that nothing may."""
        return f"{host} cannot be reached: this sandbox has no network."

    def note(self, connection: Connection) -> None:
        """Nobody wants to know."""


class Proxy:
    """Listens where it is told to, and ends every connection when it is closed; it may be started again."""

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
        self._path: Path | None = None
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

    async def start(self, path: Path) -> None:
        """Listen on a unix socket of this name, for this user alone. Raises SandboxFailed."""
        await self.close()
        try:
            path.parent.mkdir(0o700, parents=True, exist_ok=True)
            bound = _bound(path)
        except OSError as error:
            raise SandboxFailed(f"The sandbox's proxy cannot listen: {error.strerror or error}.") from error
        self._path = path
        self._begin(bound)

    async def serve(self, listening: socket.socket) -> None:
        """Answer on a socket that listens already, wherever that is."""
        await self.close()
        listening.setblocking(False)
        self._begin(listening)

    def _begin(self, listening: socket.socket) -> None:
        self._listening = listening
        self._listen()

    async def close(self) -> None:
        """End every connection and listen no more; safe to call twice."""
        bound, self._listening = self._listening, None
        path, self._path = self._path, None
        if bound is not None:
            asyncio.get_running_loop().remove_reader(bound)
            bound.close()
        callers = list(self._callers)
        for caller in callers:
            caller.cancel()
        if callers:
            await asyncio.wait(callers)
        if path is not None:
            with suppress(OSError):
                path.unlink()

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


def _bound(path: Path) -> socket.socket:
    """Bind it; a longer name than a socket may have is reached by its folder's descriptor (Linux)."""
    with suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise FileExistsError(None, f"{path} is in the way")
        path.unlink()
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    folder = -1
    try:
        name = str(path)
        if len(os.fsencode(name)) > _LONGEST_NAME:
            folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
            name = f"/proc/self/fd/{folder}/{path.name}"
        bound.bind(name)
        path.chmod(0o600)
        bound.listen(128)
        bound.setblocking(False)
    except BaseException:
        bound.close()
        raise
    finally:
        if folder >= 0:
            os.close(folder)
    return bound
