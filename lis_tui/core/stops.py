"""Where a recorded run would have stopped, had these breakpoints been set from its beginning."""

import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from operator import attrgetter

from msgspec import Struct
from msgspec.structs import replace

from lis_tui.core.armed import Armed, arm
from lis_tui.core.breakpoints import Breakpoint, Gate
from lis_tui.core.cursor import Timeline
from lis_tui.core.events import StepAddress
from lis_tui.core.facts import Facts, facts_of
from lis_tui.core.parts import StepView, Totals, TurnView
from lis_tui.core.search import Changed, Sliced, nothing_known, with_files
from lis_tui.core.view import RunView

_index = attrgetter("index")


class Stop(Struct, frozen=True, kw_only=True):
    """A gate that breakpoints name: `names` those that would wait there, `noted` those that would only note.

    `index` is the place that shows the run as it was at this gate: before a step, the place before its own.
    """

    index: int
    address: StepAddress
    gate: Gate
    names: tuple[str, ...] = ()
    noted: tuple[str, ...] = ()


def find_stops(
    timeline: Timeline, breakpoints: Iterable[Breakpoint], changed: Changed = nothing_known
) -> list[Stop]:
    """Give all stops, in order. Raises FilterInvalid, UsageWrong."""
    stops = [stop for found in look_for_stops(timeline, breakpoints, changed) for stop in found]
    return sorted(stops, key=_index)


def look_for_stops(
    timeline: Timeline, breakpoints: Iterable[Breakpoint], changed: Changed = nothing_known
) -> Iterator[tuple[Stop, ...]]:
    """Look at one turn after the other. Hits count from the first; a one-shot acts once.

    Raises FilterInvalid, UsageWrong.
    """
    armed = [one for one in arm(breakpoints) if one.rule.is_on]
    return _Looking(timeline, armed, changed).turns()


def next_stop(stops: Sequence[Stop], index: int) -> Stop | None:
    """Give the first stop after a place that waits."""
    later = stops[bisect_right(stops, index, key=_index) :]
    return next((stop for stop in later if stop.names), None)


def previous_stop(stops: Sequence[Stop], index: int) -> Stop | None:
    """Give the last stop before a place that waits."""
    earlier = stops[: bisect_left(stops, index, key=_index)]
    return next((stop for stop in reversed(earlier) if stop.names), None)


class StopSearch(Sliced):
    """Finds stops a little at a time, turn by turn; `found` are the addresses of those that wait.

    Raises FilterInvalid, UsageWrong.
    """

    def __init__(
        self,
        timeline: Timeline,
        breakpoints: Iterable[Breakpoint],
        changed: Changed = nothing_known,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.stops: list[Stop] = []
        turns = look_for_stops(timeline, breakpoints, changed)
        super().__init__(map(self._take, turns), max(len(timeline.whole.turns) - 1, 0), monotonic)

    def _take(self, stops: tuple[Stop, ...]) -> Collection[StepAddress]:
        """Keep them; a step that waits at two gates is one."""
        self.stops += stops
        self.stops.sort(key=_index)
        return dict.fromkeys(stop.address for stop in stops if stop.names)


class _Looking:
    """Asks armed breakpoints about a run, gate by gate, as its engine would have."""

    def __init__(self, timeline: Timeline, armed: list[Armed], changed: Changed) -> None:
        self._timeline = timeline
        self._view: RunView = timeline.whole
        self._armed = armed
        self._changed = changed
        self._totals = Totals()
        self._replies: dict[int, int] = {}
        for place in timeline.places:
            if place.kind == "reply":
                self._replies.setdefault(place.address.turn, place.index)

    def turns(self) -> Iterator[tuple[Stop, ...]]:
        for turn in self._view.turns[1:]:
            if not any(one.rule.is_on for one in self._armed):
                return
            found = [self._before_model(turn)]
            for reply in turn.replies:
                self._totals.add(reply.usage)
            for step in turn.steps:
                found += [] if step.is_injected else [self._before(step), self._after(step)]
            yield tuple(stop for stop in found if stop is not None)

    def _before_model(self, turn: TurnView) -> Stop | None:
        index = self._replies.get(turn.number)
        if index is None:
            return None
        totals = self._totals
        facts = replace(
            facts_of(self._view),
            turn=turn.number,
            tokens=totals.prompt_tokens + totals.completion_tokens,
            cost_usd=totals.cost_usd if totals.has_known_cost else None,
        )
        return self._ask("before_model", StepAddress(turn.number), facts, max(index - 1, 0))

    def _before(self, step: StepView) -> Stop | None:
        """A call that could not run, or came after the end, met no gate; one that nothing came of did."""
        was_asked = not step.problem and (step.status != "skipped" or step.decided_by is not None)
        index = self._timeline.index_of(step.address)
        if not was_asked or index is None:
            return None
        proposed = StepView(
            step.address,
            step.tool,
            step.proposed,
            step.proposed,
            tokens_so_far=step.tokens_so_far,
            cost_so_far=step.cost_so_far,
            repeats=step.repeats,
        )
        gate: Gate = "before_submit" if step.tool == "submit" else "before_step"
        place = index - 1 if step.is_over else index
        return self._ask(gate, step.address, facts_of(self._view, proposed), max(place, 0))

    def _after(self, step: StepView) -> Stop | None:
        index = self._timeline.index_of(step.address)
        if index is None or step.observation is None or step.started_at is None:
            return None
        facts = with_files(facts_of(self._view, step), self._changed(step.address))
        return self._ask("after_step", step.address, facts, index)

    def _ask(self, gate: Gate, address: StepAddress, facts: Facts, index: int) -> Stop | None:
        hit = [one for one in self._armed if one.is_hit(gate, address, facts)]
        for one in hit:
            if one.rule.is_one_shot:
                one.rule = replace(one.rule, is_on=False)
        if not hit:
            return None
        names = tuple(one.rule.name for one in hit if one.rule.kind == "wait")
        noted = tuple(one.rule.name for one in hit if one.rule.kind == "log")
        return Stop(index=index, address=address, gate=gate, names=names, noted=noted)
