"""Between the screen and a run: records in, gathered to at most thirty bunches a second; decisions out."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from msgspec import Struct

from lis_tui.core.bus import spawn
from lis_tui.core.decisions import Decision
from lis_tui.core.errors import LisError
from lis_tui.core.events import Gate, OutputArrived, Record, StepAddress
from lis_tui.core.wire import Changes, Reexecute

if TYPE_CHECKING:
    from lis_tui.trajectory.marks import Marks
    from lis_tui.trajectory.past_files import Past
    from lis_tui.trajectory.summary import RunSummary
    from lis_tui.ui.series import Series

INTERVAL_S = 1 / 30
MOST_AT_ONCE = 400
AS_IT_WAS = Changes()
NO_SECRETS: Mapping[str, str] = {}
Kind = Literal["fork", "rewind"]


class Pace(Struct, frozen=True):
    """How seldom records are handed on."""

    intervals: int
    """The least between two bunches."""
    flood_s: float
    """How long one waits for more while nothing but output comes."""


AT_REST = Pace(1, 0.1)
"""Nobody reads faster."""
WITH_KEYS = Pace(3, 0.5)
"""While somebody presses keys, which must not wait for output to be drawn."""


class Source(Protocol):
    """Where a screen's records come from and its decisions go to."""

    series: "Series | None"
    """The table that it was opened from, if any."""

    @property
    def name(self) -> str:
        """The run's name; empty until it is known."""
        ...

    @property
    def is_recorded(self) -> bool:
        """Nothing can be decided; nothing more comes."""
        ...

    @property
    def worktree(self) -> Path | None:
        """The run's files on this machine."""
        ...

    @property
    def outputs(self) -> Path | None:
        """Where full outputs of commands are kept."""
        ...

    @property
    def past(self) -> "Past | None":
        """The files at the steps of a run, known once its records come; None: nothing is known of them."""
        ...

    @property
    def marks(self) -> "Marks | None":
        """Where a person's marks are kept, known once its records come; None: nowhere."""
        ...

    async def beginning(self) -> list[Record]:
        """Give the first records of a large recording, while all of it takes its time; of any other none."""
        ...

    def records(self) -> AsyncIterator[Record]:
        """Give the run from its beginning. Raises LisError."""
        ...

    async def decide(
        self, decision: Decision, address: StepAddress | None = None, gate: Gate | None = None
    ) -> None:
        """Send a decision, about the painted gate or the run. Raises DecisionRefused, HostUnreachable."""
        ...

    async def close_run(self) -> None:
        """The ended run needs no follow-up."""
        ...

    async def leave(self) -> None:
        """Stop watching."""
        ...

    async def fork(
        self,
        point: StepAddress,
        *,
        is_before: bool = False,
        kind: Kind = "fork",
        rebuild: bool = False,
        changes: Changes = AS_IT_WAS,
        secrets: Mapping[str, str] = NO_SECRETS,
    ) -> str:
        """Begin a new run at a step of this one; gives its name. Raises LisError."""
        ...

    async def reexecute(self, ask: Reexecute) -> str:
        """Begin a new run that does this one again; gives its name. Raises LisError."""
        ...

    async def take_up(self, changes: Changes = AS_IT_WAS, secrets: Mapping[str, str] = NO_SECRETS) -> str:
        """Go on with this run, which no process has any more; gives its name. Raises LisError."""
        ...

    def other(self, name: str) -> "Source":
        """Give another run, live or on disk. Raises RunNotFound."""
        ...

    def runs(self) -> "list[RunSummary]":
        """Describe all runs that can be reached from here; reads the disk."""
        ...


class Feed:
    """Gathers a source's records and hands them on, one bunch at a time and never faster than a screen.

    `is_busy` tells whether somebody presses keys; then mere output comes still less often.
    """

    def __init__(
        self,
        source: Source,
        deliver: Callable[[list[Record]], Awaitable[None]],
        *,
        interval_s: float = INTERVAL_S,
        monotonic: Callable[[], float] = time.monotonic,
        is_busy: Callable[[], bool] = lambda: False,
    ) -> None:
        self._source = source
        self._is_busy = is_busy
        self._deliver = deliver
        self._interval_s = interval_s
        self._monotonic = monotonic
        self._waiting: list[Record] = []
        self._arrived = asyncio.Event()
        self._told = asyncio.Event()
        """More than output arrived, or nothing more will."""
        self._is_over = False
        self._failure: LisError | None = None

    @property
    def _pace(self) -> Pace:
        return WITH_KEYS if self._is_busy() else AT_REST

    async def run(self) -> None:
        """Hand on everything until the source ends. Raises what the source raised."""
        reading = spawn(self._read(), "records")
        try:
            while not (self._is_over and not self._waiting):
                await self._arrived.wait()
                self._arrived.clear()
                while self._waiting:
                    began = self._monotonic()
                    bunch, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
                    if not self._waiting:
                        self._told.clear()
                    await self._deliver(bunch)
                    interval_s = self._interval_s * self._pace.intervals
                    await asyncio.sleep(max(began + interval_s - self._monotonic(), 0))
                    if all(isinstance(record.event, OutputArrived) for record in bunch):
                        await self._wait_in_flood(began)
        finally:
            reading.cancel()
        if self._failure is not None:
            raise self._failure

    async def _wait_in_flood(self, began: float) -> None:
        """Let output gather until something else arrives or enough time has passed."""
        left_s = began + self._pace.flood_s - self._monotonic()
        if left_s > 0 and not self._is_over:
            with suppress(TimeoutError):
                async with asyncio.timeout(left_s):
                    await self._told.wait()

    async def _read(self) -> None:
        try:
            async for record in self._source.records():
                self._waiting.append(record)
                self._arrived.set()
                if not isinstance(record.event, OutputArrived):
                    self._told.set()
        except LisError as error:
            self._failure = error
        finally:
            self._is_over = True
            self._arrived.set()
            self._told.set()
