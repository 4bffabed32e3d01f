"""Brings a run to stand still, so that its sandbox can be handed over to another one."""

import asyncio
from collections.abc import Callable

from lis_tui.core.errors import DecisionRefused
from lis_tui.core.ports import Sandbox
from lis_tui.engine.progress import Progress

LONGEST_S = 20.0
"""How long what runs may take to stop."""
CUT = "Cut because the run is rewound."


async def hold_still(progress: Progress, sandbox: Sandbox, is_over: Callable[[], bool]) -> None:
    """Stop what runs and wait at the next gate. Raises DecisionRefused where there is none."""
    progress.gates.pause("person", "the run is rewound")
    listener = progress.bus.listen(0)
    try:
        async with asyncio.timeout(LONGEST_S):
            if progress.running is not None:
                await sandbox.interrupt()
            elif progress.is_asking:
                progress.cut(CUT)
            while not progress.gates.is_open and not is_over():
                await anext(listener)
    except TimeoutError as error:
        raise DecisionRefused("What runs does not stop.") from error
    finally:
        progress.bus.leave(listener)
    if is_over():
        raise DecisionRefused("It has ended meanwhile.")
