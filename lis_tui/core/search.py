"""Searches a whole run with the filter language, in slices, so that who waits for it is never held up."""

import time
from collections.abc import Callable, Collection, Iterator

from msgspec.structs import replace

from lis_tui.core.events import StepAddress
from lis_tui.core.facts import Facts, facts_of
from lis_tui.core.filter import Filter
from lis_tui.core.parts import TurnView
from lis_tui.core.view import RunView

SLICE_S = 0.008
"""So long a key may wait."""
Changed = Callable[[StepAddress], Collection[str] | None]
"""Gives the files that a step changed, relative to the work folder; None: not known.

Checkpoints know more of them than the records do."""


def nothing_known(_address: StepAddress) -> None:
    """Say nothing of the files of a step but what its records say."""


class Sliced:
    """Looks at one thing after the other, for so long at a time; `found` grows until it `is_done`."""

    def __init__(
        self, items: Iterator[Collection[StepAddress]], total: int, monotonic: Callable[[], float]
    ) -> None:
        self.found: list[StepAddress] = []
        self.total = total
        self.looked_at = 0
        self.is_done = False
        self._items = items
        self._monotonic = monotonic

    def advance(self, for_s: float = SLICE_S) -> bool:
        """Look on for so long, at one more thing at least; says whether it is done."""
        until = self._monotonic() + for_s
        for addresses in self._items:
            self.looked_at += 1
            self.found += addresses
            if self._monotonic() >= until:
                return False
        self.is_done = True
        return True


class Search(Sliced):
    """One search over a run that does not go on meanwhile.

    An address with step 0 is that of a turn without steps, or (turn 0) of the task.
    """

    def __init__(
        self,
        view: RunView,
        given: Filter,
        changed: Changed = nothing_known,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        items = (() if one is None else (one,) for one in look_through(view, given, changed))
        total = len(view.steps) + sum(1 for turn in view.turns if not turn.steps)
        super().__init__(items, total, monotonic)


def matches(view: RunView, given: Filter, changed: Changed = nothing_known) -> list[StepAddress]:
    """Give the addresses of all that the filter means, in order."""
    return [address for address in look_through(view, given, changed) if address is not None]


def look_through(
    view: RunView, given: Filter, changed: Changed = nothing_known
) -> Iterator[StepAddress | None]:
    """Look at one step, or turn without steps, after the other: its address where it is meant, else None."""
    for turn in view.turns:
        said = "\n".join(one.text for one in turn.said)
        for step in turn.steps:
            facts = with_files(facts_of(view, step), changed(step.address))
            if said:
                facts = replace(facts, text=f"{said}\n{facts.text or ''}")
            yield step.address if given.matches(facts) else None
        if not turn.steps:
            yield StepAddress(turn.number) if given.matches(_facts_of_turn(view, turn, said)) else None


def with_files(facts: Facts, changed: Collection[str] | None) -> Facts:
    """Add the files that a step is known to have changed."""
    if changed is None:
        return facts
    return replace(facts, files=tuple(dict.fromkeys((*(facts.files or ()), *changed))))


def _facts_of_turn(view: RunView, turn: TurnView, said: str) -> Facts:
    """Say what is known of a turn in which nothing ran: words."""
    told = [str(turn.reasoning), str(turn.text), said]
    if turn.number == 0 and view.started is not None:
        told.insert(0, view.started.task_prompt or view.started.spec.task)
    return Facts(
        turn=turn.number,
        commands=(),
        arguments=(),
        output="",
        text="\n".join(filter(None, told)),
        files=(),
        workdir=facts_of(view).workdir,
    )
