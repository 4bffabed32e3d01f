"""The strip of steps: one mark a step; past its width each mark stands for several, and the worst wins."""

from collections.abc import Collection
from functools import lru_cache
from itertools import pairwise

from lis_tui.core.events import StepAddress
from lis_tui.core.parts import StepView
from lis_tui.core.view import RunView
from lis_tui.ui.rows import Ink

HERE = "◉"
MARKED = "◆"
_MARKS = {
    "waiting": ("‖", "warning"),
    "running": ("▶", "accent"),
    "ran": ("+", "human"),
    "changed": ("✎", "human"),
    "malformed": ("✗", "error"),
    "diverged": ("≠", "error"),
    "failed": ("✗", "error"),
    "interrupted": ("✗", "human"),
    "not_replayable": ("–", "warning"),
    "rejected": ("⊘", "human"),
    "fork": ("⑂", "human"),
    "proposed": ("·", "muted"),
    "background": ("»", "accent"),
    "skipped": ("–", "muted"),
    "unkept": ("○", "muted"),
    "normalised": ("≈", "ok"),
    "identical": ("=", "ok"),
    "unknown": ("●", "muted"),
    "done": ("●", "ok"),
}
"""The worst first. `ran`: a person ran it; `unkept`: there is no checkpoint."""
_RANKS = {kind: rank for rank, kind in enumerate(_MARKS)}
_PLAIN = ("done", "identical", "normalised", "unkept", "fork", "skipped", "proposed")
SIGNS = (
    (f"{HERE} here", "accent"),
    ("● done", "ok"),
    ("✗ failed", "error"),
    ("⊘ rejected", "human"),
    ("✎ you changed it", "human"),
    ("+ you ran it", "human"),
    ("⑂ fork", "human"),
    (f"{MARKED} marked", "human"),
    ("○ no checkpoint", "muted"),
    ("» background", "accent"),
    ("‖ waits", "warning"),
    ("▶ running", "accent"),
    ("= again", "ok"),
    ("≈ but for times", "ok"),
    ("≠ diverged", "error"),
    ("– not comparable", "warning"),
)
"""What the marks mean, for the help."""


_NOBODY: frozenset[StepAddress] = frozenset()


def strip_inks(
    view: RunView,
    cursor: int,
    width: int,
    forks: Collection[StepAddress] = (),
    marked: frozenset[StepAddress] = _NOBODY,
) -> list[Ink]:
    """Give the signs of the steps, exactly `width` cells wide; of a long run each stands for several.

    `forks` are the steps where others left this run, `marked` those that a person marked; a cursor of -1 is
    before the first.
    """
    if not view.steps or width < 4:
        return [("─" * width, "rule")]
    return _inks(_Steps(view, frozenset(forks), marked), cursor, width)


class _Steps:
    """The steps of a view as it is now, to be told apart by its version, which comes never twice."""

    def __init__(self, view: RunView, forks: frozenset[StepAddress], marked: frozenset[StepAddress]) -> None:
        self.view = view
        self.forks = forks
        self.marked = marked
        self._key = (view.version, len(view.steps), forks, marked)

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Steps) and self._key == other._key


@lru_cache(maxsize=4)
def _signs(steps: _Steps, most: int) -> list[tuple[str, bool]]:
    """Give what each sign stands for and whether a step of it is marked; kept, for a long run's take time."""
    kinds = _kinds(steps.view, fork_points(steps.view, steps.forks))
    marked = [step.address in steps.marked for step in steps.view.steps]
    if len(kinds) <= most:
        return list(zip(kinds, marked, strict=True))
    edges = [number * len(kinds) // most for number in range(most + 1)]
    return [(min(kinds[a:b], key=_RANKS.__getitem__), any(marked[a:b])) for a, b in pairwise(edges)]


def _inks(steps: _Steps, cursor: int, width: int) -> list[Ink]:
    count = len(steps.view.steps)
    step_width = spacing(count, width)
    signs = _signs(steps, width // step_width)
    here = _bucket_of(cursor, count, len(signs))
    inks: list[Ink] = []
    for number, (kind, is_marked) in enumerate(signs):
        sign, tone = _MARKS[kind]
        if is_marked:
            sign, tone = MARKED, "human" if kind in _PLAIN else tone
        if step_width > 1:
            inks.append(("─" * (step_width - 1), "rule"))
        if number == here:
            sign, tone = HERE, f"{'accent' if kind in _PLAIN else tone} bold"
        inks.append((sign, tone))
    rest = width - len(signs) * step_width
    return [*inks, ("╌" * rest, "rule")]


def fork_points(view: RunView, forks: Collection[StepAddress] = ()) -> set[StepAddress]:
    """Give the steps where runs part: where others left this one, and the last that it has of its parent."""
    points = set(forks)
    fork = view.fork
    if fork is not None:
        shared = [
            step.address
            for step in view.steps
            if step.address < fork.point or (step.address == fork.point and not fork.is_before)
        ]
        points.update(shared[-1:])
    return points


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


def _kinds(view: RunView, points: set[StepAddress]) -> list[str]:
    # The newest step's checkpoint is taken beside the model's next thought.
    newest = view.steps[-1] if view.ended is None else None
    is_kept = bool(view.checkpoints)
    kinds = []
    for step in view.steps:
        kind = _kind(step, points)
        is_unkept = is_kept and not step.has_checkpoint and step is not newest
        kinds.append("unkept" if kind == "done" and is_unkept else kind)
    return kinds


def _kind(step: StepView, points: set[StepAddress]) -> str:
    if step.status in ("waiting", "running"):
        return step.status
    if step.replayed is not None:
        return step.replayed.verdict
    if step.is_injected:
        return "ran"
    if step.changed_by is not None:
        return "changed"
    if step.address in points and _RANKS[step.status] > _RANKS["fork"]:
        return "fork"
    return step.status


def _bucket_of(cursor: int, count: int, buckets: int) -> int:
    if count <= buckets or cursor < 0:
        return min(cursor, count - 1)
    edges = [number * count // buckets for number in range(buckets + 1)]
    return next((n for n in range(buckets) if edges[n] <= cursor < edges[n + 1]), buckets - 1)
