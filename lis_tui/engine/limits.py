"""What ends a run: turns, tokens, cost and seconds, each with its own honest status."""

from collections.abc import Callable
from dataclasses import dataclass

from lis_tui.core.events import EndStatus
from lis_tui.core.messages import Usage
from lis_tui.core.spec import Limits
from lis_tui.core.text import plural

FEW_TURNS = 5
"""From this many turns left on, the model is warned."""


@dataclass(frozen=True)
class Ending:
    """Why a run is over."""

    status: EndStatus
    reason: str = ""
    answer: str | None = None


class Stopwatch:
    """Seconds that count for the time limit: those in which nobody was waited for."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._counted = 0.0
        self._since: float | None = None

    @property
    def seconds(self) -> float:
        """Seconds counted so far."""
        return self._counted + (self._clock() - self._since if self._since is not None else 0.0)

    def count(self, seconds: float) -> None:
        """Count these too: they passed before."""
        self._counted += seconds

    def start(self) -> None:
        """Count from now on."""
        if self._since is None:
            self._since = self._clock()

    def stop(self) -> None:
        """Stop counting."""
        self._counted = self.seconds
        self._since = None


@dataclass
class Spent:
    """What a run has used up."""

    turns: int = 0
    tokens: int = 0
    cost_usd: float = 0.0
    has_unknown_cost: bool = False

    def add(self, usage: Usage, *, is_turn: bool = True) -> None:
        """Count one reply; another version of one is no turn of its own."""
        self.turns += is_turn
        self.tokens += (usage.prompt_tokens or 0) + (usage.completion_tokens or 0)
        self.cost_usd += usage.cost_usd or 0.0
        self.has_unknown_cost = self.has_unknown_cost or usage.cost_usd is None


def reached(limits: Limits, spent: Spent, seconds: float) -> Ending | None:
    """Say which limit is reached, if any."""
    if spent.turns >= limits.max_turns:
        return Ending("turn_limit", f"The limit of {plural(limits.max_turns, 'turn')} is reached.")
    if limits.max_tokens is not None and spent.tokens >= limits.max_tokens:
        return Ending(
            "token_limit", f"{spent.tokens:,} tokens were used; the limit is {limits.max_tokens:,}."
        )
    if limits.max_cost_usd is not None and spent.cost_usd >= limits.max_cost_usd:
        return Ending(
            "cost_limit", f"${spent.cost_usd:.4f} was spent; the limit is ${limits.max_cost_usd:.2f}."
        )
    if limits.timeout_s is not None and seconds >= limits.timeout_s:
        return Ending("time_limit", f"The limit of {limits.timeout_s:g} seconds is reached.")
    return None


def seconds_left(limits: Limits, seconds: float) -> float | None:
    """How long the run may still take; None: no limit."""
    return None if limits.timeout_s is None else max(0.0, limits.timeout_s - seconds)


def turn_note(turn: int, limits: Limits, spent: Spent) -> str:
    """What the model is told of its turns at the end of turn `turn`."""
    left = limits.max_turns - spent.turns
    note = f"[turn {turn} of {turn + left}: {left} left]"
    if left <= 0:
        return f"{note} No turn is left."
    if left <= FEW_TURNS:
        return f"{note} Few turns are left: write answer.txt now and submit."
    return note
