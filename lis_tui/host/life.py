"""A host's life: it listens first, imports after, tidies up after dead hosts, ends without leftovers."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping

from lis_tui.config.places import Places
from lis_tui.core.bus import spawn
from lis_tui.core.errors import LisError
from lis_tui.core.meeting import socket_path
from lis_tui.core.private import have_no_core
from lis_tui.core.spec import RunSpec
from lis_tui.host.runs import Runs, Traveller, Wired
from lis_tui.host.server import Server
from lis_tui.host.warmth import import_all


def live(host: str, places: Places, ready_fd: int) -> int:
    """Serve as the host with this id until nobody needs it or a signal ends it; gives the exit code."""
    have_no_core()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    code = asyncio.run(_Life(host, places, ready_fd).run())
    sys.stderr.flush()
    log = places.data / "logs" / f"host-{host}.log"
    if log.exists() and not log.stat().st_size:
        log.unlink()
    # litellm's threads may still be importing; nothing of ours is left to be done.
    os._exit(code)


class _Life:
    def __init__(self, host: str, places: Places, ready_fd: int) -> None:
        self._host = host
        self._places = places
        self._ready_fd = ready_fd
        self._runs = Runs(self._wire, self._traveller)
        self._server = Server(self._runs, self._warm_up)
        self._ending: asyncio.Task[object] | None = None
        self._exit_code = 0

    async def run(self) -> int:
        """Serve until the end."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end, number)
        await self._server.serve(socket_path(self._places.make_runtime(), self._host), self._say_ready)
        return self._exit_code

    def _say_ready(self) -> None:
        os.write(self._ready_fd, b"ready\n")
        os.close(self._ready_fd)
        spawn(self._tidy_up(), "orphans")

    def _end(self, number: signal.Signals) -> None:
        if self._ending is None:
            self._exit_code = 128 + number
            self._ending = spawn(self._end_all(f"the host got {number.name}"), "end of the host")

    async def _end_all(self, reason: str) -> None:
        try:
            await self._runs.terminate(reason)
        finally:
            self._server.stop()

    async def _tidy_up(self) -> None:
        from lis_tui.host.leftovers import remove_dead_hosts, remove_orphans

        try:
            await asyncio.to_thread(remove_dead_hosts, self._places.data, self._places.runtime)
            await remove_orphans(self._places.data)
        except LisError as error:
            sys.stderr.write(f"{error.sentence}\n")

    async def _warm_up(self) -> None:
        await import_all()

    def _wire(self, spec: RunSpec, secrets: Mapping[str, str]) -> Wired:
        from lis_tui.host.wiring import wire

        return wire(self._places.data, spec, secrets)

    def _traveller(self) -> Traveller:
        from lis_tui.host.travel import Travel

        return Travel(self._places.data)
