"""Keeps the sandbox as it is after each step, beside the model's thinking; the next command waits for it."""

import asyncio

from lis_tui.core.bus import Bus, spawn
from lis_tui.core.errors import LisError
from lis_tui.core.events import NoticeGiven, StepAddress
from lis_tui.core.ports import Checkpoints, Sandbox

LAST_S = 60.0
"""How long the end of a run waits for the last checkpoint."""


class Keeping:
    """Takes checkpoints one after the other, where the sandbox can; a failure is said and harms no run."""

    def __init__(self, sandbox: Sandbox, bus: Bus) -> None:
        self._sandbox = sandbox
        self._bus = bus
        self._task: asyncio.Task[None] | None = None
        self._taken: set[StepAddress] = set()

    def begin(self, address: StepAddress) -> None:
        """Begin to keep the sandbox as it is now."""
        sandbox = self._sandbox
        if isinstance(sandbox, Checkpoints) and sandbox.can_checkpoint and address not in self._taken:
            self._taken.add(address)
            self._task = spawn(self._take(sandbox, address, self._task), "checkpoint")

    async def wait(self) -> None:
        """Wait until what was begun is done."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def finish(self) -> None:
        """Wait for the last one, but not for ever."""
        task, self._task = self._task, None
        if task is not None:
            await asyncio.wait([task], timeout=LAST_S)
            await self._give_up(task)

    async def stop(self) -> None:
        """Keep nothing more."""
        task, self._task = self._task, None
        if task is not None:
            await self._give_up(task)

    @staticmethod
    async def _give_up(task: asyncio.Task[None]) -> None:
        if not task.done():
            task.cancel()
            await asyncio.wait([task])

    async def _take(
        self, sandbox: Checkpoints, address: StepAddress, before: asyncio.Task[None] | None
    ) -> None:
        if before is not None and not before.done():
            await asyncio.wait([before])
        try:
            taken = await sandbox.checkpoint(address)
        except (LisError, OSError) as error:
            said = error.sentence if isinstance(error, LisError) else error.strerror or str(error)
            text = f"No checkpoint after {address}: {said}"
            self._bus.publish(NoticeGiven(text, "warning", address))
        else:
            self._bus.publish(taken)
