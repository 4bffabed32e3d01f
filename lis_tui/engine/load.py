"""What the sandbox uses, measured while a run goes on."""

import asyncio

from lis_tui.core.bus import Bus, spawn
from lis_tui.core.errors import SandboxFailed
from lis_tui.core.events import LoadMeasured
from lis_tui.core.ports import Sandbox

GAP_S = 2.0
"""Time between two measurements."""


class Load:
    """Measures a sandbox again and again; ends by itself where nothing can be measured."""

    def __init__(self, sandbox: Sandbox, bus: Bus, gap_s: float = GAP_S) -> None:
        self._sandbox = sandbox
        self._bus = bus
        self._gap_s = gap_s
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Measure until `stop`; nothing happens where it is measured already."""
        if self._task is None or self._task.done():
            self._task = spawn(self._follow(), "load", lambda _: None)

    async def stop(self) -> None:
        """Measure no more."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def _follow(self) -> None:
        while True:
            try:
                memory, limit, pids = await self._sandbox.load()
            except SandboxFailed:
                return
            if memory is None and pids is None:
                return
            self._bus.publish(LoadMeasured(memory_bytes=memory, memory_limit_bytes=limit, pids=pids))
            await asyncio.sleep(self._gap_s)
