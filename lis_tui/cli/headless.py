"""Runs without a screen: played here, watched elsewhere, read from disk, or left behind."""

import asyncio
import gc
import signal
import sys
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

from lis_tui.cli.asked import Asked
from lis_tui.cli.foreign import ForeignPrinter
from lis_tui.cli.printer import JsonPrinter, Printer
from lis_tui.client import Client
from lis_tui.config.places import Places
from lis_tui.core.errors import StorageFailed
from lis_tui.core.events import OutputsSaved, Record, ReexecutionBegan, RunEnded, StepReplayed
from lis_tui.core.text import clean, one_line, plural
from lis_tui.core.wire import CaughtUp
from lis_tui.trajectory.judging import Counts

if TYPE_CHECKING:
    from lis_tui.cli.decide import Decider
    from lis_tui.host.alone import Alone

COLLECT_AFTER = (50_000, 20, 100)
"""New objects before the young are looked through for garbage, and how often the older are."""


class Ending:
    """Remembers how a run ended and what was saved of it, to be told after it."""

    def __init__(self) -> None:
        self.ended: RunEnded | None = None
        self.saved: OutputsSaved | None = None
        self.counts: Counts | None = None
        """How what was done again compares; None where nothing was."""

    def feed(self, record: Record) -> None:
        """Look at a record."""
        match record.event:
            case RunEnded() as event:
                self.ended = event
            case OutputsSaved() as event:
                self.saved = event
            case ReexecutionBegan():
                self.counts = Counts()
            case StepReplayed() as event:
                self.counts = (self.counts or Counts()).plus(event.verdict)
            case _:
                pass

    def tell(self) -> None:
        """Print how it compares, the answer and where the results are."""
        if self.counts is not None:
            print(f"\nRe-executed: {self.counts}")
        if self.ended is not None and self.ended.answer is not None:
            print(f"\nAnswer:\n{clean(self.ended.answer.strip())}")
        if self.saved is None:
            return
        if count := len(self.saved.files):
            print(f"\nSaved in {clean(self.saved.folder)}: {plural(count, 'file')}")
        for problem in self.saved.problems:
            print(f"Not saved: {one_line(problem, 500)}")

    @property
    def exit_code(self) -> int:
        """The code for how it ended; 0 where it goes on without us."""
        return self.ended.exit_code if self.ended is not None else 0


def play(asked: Asked, *, as_json: bool) -> int:
    """Play a run here; gives its exit code."""
    # Half a million objects of libraries stay; with Python's own numbers they are gone through all the time.
    gc.set_threshold(*COLLECT_AFTER)
    code, _ = asyncio.run(play_here(asked, as_json=as_json))
    return code


async def play_here(asked: Asked, *, as_json: bool) -> tuple[int, Ending]:
    """Play a run in this process and print it. A signal ends it cleanly, a second Ctrl-C at once."""
    from lis_tui.host.alone import Alone

    alone = Alone(asked.places.data, runtime=door(asked.places), note=note)
    signals: list[signal.Signals] = []
    loop = asyncio.get_running_loop()

    def end(number: signal.Signals) -> None:
        signals.append(number)
        loop.remove_signal_handler(number)
        alone.end(f"lis-tui got {number.name}.")

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:
            loop.add_signal_handler(number, end, number)
    decider = decider_of(asked, alone)
    try:
        hear = None if decider is None else decider.hear
        going = asked.going
        records = alone.records(asked.spec, asked.secrets) if going is None else alone.going(going)
        ending = await _print(records, as_json=as_json, hear=hear)
    finally:
        if decider is not None:
            await decider.close()
    return (128 + signals[0] if signals else ending.exit_code), ending


def door(places: Places) -> Path | None:
    """Give the folder where visitors find the run; without one it goes on all the same."""
    try:
        return places.make_runtime()
    except StorageFailed as error:
        note(f"Nobody can attach to this run. {error.sentence}")
        return None


def note(sentence: str) -> None:
    """Say something that is no record of the run."""
    print(f"lis-tui: {clean(sentence)}", file=sys.stderr)


def decider_of(asked: Asked, alone: "Alone") -> "Decider | None":
    """Give what answers the run's gates; None where no program does."""
    if not asked.decide:
        return None
    from lis_tui.cli.decide import Decider

    return Decider(asked.decide, alone.decide, asked.spec.gate)


def detach(asked: Asked) -> int:
    """Start a run in a host of its own and leave."""

    async def start() -> str:
        client = await Client.connect(asked.places)
        try:
            return await client.start_run(asked.spec, asked.secrets)
        finally:
            await client.close()

    name = asyncio.run(start())
    print(f"{name} is running. Watch it: lis-tui attach {name}")
    return 0


def watch(places: Places, run: str, *, as_json: bool) -> int:
    """Print a live run from its beginning to its end; gives its exit code."""

    async def follow() -> AsyncGenerator[Record, None]:
        client = await Client.connect(places, may_start=False)
        try:
            async with aclosing(client.attach(run)) as items:
                is_live = is_over = False
                async for item in items:
                    if isinstance(item, CaughtUp):
                        is_live = True
                    else:
                        yield item
                        is_over = isinstance(item.event, RunEnded) or (is_over and item.n == 0)
                    if is_live and is_over:
                        return
        finally:
            await client.close()

    return asyncio.run(_print(follow(), as_json=as_json)).exit_code


def show(records: Iterable[Record], *, as_json: bool, is_foreign: bool = False) -> int:
    """Print a recorded run."""

    async def given() -> AsyncGenerator[Record, None]:
        for record in records:
            yield record

    asyncio.run(_print(given(), as_json=as_json, is_foreign=is_foreign))
    return 0


async def _print(
    records: AsyncGenerator[Record, None],
    *,
    as_json: bool,
    is_foreign: bool = False,
    hear: Callable[[Record], None] | None = None,
) -> Ending:
    kind = JsonPrinter if as_json else ForeignPrinter if is_foreign else Printer
    printer = kind(sys.stdout)
    ending = Ending()
    async with aclosing(records):
        async for record in records:
            printer.feed(record)
            ending.feed(record)
            if hear is not None:
                hear(record)
    printer.finish()
    if not as_json:
        ending.tell()
    return ending
