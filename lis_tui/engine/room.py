"""How much a run's sandbox may write, and what happens when it is more: what writes is stopped, in words.

Where a person watches, the run pauses then; where nobody does the model is told, and goes on a few times.
"""

import asyncio
import math
import time
from collections.abc import Callable
from contextlib import suppress

from lis_tui.core.bus import spawn
from lis_tui.core.errors import SandboxFailed
from lis_tui.core.events import Event, NoticeGiven, StepFinished
from lis_tui.core.ports import Load, Sandbox, Space
from lis_tui.engine.bounds import Age, Bound
from lis_tui.engine.limits import Ending
from lis_tui.engine.progress import Progress

MB = 1 << 20
RESERVE = 1024 * MB
"""So much is kept free on this machine's disk: for journals, and for whoever else needs it."""
MOST_STOPS = 3
"""A run that nobody watches ends when it is stopped for what it writes so many times."""
GAP_S = 2.0
LONGEST_GAP_S = 60.0
SHARE = 33
"""So many times as long as it takes to measure what was written, that is not measured again,"""
HURRIED = 3
"""and so many times where room goes fast."""
KNOWN_S = 10.0
"""How long a step waits, after a limit was hit, until it is known what the one before it has left."""
SETTLE_S = 2.0
"""How long what is stopped may take to be still."""
MOST_DOUBTS = 5
"""So many times in a row what is over a limit is measured anew because other things run than before; then it
counts all the same, or commands shorter than a measurement could write without end."""
_ADVICE = "Delete what is not needed before more is written; `du -xh / | sort -h | tail` shows what is large."
_CALLED = {
    "disk": "The disk limit is reached",
    "files": "The limit of files is reached",
    "reserve": "This machine's disk is nearly full",
}
"""What stops the run, in the few words that a status line has room for."""


class Room:
    """Watches over one run's sandbox, from measurement to measurement."""

    def __init__(
        self,
        progress: Progress,
        sandbox: Sandbox,
        *,
        clock: Callable[[], float] = time.monotonic,
        reserve: int = RESERVE,
    ) -> None:
        self.space: Space | None = None
        """What it has written, as last measured."""
        self._load = Load()
        """As last measured."""
        self._progress = progress
        self._sandbox = sandbox
        self._clock = clock
        self._most_reserve = reserve
        self._reserve: int | None = None
        self._bounds = {name: Bound() for name in ("disk", "files", "reserve")}
        self._limits = progress.limits
        self._stops = 0
        self._age = Age()
        progress.bus.call(self._age.hear)
        progress.bus.call(self._hear)
        self._measured_age = 0
        """How much had begun and ended when the last measurement began."""
        self._doubts = 0
        sandbox.limit_files(self._limits.disk_mb)
        self._settles_at: float | None = None
        self._free: int | None = None
        """Room on this machine's disk when the last measurement began."""
        self._measured_at = self._next = self._soonest = 0.0
        self._task: asyncio.Task[None] | None = None

    async def close(self) -> None:
        """Measure no more."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    def look(self, load: Load) -> Space | None:
        """Take note of what is used now; gives what was written."""
        self._load = load
        for hit in load.hits:
            self._tell(hit)
        if self._progress.ending is None:
            self._measure_when_due(load.free_bytes)
            self._judge(load)
        return self.space

    # ---- what was written

    def _measure_when_due(self, free: int | None) -> None:
        now = self._clock()
        is_due = now >= self._next or (now >= self._soonest and self._falls_fast(free))
        if is_due and not self._is_measuring:
            self._begin_measuring(free)

    @property
    def _is_measuring(self) -> bool:
        return self._task is not None and not self._task.done()

    def _begin_measuring(self, free: int | None) -> None:
        self._free = free
        self._task = spawn(self._measure(), "space", lambda _: None)

    async def _measured(self) -> None:
        """Wait for a measurement, unless nothing has begun or ended since the last one."""
        if self._measured_age != self._age.now and not self._is_measuring:
            self._begin_measuring(self._load.free_bytes)
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _measure(self) -> None:
        began, age = self._clock(), self._age.now
        with suppress(SandboxFailed):
            self.space = await self._sandbox.space()
            self._measured_age = age
        now = self._clock()
        self._measured_at, took_s = began, now - began
        self._soonest = now + HURRIED * took_s
        gap_s = LONGEST_GAP_S if self.space is None else min(max(GAP_S, SHARE * took_s), LONGEST_GAP_S)
        self._next = now + gap_s

    def _falls_fast(self, free: int | None) -> bool:
        """Whether half of the room that is left may be gone since the last measurement."""
        if free is None or self._free is None or self.space is None:
            return False
        most = self._progress.limits.disk_mb
        left = RESERVE if most is None else max(16 * MB, most * MB - self.space.bytes)
        return self._free - free > left // 2

    def _hear(self, event: Event) -> None:
        """After a limit was hit what is left is measured once a step is over: what may pass falls with it."""
        if isinstance(event, StepFinished) and self._progress.ending is None and self._has_slack:
            self._progress.beside.hold()
            self._progress.beside.begin(self._see_what_is_left(), "space")

    async def _see_what_is_left(self) -> None:
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(KNOWN_S):
                    await self._measured()
                    await self._measured()  # the first was perhaps under way already
            if self._measured_age == self._age.now:
                for name, (used, most, _) in self._measures(self._load).items():
                    self._bounds[name].is_over(used, most)
        finally:
            self._progress.beside.let_go()

    # ---- limits

    def _judge(self, load: Load) -> None:
        if self._limits != self._progress.limits:
            self._limits, self._stops = self._progress.limits, 0
            self._sandbox.limit_files(self._limits.disk_mb)
            for bound in self._bounds.values():
                bound.tighten()
        measures = self._measures(load)
        self._measure_what_is_left(load.free_bytes)
        if self._settles_at is not None:
            if self._has_settled(self._settles_at):
                self._settles_at = None
                self._ease(measures)
            return
        over = [name for name, (used, most, _) in measures.items() if self._bounds[name].is_over(used, most)]
        if self._is_doubtful(load, is_over=over not in ([], ["reserve"])):
            over = [name for name in over if name == "reserve"]
        if over:
            self._stop(_CALLED[over[0]], measures[over[0]][2])
            self._ease(measures)
        else:
            self._judge_memory(load)

    def _measure_what_is_left(self, free: int | None) -> None:
        """Look how much may still pass, once what may have deleted is over."""
        if self._has_slack and self._measured_age != self._age.now and not self._is_measuring:
            self._begin_measuring(free)

    @property
    def _has_slack(self) -> bool:
        return any(one.has_slack for one in self._bounds.values())

    def _is_doubtful(self, load: Load, *, is_over: bool) -> bool:
        """Whether what is over may be gone since it was measured; then it is measured again."""
        if not is_over or self._measured_age == self._age.now or self._doubts >= MOST_DOUBTS:
            self._doubts = 0
            return False
        if not self._is_measuring:
            self._doubts += 1
            self._begin_measuring(load.free_bytes)
        return True

    def _measures(self, load: Load) -> dict[str, tuple[int, int, str]]:
        """Give what is used, what may be, and how that is said, of all that is limited and known."""
        found, limits = {}, self._limits
        if self.space is not None and limits.disk_mb is not None:
            said = f"what the sandbox has written takes {_mb(self.space.bytes)}"
            said += f"; the limit is {limits.disk_mb:,} MB"
            found["disk"] = (self.space.bytes, limits.disk_mb * MB, said)
        if self.space is not None and limits.files is not None:
            said = f"the sandbox has written {self.space.files:,} files; the limit is {limits.files:,}"
            found["files"] = (self.space.files, limits.files, said)
        if load.free_bytes is not None:
            if self._reserve is None:  # who begins with little keeps half of it
                self._reserve = min(self._most_reserve, load.free_bytes // 2)
            kept = _mb(self._reserve)
            said = f"only {_mb(load.free_bytes)} are left on this machine's disk, where {kept} stay free"
            found["reserve"] = (self._reserve - load.free_bytes, 0, said)
        return found

    def _ease(self, measures: dict[str, tuple[int, int, str]]) -> None:
        for name, (used, most, _) in measures.items():
            if used > most:
                more = (self._reserve or 0) // 4 if name == "reserve" else most // 10
                self._bounds[name].ease(used, most, more)

    def _judge_memory(self, load: Load) -> None:
        """Where no control group limits the memory, this does, later than the kernel would."""
        most = self._progress.spec.sandbox.memory_mb
        if load.memory_limit_bytes is None and (load.memory_bytes or 0) > most * MB:
            self._settle()
            used = _mb(load.memory_bytes or 0)
            self._stop_all(f"its processes use {used} of memory; the limit is {most:,} MB.")

    # ---- what comes of it

    def _stop(self, called: str, sentence: str) -> None:
        progress = self._progress
        self._stops += 1
        self._settle()
        self._stop_all(f"{sentence}. {_ADVICE}")
        if not progress.spec.is_headless:
            progress.gates.pause(
                "rule",
                f"{called}: {sentence}. What wrote was stopped. Resume: the model is told, "
                "and can delete what is not needed. A higher limit lets it write more.",
            )
        elif self._stops >= MOST_STOPS:
            progress.end(Ending("disk_limit", f"It was stopped {self._stops} times: {sentence}."))

    def _settle(self) -> None:
        """Judge nothing until what was stopped is still, and was measured then."""
        self._settles_at = self._next = self._clock() + SETTLE_S

    def _has_settled(self, at: float) -> bool:
        return self._clock() >= at and (self.space is None or self._measured_at >= at)

    def _stop_all(self, why: str) -> None:
        progress, beside = self._progress, self._progress.beside
        running = progress.running
        if running is not None and beside.is_command_running:
            beside.stop_step(running, why)
        else:
            self._tell(why)
        beside.hold()
        beside.begin(self._stop_rest(why), "stop at a limit")

    async def _stop_rest(self, why: str) -> None:
        """Stop what runs besides the command, also what nobody follows; nothing is judged or begun before."""
        self._settles_at = math.inf
        try:
            with suppress(SandboxFailed):
                await self._sandbox.own_interrupt()
                await self._progress.beside.jobs.stop_all(why)
                await self._sandbox.stop_rest()
        finally:
            self._progress.beside.let_go()
            self._settle()

    def _tell(self, sentence: str) -> None:
        """Tell the person now and the model before its next turn."""
        said = f"{sentence[0].upper()}{sentence[1:]}"
        self._progress.bus.publish(NoticeGiven(said, "warning", self._progress.running))
        self._progress.beside.jobs.news.append(f"[{sentence}]")


def _mb(size: int) -> str:
    return f"{size / MB:,.0f} MB"
