"""Measures a container from inside; its engine, which takes a second, is asked only where that cannot be."""

from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

from lis_tui.core.ports import Load, Space
from lis_tui.core.spec import SandboxSpec
from lis_tui.sandbox.channel import Door
from lis_tui.sandbox.meters import (
    COUNTS,
    STRIKES,
    Counts,
    Strikes,
    counts_in,
    least_free,
    read_inside,
    strikes_in,
)
from lis_tui.sandbox.service import Service
from lis_tui.sandbox.space import space_inside


class Gauge:
    """One container's; `ask_engine` raises ShellLost where the container is gone."""

    def __init__(self, door: Door, spec: SandboxSpec, ask_engine: Callable[[], Awaitable[Counts]]) -> None:
        self._spec = spec
        self._ask_engine = ask_engine
        self._quick = Service(door)
        self._slow = Service(door)
        """What is written takes long to measure where there is much."""
        self._since = ""
        self.cpus = spec.cpus
        """How many processors it may use."""
        self.is_blind = False
        """It has no control groups: those that are seen inside are not its own."""

    async def begin(self, service: Service) -> None:
        """From now on what is newer counts as written."""
        told = (await service.ask(b'echo "$EPOCHREALTIME"', is_apart=False)).output.decode(errors="replace")
        since = told.strip().replace(",", ".")
        self._since = since if since.replace(".", "", 1).isdigit() else ""

    def close(self) -> None:
        """Let go of what measures."""
        self._quick.close()
        self._slow.close()

    async def load(self, folders: Iterable[Path]) -> Load:
        """Measure what it uses; `folders` of this machine it writes to. Raises ShellLost."""
        if self.is_blind:
            return Load(free_bytes=least_free(folders))
        counts = counts_in(await read_inside(self._quick, COUNTS))
        if counts.memory_bytes is None and counts.pids is None:
            counts = await self._ask_engine()
        return Load(
            memory_bytes=counts.memory_bytes,
            memory_limit_bytes=self._spec.memory_mb << 20,
            pids=counts.pids,
            pids_limit=self._spec.pids,
            cpu_s=counts.cpu_s,
            cpus_limit=self.cpus,
            free_bytes=least_free(folders),
        )

    async def space(self) -> Space | None:
        """Measure what it has written; None where its own programs cannot tell."""
        return await space_inside(self._slow, self._spec.workdir, self._since) if self._since else None

    async def strikes(self) -> Strikes:
        """Tell how often the kernel enforced a limit."""
        if self.is_blind:
            return Strikes()
        return strikes_in(await read_inside(self._quick, STRIKES))
