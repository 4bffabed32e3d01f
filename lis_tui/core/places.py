"""Where a person stops in a recorded run: the task, each reply, each step, their own commands, the end."""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from lis_tui.core.events import (
    CallArrived,
    CommandInjected,
    DecisionMade,
    Event,
    GateOpened,
    MessageSent,
    ModelAsked,
    ModelRetried,
    OutputArrived,
    OwnCommandRan,
    OwnOutputArrived,
    ReasoningArrived,
    Record,
    ReplyCutOff,
    ReplyEdited,
    ReplyFinished,
    ReplyResampled,
    RunContinued,
    RunEnded,
    RunForked,
    StepAddress,
    StepAmended,
    StepFinished,
    StepProposed,
    StepStarted,
    TextArrived,
    VersionChosen,
)

PlaceKind = Literal["task", "reply", "step", "own", "end"]
TASK = StepAddress(0)
_REPLIES = (ReplyFinished, ReplyResampled, ReplyCutOff, ReplyEdited, VersionChosen)
_MOVING: frozenset[type] = frozenset(
    {
        *_REPLIES,
        CallArrived,
        CommandInjected,
        DecisionMade,
        GateOpened,
        MessageSent,
        ModelAsked,
        ModelRetried,
        OutputArrived,
        OwnCommandRan,
        OwnOutputArrived,
        ReasoningArrived,
        RunContinued,
        RunEnded,
        RunForked,
        StepAmended,
        StepFinished,
        StepStarted,
        TextArrived,
    }
)
"""With these something new begins; what else is told belongs to what was there before."""
_LEAVING: frozenset[type] = frozenset({*_REPLIES, ModelAsked, MessageSent, RunEnded, RunContinued, RunForked})
"""After these nothing comes of the steps that were open, as a rule."""


class Place(Struct, frozen=True, kw_only=True):
    """A moment of a run: what its first `n` records tell.

    `address` is the step that ran (or was only proposed), or the turn whose reply came (its step is 0); at
    any other kind of place the newest of these.
    """

    index: int
    n: int
    kind: PlaceKind
    address: StepAddress
    own: int | None = None
    """The number of the person's own command."""
    at: float = 0.0
    """When that was, in unix seconds; 0.0: not known."""


class Places:
    """Finds the places of a run while its records are read."""

    def __init__(self) -> None:
        self._found: list[Place] = []
        self._newest = TASK
        self._opened: tuple[PlaceKind, StepAddress, int | None] | None = ("task", TASK, None)
        self._at = 0.0
        self._fresh: dict[StepAddress, None] = {}
        """Steps of this turn that nothing came of yet."""
        self._left: dict[StepAddress, tuple[int, float]] = {}
        """Steps that nothing came of before the run went on, and when that was."""

    def look(self, n: int, record: Record) -> None:
        """Read the record that `n` others stand before."""
        event = record.event
        if type(event) in _MOVING:
            self._begin(n, event)
        elif isinstance(event, StepProposed):
            self._tell(event.address)
        self._at = record.at or self._at

    def all(self, total: int, known: Iterable[StepAddress]) -> list[Place]:
        """Give the places of the `total` records read; `known` are the addresses of the run's steps."""
        places = self._found.copy()
        if self._opened is not None:
            places.append(self._place(total, self._opened))
        left = self._left | dict.fromkeys(self._fresh, (total, self._at))
        steps = set(known) if left else set()
        for address, (n, at) in left.items():
            if address in steps:
                places.append(Place(index=0, n=n, kind="step", address=address, at=at))
        if all(place.n < total for place in places):
            places.append(self._place(total, ("end", self._newest, None)))
        places.sort(key=lambda place: (place.n, place.kind == "end", place.address))
        return [
            Place(index=index, n=one.n, kind=one.kind, address=one.address, own=one.own, at=one.at)
            for index, one in enumerate(places)
        ]

    def _begin(self, n: int, event: Event) -> None:
        if self._opened is not None:
            self._found.append(self._place(n, self._opened))
        if type(event) in _LEAVING:
            self._left.update(dict.fromkeys(self._fresh, (n, self._at)))
            self._fresh.clear()
        self._opened = self._opening(event)

    def _tell(self, address: StepAddress) -> None:
        self._left.pop(address, None)
        self._fresh[address] = None

    def _opening(self, event: Event) -> tuple[PlaceKind, StepAddress, int | None] | None:
        match event:
            case StepFinished():
                self._left.pop(event.address, None)
                self._fresh.pop(event.address, None)
                self._newest = event.address
                return "step", event.address, None
            case StepStarted() | CommandInjected():
                self._tell(event.address)
            case OwnCommandRan():
                return "own", self._newest, event.number
            case RunEnded():
                return "end", self._newest, None
            case _:
                pass
        if isinstance(event, _REPLIES):
            self._newest = StepAddress(event.turn)
            return "reply", self._newest, None
        return None

    def _place(self, n: int, opened: tuple[PlaceKind, StepAddress, int | None]) -> Place:
        kind, address, own = opened
        return Place(index=0, n=n, kind=kind, address=address, own=own, at=self._at)
