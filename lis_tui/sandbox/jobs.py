"""What runs in a sandbox besides our own processes: jobs, daemons, and the files that they have mapped."""

import asyncio

from lis_tui.core.paths import escape_path
from lis_tui.core.text import one_line
from lis_tui.sandbox import processes
from lis_tui.sandbox.processes import Tree
from lis_tui.sandbox.service import Service
from lis_tui.sandbox.shell import Shell

_STOP_TRIES = 20
_NAMES = b"""for p in %s; do
  c=; while IFS= read -r -d '' w; do c+="$w "; done <"/proc/$p/cmdline" 2>/dev/null
  [[ $c ]] || { read -r s <"/proc/$p/stat"; [[ ${s##*) } != [ZX]* ]] && read -r c <"/proc/$p/comm"; }
  printf '%%s\\0' "$c"
done 2>/dev/null; :"""
_MAPPED = rb"""for p in %s; do
  while read -r _ m _ _ _ f; do [[ $m == rw?s && $f == /* ]] && printf '%%s\0' "$f"; done <"/proc/$p/maps"
done 2>/dev/null; :"""


class Jobs:
    """Knows which processes were there before the first command, and takes all others for jobs.

    `own` is the person's own shell: what runs in it is a job too.
    """

    def __init__(self, service: Service, shell: Shell, own: Shell | None = None) -> None:
        self._service = service
        self._shells = (shell,) if own is None else (shell, own)
        self._shell = shell
        self._ours: frozenset[int] = frozenset()
        self._pids: list[int] = []
        self._left: list[int] = []
        service.always(processes.PREAMBLE)

    async def begin(self) -> None:
        """Remember what is there before anything ran. Raises SandboxFailed."""
        tree = await processes.list_tree(self._service, self._shell.pid)
        self._ours = frozenset(tree.children(1))

    async def running(self) -> tuple[str, ...]:
        """Give the commands of all jobs. Raises SandboxFailed."""
        await self._list()
        names = tuple(left.command for left in self._shell.left if not left.is_over)
        words = b" ".join(str(pid).encode() for pid in self._pids if pid not in self._left)
        if words:
            answer = await self._service.ask(_NAMES % words, timeout_s=10)
            names += tuple(escape_path(name.strip()) for name in answer.output.split(b"\0") if name)
        return tuple(one_line(name) for name in names)

    async def mapped(self) -> set[str]:
        """Give the files that jobs can write to without a trace: a shared mapping. Raises SandboxFailed."""
        words = b" ".join(str(pid).encode() for pid in self._pids)
        answer = await self._service.ask(_MAPPED % words, timeout_s=10)
        return {escape_path(path) for path in answer.output.split(b"\0") if path}

    async def stop(self, *, is_sparing: bool = False) -> None:
        """Kill all jobs, with the running command or (`is_sparing`) without. Raises SandboxFailed."""
        await self._list(is_sparing=is_sparing)
        for _ in range(_STOP_TRIES):
            if not self._pids:
                break
            await processes.signal(self._service, "KILL", self._pids)
            await asyncio.sleep(0.02)
            await self._list(is_sparing=is_sparing)

    async def _list(self, *, is_sparing: bool = False) -> None:
        """A job is below a bash that takes commands, or was left to PID 1 by one that was."""
        tree = await processes.list_tree(self._service, self._shell.pid)
        bashes = [shell.pid for shell in self._shells if shell.pid]
        orphans = [pid for pid in tree.children(1) if pid not in self._ours and pid not in bashes]
        self._left = self._in_left(tree)
        tops = [pid for bash in (*bashes, *self._bashes_left()) for pid in tree.children(bash)]
        if is_sparing and (older := self._shell.older) is not None:
            spared = set(tree.children(self._shell.pid)) - older
            tops = [pid for pid in tops if pid not in spared]
        self._pids = [*self._left, *(p for p in tree.below([*tops, *orphans]) if p not in self._left)]

    def _bashes_left(self) -> list[int]:
        return [left.pid for shell in self._shells for left in shell.left]

    def _in_left(self, tree: Tree) -> list[int]:
        """Give the processes of commands that went on in the background, with the bash that runs them."""
        found: list[int] = []
        for left in self._shell.left:
            if not left.is_over:
                new = [pid for pid in tree.children(left.pid) if pid not in left.older]
                found += [left.pid, *tree.below(new)]
        return found
