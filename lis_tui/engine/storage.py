"""What a run does while its journal finds no room: it holds, tries again, and loses nothing."""

import asyncio

from lis_tui.core.bus import Bus, spawn
from lis_tui.core.errors import DiskFull, StorageFailed
from lis_tui.core.events import Event, StorageTrouble

RETRY_S = 5.0
"""Time between two tries to write what was kept back."""
MOST_TRIES = 12
"""So many tries are made where nobody watches who could free some room."""


class Storage:
    """Watches one run's bus: from the first fact that finds no room, tries go on until all is written."""

    def __init__(self, bus: Bus, *, is_watched: bool, retry_s: float = RETRY_S) -> None:
        self._bus = bus
        self._most_tries = None if is_watched else MOST_TRIES
        self._retry_s = retry_s
        self._reason = ""
        self._failure: StorageFailed | None = None
        self._is_given_up = False
        self._changed = asyncio.Event()
        self._nudged = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        bus.call(self._hear)

    @property
    def is_stuck(self) -> bool:
        """Something is still unwritten."""
        return self._bus.is_stuck

    async def wait(self) -> None:
        """Wait until all is written, or the run is to end without.

        Raises StorageFailed where no more tries are made.
        """
        while self._bus.is_stuck and not self._is_given_up:
            if self._failure is not None:
                raise self._failure
            self._changed.clear()
            await self._changed.wait()

    def begin(self) -> None:
        """The run begins or goes on: hope again."""
        self._is_given_up = False
        self._failure = None
        if self._bus.is_stuck and (self._task is None or self._task.done()):
            self._watch()

    def give_up(self) -> None:
        """Hold up the run no longer, for it is to end; what is unwritten is still tried."""
        self._is_given_up = True
        self._changed.set()

    def try_now(self) -> None:
        """Do not wait for the next try."""
        self._nudged.set()

    async def close(self) -> None:
        """Try once more and never again."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
            self._bus.write_rest()

    def _hear(self, event: Event) -> None:
        if isinstance(event, StorageTrouble) and not event.is_over:
            self._reason = event.text
            self._watch()

    def _watch(self) -> None:
        self._task = spawn(self._try_again(), "journal", self._failed)

    async def _try_again(self) -> None:
        tries = 0
        while self._most_tries is None or tries < self._most_tries:
            tries += 1
            self._nudged.clear()
            try:
                async with asyncio.timeout(self._retry_s):
                    await self._nudged.wait()
            except TimeoutError:
                pass
            if self._bus.write_rest():
                self._changed.set()
                return
        self._failed(DiskFull(self._reason))

    def _failed(self, error: Exception) -> None:
        self._failure = error if isinstance(error, StorageFailed) else StorageFailed(str(error))
        self._changed.set()
