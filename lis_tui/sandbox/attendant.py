"""Watches a running command from beside: whether its shell still lives, whether it waits for input."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable

from lis_tui.core.errors import SandboxFailed
from lis_tui.sandbox import processes
from lis_tui.sandbox.bash import Bash, Step
from lis_tui.sandbox.service import Service

_FIRST_LOOK_S = 0.1
_LOOK_S = 0.2
_LATER_LOOK_S = 0.5


class Attendant:
    """Looks at the processes of one command now and then, until it is over."""

    def __init__(
        self,
        service: Service,
        bash: Bash,
        step: Step,
        fifo: str,
        on_input_wait: Callable[[bool], None] | None,
        eof_after_s: float | None,
        close_input: Callable[[], Awaitable[None]],
    ) -> None:
        self._service = service
        self._bash = bash
        self._step = step
        self._fifo = fifo
        self._on_input_wait = on_input_wait
        self._eof_after_s = eof_after_s
        self._close_input = close_input
        self._waiting_since: float | None = None
        self._is_input_closed = False

    @classmethod
    def of_job(cls, service: Service, bash: Bash, step: Step) -> "Attendant":
        """Give one for a command in the background, which nobody types to."""

        async def end_nothing() -> None:
            pass

        return cls(service, bash, step, "/dev/null", None, None, end_nothing)

    async def watch(self) -> None:
        """Look until the command is over."""
        pause_s = _FIRST_LOOK_S
        began = time.monotonic()
        while not await self._is_over_within(pause_s):
            try:
                await self._look()
            except SandboxFailed:
                await self._bash.mourn()
            pause_s = _LOOK_S if time.monotonic() - began < 10 else _LATER_LOOK_S

    async def _is_over_within(self, seconds: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._step.wait()
        return self._step.is_over

    def finish(self) -> None:
        """The command is over: it waits no more, whatever a look that is under way will find."""
        self._say(is_waiting=False)
        self._on_input_wait = None

    async def _look(self) -> None:
        tree = await processes.list_tree(self._service, self._bash.pid)
        if not tree.has_root:
            await self._bash.mourn()
            return
        tops = [pid for pid in tree.children(self._bash.pid) if pid not in self._step.old_children]
        pids = [self._bash.pid, *tree.below(tops)]
        details = await processes.look_at(self._service, self._fifo, pids)
        is_waiting = any(one.reads == 2 or (one.reads == 1 and not tree.children(one.pid)) for one in details)
        self._say(is_waiting=is_waiting and not self._is_input_closed)
        await self._end_input()

    async def _end_input(self) -> None:
        since = self._waiting_since
        if self._step.is_over or since is None or self._eof_after_s is None or self._is_input_closed:
            return
        if time.monotonic() - since >= self._eof_after_s:
            self._is_input_closed = True
            await self._close_input()

    def _say(self, *, is_waiting: bool) -> None:
        if is_waiting == (self._waiting_since is not None):
            return
        self._waiting_since = time.monotonic() if is_waiting else None
        if self._on_input_wait is not None:
            self._on_input_wait(is_waiting)
