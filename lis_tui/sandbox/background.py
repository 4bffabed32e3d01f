"""A command that goes on in the background, in the bash in which it began."""

import asyncio
import contextlib
import time

from lis_tui.core.bus import spawn
from lis_tui.core.command import CommandEnd
from lis_tui.core.errors import SandboxFailed
from lis_tui.core.paths import escape_path
from lis_tui.sandbox import processes
from lis_tui.sandbox.attendant import Attendant
from lis_tui.sandbox.bash import Bash, Step
from lis_tui.sandbox.service import Service
from lis_tui.sandbox.stopping import Stopping


class LeftBash:
    """A bash that was left with its command; jobs that were started in it before are with it still."""

    def __init__(self, service: Service, bash: Bash, step: Step, fifo: str, command: str) -> None:
        self.command = command
        self._service = service
        self._bash = bash
        self._step = step
        self._fifo = fifo
        self._began = time.monotonic()
        self._is_stopped = False
        self._stopping: asyncio.Task[None] | None = None
        self._watching = spawn(self._watch(), "background command")

    @property
    def pid(self) -> int:
        """The process of the bash, inside; 0 once it is gone."""
        return 0 if self._bash.is_gone else self._bash.pid

    @property
    def is_over(self) -> bool:
        """Its command has ended."""
        return self._step.is_over

    @property
    def older(self) -> frozenset[int]:
        """The jobs that ran in it when its command began."""
        return self._step.old_children

    async def wait(self) -> CommandEnd:
        """Wait for the end of the command."""
        step = self._step
        await step.wait()
        is_lost = step.is_lost and step.exit_code is None
        return CommandEnd(
            exit_code=step.exit_code,
            ended_by="person" if self._is_stopped else "shell lost" if is_lost else "itself",
            duration_s=time.monotonic() - self._began,
            cwd=escape_path(step.cwd),
        )

    async def stop(self) -> None:
        """Stop the command. Raises SandboxFailed."""
        if self._stopping is None:
            self._is_stopped = not self.is_over
            stopping = Stopping(self._service, self._bash, self._step, self._fifo, lambda _: None)
            self._stopping = spawn(stopping.escalate(), "stop of a background command")
        await asyncio.wait([self._stopping])

    def close(self) -> None:
        """Let go of the bash; a command that still runs ends as lost."""
        self._bash.close()

    async def _watch(self) -> None:
        """A bash that nothing runs in any more is of no use; its jobs would lose their output with it."""
        await Attendant.of_job(self._service, self._bash, self._step).watch()
        with contextlib.suppress(SandboxFailed):
            tree = await processes.list_tree(self._service, self._bash.pid)
            if not tree.children(self._bash.pid):
                self._bash.close()
