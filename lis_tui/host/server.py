"""The socket of a host: who connects is served; with neither runs nor clients for a while it ends."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path

from lis_tui.core.bus import spawn
from lis_tui.core.private import is_our_peer
from lis_tui.host.runs import Runs
from lis_tui.host.session import Session

GRACE_S = 5.0
"""How long a host waits for someone before it ends."""


class Server:
    """Listens at one path until it is told to stop or nobody needs it."""

    def __init__(self, runs: Runs, warm_up: Callable[[], Awaitable[None]], grace_s: float = GRACE_S) -> None:
        self._runs = runs
        self._warm_up = warm_up
        self._grace_s = grace_s
        self._clients: set[asyncio.Task[None]] = set()
        self._stop = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None

    async def serve(self, path: Path, on_ready: Callable[[], None]) -> None:
        """Serve at `path` until `stop` or until nobody is left."""
        fresh = path.with_name(path.name + ".new")
        server = await asyncio.start_unix_server(self._welcome, path=fresh)
        fresh.chmod(0o600)
        fresh.rename(path)
        self._runs.on_change = self._look_around
        try:
            on_ready()
            self._look_around()
            await self._stop.wait()
        finally:
            with contextlib.suppress(FileNotFoundError):
                path.unlink()  # noqa: ASYNC240  (a socket's name: no disk is waited for)
            server.close()
            await self._dismiss()

    def stop(self) -> None:
        """Stop serving."""
        self._stop.set()

    async def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not is_our_peer(writer.get_extra_info("socket")):
            writer.close()
            return
        session = Session(self._runs, self._warm_up, reader, writer)
        task = spawn(session.serve(), "client")
        self._clients.add(task)
        task.add_done_callback(self._farewell)
        self._look_around()

    def _farewell(self, task: asyncio.Task[None]) -> None:
        self._clients.discard(task)
        self._look_around()

    async def _dismiss(self) -> None:
        """Let the streams of ended runs reach who still reads, then hang up."""
        clients = list(self._clients)
        if clients:
            await asyncio.wait(clients, timeout=0.5)
        for task in clients:
            task.cancel()
        if clients:
            await asyncio.wait(clients, timeout=1)

    def _look_around(self) -> None:
        """Start the clock where nobody is here; who only asks for something does not set it back."""
        if self._runs.live and self._timer is not None:
            self._timer.cancel()
            self._timer = None
        elif self._timer is None and not self._is_needed:
            self._timer = asyncio.get_running_loop().call_later(self._grace_s, self._end)

    @property
    def _is_needed(self) -> bool:
        return bool(self._clients or self._runs.live)

    def _end(self) -> None:
        """End where nobody is here now."""
        self._timer = None
        if not self._is_needed:
            self.stop()
