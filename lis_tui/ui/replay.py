"""A recording on the workbench: reads it, knows the place one is at, and has the screen show that."""

import asyncio
from bisect import bisect_right
from collections.abc import Callable
from contextlib import suppress
from operator import attrgetter
from typing import TYPE_CHECKING

from lis_tui.core.breakpoints import Breakpoint
from lis_tui.core.cursor import Timeline
from lis_tui.core.errors import LisError
from lis_tui.core.events import BreakpointsChanged, Record, StepAddress
from lis_tui.core.places import Place
from lis_tui.core.text import plural
from lis_tui.ui.garbage import put_off
from lis_tui.ui.playing import Player

if TYPE_CHECKING:
    from lis_tui.ui.screens.workbench import Workbench

PAINTED_S = 0.5
"""A screen that another one covers is not painted; the rest is read all the same."""
SLICE = 1000
"""So many records are read before keys get their turn."""


class Replay:
    """The cursor of one recording. Until it is read, there is nothing to move through."""

    def __init__(self, screen: "Workbench") -> None:
        self._screen = screen
        self.timeline = Timeline()
        self.index = 0
        self.is_read = False
        self.is_partial = False
        """Only its beginning can be looked at; the rest is being read."""
        self._is_empty = False
        self._is_broken = False
        self._count = 0
        self.set_here: list[Record] = []
        """Breakpoints as they were changed here, where `c` stops; the recording does not have these."""
        self.player = Player(screen, self)

    async def read(self) -> None:
        """Read all of it: at first a beginning, where there is one, to be looked at meanwhile.

        A large recording thus opens at its first step, any other at its end. Raises LisError.
        """
        with put_off():
            beginning = await self._screen.source.beginning()
            if beginning:
                self._take(self.timeline, beginning)
                await self._begin_partly()
            try:
                timeline = await self._whole(Timeline() if beginning else self.timeline)
            except LisError as error:
                if not beginning:
                    raise
                self._break_off(error)
                return
        self._is_empty = not timeline.records
        if self._screen.is_attached and timeline.records:
            self._begin(timeline)
        self._screen.status.refresh()

    async def _whole(self, timeline: Timeline) -> Timeline:
        bunch: list[Record] = []
        async for record in self._screen.source.records():
            bunch.append(record)
            if len(bunch) == SLICE:
                self._take(timeline, bunch)
                bunch = []
                await asyncio.sleep(0)
        self._take(timeline, bunch)
        return timeline

    def _break_off(self, error: LisError) -> None:
        """The beginning is all that there is."""
        self._is_broken = True
        if self._screen.is_attached:
            self._screen.status.refresh()
            self._screen.refuse(error.sentence)

    def _take(self, timeline: Timeline, bunch: list[Record]) -> None:
        timeline.extend(bunch)
        self._count = len(timeline.records)
        self._screen.status.refresh()

    async def _begin_partly(self) -> None:
        """Show the first step; all else waits until it is painted."""
        if not self._screen.is_attached:
            return
        stops = (place.index for place in self.timeline.places if place.kind == "step")
        self.is_read = self.is_partial = True
        self._show(next(stops, 0))
        painted = asyncio.Event()
        if self._screen.call_after_refresh(painted.set):
            with suppress(TimeoutError):
                async with asyncio.timeout(PAINTED_S):
                    await painted.wait()

    def _begin(self, timeline: Timeline) -> None:
        """Show all of it where nothing was shown, else stay where one is."""
        here = self.place if self.is_partial else None
        self.timeline = timeline
        self.is_read, self.is_partial = True, False
        self._screen.facts[:] = [record for record in timeline.records if record.n]
        self._show(len(timeline.places) - 1 if here is None else self._again(here))

    def _again(self, here: Place) -> int:
        """Find a place of the beginning in the whole."""
        index = self.timeline.index_of(here.address) if here.kind != "task" else 0
        return index if index is not None else min(here.index, len(self.timeline.places) - 1)

    @property
    def reading(self) -> str:
        """Say how far it has been read."""
        if self._is_empty:
            return "nothing was recorded"
        if self._is_broken:
            return "the rest cannot be read"
        return f"reading … {plural(self._count, 'record')}" if self._count else "reading …"

    # ---- where one is

    @property
    def place(self) -> Place:
        """The place that is shown."""
        return self.timeline.places[self.index]

    @property
    def is_first(self) -> bool:
        """There is nothing before."""
        return self.index == 0

    @property
    def is_last(self) -> bool:
        """There is nothing after."""
        return not self.is_read or self.index == len(self.timeline.places) - 1

    @property
    def step(self) -> int:
        """The step of the whole run that is shown last, counted from 0; -1: before the first."""
        steps = self.timeline.whole.steps
        return bisect_right(steps, self.place.address, key=attrgetter("address")) - 1 if self.is_read else -1

    @property
    def breakpoints(self) -> tuple[Breakpoint, ...]:
        """The run's own at first, then as they were changed here."""
        newest = self.set_here[-1].event if self.set_here else None
        if isinstance(newest, BreakpointsChanged):
            return newest.breakpoints
        return self.timeline.whole.breakpoints

    def set_breakpoints(self, breakpoints: tuple[Breakpoint, ...]) -> None:
        """Use these from now on, here alone."""
        self.set_here.append(Record(0, 0.0, BreakpointsChanged(breakpoints)))

    # ---- moving

    def go(self, index: int, *, is_jump: bool = True) -> None:
        """Show a place. A jump is remembered, to go back from."""
        index = min(max(index, 0), len(self.timeline.places) - 1)
        if index == self.index:
            return
        if is_jump:
            self._screen.walk.leave()
        self._show(index)

    def go_to_step(self, address: StepAddress) -> bool:
        """Show what came of a step, or (step 0) the reply of a turn; False where there is none."""
        index = self.timeline.index_of(address)
        if index is not None:
            self.go(index)
        return index is not None

    def go_on(self, direction: int) -> bool:
        """To the next step; False where there is none."""
        return self._seek(direction, self._is_stop, is_jump=False)

    def go_to_turn(self, direction: int) -> bool:
        """To the next reply, or back to the beginning of the turn and then to the one before."""
        return self._seek(direction, lambda place: place.kind in ("task", "reply"), is_jump=False)

    def _seek(self, direction: int, is_meant: Callable[[Place], bool], *, is_jump: bool) -> bool:
        seek = self.timeline.next if direction > 0 else self.timeline.previous
        index = seek(self.index, is_meant)
        if index is not None:
            self.go(index, is_jump=is_jump)
        return index is not None

    def _is_stop(self, place: Place) -> bool:
        """A reply is a stop of its own only where no step came of it."""
        if place.kind != "reply" or place.index + 1 == len(self.timeline.places):
            return True
        after = self.timeline.places[place.index + 1]
        return after.kind != "step" or after.address.turn != place.address.turn

    def _show(self, index: int) -> None:
        self.index = index
        self._screen.show_place(self.timeline.move(self._screen.view, index), self.place.address)
