"""Numbers as lines of text: a table, bars, and a time line of the turns."""

from collections.abc import Callable, Iterator, Sequence

from lis_tui.analysis.capability import CAPABILITIES
from lis_tui.analysis.numbers import Numbers, TurnNumbers
from lis_tui.core.text import one_line

BAR = 20
UNKNOWN = "not known"
_STEPS = "▁▂▃▄▅▆▇█"
_NAMES = {"external": "external resources", "files": "file management", "computation": "computation"}
_SIGNS = {"external": "n", "files": "f", "computation": "c"}


def table(runs: Sequence[Numbers]) -> Iterator[tuple[str, ...]]:
    """Give the rows: a name, then each run's value."""
    for name, tell in _ROWS:
        yield (name, *(tell(run) for run in runs))


def bars(run: Numbers) -> Iterator[str]:
    """Give the share of turns that use each capability, as bars."""
    for one in CAPABILITIES:
        share = run.shares.get(one)
        if share is None:
            yield f"{_NAMES[one]:<18} {UNKNOWN}"
        else:
            yield f"{_NAMES[one]:<18} {bar(share)} {share:>4.0%} of the turns"


def bar(share: float, width: int = BAR) -> str:
    """Draw a part of a whole, to half a cell."""
    whole, rest = divmod(round(min(max(share, 0.0), 1.0) * width * 2), 2)
    return ("━" * whole + "╸" * rest).ljust(width, "·")


def timeline(run: Numbers, width: int = 72) -> Iterator[str]:
    """Give the turns from left to right, in as many columns as there is room for.

    Time in the model and in the sandbox are drawn to one scale, so that they compare; `✗` marks turns with a
    failure, and each capability has a line of its own.
    """
    columns = _columns(run.timeline, width)
    if not columns:
        return
    longest = max((_seconds(turns, place) or 0.0 for turns in columns for place in (0, 1)), default=0.0)
    for place, name in enumerate(("model", "sandbox")):
        cells = [_height(_seconds(turns, place), longest) for turns in columns]
        yield f"{name:<18} {''.join(cells)}" + (
            f"  up to {_duration(longest)}" if longest and not place else ""
        )
    failed = ["✗" if any(turn.failures for turn in turns) else "·" for turns in columns]
    yield f"{'failures':<18} {''.join(failed)}"
    for one in CAPABILITIES:
        used = [_SIGNS[one] if any(one in turn.capabilities for turn in turns) else "·" for turns in columns]
        yield f"{_NAMES[one]:<18} {''.join(used)}"
    last = run.timeline[-1].number
    yield f"{'turn':<18} {run.timeline[0].number:<{max(len(columns) - len(str(last)), 2)}}{last}"


def _columns(turns: Sequence[TurnNumbers], width: int) -> list[Sequence[TurnNumbers]]:
    most = max(width - 19, 10)
    each = -(-len(turns) // most) if turns else 1
    return [turns[start : start + each] for start in range(0, len(turns), each)]


def _seconds(turns: Sequence[TurnNumbers], place: int) -> float | None:
    known = [turn.sandbox_s if place else turn.model_s for turn in turns]
    found = [value for value in known if value is not None]
    return sum(found) if found else None


def _height(value: float | None, longest: float) -> str:
    if value is None:
        return "?"
    if not longest or not value:
        return _STEPS[0]
    return _STEPS[min(int(value / longest * len(_STEPS)), len(_STEPS) - 1)]


def _count(value: int | None) -> str:
    return UNKNOWN if value is None else f"{value:,}"


def _duration(value: float | None) -> str:
    if value is None:
        return UNKNOWN
    if value < 60:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _cost(run: Numbers) -> str:
    if run.cost_usd is None:
        return UNKNOWN
    return f"${run.cost_usd:.4f}" + (" and more, not known" if run.has_unknown_cost else "")


def _written(run: Numbers) -> str:
    return ("~" if run.is_estimated else "") + _count(run.completion_tokens)


def _environment(run: Numbers) -> str:
    return ("~" if run.is_environment_estimated else "") + _count(run.environment_tokens)


def _repeated(run: Numbers) -> str:
    return str(run.repeated)


def _failures(run: Numbers) -> str:
    unknown = f" (of {run.outcomes_unknown:,} it is not known)" if run.outcomes_unknown else ""
    return f"{run.failures:,}{unknown}"


_ROWS: tuple[tuple[str, Callable[[Numbers], str]], ...] = (
    ("model", lambda run: one_line(run.model, 40) or UNKNOWN),
    ("ended", lambda run: run.state.replace("_", " ") or "not"),
    ("turns", lambda run: f"{run.turns:,}"),
    ("steps", lambda run: f"{run.steps:,}"),
    ("failures", _failures),
    ("repeated calls", _repeated),
    ("steps by a person", lambda run: f"{run.by_person:,}"),
    ("tokens sent", lambda run: ("~" if run.is_estimated else "") + _count(run.prompt_tokens)),
    ("  of them cached", lambda run: _count(run.cached_tokens)),
    ("tokens by the model", _written),
    ("tokens observed", _environment),
    ("cost", _cost),
    ("time", lambda run: _duration(run.wall_s)),
    ("  in the model", lambda run: _duration(run.model_s)),
    ("  in the sandbox", lambda run: _duration(run.sandbox_s)),
    ("  waiting for you", lambda run: _duration(run.waited_s)),
)
