"""Stops a command: INT, then TERM, then KILL, until its shell is free again or lost."""

import asyncio
import contextlib
import time
from collections.abc import Callable

from lis_tui.core.errors import SandboxFailed
from lis_tui.sandbox import processes
from lis_tui.sandbox.bash import Bash, Step
from lis_tui.sandbox.service import Service

_SIGNALS = ("INT", "TERM", "KILL")
_HARDER_S = 0.2
"""How long after a signal was sent a harder one follows;"""
_BUSY = 5
"""so many times as long as sending it took, where that is longer: all are slow on a busy machine,"""
_MOST_HARDER_S = 2.0
"""and this long at most."""
_AGAIN_S = 0.05
TAKEN_S = 5.0
"""How long a shell may take to begin a command; one that stands still is not interrupted, but killed."""


class Stopping:
    """The end of one command, made. `on_signal` is told each kind of signal once, before it is sent."""

    def __init__(
        self, service: Service, bash: Bash, step: Step, fifo: str, on_signal: Callable[[str], None]
    ) -> None:
        self._service = service
        self._bash = bash
        self._step = step
        self._fifo = fifo
        self._on_signal = on_signal
        self._interrupted: set[int] = set()
        self._told: set[str] = set()

    async def escalate(self) -> None:
        """Signal again and again, harder with time: a script goes on with its next command otherwise.

        The shell is signalled before its children, for else it takes their death for an ordinary end. Where
        INT does not help it stands still while its children get TERM, and goes with those that need KILL.
        """
        step = self._step
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TAKEN_S):
                await step.wait_begun()
        await self._escalate(list(_SIGNALS) if step.has_begun else ["KILL"])
        if "TERM" in self._told and not step.is_lost:  # it came to its end when it was to stand still
            with contextlib.suppress(SandboxFailed):
                await processes.signal(self._service, "CONT", [self._bash.pid])

    async def _escalate(self, left: list[str]) -> None:
        step, sent_at, harder_s = self._step, 0.0, _HARDER_S
        while not step.is_over:
            began = time.monotonic()
            is_new = not sent_at or (len(left) > 1 and began - sent_at >= harder_s)
            if is_new and sent_at:
                del left[0]
            try:
                await self._signal(left[0])
            except SandboxFailed:
                await self._bash.mourn()
                return
            if is_new:
                sent_at = time.monotonic()
                harder_s = min(max(_HARDER_S, _BUSY * (sent_at - began)), _MOST_HARDER_S)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_AGAIN_S):
                    await step.wait()
            if not step.is_over:
                await self._bash.repeat_end(step)

    async def _signal(self, name: str) -> None:
        service, bash = self._service, self._bash
        tree = await processes.list_tree(service, bash.pid)
        if not tree.has_root:
            await bash.mourn()
            return
        children = tree.children(bash.pid) if self._step.has_begun else ()
        tops = [pid for pid in children if pid not in self._step.old_children]
        details = await processes.look_at(service, self._fifo, tops)
        # what this very command sent to the background is spared as long as the shell comes back by itself
        pids = tree.below(one.pid for one in details if name == "KILL" or not one.is_background)
        self._tell(name)
        if name == "INT":
            again = {one.pid for one in details if one.dies_of_int}
            fresh = [pid for pid in pids if pid in again or pid not in self._interrupted]
            self._interrupted.update(fresh)
            await processes.signal(service, "INT", [bash.pid, *fresh])
        elif name == "TERM":
            await processes.signal(service, "STOP", [bash.pid])
            await processes.signal(service, "TERM", pids)
        else:
            await processes.signal(service, "KILL", [bash.pid, *pids])

    def _tell(self, name: str) -> None:
        if name not in self._told:
            self._told.add(name)
            self._on_signal(name)
