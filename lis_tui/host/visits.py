"""The way into a process that prints a run: visitors may decide, and change nothing by hanging or leaving."""

import asyncio
import os
import secrets as tokens
import sys
from pathlib import Path

from lis_tui.core.bus import spawn
from lis_tui.core.errors import HostUnreachable
from lis_tui.core.meeting import socket_path
from lis_tui.host.runs import Runs
from lis_tui.host.server import Server

LONGEST_GOODBYE_S = 5.0


class Visits:
    """A socket of the same kind as a host's, found by clients in the same way."""

    def __init__(self, runs: Runs, runtime: Path) -> None:
        self._server = Server(runs, _already_warm)
        self._path = socket_path(runtime, tokens.token_hex(4))
        self._serving: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Let visitors in. Raises HostUnreachable."""
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def fail(error: Exception) -> None:
            if ready.done():
                sys.excepthook(type(error), error, error.__traceback__)
            else:
                ready.set_exception(error)

        serving = self._server.serve(self._path, lambda: ready.set_result(None))
        self._serving = spawn(serving, "visits", fail)
        try:
            await ready
        except OSError as error:
            said = os.strerror(error.errno) if error.errno else str(error)
            raise HostUnreachable(f"Nobody can attach to this run: {self._path}: {said}.") from error

    async def close(self) -> None:
        """Let the last of it reach who still reads, then hang up; nobody is waited for long."""
        self._server.stop()
        if self._serving is not None:
            await asyncio.wait([self._serving], timeout=LONGEST_GOODBYE_S)
            self._serving.cancel()


async def _already_warm() -> None:
    return
