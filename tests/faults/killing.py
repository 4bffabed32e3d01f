"""kill -9 of whoever has a run or looks at it, at any moment of it."""

import contextlib
import random
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from lis_tui.core import events
from lis_tui.core.events import Event, Record
from tests.faults.lab import LONGEST_S, Lab, kill, records, until, watched
from tests.faults.shown import ended_of

_MOST_LINES = 320
"""About as many records as a whole run prints."""
_EVENTS: tuple[type[Event], ...] = (
    events.SandboxStarted,
    events.TextArrived,
    events.CallArrived,
    events.StepStarted,
    events.OutputArrived,
    events.StepFinished,
    events.CheckpointTaken,
    events.RunEnded,
    events.RunForked,
    events.RunContinued,
    events.RestoreProgressed,
)


@dataclass
class Killed:
    """A run that was hurt, and what had been shown of it."""

    name: str
    way: str
    moment: str
    shown: list[Record] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)
    """What should not have happened, besides losses and leaks."""


class Moment:
    """When to strike: after some time, after so many lines, or just after something happened."""

    def __init__(self, dice: random.Random) -> None:
        self.delay_s = dice.uniform(0, 0.1)
        self._lines = 1 << 30
        self._event: type[Event] | None = None
        self.seconds = 0.0
        match dice.choice(("time", "lines", "event", "event")):
            case "time":
                self.seconds = dice.uniform(0.02, 4.0)
                self.told = f"{self.seconds:.2f} s after the start"
            case "lines":
                self._lines = dice.randint(1, _MOST_LINES)
                self.told = f"after {self._lines} lines"
            case _:
                self._event, self._lines = dice.choice(_EVENTS), dice.randint(1, 3)
                self.told = f"after {self._event.__name__} {self._lines}"

    def wait(self, process: "subprocess.Popen[bytes]", shown: list[Record]) -> None:
        """Return when it is time, or when the process has ended."""
        if self.seconds:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(self.seconds)
            return
        for record in records(process):
            shown.append(record)
            if self._event is None or isinstance(record.event, self._event):
                self._lines -= 1
            if not self._lines:
                time.sleep(self.delay_s)
                return


class Killing:
    """The ways of killing; each starts a run of its own, hurts it, and tells what was shown before."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self.ways: tuple[tuple[Callable[[str, random.Random], Killed], int], ...] = (
            (self.headless, 26),
            (self.http, 12),
            (self.host, 16),
            (self.host_early, 6),
            (self.screen, 14),
            (self.everything, 6),
            (self.fork, 7),
            (self.rewind, 7),
            (self.resume, 6),
        )

    def plan(
        self, count: int, dice: random.Random, names: Sequence[str] = ()
    ) -> list[Callable[[str, random.Random], Killed]]:
        """Choose ways in the proportions they have, each at least once where so many are wanted."""
        chosen = [(way, weight) for way, weight in self.ways if not names or way.__name__ in names]
        firsts = [way for way, _ in chosen]
        dice.shuffle(firsts)
        rest = dice.choices(firsts, [dict(chosen)[way] for way in firsts], k=max(0, count - len(firsts)))
        return [*firsts, *rest][:count]

    def headless(self, name: str, dice: random.Random) -> Killed:
        """A run in a process of its own."""
        return self._plain(name, dice, "headless", "run", "Go.", *self._lab.scripted)

    def http(self, name: str, dice: random.Random) -> Killed:
        """The same, with a model that answers over HTTP."""
        return self._plain(name, dice, "headless, HTTP", "run", "Go.", *self._lab.over_http)

    def fork(self, name: str, dice: random.Random) -> Killed:
        """A fork of a run that is over."""
        at = ("--at", str(dice.choice(("1.1", "2.1", "3.1"))))
        return self._plain(name, dice, "fork", "fork", "base", *at)

    def resume(self, name: str, dice: random.Random) -> Killed:
        """A run that was cut off before, while it is taken up again."""
        first = self._plain(name, dice, "resume", "run", "Go.", *self._lab.scripted)
        if not self._lab.lines(name):
            return first
        again = Killed(name, "resume", first.moment, first.shown)
        process = self._lab.start(name, "resume", name, "--json")
        self._strike(process, again, dice, lambda: [process.pid])
        return again

    def host(self, name: str, dice: random.Random) -> Killed:
        """The host of a run that somebody watches."""
        killed = Killed(name, "host", "")
        if self._detached(killed):
            process = self._lab.start(name, "attach", name, "--json")
            self._strike(process, killed, dice, lambda: self._lab.hosts(name))
        return killed

    def host_early(self, name: str, dice: random.Random) -> Killed:
        """A host while it starts."""
        seconds = dice.uniform(0.3, 2.5)
        killed = Killed(name, "host", f"{seconds:.2f} s after the start")
        words = ("run", "Go.", *self._lab.scripted, "--detach", "--name", name)
        with self._lab.start(name, *words) as process:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(seconds)
            kill(*self._lab.hosts(name))
            _ended(process, killed)
        return killed

    def screen(self, name: str, dice: random.Random) -> Killed:
        """The screen: its run goes on to the end, and its host ends after it."""
        return self._with_screen(name, dice, "screen", with_host=False)

    def everything(self, name: str, dice: random.Random) -> Killed:
        """Screen and host at once."""
        return self._with_screen(name, dice, "screen and host", with_host=True)

    def rewind(self, name: str, dice: random.Random) -> Killed:
        """The host, while it takes a run back."""
        since = dice.choice(("late", "late", "now"))
        seconds = dice.uniform(0.0, 0.3 if since == "late" else 1.2)
        told = f"{seconds:.2f} s after {'its heir was begun' if since == 'late' else 'it was asked'}"
        killed = Killed(name, "rewind", told)
        words = ("-m", "tests.faults.rewinding", name, str(seconds), self._lab.scripted[1], since)
        with self._lab.start_python(name, *words) as process, watched(process) as hung:
            killed.shown += records(process)
            _, said = process.communicate()
        if process.returncode:
            hung.append(f"the run to be rewound: {said.decode(errors='replace')[-400:]}")
        killed.trouble += hung
        return killed

    # -- how -----------------------------------------------------------------------------------------

    def _plain(self, name: str, dice: random.Random, way: str, *words: str) -> Killed:
        killed = Killed(name, way, "")
        process = self._lab.start(name, *words, "--json", "--name", name)
        self._strike(process, killed, dice, lambda: [process.pid])
        return killed

    def _strike(
        self,
        process: "subprocess.Popen[bytes]",
        killed: Killed,
        dice: random.Random,
        victims: Callable[[], list[int]],
    ) -> None:
        moment = Moment(dice)
        killed.moment = moment.told
        with process, watched(process) as hung:
            moment.wait(process, killed.shown)
            kill(*victims())
            killed.shown += records(process)
            process.communicate()
        killed.trouble += hung

    def _detached(self, killed: Killed) -> bool:
        words = ("run", "Go.", *self._lab.scripted, "--detach", "--name", killed.name)
        done = self._lab.run(killed.name, *words)
        if done.returncode:
            killed.trouble.append(f"it does not start: {done.stderr[-300:]}")
        return not done.returncode

    def _with_screen(self, name: str, dice: random.Random, way: str, *, with_host: bool) -> Killed:
        facts, seconds = dice.randint(0, 30), dice.uniform(0, 0.5)
        killed = Killed(name, way, f"{seconds:.2f} s after {facts} facts")
        shown = self._lab.on_screen(name, "run", "Go.", *self._lab.scripted, "--name", name)
        if not until(lambda: self._lab.lines(name) >= facts or _is_over(shown.process), LONGEST_S):
            killed.trouble.append("the run on the screen hangs")
        time.sleep(seconds)
        if with_host:
            kill(*self._lab.hosts(name))
        shown.kill()
        if not until(lambda: not self._lab.hosts(name), LONGEST_S, 0.2):
            killed.trouble.append("its host does not end")
        return killed


def _is_over(process: "subprocess.Popen[bytes]") -> bool:
    return process.poll() is not None


def _ended(process: "subprocess.Popen[bytes]", killed: Killed) -> None:
    try:
        process.communicate(timeout=LONGEST_S)
    except subprocess.TimeoutExpired:
        process.kill()
        killed.trouble.append("the command that started the host hangs")


def unfinished(killed: list[Killed], lab: Lab) -> Iterator[str]:
    """Name the runs that can be taken up again."""
    for one in killed:
        if lab.lines(one.name) and ended_of(lab.home.data, one.name) is None:
            yield one.name
