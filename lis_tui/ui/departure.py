"""What a rewind, a fork or a resumption leads to, in words, and what it needs that no journal keeps."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from lis_tui.config.secrets import find_secrets
from lis_tui.core.errors import LisError
from lis_tui.core.events import CheckpointTaken, StepAddress
from lis_tui.core.parts import StepView
from lis_tui.core.spec import RunSpec
from lis_tui.core.text import one_line, plural
from lis_tui.core.view import RunView
from lis_tui.core.wire import Changes
from lis_tui.ui.calls import short
from lis_tui.ui.rows import Ink

MOST_NAMED = 3


class Point(Struct, frozen=True):
    """A step, and which side of it."""

    address: StepAddress
    is_before: bool = False

    def __str__(self) -> str:
        return f"{'before' if self.is_before else 'after'} {self.address}"


class Departure(Struct, frozen=True):
    """What a person chose: where to leave the run, and what is different from there on."""

    point: Point
    changes: Changes = Changes()
    is_rebuilt: bool = False
    """Its sandbox comes about by re-execution."""


def default_point(step: StepView) -> Point:
    """A step that is not over can only be left before it."""
    return Point(step.address, is_before=not step.is_over)


def kept(view: RunView, point: Point) -> list[StepView]:
    """Give the steps that count on the other side."""
    if point.is_before:
        return [step for step in view.steps if step.address < point.address]
    return [step for step in view.steps if step.address <= point.address]


def checkpoint_of(view: RunView, point: Point) -> CheckpointTaken | None:
    """Give the checkpoint that has the sandbox as it was there; None: there is none."""
    ran = [step.address for step in kept(view, point) if step.started_at is not None]
    last = ran[-1] if ran else StepAddress(0)
    fitting = [each for each in view.checkpoints if last <= each <= point.address]
    if point.is_before:
        fitting = [each for each in fitting if each < point.address]
    return view.checkpoints[max(fitting)] if fitting else None


def needs_rebuilding(view: RunView, point: Point) -> bool:
    """Whether no checkpoint has the sandbox as it was there."""
    has_run = any(step.started_at is not None for step in kept(view, point))
    return view.imported is not None or (has_run and checkpoint_of(view, point) is None)


def fork_lines(
    view: RunView, point: Point, name: str, *, is_live: bool, is_rebuilt: bool = False
) -> list[tuple[str, Ink]]:
    """Say what a fork there has, and what becomes of its parent: a word and a sentence each."""
    lines = _is_done_again(view, point) if is_rebuilt else _comes_back(view, point)
    if is_live:
        lines.append(
            ("parent", (f"{one_line(name, 40)} goes on beside it; neither touches the other", "output"))
        )
    else:
        lines.append(("parent", (f"{one_line(name, 40)} stays as it is", "output")))
    lost = _processes(view, point)
    if lost:
        lines.append(("lost", (f"processes are not copied: {lost}", "warning")))
    return lines


def rewind_lines(view: RunView, point: Point, name: str) -> list[tuple[str, Ink]]:
    """Say what comes back, what is dropped, and what cannot come back: a word and a sentence each."""
    lines = _comes_back(view, point)
    staying = kept(view, point)
    gone = [step for step in view.steps if step not in staying]
    if gone:
        span = str(gone[0].address) if len(gone) == 1 else f"{gone[0].address} to {gone[-1].address}"
        text = f"{plural(len(gone), 'step')}, {span}; to be read in {one_line(name, 40)}, which ends"
        lines.append(("dropped", (text, "output")))
    lost = _processes(view, None)
    text = f"processes end and do not come back: {lost}" if lost else "processes, of which none is known"
    lines.append(("lost", (text, "warning" if lost else "muted")))
    return lines


def _comes_back(view: RunView, point: Point) -> list[tuple[str, Ink]]:
    checkpoint = checkpoint_of(view, point)
    has_run = any(step.started_at is not None for step in kept(view, point))
    lines: list[tuple[str, Ink]] = []
    if checkpoint is not None:
        what = f"files as they were {point}; folder, variables and functions of its shell"
        lines.append(("back", (f"{what}; the conversation", "output")))
        lines += [("note", (one_line(note, 200), "warning")) for note in checkpoint.notes]
    elif not has_run:
        lines.append(("back", ("the conversation; the sandbox is new, as nothing had run yet", "output")))
    else:
        lines.append(("back", ("the conversation", "output")))
        why = "" if view.started is None or view.started.spec.sandbox.checkpoints else " (they are off)"
        text = f"no checkpoint {point}{why}: the sandbox is new, without what the steps before made"
        lines.append(("not back", (text, "error")))
    return lines


def _is_done_again(view: RunView, point: Point) -> list[tuple[str, Ink]]:
    count = plural(sum(step.started_at is not None for step in kept(view, point)), "step")
    what = f"by re-execution: {count} run again in a fresh sandbox, each compared with the recording"
    lines: list[tuple[str, Ink]] = [("rebuilt", (what, "output"))]
    if view.imported is not None:
        text = "the model gets the calls as calls of our tools; say which model goes on"
        lines.append(("note", (text, "warning")))
    return lines


def _processes(view: RunView, point: Point | None) -> str:
    """Name what runs now, or (with a point) what ran there."""
    steps = view.steps if point is None else kept(view, point)
    going = [step for step in steps if step.job == "running" or step.status == "running"]
    names = [f"{step.address} {one_line(short(step.tool, step.arguments), 48)}" for step in going]
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more


def named_after(parent: str, changes: Changes) -> Changes:
    """Have a new run called like its parent, with the next number."""
    return msgspec.structs.replace(changes, name=re.sub(r"-\d+$", "", parent) or parent)


def spec_with(view: RunView, changes: Changes) -> RunSpec | None:
    """Give the run's spec as it will be."""
    if view.started is None:
        return None
    model = changes.model or view.model or view.started.spec.model
    return msgspec.structs.replace(view.started.spec, model=model)


def secrets_for(view: RunView, changes: Changes, *, is_live: bool) -> Mapping[str, str]:
    """Collect key and variables; the host of a live run has those that are as they were.

    Raises KeyMissing, UsageWrong.
    """
    spec = spec_with(view, changes)
    if spec is None:
        return {}
    try:
        return find_secrets(spec, os.environ, Path.cwd())
    except LisError:
        if is_live and changes.model is None:
            return {}
        raise
