"""Says in words which of the kernel's limits a sandbox hit since it was last asked."""

from msgspec import structs

from lis_tui.core.command import CommandEnd
from lis_tui.core.errors import SandboxFailed
from lis_tui.core.ports import Load
from lis_tui.core.spec import SandboxSpec
from lis_tui.sandbox.home import Home
from lis_tui.sandbox.meters import Strikes
from lis_tui.sandbox.ulimits import TOO_LARGE


class Hits:
    """Compares the kernel's counts with those of the last time; each hit is told once."""

    def __init__(self, home: Home, spec: SandboxSpec) -> None:
        self._home = home
        self._spec = spec
        self._known = Strikes()
        self.file_mb: int | None = None
        """How large a file may be."""

    async def told(self, end: CommandEnd) -> CommandEnd:
        """Give the end of a command with what was hit."""
        is_shell_lost = end.ended_by == "shell lost" or any("shell restarted" in note for note in end.notes)
        hits = await self._take(" (the shell may be among them)" if is_shell_lost else "")
        if end.exit_code == TOO_LARGE and self.file_mb is not None:
            hits += (f"no file may be larger than {self.file_mb} MB here, the limit of what may be written",)
        return structs.replace(end, hits=hits) if hits else end

    async def added(self, load: Load) -> Load:
        """Give what is used with what was hit."""
        hits = await self._take()
        return structs.replace(load, hits=hits) if hits else load

    async def _take(self, more: str = "") -> tuple[str, ...]:
        try:
            now = await self._home.strikes()
        except SandboxFailed:
            return ()
        was, self._known = self._known, now
        hits = []
        if killed := _since(was.killed, now.killed):
            many = "a process" if killed == 1 else f"{killed} processes"
            limit = f"{self._spec.memory_mb} MB"
            hits.append(f"the sandbox's memory limit of {limit} was hit: the kernel killed {many}{more}")
        if _since(was.refused, now.refused):
            hits.append(
                f"the sandbox's limit of {self._spec.pids} processes was hit: the kernel let no more begin"
            )
        return tuple(hits)


def _since(was: int | None, now: int | None) -> int:
    """How often it was hit since; a count that fell is that of a new group."""
    if now is None:
        return 0
    return now if was is None or now < was else now - was
