"""Decisions of a program about what runs behind the gate that it answered: held until they make sense."""

import asyncio
from collections.abc import Callable, Sequence

from msgspec import Struct

from lis_tui.core.bus import spawn
from lis_tui.core.decisions import (
    AnswerConnection,
    CloseInput,
    Decision,
    Interrupt,
    RetryNow,
    SendInput,
    SetAllowedHosts,
    SetTimeout,
    ShareOwn,
    StopOwn,
    ToBackground,
)
from lis_tui.core.errors import DecisionRefused
from lis_tui.core.events import Gate, StepAddress, Who

MEANWHILE = (
    Interrupt,
    SetTimeout,
    ToBackground,
    SendInput,
    CloseInput,
    RetryNow,
    ShareOwn,
    StopOwn,
    AnswerConnection,
    SetAllowedHosts,
)
"""What concerns a command that runs, or a model that is being asked."""
BETWEEN_TRIES_S = 0.05
Decide = Callable[[Decision, StepAddress | None, Who, Gate | None], None]


class Told(Struct, frozen=True):
    """A decision, and how many seconds after the gate's answer it is meant for."""

    decision: Decision
    after_s: float = 0.0


class Meanwhile:
    """Tries what was held, in order, until each is taken or the next gate opens."""

    def __init__(self, decide: Decide, tell: Callable[[str], None]) -> None:
        self._decide = decide
        self._tell = tell
        self._task: asyncio.Task[None] | None = None

    def begin(self, told: Sequence[Told], address: StepAddress) -> None:
        """Try these from now on, instead of what was held before."""
        self.stop()
        if told:
            self._task = spawn(self._try_all(told, address), "decide meanwhile")

    def stop(self) -> None:
        """Try no more."""
        if self._task is not None:
            self._task.cancel()

    async def close(self) -> None:
        """Try no more, and wait until that is so."""
        self.stop()
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _try_all(self, told: Sequence[Told], address: StepAddress) -> None:
        begun = asyncio.get_running_loop().time()
        for one in told:
            await asyncio.sleep(begun + one.after_s - asyncio.get_running_loop().time())
            await self._try(one.decision, address if address.step else None)

    async def _try(self, decision: Decision, address: StepAddress | None) -> None:
        refusal = ""
        try:
            while True:
                try:
                    self._decide(decision, address, "script", None)
                except DecisionRefused as error:
                    refusal = error.sentence
                    await asyncio.sleep(BETWEEN_TRIES_S)
                else:
                    return
        except asyncio.CancelledError:
            self._tell(f"{type(decision).__name__} of --decide was never possible: {refusal}")
            raise
