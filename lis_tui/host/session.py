"""One client's connection: its asks are answered, the runs it attached to are sent as fast as it reads."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import msgspec

from lis_tui import __version__
from lis_tui.core import events, wire
from lis_tui.core.bus import spawn
from lis_tui.core.errors import HostUnreachable, LisError, UsageWrong
from lis_tui.core.events import FilesChanged, OutputArrived, Record
from lis_tui.core.parts import MOST_TAIL
from lis_tui.core.slices import sliced
from lis_tui.host.runs import Feed, LiveRun, Runs

BLOCK = 1 << 20
"""About how many bytes of a journal are read and sent at a time."""
FLOOD_BYTES = 1 << 15
"""Output that comes in such pieces is a flood."""
FLOOD_PAUSE_S = 0.1
"""So long output gathers after each piece of a flood, so that neither side is busy with nothing else."""
MOST_SHOWN = MOST_TAIL
"""Bytes of one step's output that are worth sending at a time: what a screen keeps; the whole is on disk."""


_Slow = wire.WarmUp | wire.CloseRun | wire.Fork | wire.Reexecute | wire.TakeUp


class Session:
    """Serves one client until it leaves; nothing that a client does or leaves undone holds up a run."""

    def __init__(
        self,
        runs: Runs,
        warm_up: Callable[[], Awaitable[None]],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._runs = runs
        self._warm_up = warm_up
        self._reader = reader
        self._writer = writer
        self._feeds: dict[str, asyncio.Task[None]] = {}
        self._is_known = False

    async def serve(self) -> None:
        """Answer asks until the client says good-bye or is gone."""
        try:
            while (body := await wire.read_frame(self._reader)) is not None:
                ask = wire.ASKS.decode(body)
                if isinstance(ask, wire.Bye):
                    break
                await self._answer(ask)
        except (msgspec.DecodeError, HostUnreachable, ConnectionError):
            return  # What speaks another language or vanished needs no answer.
        finally:
            for feed in self._feeds.values():
                feed.cancel()
            self._writer.close()

    async def _answer(self, ask: wire.Ask) -> None:
        try:
            tell = self._tell(ask)
        except LisError as error:
            tell = _refusal(ask, error)
        if tell is not None:
            await self._send(tell)

    def _tell(self, ask: wire.Ask) -> wire.Tell | None:
        """Carry out an ask; None where the answer comes later."""
        if not self._is_known and not isinstance(ask, wire.Hello):
            raise UsageWrong("A client says hello first.")
        match ask:
            case wire.Hello():
                self._greet(ask)
                return wire.Done(ask.id)
            case wire.ListLive():
                return wire.LiveRuns(ask.id, tuple(run.name for run in self._runs.live))
            case wire.StartRun():
                return wire.Done(ask.id, self._runs.start(ask.spec, ask.secrets).name)
            case wire.Fork() | wire.Reexecute() | wire.TakeUp() | wire.WarmUp():
                self._answer_after(ask, self._slow_work(ask))
                return None
            case wire.Bye():
                return None
            case _:
                return self._tell_of_run(ask)

    async def _slow_work(self, ask: wire.Fork | wire.Reexecute | wire.TakeUp | wire.WarmUp) -> str:
        """Do what takes its time; gives the name of the run that came of it."""
        match ask:
            case wire.Fork():
                return (await self._runs.fork(ask)).name
            case wire.Reexecute():
                return (await self._runs.reexecute(ask)).name
            case wire.TakeUp():
                return (await self._runs.take_up(ask)).name
            case wire.WarmUp():
                await self._warm_up()
                return ""

    def _tell_of_run(self, ask: wire.Attach | wire.Leave | wire.Decide | wire.CloseRun) -> wire.Tell | None:
        run = self._runs.find(ask.run)
        match ask:
            case wire.Attach():
                self._leave(run.name)
                self._feeds[run.name] = spawn(self._feed(run, run.attach(MOST_SHOWN)), f"feed {run.name}")
            case wire.Leave():
                self._leave(run.name)
            case wire.Decide():
                run.decide(ask.decision, ask.address, gate=ask.gate)
            case wire.CloseRun():
                self._answer_after(ask, run.close())
                return None
        return wire.Done(ask.id, run.name)

    def _greet(self, ask: wire.Hello) -> None:
        if ask.version != __version__:
            raise UsageWrong(
                f"The run belongs to lis-tui {__version__}, this is {ask.version}: use the same version."
            )
        self._is_known = True

    def _answer_after(self, ask: _Slow, work: Awaitable[str | None]) -> None:
        """Answer when the work is done; meanwhile other asks are heard."""

        async def answered() -> None:
            tell: wire.Tell
            try:
                tell = wire.Done(ask.id, await work or "")
            except LisError as error:
                tell = _refusal(ask, error)
            await self._send(tell)

        spawn(answered(), f"answer {type(ask).__name__}")

    def _leave(self, name: str) -> None:
        task = self._feeds.pop(name, None)
        if task is not None:
            task.cancel()

    async def _feed(self, run: LiveRun, feed: Feed) -> None:
        try:
            lines = _blocks(feed.journal, feed.facts)
            while block := await asyncio.to_thread(next, lines, None):
                self._writer.writelines(_happened(run.name, line) for line in block)
                await self._writer.drain()
            for record in feed.moment:
                await self._send_record(run.name, record)
            await self._send(wire.CaughtUp(run.name))
            async for record in feed.listener:
                await self._send_record(run.name, record)
                if isinstance(record.event, OutputArrived) and len(record.event.data) >= FLOOD_BYTES:
                    await feed.listener.rest(FLOOD_PAUSE_S)
            await self._send(wire.Closed(run.name))
        except ConnectionError:
            return
        finally:
            run.leave(feed)

    async def _send_record(self, name: str, record: Record) -> None:
        told = sliced(record.event) if isinstance(record.event, FilesChanged) else (record.event,)
        for event in told:
            self._writer.write(_happened(name, events.encode(Record(record.n, record.at, event))))
            await self._writer.drain()

    async def _send(self, tell: wire.Tell) -> None:
        try:
            self._writer.write(wire.frame(tell))
            await self._writer.drain()
        except ConnectionError:
            return  # The reading side finds the end of it.


def _happened(name: str, line: bytes) -> bytes:
    return wire.frame(wire.Happened(name, msgspec.Raw(line)))


def _refusal(ask: wire.Ask, error: LisError) -> wire.Refused:
    number = 0 if isinstance(ask, wire.Bye) else ask.id
    return wire.Refused(number, error.sentence, error.exit_code)


def _blocks(journal: Path, facts: int) -> Iterator[list[bytes]]:
    """Read the first `facts` lines, some at a time."""
    with journal.open("rb") as file:
        lines = itertools.islice(file, facts)
        block: list[bytes] = []
        size = 0
        for line in lines:
            block.append(line.rstrip(b"\n"))
            size += len(line)
            if size >= BLOCK:
                yield block
                block, size = [], 0
        if block:
            yield block
