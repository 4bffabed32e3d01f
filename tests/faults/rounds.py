"""Rounds of kills: some at once, then the next start, then a look at what is left, then back to work."""

import os
import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.faults.killing import Killed, Killing, unfinished
from tests.faults.lab import LONGEST_S, Lab, until
from tests.faults.shown import ended_of, lost_of, wrong_of
from tests.faults.tally import Tally

AT_ONCE = 3
ROUND = 10
_OTHER = "other"
_HEIR = "as it took over"
Way = Callable[[str, random.Random], Killed]


class Rounds:
    """Kills in one home, with a run beside them that nothing may touch."""

    def __init__(self, lab: Lab, tally: Tally, say: Callable[[str], None], until_s: float) -> None:
        self._lab = lab
        self._tally = tally
        self._say = say
        self._until_s = until_s
        """When nothing new is begun any more (monotonic)."""
        self._count = 0
        self.seen: set[str] = set()
        """Runs that were judged, or were not hurt."""

    def play(self, kills: int, ways: Sequence[str] = ()) -> None:
        """Kill so often, in these ways or in all."""
        plan = Killing(self._lab).plan(kills, self._lab.dice, ways)
        self._begin_other()
        done = self._lab.run(
            "base", "run", "Go.", "--model", f"script/{self._lab.quick}", "--headless", "--name", "base"
        )
        if done.returncode:
            self._tally.found(self._fault("start"), "trouble", [done.stdout[-300:] + done.stderr[-300:]])
        self.seen |= self._lab.home.names()
        for start in range(0, len(plan), ROUND):
            if self.is_late:
                said = f"{len(plan) - start} of {len(plan)} were not done: it took too long"
                self._tally.found(self._fault("kills"), "trouble", [said])
                break
            self._round(plan[start : start + ROUND])
        self._end_other()
        self.look()

    @property
    def is_late(self) -> bool:
        """There is no time for more."""
        return time.monotonic() > self._until_s

    def look(self) -> None:
        """Have the next start tidy up, and look for what is left."""
        self._count += 1
        self._next_start()
        self._leaks(set())

    def _round(self, ways: Sequence[Way]) -> None:
        seeds = [self._lab.dice.random() for _ in ways]
        began = time.monotonic()
        with ThreadPoolExecutor(AT_ONCE) as threads:
            names = [f"run-{self._count + place}" for place in range(len(ways))]
            self._count += len(ways)
            killed = list(threads.map(_hurt, ways, names, seeds))
        self._lab.home.remember()
        known = {one.name for one in killed}
        killed += [Killed(name, "rewind", _HEIR) for name in self._lab.home.names() - self.seen - known]
        self.seen |= {one.name for one in killed}
        for one in killed:
            self._judge(one)
        self._next_start()
        self._leaks({_OTHER})
        again = list(unfinished(killed, self._lab))
        with ThreadPoolExecutor(AT_ONCE) as threads:
            list(threads.map(self._take_up, again))
        self._say(
            f"{self._lab.kind}: {self._count} killed, {len(again)} unfinished, "
            f"{time.monotonic() - began:.0f} s this round"
        )

    def _judge(self, killed: Killed) -> None:
        fault = self._fault(killed.way)
        if killed.moment != _HEIR:
            self._tally.count(fault, "times")
        told = f"{killed.name} ({killed.moment}): "
        if lost := lost_of(self._lab.home.data, killed.name, killed.shown):
            self._tally.found(fault, "lost", [told + lost])
        self._tally.found(fault, "trouble", (told + one for one in killed.trouble))
        goes_on = killed.way == "screen" and self._lab.lines(killed.name)
        if goes_on and (wrong := wrong_of(self._lab.home.data, killed.name)):
            self._tally.found(fault, "trouble", [told + wrong])

    def _next_start(self) -> None:
        """Start another run, as a person would: it tidies up."""
        self._lab.home.age()
        name = f"next-{self._count}"
        self.seen.add(name)
        model = f"script/{self._lab.quick}"
        done = self._lab.run(name, "run", "Go.", "--model", model, "--headless", "--name", name)
        if done.returncode:
            said = f"{name} ended with {done.returncode}: {done.stdout[-300:]}{done.stderr[-300:]}"
            self._tally.found(self._fault("next start"), "trouble", [said])
        elif wrong := wrong_of(self._lab.home.data, name):
            self._tally.found(self._fault("next start"), "trouble", [f"{name}: {wrong}"])

    def _leaks(self, live: set[str]) -> None:
        """Look for what is left; what is about to end may take a moment."""
        until(lambda: not self._lab.home.leaks(live), 8.0, 0.5)
        self._tally.found(self._fault("next start"), "leaked", self._lab.home.leaks(live))
        self._tally.count(self._fault("next start"), "times")

    def _take_up(self, name: str) -> None:
        if self.is_late:
            return
        fault = self._fault("resume of what was killed")
        self._tally.count(fault, "times")
        done = self._lab.run(f"{name}-again", "resume", name, "--mode", "auto", "--headless")
        wrong = wrong_of(self._lab.home.data, name)
        if wrong:
            said = f"{name} ({done.returncode}): {wrong}: {done.stderr[-300:]}"
            self._tally.found(fault, "not resumed", [said])
        else:
            self._tally.count(fault, "resumed")

    def _begin_other(self) -> None:
        model = self._lab.scenario("waits", "mkfifo -m 666 gate; echo 7 > answer.txt; cat gate; sleep 0")
        done = self._lab.run(_OTHER, "run", "Wait.", "--model", model, "--detach", "--name", _OTHER)
        gate = self._gate
        if done.returncode or not until(gate.exists, LONGEST_S):
            raise RuntimeError(f"The run beside does not begin: {done.stdout}{done.stderr}")

    def _end_other(self) -> None:
        try:
            gate = os.open(self._gate, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:  # nobody waits there any more: what became of the run is told below
            self._tally.found(self._fault("a run beside"), "trouble", [f"it does not wait: {error.strerror}"])
        else:
            os.write(gate, b"go\n")
            os.close(gate)
        fault = self._fault("a run beside")
        self._tally.count(fault, "times")
        if not until(lambda: not self._lab.hosts(_OTHER), LONGEST_S, 0.2):
            self._tally.found(fault, "trouble", ["its host does not end"])
        ended = ended_of(self._lab.home.data, _OTHER)
        if ended is None or (ended.status, ended.answer) != ("submitted", "7"):
            self._tally.found(fault, "trouble", [f"it ended as {ended}"])

    @property
    def _gate(self) -> Path:
        return self._lab.home.data / "worktrees" / _OTHER / "gate"

    def _fault(self, name: str) -> str:
        return f"{self._lab.kind}: {name}"


def _hurt(way: Way, name: str, seed: float) -> Killed:
    return way(name, random.Random(seed))
