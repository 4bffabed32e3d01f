"""Where one is in a run, live or recorded, and how one gets elsewhere: steps, turns, where one was."""

import asyncio
import re
from itertools import islice
from typing import TYPE_CHECKING

from msgspec import structs

from lis_tui.core.breakpoints import Breakpoint
from lis_tui.core.bus import spawn
from lis_tui.core.events import BreakpointHit, GateOpened, Record, StepAddress
from lis_tui.core.parts import StepView
from lis_tui.core.view import RunView
from lis_tui.ui.conditions import Focus
from lis_tui.ui.marking import Marks
from lis_tui.ui.status import Moment
from lis_tui.ui.strip import fork_points
from lis_tui.ui.trail import Trail

if TYPE_CHECKING:
    from lis_tui.core.search import Changed
    from lis_tui.ui.replay import Replay
    from lis_tui.ui.screens.workbench import Workbench
    from lis_tui.ui.searching import Hits

STOPPED = "breakpoint: "
"""So a gate's reason begins where a breakpoint opened it."""
Spot = int | StepAddress
"""A place of a recording by its index, a step of a live run."""


class Walk:
    """Moves the cursor of one workbench: in a recording through its places, else from step to step."""

    def __init__(self, screen: "Workbench") -> None:
        self._screen = screen
        self.replay = _replay(screen) if screen.source.is_recorded else None
        self.trail: Trail[Spot] = Trail()
        self.marks = Marks(screen)
        self.hits: Hits | None = None
        """What was searched for last."""
        self._matches: Hits | None = None
        self._rules: tuple[Breakpoint, ...] = ()
        """The breakpoints that these were found by."""
        self._stopped: set[StepAddress] = set()
        """Steps that a breakpoint stopped or noted when the run was live."""
        self._looked_at = 0
        self._changed: Changed | None = None

    @property
    def whole(self) -> RunView:
        """All of the run that there is."""
        return self._screen.view if self.replay is None else self.replay.timeline.whole

    @property
    def departing(self) -> RunView:
        """The run as it is here, with all its checkpoints: the one of this step may be told of later."""
        if self.replay is None:
            return self._screen.view
        view = self._screen.view.snapshot()
        view.checkpoints = self.whole.checkpoints
        return view

    @property
    def number(self) -> int:
        """The step of the whole run that one is at, counted from 0; -1: before the first."""
        if self.replay is not None:
            return self.replay.step
        return min(self._screen.commands.cursor, len(self.whole.steps) - 1)

    @property
    def step(self) -> StepView | None:
        """The step that one is at, as it is now."""
        return self._screen.commands.step

    @property
    def _spot(self) -> Spot | None:
        if self.replay is not None:
            return self.replay.index
        return self.step.address if self.step is not None else None

    @property
    def address(self) -> StepAddress | None:
        """The step or turn that one is at; of a recording, what was reached at the place."""
        if self.replay is not None:
            return self.replay.place.address if self.replay.is_read else None
        return self.step.address if self.step is not None else None

    @property
    def marked(self) -> frozenset[StepAddress]:
        """The steps that a person marked."""
        return self.marks.addresses

    # ---- what the keys and the status line need to know

    def focus(self, focus: Focus) -> Focus:
        """Say also where one is in the run."""
        return structs.replace(
            focus,
            is_first=self.replay is not None and self.replay.is_first,
            is_last=self.replay is not None and self.replay.is_last,
            is_partial=self.replay is not None and self.replay.is_partial,
            breakpoints=len(self.breakpoints),
            breakpoints_on=sum(one.is_on for one in self.breakpoints),
            hits=len(self.hits.found) if self.hits is not None else 0,
            has_earlier_place=self.trail.has_earlier,
            has_later_place=self.trail.has_later,
            is_in_table=self._screen.source.series is not None,
            file=self._screen.filing.chosen,
        )

    def moment(self, moment: Moment) -> Moment:
        """Say also which place of a recording this is."""
        hit = self.hits.told(self.address) if self.hits is not None else ""
        moment, replay = structs.replace(moment, hit=hit), self.replay
        if replay is None:
            return moment
        if not replay.is_read:
            return structs.replace(moment, place=replay.reading, is_at_end=False)
        place = f"replay {replay.step + 1}/{len(self.whole.steps)}"
        place += f" · {replay.reading}" if replay.is_partial else ""
        place += f" reply {replay.place.address}" if replay.place.kind == "reply" else ""
        place += replay.player.told
        return structs.replace(moment, place=place, is_at_end=replay.is_last)

    @property
    def breakpoints(self) -> tuple[Breakpoint, ...]:
        """The run's breakpoints; of a recording, those that were set here."""
        return self._screen.view.breakpoints if self.replay is None else self.replay.breakpoints

    @property
    def set_here(self) -> list[Record]:
        """Changes of breakpoints that the run does not have."""
        return [] if self.replay is None else self.replay.set_here

    # ---- jumping

    def leave(self) -> None:
        """Remember where one is, before a jump."""
        if (spot := self._spot) is not None:
            self.trail.leave(spot)

    def go_to_step(self, address: StepAddress) -> bool:
        """Jump to a step, or (step 0) to a turn; False where there is none."""
        if self.replay is not None:
            return self.replay.go_to_step(address)
        steps = self.whole.steps
        found = [n for n, step in enumerate(steps) if _is_at(step, address)]
        if found:
            self.leave()
            self._screen.commands.move_to(found[0])
        return bool(found)

    def go_to_number(self, number: int) -> None:
        """Jump to a step of the whole run, counted from 0."""
        if 0 <= number < len(self.whole.steps):
            self.go_to_step(self.whole.steps[number].address)

    def go_on(self, direction: int) -> bool:
        """To the next step of a recording, or the one before; False where there is none."""
        return self.replay is not None and self.replay.is_read and self.replay.go_on(direction)

    def go_to_turn(self, direction: int) -> None:
        """To the next turn; back: to the beginning of this one, then to the one before."""
        if self.replay is not None:
            if self.replay.is_read:
                self.replay.go_to_turn(direction)
            return
        step, commands = self.step, self._screen.commands
        turns = [number for number, one in enumerate(self.whole.steps) if one.address.step == 1]
        if step is None:
            return
        if direction > 0:
            commands.move_to(next((n for n in turns if n > commands.cursor), commands.cursor))
        else:
            commands.move_to(next((n for n in reversed(turns) if n < commands.cursor), 0))

    def go_to_beginning(self) -> None:
        """To the beginning of a recording."""
        if self.replay is not None and self.replay.is_read:
            self.replay.go(0)

    def go_to_end(self) -> None:
        """To the end of a recording."""
        if self.replay is not None and self.replay.is_read:
            self.replay.go(len(self.replay.timeline.places) - 1)

    def go_back(self) -> None:
        """To where one was before the last jump; there is such a place."""
        if (spot := self._spot) is not None:
            self._return(self.trail.back(spot))

    def go_forth(self) -> None:
        """Take back going back; there is a place to go to."""
        if (spot := self._spot) is not None:
            self._return(self.trail.forth(spot))

    def _return(self, spot: Spot) -> None:
        if self.replay is not None and isinstance(spot, int):
            self.replay.go(spot, is_jump=False)
        elif isinstance(spot, StepAddress):
            self._screen.commands.go_to_step(spot)

    # ---- what breakpoints mean

    def seek(self, direction: int) -> None:
        """To the next step of a recording that a breakpoint means, or the one before."""
        spawn(self._seek(direction), "seek", self._screen.refused)

    async def _seek(self, direction: int) -> None:
        matches, here = self._found_by_breakpoints(), self.address
        address = await matches.first_beside(here, direction) if matches is not None else None
        if here != self.address or not self._screen.is_attached:
            return  # somebody went on meanwhile
        if address is None or not self.go_to_step(address):
            where = "after" if direction > 0 else "before"
            self._screen.hint(f"no step {where} this one is meant by a breakpoint")

    def _found_by_breakpoints(self) -> "Hits | None":
        """Give where they would have stopped the run: at the gates and from the hits that they name."""
        from lis_tui.core.stops import StopSearch
        from lis_tui.ui.searching import Hits, meant_by

        given, replay, rules = meant_by(self.breakpoints), self.replay, self.breakpoints
        if given is None or replay is None:
            return None
        if self._matches is None or self._rules != rules:
            if self._matches is not None:
                self._matches.stop()
            self._rules = rules
            self._matches = Hits(
                "",
                given,
                self.whole,
                self.renew,
                changed=self.changed,
                make=lambda changed: StopSearch(replay.timeline, rules, changed),
            )
        return self._matches

    async def changed(self) -> "Changed":
        """Learn which files each step of a recording changed; read once."""
        from lis_tui.core.search import nothing_known
        from lis_tui.ui.searching import changed_by

        past = self._screen.source.past if self.replay is not None else None
        if self._changed is None and past is not None:
            self._changed = await asyncio.to_thread(changed_by, past)
        return self._changed or nothing_known

    def renew(self) -> None:
        """What the lines around the panes say has changed."""
        self._screen.header.refresh()
        self._screen.status.refresh()

    # ---- what is worth a look

    def notable(self, direction: int) -> int | None:
        """Find the next step that failed, was changed, marked or forked, or that a breakpoint meant."""
        steps = self.whole.steps
        found_here = self._matches.found if self._matches is not None else ()
        forks = fork_points(self.whole, self._screen.commands.forks)
        others = {*forks, *self._matched(), *self.marked, *found_here}
        end = len(steps) if direction > 0 else -1
        numbers = range(self.number + direction, end, direction)
        return next((n for n in numbers if steps[n].is_notable or steps[n].address in others), None)

    def _matched(self) -> set[StepAddress]:
        facts = self._screen.facts
        for record in islice(facts, self._looked_at, None):
            event = record.event
            if isinstance(event, BreakpointHit) or (
                isinstance(event, GateOpened) and event.because.startswith(STOPPED)
            ):
                self._stopped.add(event.address)
        self._looked_at = len(facts)
        return self._stopped


def address_of(text: str) -> StepAddress | None:
    """Read a step as it is written: 12, 12.1, 12.1+1; None: it is none."""
    found = re.fullmatch(r"(\d{1,7})(?:\.(\d{1,7}))?(?:\+(\d{1,7}))?", text.strip())
    return StepAddress(*(int(part or 0) for part in found.groups())) if found is not None else None


def _is_at(step: StepView, address: StepAddress) -> bool:
    return step.address == address or (not address.step and step.address.turn == address.turn)


def _replay(screen: "Workbench") -> "Replay":
    """Give what steps through a recording; a live run is painted without it."""
    from lis_tui.ui.replay import Replay

    return Replay(screen)
