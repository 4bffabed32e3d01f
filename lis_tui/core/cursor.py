"""Moves through a recorded run, both ways: the view of it at any place, without folding it from the start."""

from bisect import bisect_right, insort
from collections.abc import Callable, Iterable, Sequence
from itertools import compress, count, islice
from operator import attrgetter, is_not

from msgspec import Struct

from lis_tui.core.events import Record, StepAddress
from lis_tui.core.places import Place, Places
from lis_tui.core.view import RunView

SPACING = 1000
"""Records between two kept states, at first; a move folds about so many at most."""
MOST_KEPT = 64
"""So many states are kept of a run of any length; then every second one goes."""
CLOSE = 160
"""So many records before the cursor are states kept more closely, for one goes back step by step …"""
CLOSE_SPACING = 8
"""… and what is folded anew is drawn anew."""
_n = attrgetter("n")
_address = attrgetter("address")


class Kept(Struct, frozen=True):
    """A state of the run, after `n` records."""

    n: int
    view: RunView


class Moved(Struct, frozen=True):
    """Which parts of a view look different after a move: all turns and steps from these on, by position."""

    turn: int
    step: int


class Timeline:
    """A recorded run and its places. What it shows of one equals a fold of the records up to there."""

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self.records: list[Record] = []
        self.whole = RunView()
        """All of the run, for what shows all of it; only to be looked at."""
        self._spacing = SPACING
        self._kept: list[Kept] = []
        self._near: list[Kept] = []
        """States close to the cursor, where those of the whole run are far apart."""
        self._finder = Places()
        self._places: list[Place] | None = None
        self._indexes: dict[StepAddress, int] = {}
        self._shown: RunView | None = None
        self._shown_n = 0
        self.extend(records)

    # ---- places

    @property
    def places(self) -> Sequence[Place]:
        """Where one can stop, in order; the last one is the end of what was recorded."""
        if self._places is None:
            self._places = self._finder.all(len(self.records), map(_address, self.whole.steps))
            stops = (place for place in self._places if place.kind in ("task", "reply", "step"))
            self._indexes = {place.address: place.index for place in stops}
        return self._places

    def index_of(self, address: StepAddress) -> int | None:
        """Find the place of a step, or (step 0) of a turn's reply, the one that counts."""
        _ = self.places
        return self._indexes.get(address)

    def next(self, index: int, is_meant: Callable[[Place], bool] = lambda _: True) -> int | None:
        """Find the first place after this one that is meant."""
        return next((place.index for place in islice(self.places, index + 1, None) if is_meant(place)), None)

    def previous(self, index: int, is_meant: Callable[[Place], bool] = lambda _: True) -> int | None:
        """Find the last place before this one that is meant."""
        places = self.places
        return next((n for n in range(min(index, len(places)) - 1, -1, -1) if is_meant(places[n])), None)

    def facts(self, index: int) -> list[Record]:
        """Give the facts up to a place, from which any request before it is rebuilt."""
        return [record for record in islice(self.records, self.places[index].n) if record.n]

    # ---- moving

    def move(self, view: RunView, index: int) -> Moved:
        """Make the view, which others may hold, show a place."""
        return self._show(view, self.places[index].n)

    def extend(self, records: Iterable[Record]) -> None:
        """Read on. Views stay where they are; places before the last one too."""
        self._places = None
        for record in records:
            n = len(self.records)
            if n % self._spacing == 0:
                self._keep(n)
            self._finder.look(n, record)
            self.records.append(record)
            self.whole.apply(record)

    def _keep(self, n: int) -> None:
        self._kept.append(Kept(n, self.whole.snapshot()))
        if len(self._kept) > MOST_KEPT:
            self._kept = self._kept[::2]
            self._spacing *= 2

    def _show(self, view: RunView, n: int) -> Moved:
        turns, steps = view.turns.copy(), view.steps.copy()
        kept = self._nearest(n)
        start = self._shown_n if view is self._shown else -1
        if kept.n <= start <= n:
            view.share()
        else:
            view.become(kept.view)
            start = kept.n
        self._fold(view, start, n)
        self._shown, self._shown_n = view, n
        return Moved(_first_change(turns, view.turns), _first_change(steps, view.steps))

    def _nearest(self, n: int) -> Kept:
        if not self._kept:
            return Kept(0, RunView())
        kept = self._kept[bisect_right(self._kept, n, key=_n) - 1]
        self._near = [one for one in self._near if self._is_near(one.n, kept.n, n)]
        place = bisect_right(self._near, n, key=_n) - 1
        return self._near[place] if place >= 0 else kept

    def _is_near(self, n: int, kept: int, here: int) -> bool:
        """Whether a state is worth its memory when one is here."""
        return kept < n < kept + self._spacing and (abs(here - n) <= CLOSE or (n - kept) % SPACING == 0)

    def _fold(self, view: RunView, start: int, n: int) -> None:
        """Fold from one moment to the next, and keep states on the way."""
        while n - start > CLOSE_SPACING:
            end = min(start + SPACING, n - CLOSE) if n - start > CLOSE else start + CLOSE_SPACING
            view.apply_all(islice(self.records, start, end))
            start = end
            insort(self._near, Kept(start, view.snapshot()), key=_n)
        view.apply_all(self.records[start:n])


def _first_change(before: Sequence[object], after: Sequence[object]) -> int:
    """What is the same object is shared between both moments, and looks the same."""
    changed = compress(count(), map(is_not, before, after))
    return next(changed, min(len(before), len(after)))
