"""Publish and subscribe: the journal first, then every listener, each with its own bounded queue."""

import asyncio
import sys
import traceback
from collections import deque
from collections.abc import Callable, Coroutine, Hashable
from contextlib import suppress
from typing import Any, Protocol

from lis_tui.core.errors import DiskFull
from lis_tui.core.events import Event, Fragment, OutputArrived, Record, StorageTrouble
from lis_tui.core.pile import MOST_OUTPUT, Pile, stream_of

__all__ = ["MOST_OUTPUT", "Bus", "Keeper", "Listener", "spawn"]


class Keeper(Protocol):
    """Keeps facts before anyone sees them: the journal."""

    def append(self, record: Record) -> None:
        """Write a fact. Raises DiskFull, StorageFailed; then nothing of it was written."""
        ...

    def fragment(self, record: Record) -> None:
        """Take note of a piece of a running stream."""
        ...


class Listener:
    """An endless iterator over records for one reader; fragments merge while it is slow, facts never drop.

    `most_output`: bytes of a step's output that wait for it; older ones are dropped and counted.
    """

    def __init__(self, most_output: int = MOST_OUTPUT) -> None:
        self._most_output = most_output
        self._queue: deque[Record | Pile] = deque()
        self._open: dict[tuple[Hashable, ...], Pile] = {}
        self._arrived = asyncio.Event()
        self._told = asyncio.Event()
        """More than output came, or nothing more will."""
        self._is_closed = False

    def put(self, record: Record) -> None:
        """Add a record; a fragment joins what waits of its stream since the last fact."""
        if self._is_closed:
            return
        if isinstance(record.event, Fragment):
            self._put_fragment(record.event, record.at)
        else:
            for waiting in self._queue:
                if isinstance(waiting, Pile):
                    waiting.outlived_by(record.event)
            self._open.clear()
            self._queue.append(record)
        if not isinstance(record.event, OutputArrived):
            self._told.set()
        self._arrived.set()

    def _put_fragment(self, event: Fragment, at: float) -> None:
        pile = self._open.get(stream_of(event))
        if pile is not None:
            pile.add(event, at)
            return
        pile = Pile(event, at, self._most_output)
        self._open[pile.stream] = pile
        self._queue.append(pile)

    def close(self) -> None:
        """End the iteration after what is queued."""
        self._is_closed = True
        self._arrived.set()
        self._told.set()

    async def rest(self, seconds: float) -> None:
        """Let output gather for so long; anything else that waits or comes ends it at once."""
        if self._is_closed or not all(map(_is_output, self._queue)):
            return
        self._told.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._told.wait()

    def __aiter__(self) -> "Listener":
        return self

    async def __anext__(self) -> Record:
        while True:
            while not self._queue:
                if self._is_closed:
                    raise StopAsyncIteration
                self._arrived.clear()
                await self._arrived.wait()
            record = self._take()
            if record is not None:
                return record

    def _take(self) -> Record | None:
        first = self._queue.popleft()
        if isinstance(first, Record):
            return first
        if self._open.get(first.stream) is first:
            del self._open[first.stream]
        return first.take()


def _is_output(waiting: Record | Pile) -> bool:
    return isinstance(waiting, Pile) and waiting.stream[0] == "output"


class Bus:
    """One run's events. Facts are numbered from `next_n`; time comes from `clock` (unix seconds)."""

    def __init__(self, keeper: Keeper, clock: Callable[[], float], next_n: int = 1) -> None:
        self._keeper = keeper
        self._clock = clock
        self._next_n = next_n
        self._listeners: list[Listener] = []
        self._calls: list[Callable[[Event], None]] = []
        self._unwritten: deque[Record] = deque()

    @property
    def is_stuck(self) -> bool:
        """Facts wait for room on the disk, and nobody has heard of them."""
        return bool(self._unwritten)

    def publish(self, event: Event) -> Record:
        """Write, then show. What finds no room is kept back, in order, until `write_rest` finds some."""
        if isinstance(event, Fragment):
            return self._publish_fragment(event)
        record = Record(self._next_n, self._clock(), event)
        if self._unwritten:
            self._unwritten.append(record)
        else:
            self._write(record)
        self._next_n += 1
        return record

    def write_rest(self) -> bool:
        """Write what was kept back, as far as there is room; say whether that was all.

        Raises StorageFailed.
        """
        if not self._unwritten:
            return True
        while self._unwritten:
            try:
                self._keeper.append(self._unwritten[0])
            except DiskFull:
                return False
            self._show(self._unwritten.popleft())
        self._publish_fragment(StorageTrouble("", is_over=True))
        return True

    def _publish_fragment(self, event: Event) -> Record:
        record = Record(0, self._clock(), event)
        self._keeper.fragment(record)
        self._show(record)
        return record

    def _write(self, record: Record) -> None:
        try:
            self._keeper.append(record)
        except DiskFull as error:
            self._unwritten.append(record)
            self._publish_fragment(StorageTrouble(error.sentence))
        else:
            self._show(record)

    def _show(self, record: Record) -> None:
        for call in self._calls:
            call(record.event)
        for listener in self._listeners:
            listener.put(record)

    def call(self, reader: Callable[[Event], None]) -> None:
        """Have `reader` called with every event, at once, before any listener."""
        self._calls.append(reader)

    def listen(self, most_output: int = MOST_OUTPUT) -> Listener:
        """Give a new listener; it hears what is published from now on, at most so much output at a time."""
        listener = Listener(most_output)
        self._listeners.append(listener)
        return listener

    def leave(self, listener: Listener) -> None:
        """Stop serving a listener."""
        listener.close()
        if listener in self._listeners:
            self._listeners.remove(listener)

    def close(self) -> None:
        """End every listener after what is queued."""
        for listener in self._listeners:
            listener.close()
        self._listeners.clear()


_tasks: set[asyncio.Task[Any]] = set()


def spawn(
    work: Coroutine[Any, Any, Any],
    name: str,
    on_failure: Callable[[Exception], None] | None = None,
) -> asyncio.Task[Any]:
    """Run `work` beside the caller: the task is kept until it ends and its failure is never silent."""

    async def watched() -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001  (one of two places: a background task must report)
            if on_failure is not None:
                on_failure(error)
            else:
                traceback.print_exception(error, file=sys.stderr)

    task = asyncio.get_running_loop().create_task(watched(), name=name)
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)
    # A task that is cancelled before its first step never enters `watched`.
    task.add_done_callback(lambda _: work.close())
    return task
