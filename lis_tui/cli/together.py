"""One task for several models at once: each has a run of its own, all in one process."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from lis_tui.cli.asked import Asked, asked, task_of
from lis_tui.cli.headless import Ending, decider_of, door, note
from lis_tui.cli.printer import JsonPrinter, Out, Printer
from lis_tui.client import Client
from lis_tui.config.presets import read_preset
from lis_tui.core.errors import LisError
from lis_tui.core.events import RunStarted
from lis_tui.core.text import clean, one_line
from lis_tui.trajectory.naming import name_slug, slug

if TYPE_CHECKING:
    from lis_tui.host.alone import Alone

_WORSE = (0, 3, 4, 2, 5, 6, 7, 8, 1)
"""Exit codes, the best one first."""


def asked_each(given: argparse.Namespace, *, is_headless: bool) -> list[tuple[str, Asked]]:
    """Give a short name for each model, and what is asked of it. Raises as `asked` does."""
    preset = read_preset(given.preset) if given.preset else None
    task = task_of(given, preset)
    base = given.name or (preset.name if preset is not None else slug(task))
    found = []
    for label, model in zip(_labels(given.models), given.models, strict=True):
        own = {**vars(given), "models": [model], "task": task, "task_file": None}
        if given.output is not None:
            own["output"] = given.output / label
        one = asked(argparse.Namespace(**own), is_headless=is_headless)
        found.append((label, _named(one, f"{base}-{label}")))
    return found


def _named(one: Asked, name: str) -> Asked:
    return replace(one, spec=replace(one.spec, name=name))


def _labels(models: Sequence[str]) -> list[str]:
    """Name models by the last part of their names, each differently."""
    found: list[str] = []
    for model in models:
        last = model.rstrip("/").rpartition("/")[2].removesuffix(".yaml")
        label = first = name_slug(last)
        number = 1
        while label in found:
            number += 1
            label = f"{first}-{number}"
        found.append(label)
    return found


# ---- without a screen


def play(given: argparse.Namespace) -> int:
    """Play all of them here, printed line by line; gives the worst exit code."""
    return asyncio.run(_play(asked_each(given, is_headless=True), as_json=given.json))


async def _play(wanted: Sequence[tuple[str, Asked]], *, as_json: bool) -> int:
    from lis_tui.host.alone import Alone

    runtime = door(wanted[0][1].places)
    width = max(len(label) for label, _ in wanted)
    players = [
        _Player(one, Alone(one.places.data, runtime=runtime, note=note), label.ljust(width), as_json=as_json)
        for label, one in wanted
    ]
    signals = _end_on_signal([player.alone for player in players])
    async with asyncio.TaskGroup() as group:
        for player in players:
            group.create_task(player.play())
    for player in players:
        player.tell()
    names = [player.run for player in players if player.run]
    say = note if as_json else print
    if len(names) > 1:
        say(compare_hint(names))
    return 128 + signals[0] if signals else max((player.code for player in players), key=_badness)


class _Player:
    """Plays and prints one of the runs."""

    def __init__(self, wanted: Asked, alone: "Alone", label: str, *, as_json: bool) -> None:
        self.alone = alone
        self.run = ""
        self.code = 0
        self._wanted = wanted
        self._as_json = as_json
        self._ending = Ending()
        self._out = _Named(sys.stdout, f"{label} │ ", as_json=as_json)

    async def play(self) -> None:
        """Play it to its end; a failure to start is said and ends only this one."""
        printer = JsonPrinter(self._out) if self._as_json else Printer(self._out)
        decider = decider_of(self._wanted, self.alone)
        try:
            async with aclosing(self.alone.records(self._wanted.spec, self._wanted.secrets)) as records:
                async for record in records:
                    if isinstance(record.event, RunStarted):
                        self.run = self._out.run = record.event.run
                    printer.feed(record)
                    self._ending.feed(record)
                    if decider is not None:
                        decider.hear(record)
            self.code = self._ending.exit_code
        except LisError as error:
            note(f"{self.run or self._wanted.spec.name}: {error.sentence}")
            self.code = error.exit_code
        finally:
            printer.finish()
            if decider is not None:
                await decider.close()

    def tell(self) -> None:
        """Print the answer and where the results are."""
        if not self._as_json and self.run:
            print(f"\n{one_line(self.run, 60)}: exit code {self.code}", end="")
            self._ending.tell()


class _Named:
    """Marks each line with the run that it is about: a word before it, or a member of its JSON."""

    def __init__(self, out: Out, prefix: str, *, as_json: bool) -> None:
        self.run = ""
        self._out = out
        self._prefix = prefix
        self._as_json = as_json

    def write(self, text: str) -> int:
        """Write whole lines."""
        for line in text.splitlines(keepends=True):
            if self._as_json:
                self._out.write(f'{{"run":{msgspec.json.encode(self.run).decode()},{line[1:]}')
            else:
                self._out.write(self._prefix + line)
        return len(text)

    def flush(self) -> None:
        """Have it seen."""
        self._out.flush()

    def isatty(self) -> bool:
        """Whether colours are shown."""
        return self._out.isatty()


def _end_on_signal(all_: "Sequence[Alone]") -> list[signal.Signals]:
    """End all runs cleanly on a signal; a second Ctrl-C acts at once. Gives the signals that came."""
    signals: list[signal.Signals] = []
    loop = asyncio.get_running_loop()

    def end(number: signal.Signals) -> None:
        signals.append(number)
        loop.remove_signal_handler(number)
        for alone in all_:
            alone.end(f"lis-tui got {number.name}.")

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:
            loop.add_signal_handler(number, end, number)
    return signals


def _badness(code: int) -> int:
    return _WORSE.index(code) if code in _WORSE else len(_WORSE)


# ---- in a host


def detach(given: argparse.Namespace) -> int:
    """Start all of them in one host and leave."""
    wanted = [one for _, one in asked_each(given, is_headless=False)]

    async def start() -> list[str]:
        client = await Client.connect(wanted[0].places)
        try:
            return [await client.start_run(one.spec, one.secrets) for one in wanted]
        finally:
            await client.close()

    names = asyncio.run(start())
    for name in names:
        print(f"{name} is running. Watch it: lis-tui attach {name}")
    print(compare_hint(names))
    return 0


def show(given: argparse.Namespace) -> int:
    """Start all of them and show the first; the others live beside it."""
    from lis_tui.ui.app import show as show_app
    from lis_tui.ui.app import workbench
    from lis_tui.ui.runs import Runs
    from lis_tui.ui.sources import LiveSource

    wanted = [one for _, one in asked_each(given, is_headless=False)]
    places, loaded = wanted[0].places, wanted[0].loaded
    runs, names = Runs(places), list[str]()

    async def start() -> str:
        client = await runs.client()
        for one in wanted:
            names.append(await client.start_run(one.spec, one.secrets))
        return names[0]

    source = LiveSource(start, runs)
    code = show_app(places, loaded, lambda app: workbench(app, source, loaded), runs)
    if len(names) > 1:
        print(f"Started: {clean(', '.join(names))}")
        print(compare_hint(names))
    return code


def compare_hint(names: Sequence[str]) -> str:
    """Say how to look at them side by side."""
    return f"Compare them: lis-tui compare {clean(' '.join(names))}"
