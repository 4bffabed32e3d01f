"""What runs in a sandbox besides our own processes: jobs, daemons, and the files that they have mapped."""

import asyncio

from lis_tui.core.paths import escape_path
from lis_tui.core.text import one_line
from lis_tui.sandbox import processes
from lis_tui.sandbox.service import Service
from lis_tui.sandbox.shell import Shell

_STOP_TRIES = 20
_NAMES = b"""for p in %s; do
  c=; while IFS= read -r -d '' w; do c+="$w "; done <"/proc/$p/cmdline" 2>/dev/null
  [[ $c ]] || read -r c <"/proc/$p/comm"
  printf '%%s\\0' "$c"
done 2>/dev/null; :"""
_MAPPED = rb"""for p in %s; do
  while read -r _ m _ _ _ f; do [[ $m == rw?s && $f == /* ]] && printf '%%s\0' "$f"; done <"/proc/$p/maps"
done 2>/dev/null; :"""


class Jobs:
    """Knows which processes were there before the first command, and takes all others for jobs."""

    def __init__(self, service: Service, shell: Shell) -> None:
        self._service = service
        self._shell = shell
        self._ours: frozenset[int] = frozenset()
        self._pids: list[int] = []
        service.always(processes.PREAMBLE)

    async def begin(self) -> None:
        """Remember what is there before anything ran. Raises SandboxFailed."""
        tree = await processes.list_tree(self._service, self._shell.pid)
        self._ours = frozenset(tree.children(1))

    async def running(self) -> tuple[str, ...]:
        """Give the commands of all jobs. Raises SandboxFailed."""
        await self._list()
        if not self._pids:
            return ()
        words = b" ".join(str(pid).encode() for pid in self._pids)
        answer = await self._service.ask(_NAMES % words, timeout_s=10)
        return tuple(one_line(escape_path(name.strip())) for name in answer.output.split(b"\0") if name)

    async def mapped(self) -> set[str]:
        """Give the files that jobs can write to without a trace: a shared mapping. Raises SandboxFailed."""
        words = b" ".join(str(pid).encode() for pid in self._pids)
        answer = await self._service.ask(_MAPPED % words, timeout_s=10)
        return {escape_path(path) for path in answer.output.split(b"\0") if path}

    async def stop(self) -> None:
        """Kill all jobs and wait for their end. Raises SandboxFailed."""
        await self._list()
        for _ in range(_STOP_TRIES):
            if not self._pids:
                break
            await processes.signal(self._service, "KILL", self._pids)
            await asyncio.sleep(0.02)
            await self._list()

    async def _list(self) -> None:
        """A job is below the user's bash, or was left to PID 1 by one that was."""
        shell = self._shell.pid
        tree = await processes.list_tree(self._service, shell)
        orphans = [pid for pid in tree.children(1) if pid not in self._ours and pid != shell]
        self._pids = tree.below([*tree.children(shell), *orphans])
