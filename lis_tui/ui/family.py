"""Runs as families: a fork stands below the run it left, and every list of runs draws them the same."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from lis_tui.core.events import StepAddress
from lis_tui.core.text import one_line
from lis_tui.trajectory.summary import RunSummary
from lis_tui.ui import words
from lis_tui.ui.rows import Ink, Row, cells, cut, plain_inks

NAME_WIDTH, NARROW_NAME = 28, 22
NARROW = 90


class Kin(Struct, frozen=True):
    """A run in its family; `depth` counts the forks that lead to it."""

    run: RunSummary
    depth: int = 0


def families(runs: Iterable[RunSummary]) -> list[Kin]:
    """Order runs as trees: families with a live run first, then by when they last did something."""
    children, roots = _children(list(runs))
    grown = [_grown(root, children) for root in roots]
    grown.sort(key=lambda kin: (not any(_is_going(one.run) for one in kin), -max(map(_newest, kin))))
    return [one for kin in grown for one in kin]


def family_of(name: str, runs: Iterable[RunSummary]) -> list[Kin]:
    """Give the family of this run, then the live runs that are no kin."""
    everyone = families(runs)
    place = next((number for number, kin in enumerate(everyone) if kin.run.name == name), None)
    if place is None:
        return [kin for kin in everyone if _is_going(kin.run)]
    first = next(number for number in range(place, -1, -1) if not everyone[number].depth)
    end = next((n for n in range(first + 1, len(everyone)) if not everyone[n].depth), len(everyone))
    others = [*everyone[:first], *everyone[end:]]
    return [*everyone[first:end], *(Kin(kin.run) for kin in others if _is_going(kin.run))]


def kin_row(kin: Kin, now: float, *, width: int, sign: str = " ") -> Row:
    """Give a run's line: name, where it left its parent, state, turns, age, what came of it."""
    run = kin.run
    name_width = NARROW_NAME if width < NARROW else NAME_WIDTH
    fork = f"{'  ' * (kin.depth - 1)}⑂ " if kin.depth else ""
    place = f" @{run.parent_step}" if run.parent_step is not None else ""
    name = cut([(fork, "human"), (one_line(run.name, 60), "command")], max(name_width - len(place), 8))
    name = cut([*name, (place, "human")], name_width)
    name.append((" " * (name_width - cells(name)), ""))
    text, tone = state_of(run)
    age = words.age(max(now - (run.last_at or run.started_at), 0)) if run.started_at else ""
    lead: list[Ink] = [(sign, "accent"), *name, (f" {text:<15} ", tone)]
    lead.append((f"{words.plural(run.turns, 'turn'):>9} {age:>6}  ", "muted"))
    return Row(_said(run, has_parent=bool(kin.depth)), lead=lead)


def state_of(run: RunSummary) -> Ink:
    """Give a run's state, and its tone."""
    if run.status == "live":
        return "▶ live", "accent"
    if run.was_cut_off:
        return "✗ cut off", "error"
    if run.problem:
        return "✗ unreadable", "error"
    text, tone = words.end_words(run.status)
    return f"{'● ' if run.is_live else '■ '}{text}", tone


def _said(run: RunSummary, *, has_parent: bool) -> list[Ink]:
    said = run.problem or run.answer_head or run.task
    inks = [*_opinion(run), *plain_inks(one_line(said, 160), "output" if run.answer_head else "muted")]
    if run.parent is not None and not has_parent:
        inks = [(f"⑂ from {one_line(run.parent, 40)} · ", "human"), *inks]
    return inks


def _opinion(run: RunSummary) -> list[Ink]:
    """Give what a person thinks of it, in few words."""
    words_ = [run.notes.verdict, *(f"#{tag}" for tag in run.notes.tags[:3])]
    said = " ".join(one_line(word, 24) for word in words_ if word)
    return [(f"{said} · ", "human")] if said else []


def _children(runs: Sequence[RunSummary]) -> tuple[dict[str, list[RunSummary]], list[RunSummary]]:
    """Give each run's forks, and the runs that have no parent here."""
    by_name = {run.name: run for run in runs}
    children: dict[str, list[RunSummary]] = {}
    roots: list[RunSummary] = []
    for run in sorted(runs, key=lambda one: (one.parent_step or StepAddress(0), one.name)):
        if run.parent in by_name and not _is_own_ancestor(run, by_name):
            children.setdefault(run.parent or "", []).append(run)
        else:
            roots.append(run)
    return children, roots


def _is_own_ancestor(run: RunSummary, by_name: dict[str, RunSummary]) -> bool:
    """A journal that somebody wrote by hand may say so."""
    seen = {run.name}
    parent = by_name.get(run.parent or "")
    while parent is not None:
        if parent.name in seen:
            return True
        seen.add(parent.name)
        parent = by_name.get(parent.parent or "")
    return False


def _grown(root: RunSummary, children: dict[str, list[RunSummary]]) -> list[Kin]:
    grown: list[Kin] = []
    waiting = [Kin(root)]
    while waiting:
        kin = waiting.pop()
        grown.append(kin)
        waiting += [Kin(child, kin.depth + 1) for child in reversed(children.get(kin.run.name, []))]
    return grown


def _is_going(run: RunSummary) -> bool:
    return run.status == "live"


def _newest(kin: Kin) -> float:
    return max(kin.run.started_at, kin.run.last_at)
