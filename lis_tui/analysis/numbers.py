"""What a run took and what it used: turns, tokens, money, time, failures, repetitions, capabilities."""

from collections.abc import Iterable

from msgspec import Struct, field

from lis_tui.analysis.capability import CAPABILITIES, PATTERNS_VERSION, Capability, capabilities
from lis_tui.core.arguments import arguments_of
from lis_tui.core.events import Record, ReplyCutOff, ReplyFinished, ReplyResampled
from lis_tui.core.openai import estimate_text
from lis_tui.core.parts import StepView, TurnView
from lis_tui.core.reached import HostSum, sums_of
from lis_tui.core.view import RunView

FAILED = frozenset({"failed", "malformed"})


class TurnNumbers(Struct, frozen=True, kw_only=True):
    """One turn on the time line. None: not known."""

    number: int
    steps: int
    failures: int
    model_s: float | None
    sandbox_s: float | None
    prompt_tokens: int | None
    completion_tokens: int | None
    capabilities: tuple[Capability, ...]


class Numbers(Struct, frozen=True, kw_only=True):
    """A run in numbers. None: not known; what is partly known is counted as far as it is, and said."""

    run: str
    model: str = ""
    state: str = ""
    turns: int = 0
    steps: int = 0
    prompt_tokens: int | None = None
    """Sent, over all requests."""
    cached_tokens: int | None = None
    completion_tokens: int | None = None
    """Written by the model."""
    environment_tokens: int | None = None
    """What observations added to the conversation."""
    is_environment_estimated: bool = False
    """At least one turn's share was guessed from the length of its text."""
    is_estimated: bool = False
    """Some usage was counted by us, because the server sent none."""
    turns_without_usage: int = 0
    cost_usd: float | None = None
    has_unknown_cost: bool = False
    wall_s: float | None = None
    model_s: float | None = None
    sandbox_s: float | None = None
    waited_s: float = 0.0
    """Of the whole, how long the run waited for a person."""
    failures: int = 0
    outcomes_unknown: int = 0
    """Steps of which the recording does not say whether they went well."""
    repeated: int = 0
    """Calls that the model had just made."""
    by_person: int = 0
    """Steps that a person changed, refused or added."""
    shares: dict[Capability, float] = {}
    """Part of the turns that use it, from 0 to 1."""
    patterns_version: int = PATTERNS_VERSION
    timeline: tuple[TurnNumbers, ...] = field(default_factory=tuple)
    connections: tuple[HostSum, ...] = ()
    """What the sandbox reached through its proxy and was refused, by host."""


def numbers_of(run: str, records: Iterable[Record]) -> Numbers:
    """Count a run."""
    view = RunView()
    model_s: dict[int, float] = {}
    for record in records:
        view.apply(record)
        event = record.event
        if isinstance(event, ReplyFinished | ReplyResampled) and event.duration_s:
            model_s[event.turn] = model_s.get(event.turn, 0.0) + event.duration_s
        elif isinstance(event, ReplyCutOff) and record.at:
            asked = view.turns[event.turn].asked_at
            if asked:
                model_s[event.turn] = model_s.get(event.turn, 0.0) + max(record.at - asked, 0.0)
    return numbers_in(run, view, model_s)


def numbers_in(run: str, view: RunView, model_s: dict[int, float]) -> Numbers:
    """Count a run that was folded; `model_s` is how long the model took, by turn."""
    turns = [turn for turn in view.turns[1:] if turn.replies or turn.steps or turn.cut_off]
    timeline = tuple(_turn(turn, model_s) for turn in turns)
    environment, is_guessed = _environment(turns)
    totals, used = view.totals, [turn for turn in turns if turn.usage is not None]
    known_wall = view.started_at and view.last_at > view.started_at
    return Numbers(
        run=run,
        model=view.model.name if view.model is not None else "",
        state=view.ended.status if view.ended is not None else "",
        turns=len(turns),
        steps=len(view.steps),
        prompt_tokens=totals.prompt_tokens if used else None,
        cached_tokens=totals.cached_tokens if used else None,
        completion_tokens=totals.completion_tokens if used else None,
        environment_tokens=environment,
        is_environment_estimated=is_guessed,
        is_estimated=totals.is_estimated,
        turns_without_usage=len(turns) - len(used),
        cost_usd=totals.cost_usd if totals.has_known_cost else None,
        has_unknown_cost=totals.has_unknown_cost,
        wall_s=view.last_at - view.started_at if known_wall else None,
        model_s=_sum(turn.model_s for turn in timeline),
        sandbox_s=_sum(turn.sandbox_s for turn in timeline),
        waited_s=view.waited_s,
        failures=sum(step.status in FAILED for step in view.steps),
        outcomes_unknown=sum(step.status == "unknown" for step in view.steps),
        repeated=sum(step.repeats > 1 for step in view.steps),
        by_person=sum(_is_persons(step) for step in view.steps),
        shares=_shares(timeline),
        timeline=timeline,
        connections=sums_of(view.connections),
    )


def _turn(turn: TurnView, model_s: dict[int, float]) -> TurnNumbers:
    used = {one for step in turn.steps if _ran(step) for one in _uses(step)}
    seconds = [step.observation.duration_s for step in turn.steps if step.observation is not None]
    usage = turn.usage
    return TurnNumbers(
        number=turn.number,
        steps=len(turn.steps),
        failures=sum(step.status in FAILED for step in turn.steps),
        model_s=model_s.get(turn.number),
        sandbox_s=_sum(seconds),
        prompt_tokens=None if usage is None else usage.prompt_tokens,
        completion_tokens=None if usage is None else usage.completion_tokens,
        capabilities=tuple(one for one in CAPABILITIES if one in used),
    )


def _ran(step: StepView) -> bool:
    return step.started_at is not None and not step.is_injected


def _uses(step: StepView) -> frozenset[Capability]:
    return capabilities(step.tool, arguments_of(step.arguments) or {})


def _is_persons(step: StepView) -> bool:
    return step.is_injected or step.changed_by is not None or step.status in ("rejected", "skipped")


def _sum(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _shares(timeline: tuple[TurnNumbers, ...]) -> dict[Capability, float]:
    if not timeline:
        return {}
    return {one: sum(one in turn.capabilities for turn in timeline) / len(timeline) for one in CAPABILITIES}


def _environment(turns: list[TurnView]) -> tuple[int | None, bool]:
    """Count what observations added, as requests grew by it; where that is not known, guess from the text."""
    total, is_guessed = 0, False
    for turn, after in zip(turns, [*turns[1:], None], strict=False):
        seen = [step.observation.text for step in turn.steps if step.observation is not None]
        if not seen:
            continue
        measured = _grown(turn, after)
        if measured is None:
            is_guessed = True
            total += estimate_text(*seen)
        else:
            total += measured
    return (total if any(turn.steps for turn in turns) else None), is_guessed


def _grown(turn: TurnView, after: TurnView | None) -> int | None:
    if after is None or turn.usage is None or after.usage is None or after.number != turn.number + 1:
        return None
    if turn.usage.is_estimated or after.usage.is_estimated:
        return None
    before, reply, now = turn.usage.prompt_tokens, turn.usage.completion_tokens, after.usage.prompt_tokens
    if before is None or reply is None or now is None or now < before:
        return None
    return max(now - before - reply, 0)
