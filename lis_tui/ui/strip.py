"""The strip of steps: one mark a step; past its width each mark stands for several, and the worst wins."""

from itertools import pairwise

from lis_tui.core.parts import StepView
from lis_tui.ui import words
from lis_tui.ui.rows import Ink

_WORST = (
    "waiting",
    "running",
    "malformed",
    "failed",
    "interrupted",
    "rejected",
    "proposed",
    "skipped",
    "done",
)


def strip_inks(steps: list[StepView], cursor: int, width: int) -> list[Ink]:
    """Give the strip's marks, exactly `width` cells wide."""
    if not steps or width < 4:
        return [("─" * width, "rule")]
    step_width = spacing(len(steps), width)
    buckets = _buckets(steps, width // step_width)
    here = _bucket_of(cursor, len(steps), len(buckets))
    inks: list[Ink] = []
    for number, bucket in enumerate(buckets):
        sign, tone = words.mark(bucket)
        if step_width > 1:
            inks.append(("─" * (step_width - 1), "rule"))
        inks.append((sign, f"{tone} bold reverse" if number == here else tone))
    rest = width - len(buckets) * step_width
    return [*inks, ("╌" * rest, "rule")]


def step_at(cell: int, count: int, width: int) -> int:
    """Tell which step a cell of the strip stands for."""
    if not count:
        return 0
    step_width = spacing(count, width)
    buckets = min(count, width // step_width)
    return min(cell // step_width, buckets - 1) * count // buckets


def spacing(count: int, width: int) -> int:
    """How many cells a mark takes."""
    return 3 if count * 3 <= width else 2 if count * 2 <= width else 1


def _buckets(steps: list[StepView], most: int) -> list[StepView]:
    if len(steps) <= most:
        return steps
    edges = [number * len(steps) // most for number in range(most + 1)]
    return [min(steps[a:b], key=_badness) for a, b in pairwise(edges)]


def _bucket_of(cursor: int, count: int, buckets: int) -> int:
    if count <= buckets:
        return min(cursor, count - 1)
    edges = [number * count // buckets for number in range(buckets + 1)]
    return next((n for n in range(buckets) if edges[n] <= cursor < edges[n + 1]), buckets - 1)


def _badness(step: StepView) -> tuple[int, int]:
    place = _WORST.index(step.status)
    return (2, 0) if step.changed_by is not None and place > 2 else (place if place < 2 else place + 1, 0)
