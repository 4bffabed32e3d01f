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
        self._server: asyncio.Server | None = None
        self._path: Path | None = None
        self._callers: set[asyncio.Task[object]] = set()

    @property
    def is_open(self) -> bool:
        """Whether it listens."""
        return self._server is not None

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
            self._server = await asyncio.start_unix_server(self._called, sock=bound, limit=PIECE_BYTES)
        except OSError as error:
            raise SandboxFailed(f"The sandbox's proxy cannot listen: {error.strerror or error}.") from error
        self._path = path

    async def serve(self, listening: socket.socket) -> None:
        """Answer on a socket that listens already, wherever that is."""
        await self.close()
        self._server = await asyncio.start_server(self._called, sock=listening, limit=PIECE_BYTES)

    async def close(self) -> None:
        """End every connection and listen no more; safe to call twice."""
        server, self._server = self._server, None
        path, self._path = self._path, None
        if server is not None:
            server.close()
        for caller in list(self._callers):
            caller.cancel()
        if self._callers:
            await asyncio.wait(list(self._callers))
        if path is not None:
            with suppress(OSError):
                path.unlink()

    def _called(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        caller = Caller(reader, writer, self._reach, lambda: self._door, self._bounds)
        is_full = len(self._callers) >= self._most
        task = spawn(caller.turn_away() if is_full else caller.serve(), "proxy")
        self._callers.add(task)
        task.add_done_callback(self._callers.discard)
        task.add_done_callback(lambda _: writer.close())


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
        bound.setblocking(False)
    except BaseException:
        bound.close()
        raise
    finally:
        if folder >= 0:
            os.close(folder)
    return bound
