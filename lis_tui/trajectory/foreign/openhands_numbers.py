"""Reads the times, tokens and prices that OpenHands writes beside its events."""

from datetime import datetime

from lis_tui.core.messages import Usage
from lis_tui.trajectory.foreign.fields import duration, items, mapping, number, seconds, whole, word
from lis_tui.trajectory.foreign.material import Json

_QUARTER = 900
_MOST_LATE = 600
_LOOKED_AT = 2_000


class Zone:
    """The times of one run. OpenHands writes them without a zone, as the clock on the wall showed them.

    A reply of the model says when it was made in unix seconds: the difference is the zone.
    """

    def __init__(self, events: list[object]) -> None:
        found = (_offset(mapping(event)) for event in events[:_LOOKED_AT])
        self._offset = next((offset for offset in found if offset is not None), None)
        self.is_guessed = False
        """A time was read as if it were of UTC."""

    def at(self, event: object) -> float:
        """Give the time of an event; 0.0: not known."""
        told = mapping(event).get("timestamp")
        known = seconds(told)
        if known:
            return known
        naive = _as_utc(told)
        if naive and self._offset is None:
            self.is_guessed = True
        return max(0.0, naive - (self._offset or 0)) if naive else 0.0


class Prices:
    """The tokens and prices of a run's replies, by the id of the reply."""

    def __init__(self, *told: object) -> None:
        self._usages: dict[str, Json] = {}
        self._costs: dict[str, float] = {}
        self._latencies: dict[str, float] = {}
        self._spent = 0.0
        for metrics in told:
            self._read(mapping(metrics))

    def _read(self, metrics: Json) -> None:
        usages = [mapping(one) for one in items(metrics.get("token_usages"))]
        costs = [number(mapping(one).get("cost")) for one in items(metrics.get("costs"))]
        for place, usage in enumerate(usages):
            ident = word(usage.get("response_id"))
            self._usages[ident] = usage
            cost = costs[place] if len(costs) == len(usages) else None
            if cost is not None:
                self._costs[ident] = cost
        for one in map(mapping, items(metrics.get("response_latencies"))):
            took = duration(one.get("latency"))
            if took is not None:
                self._latencies[word(one.get("response_id"))] = took

    def usage(self, response_id: str, response: Json, metrics: Json) -> Usage | None:
        """Give what a reply used, from the reply itself, or from the account of all."""
        told = mapping(response.get("usage")) or self._usages.get(response_id, {})
        cost = self._costs.get(response_id)
        spent = number(metrics.get("accumulated_cost"))
        if spent is not None:  # an event knows what all replies until it have cost
            cost = spent - self._spent if cost is None and spent >= self._spent else cost
            self._spent = spent
        if not told and cost is None:
            return None
        detail = mapping(told.get("prompt_tokens_details"))
        thought = mapping(told.get("completion_tokens_details"))
        cached = whole(told.get("cache_read_tokens"))
        return Usage(
            prompt_tokens=whole(told.get("prompt_tokens")),
            completion_tokens=whole(told.get("completion_tokens")),
            cached_tokens=whole(detail.get("cached_tokens")) if cached is None else cached,
            reasoning_tokens=whole(thought.get("reasoning_tokens", told.get("reasoning_tokens"))),
            cost_usd=cost,
        )

    def took(self, response_id: str) -> float | None:
        """Give how long a reply took; None: not known."""
        return self._latencies.get(response_id)


def _offset(event: Json) -> float | None:
    response = mapping(mapping(event.get("tool_call_metadata")).get("model_response"))
    made, naive = seconds(response.get("created")), _as_utc(event.get("timestamp"))
    if not made or not naive:
        return None
    offset = (naive - made) // _QUARTER * _QUARTER
    return offset if naive - made - offset < _MOST_LATE and abs(offset) <= 86_400 else None


def _as_utc(told: object) -> float:
    return seconds(f"{told}+00:00") if isinstance(told, str) and _is_naive(told) else 0.0


def _is_naive(told: str) -> bool:
    try:
        return datetime.fromisoformat(told).tzinfo is None
    except (ValueError, OverflowError):
        return False
