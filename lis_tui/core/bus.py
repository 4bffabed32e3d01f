"""Publish and subscribe: the journal first, then every listener, each with its own bounded queue."""

import asyncio
import sys
import traceback
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from lis_tui.core.events import (
    CallArrived,
    Event,
    FilesChanged,
    Fragment,
    OutputArrived,
    ReasoningArrived,
    Record,
    TextArrived,
)

MOST_OUTPUT = 1 << 20
"""Bytes of one step's output that wait for a slow listener; older ones are dropped and counted."""


class Keeper(Protocol):
    """Keeps facts before anyone sees them: the journal."""

    def append(self, record: Record) -> None:
        """Write a fact. Raises StorageFailed."""
        ...

    def fragment(self, record: Record) -> None:
        """Take note of a piece of a running stream."""
        ...


class Listener:
    """An endless iterator over records for one reader; fragments merge while it is slow, facts never drop."""

    def __init__(self) -> None:
        self._queue: deque[Record] = deque()
        self._arrived = asyncio.Event()
        self._is_closed = False

    def put(self, record: Record) -> None:
        """Add a record, merged with the one before it where both are pieces of the same stream."""
        if self._is_closed:
            return
        if self._queue and isinstance(record.event, Fragment):
            merged = _merge(self._queue[-1].event, record.event)
            if merged is not None:
                self._queue[-1] = Record(0, record.at, merged)
                return
        self._queue.append(record)
        self._arrived.set()

    def close(self) -> None:
        """End the iteration after what is queued."""
        self._is_closed = True
        self._arrived.set()

    def __aiter__(self) -> "Listener":
        return self

    async def __anext__(self) -> Record:
        while not self._queue:
            if self._is_closed:
                raise StopAsyncIteration
            self._arrived.clear()
            await self._arrived.wait()
        return self._queue.popleft()


class Bus:
    """One run's events. Facts are numbered from `next_n`; time comes from `clock` (unix seconds)."""

    def __init__(self, keeper: Keeper, clock: Callable[[], float], next_n: int = 1) -> None:
        self._keeper = keeper
        self._clock = clock
        self._next_n = next_n
        self._listeners: list[Listener] = []
        self._calls: list[Callable[[Event], None]] = []

    def publish(self, event: Event) -> Record:
        """Write, then show."""
        if isinstance(event, Fragment):
            record = Record(0, self._clock(), event)
            self._keeper.fragment(record)
        else:
            record = Record(self._next_n, self._clock(), event)
            self._keeper.append(record)
            self._next_n += 1
        for call in self._calls:
            call(event)
        for listener in self._listeners:
            listener.put(record)
        return record

    def call(self, reader: Callable[[Event], None]) -> None:
        """Have `reader` called with every event, at once, before any listener."""
        self._calls.append(reader)

    def listen(self) -> Listener:
        """Give a new listener; it hears what is published from now on."""
        listener = Listener()
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


def _merge(old: Event, new: Event) -> Event | None:
    """Give one fragment that says what both say, or None."""
    match old, new:
        case ReasoningArrived(turn, text), ReasoningArrived(other, more) if turn == other:
            return ReasoningArrived(turn, text + more)
        case TextArrived(turn, text), TextArrived(other, more) if turn == other:
            return TextArrived(turn, text + more)
        case CallArrived(turn, index, name, text), CallArrived(other, second, more_name, more) if (
            turn,
            index,
        ) == (other, second):
            return CallArrived(turn, index, name or more_name, text + more)
        case OutputArrived(address, data, skipped), OutputArrived(other, more, also) if address == other:
            return _merge_output(OutputArrived(address, data, skipped), more, also)
        case FilesChanged(), FilesChanged(is_whole=True):
            return new
        case _:
            return None


def _merge_output(old: OutputArrived, more: bytes, also: int) -> OutputArrived | None:
    if also:
        return None
    if len(old.data) + len(more) <= MOST_OUTPUT:
        return OutputArrived(old.address, old.data + more, old.skipped)
    kept = (old.data + more)[-(MOST_OUTPUT // 2) :]
    return OutputArrived(old.address, kept, old.skipped + len(old.data) + len(more) - len(kept))


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
