"""What the sandbox uses, measured while a run goes on."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from lis_tui.core.bus import Bus, spawn
from lis_tui.core.errors import SandboxFailed
from lis_tui.core.events import LoadMeasured
from lis_tui.core.ports import Load as Measured
from lis_tui.core.ports import Sandbox, Space
from lis_tui.core.spec import Limits

GAP_S = 0.5
"""Time between two measurements, at least."""
TOLD_EVERY_S = 2.0
SHARE = 30
"""So many times as long as a measurement takes, nothing is measured;"""
SHARE_UNLIMITED = 8
"""so many times where the kernel does not limit the memory, and only who measures it can."""
_MB = 1 << 20


OnSilent = Callable[[SandboxFailed], Awaitable[bool]]
"""Is told that nothing could be measured; says whether the sandbox is there all the same."""


async def is_gone(_: SandboxFailed) -> bool:
    """Take it for gone."""
    return False


class Load:
    """Measures a sandbox again and again; ends by itself where nothing can be measured.

    `look` is shown each measurement, and gives how much the sandbox has written as far as that is known.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        bus: Bus,
        look: Callable[[Measured], Space | None] = lambda _: None,
        limits: Callable[[], Limits] = Limits,
        *,
        on_silent: OnSilent = is_gone,
        gap_s: float = GAP_S,
        told_every_s: float = TOLD_EVERY_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sandbox = sandbox
        self._bus = bus
        self._look = look
        self._limits = limits
        self._on_silent = on_silent
        self._gap_s = gap_s
        self._told_every_s = told_every_s
        self._clock = clock
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
        told_at, told = 0.0, Measured()
        while True:
            began = self._clock()
            try:
                load = await self._sandbox.load()
            except SandboxFailed as error:
                if not await self._on_silent(error):
                    return
                await asyncio.sleep(self._gap_s)
                continue
            if _is_blind(load) and not _is_blind(told):
                await asyncio.sleep(self._gap_s)  # it was measured before: whether it is there is seen soon
                continue
            if _is_blind(load) and load.free_bytes is None:
                return  # without control groups the disk is still watched, which has no limit but ours
            took_s = self._clock() - began
            space = self._look(load)
            now = self._clock()
            if not told_at or now - told_at >= self._told_every_s:
                self._tell(load, space, _cpus(told, load, now - told_at))
                told_at, told = now, load
            share = SHARE_UNLIMITED if load.memory_limit_bytes is None else SHARE
            await asyncio.sleep(max(self._gap_s, min(share * took_s, 10.0)))

    def _tell(self, load: Measured, space: Space | None, cpus: float | None) -> None:
        limits = self._limits()
        self._bus.publish(
            LoadMeasured(
                memory_bytes=load.memory_bytes,
                memory_limit_bytes=load.memory_limit_bytes,
                pids=load.pids,
                pids_limit=load.pids_limit,
                cpus=cpus,
                cpus_limit=load.cpus_limit,
                disk_bytes=None if space is None else space.bytes,
                disk_limit_bytes=None if limits.disk_mb is None else limits.disk_mb * _MB,
                files=None if space is None else space.files,
                files_limit=limits.files,
            )
        )


def _is_blind(load: Measured) -> bool:
    """Whether nothing is known of what it does, as where there are no control groups."""
    return load.memory_bytes is None and load.pids is None


def _cpus(before: Measured, now: Measured, seconds: float) -> float | None:
    """How many processors were in use since; where the sum fell, processes have ended and nobody knows."""
    if before.cpu_s is None or now.cpu_s is None or seconds <= 0 or now.cpu_s < before.cpu_s:
        return None
    return (now.cpu_s - before.cpu_s) / seconds
