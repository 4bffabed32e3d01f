"""Runs side by side: how each came out, and which turns and steps of two of them belong together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

from msgspec import Struct

from lis_tui.core.events import StepAddress
from lis_tui.core.parts import StepView, TurnView
from lis_tui.core.sameness import Sign, call_key, call_sameness, sameness, worst
from lis_tui.core.view import RunView

MOST_RUNS = 8
_FAILURES = ("failed", "malformed")


class Outcome(Struct, frozen=True, kw_only=True):
    """How one run came out, as far as it has. Text in it is as it came: clean it before it is shown."""

    run: str
    model: str = ""
    state: str = ""
    """An `EndStatus`, else `live`, `cut off`, or of another program's run `not recorded`."""
    reason: str = ""
    answer: str | None = None
    turns: int = 0
    steps: int = 0
    tokens: int = 0
    is_estimated: bool = False
    cost_usd: float | None = None
    """None: no price is known."""
    has_unknown_cost: bool = False
    seconds: float | None = 0.0
    """None: when it was is not known."""
    failures: int = 0
    """Steps that failed, and calls that could not be read."""
    human_changes: int = 0
    """Things a person edited, refused, injected or said."""
    parent: str | None = None
    """The run that it was forked from."""
    verdict: str = ""


def outcome(run: str, view: RunView, *, is_live: bool = False, verdict: str = "") -> Outcome:
    """Sum a run up."""
    ended, totals = view.ended, view.totals
    unended = "live" if is_live else "cut off" if view.imported is None else "not recorded"
    return Outcome(
        run=run,
        model=view.model.name if view.model is not None else "",
        state=ended.status if ended is not None else unended,
        reason=ended.reason if ended is not None else "",
        answer=ended.answer if ended is not None else None,
        turns=view.turn.number,
        steps=len(view.steps),
        tokens=totals.prompt_tokens + totals.completion_tokens,
        is_estimated=totals.is_estimated,
        cost_usd=totals.cost_usd if totals.has_known_cost else None,
        has_unknown_cost=totals.has_unknown_cost,
        seconds=_seconds(view),
        failures=sum(step.status in _FAILURES for step in view.steps),
        human_changes=sum(map(_is_changed, view.steps)) + sum(map(_changes, view.turns)),
        parent=view.fork.parent if view.fork is not None else None,
        verdict=verdict,
    )


def _seconds(view: RunView) -> float | None:
    end = view.ended_at or view.last_at
    return max(end - view.started_at, 0.0) if view.started_at and end else None


def _is_changed(step: StepView) -> bool:
    """Whether a person edited, refused or injected it, or what the model saw of it."""
    is_refused = step.status in ("rejected", "skipped") and step.decided_by == "person"
    by_person = step.changed_by == "person" or (step.is_injected and step.decided_by == "person")
    return by_person or is_refused or step.edited_text is not None


def _changes(turn: TurnView) -> int:
    said = sum(one.origin in ("person", "follow_up") for one in turn.said)
    return said + turn.is_edited + (len(turn.replies) > 1)


# ---- two runs


@dataclass(frozen=True, slots=True)
class StepPair:
    """A step and its like in the other run; one of them may be missing."""

    left: StepView | None
    right: StepView | None
    command: Sign
    observation: Sign
    is_shared: bool = False
    """It happened once, before the runs went apart."""

    @property
    def sign(self) -> Sign:
        """How the two compare as a whole."""
        return worst(self.command, self.observation)


@dataclass(frozen=True, slots=True)
class TurnPair:
    """A turn and its like in the other run, with the pairs of their steps."""

    left: TurnView | None
    right: TurnView | None
    reasoning: Sign
    """Reasoning and text of the reply."""
    steps: tuple[StepPair, ...] = ()
    is_shared: bool = False

    @property
    def number(self) -> int:
        """Which turn."""
        found = self.left or self.right
        return found.number if found is not None else 0


@dataclass(frozen=True, slots=True)
class Alignment:
    """Two runs, turn by turn."""

    turns: tuple[TurnPair, ...]
    shared: tuple[StepAddress, ...] = ()
    """The steps at the beginning that are the same in both."""
    is_fork: bool = False
    """They are the same because one run was forked from the other, or both from a third."""

    @property
    def pairs(self) -> Iterator[StepPair]:
        """All pairs of steps."""
        for turn in self.turns:
            yield from turn.steps

    def count(self, sign: Sign) -> int:
        """How many pairs of steps compare like this."""
        return sum(pair.sign == sign for pair in self.pairs)


def align(left: RunView, right: RunView) -> Alignment:
    """Pair two runs: by step as long as they are one run or make equal calls, by turn from there on."""
    copied = _copied(left, right)
    is_fork = copied > 0
    shared = frozenset(step.address for step in left.steps[: copied or _common(left.steps, right.steps)])
    last = max(shared, default=StepAddress(0))
    turns = zip_longest(left.turns[1:], right.turns[1:])
    return Alignment(
        turns=tuple(_pair_turns(one, other, shared, last.turn if is_fork else 0) for one, other in turns),
        shared=tuple(sorted(shared)),
        is_fork=is_fork,
    )


def _copied(left: RunView, right: RunView) -> int:
    """Count the steps that happened before one was forked from the other, or both from a third."""
    if left.fork is None and right.fork is None:
        return 0
    pairs = list(zip(left.steps, right.steps, strict=False))
    # Facts are copied with their times, so that also forks of forks show what they have in common.
    by_facts = next((n for n, pair in enumerate(pairs) if _facts(pair[0]) != _facts(pair[1])), len(pairs))
    return max(by_facts, sum(_is_before_the_fork(left, right, pair) for pair in pairs))


def _is_before_the_fork(left: RunView, right: RunView, pair: tuple[StepView, StepView]) -> bool:
    """Say by the names of parents whether a pair of steps is one and the same."""
    forks = [
        view.fork for view in (left, right) if view.fork is not None and _parent(view) in _lines(left, right)
    ]
    if not forks or pair[0].address != pair[1].address:
        return False
    here = pair[0].address
    return all(here < fork.point if fork.is_before else here <= fork.point for fork in forks)


def _parent(view: RunView) -> str:
    return view.fork.parent if view.fork is not None else ""


def _lines(left: RunView, right: RunView) -> set[str]:
    """Give the runs from which these two have steps in common: one of them, or the parent of both."""
    found = {view.started.run for view in (left, right) if view.started is not None and view.fork is None}
    return found | ({_parent(left)} & {_parent(right)})


def _facts(step: StepView) -> tuple[object, ...]:
    return step.address, step.proposed, step.proposed_at, step.started_at, step.ended_at


def _common(left: Sequence[StepView], right: Sequence[StepView]) -> int:
    """Count the calls at the beginning that are equal and stand at the same addresses."""
    count = 0
    for one, other in zip(left, right, strict=False):
        if one.address != other.address or call_key(_call(one)) != call_key(_call(other)):
            break
        count += 1
    return count


def _pair_turns(
    left: TurnView | None, right: TurnView | None, shared: frozenset[StepAddress], last_copied: int
) -> TurnPair:
    steps = _pair_steps(_ordered(left), _ordered(right), shared)
    number = (left or right or TurnView(0)).number
    reasoning: Sign = "←" if right is None else "→" if left is None else sameness(_said(left), _said(right))
    return TurnPair(left, right, reasoning, tuple(steps), number <= last_copied)


def _ordered(turn: TurnView | None) -> list[StepView]:
    return sorted(turn.steps, key=lambda step: step.address) if turn is not None else []


def _said(turn: TurnView) -> str:
    return f"{turn.reasoning}\n{turn.text}".strip("\n")


def _pair_steps(
    left: list[StepView], right: list[StepView], shared: frozenset[StepAddress]
) -> Iterator[StepPair]:
    """Pair the steps of two turns: the shared ones, then equal calls, and in order what is between them."""
    together = sum(step.address in shared for step in left)
    for one, other in zip(left[:together], right[:together], strict=False):
        yield _pair(one, other, is_shared=True)
    left, right = left[together:], right[together:]
    keys = [call_key(_call(step)) for step in left], [call_key(_call(step)) for step in right]
    for _, a, b, c, d in SequenceMatcher(None, *keys, autojunk=False).get_opcodes():
        for first, second in zip_longest(left[a:b], right[c:d]):
            yield _pair(first, second)


def _pair(left: StepView | None, right: StepView | None, *, is_shared: bool = False) -> StepPair:
    if left is None or right is None:
        alone: Sign = "→" if left is None else "←"
        return StepPair(left, right, alone, alone)
    return StepPair(left, right, call_sameness(_call(left), _call(right)), _observed(left, right), is_shared)


def _call(step: StepView) -> tuple[str, str]:
    return step.tool, step.arguments


def _observed(left: StepView, right: StepView) -> Sign:
    one, other = left.observation, right.observation
    if one is None or other is None:
        return "=" if one is other else "≠"
    if (one.status, one.exit_code) != (other.status, other.exit_code):
        return "≠"
    return worst(sameness(one.text, other.text), sameness(one.answer or "", other.answer or ""))
