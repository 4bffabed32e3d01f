"""How the folds change a view: the one place where what older states share is copied before it is changed."""

from bisect import bisect_right
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

from lis_tui.core.events import Event, StepAddress
from lis_tui.core.parts import Origin, OwnView, Phase, Said, StepView, TurnView, fresh_version

if TYPE_CHECKING:
    from lis_tui.core.view import RunView

Fold = Callable[["RunView", Any, float], None]
E = TypeVar("E", bound=Event)
MOST_SKIPPED = 100
"""Turns are counted without gaps; a number far beyond the last is that of a damaged record."""
_address = attrgetter("address")


class Folds:
    """The fold of each kind of event."""

    def __init__(self, *parts: "Folds") -> None:
        self.by_kind: dict[type, Fold] = {}
        for part in parts:
            self.by_kind |= part.by_kind

    def of(
        self, kind: type[E]
    ) -> Callable[[Callable[["RunView", E, float], None]], Callable[["RunView", E, float], None]]:
        """Say that a function folds such events."""

        def register(fold: Callable[["RunView", E, float], None]) -> Callable[["RunView", E, float], None]:
            self.by_kind[kind] = fold
            return fold

        return register


def changed_step(view: "RunView", address: StepAddress) -> StepView | None:
    """Give the step to be changed; None where there is none."""
    step = view.step(address)
    if step is None:
        return None
    if step.epoch != view.epoch:
        step = _own_step(view, step)
    step.version = fresh_version()
    return step


def changed_turn(view: "RunView", number: int) -> TurnView:
    """Give the turn to be changed, and make it where it is new."""
    turns = view.turns
    if not 0 <= number < len(turns) + MOST_SKIPPED:
        number = len(turns) - 1
    while len(turns) <= number:
        turns.append(TurnView(len(turns), epoch=view.epoch))
    turn = turns[number]
    if turn.epoch != view.epoch:
        turn = turns[number] = turn.copy(view.epoch)
    turn.version = fresh_version()
    return turn


def put_step(view: "RunView", step: StepView) -> None:
    """Put a step in its place: a person's command may stand before a step that waits, or behind the last."""
    step.epoch = view.epoch
    step.version = fresh_version()
    for steps in (changed_turn(view, step.address.turn).steps, view.steps):
        if not steps or steps[-1].address <= step.address:
            steps.append(step)
        else:
            steps.insert(bisect_right(steps, step.address, key=_address), step)
    if view.steps[-1] is not step:
        view.moved = fresh_version()


def drop_steps(view: "RunView", turn: TurnView) -> None:
    """Take out the steps of a reply that no longer counts: they are no steps of this run."""
    dropped = {id(step) for step in turn.steps if not step.is_injected and step.started_at is None}
    turn.steps = [step for step in turn.steps if id(step) not in dropped]
    view.steps = [step for step in view.steps if id(step) not in dropped]
    view.moved = fresh_version()


def changed_own(view: "RunView", number: int) -> OwnView:
    """Give a command of the person's own to be changed."""
    own = view.own.get(number)
    if own is None:
        own = view.own[number] = OwnView(number)
    return own


def say(view: "RunView", number: int, text: str, origin: Origin) -> None:
    """Have something said at a turn."""
    changed_turn(view, number).said.append(Said(text, origin))


def say_now(view: "RunView", text: str, origin: Origin) -> None:
    """Have something said at the newest turn."""
    say(view, len(view.turns) - 1, text, origin)


def close_gate(view: "RunView", at: float) -> None:
    """Nothing waits any more."""
    if view.gate is not None:
        if at and view.gate.opened_at:
            view.waited_s += max(0.0, at - view.gate.opened_at)
        view.gate = None


def enter(view: "RunView", phase: Phase, at: float) -> None:
    """Note what the run does from now on."""
    view.phase = phase
    view.phase_at = at


def _own_step(view: "RunView", step: StepView) -> StepView:
    fresh = step.copy(view.epoch)
    for steps in (changed_turn(view, step.address.turn).steps, view.steps):
        place = bisect_right(steps, step.address, key=_address) - 1
        steps[place] = fresh
    return fresh
