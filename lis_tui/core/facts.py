"""What a filter can ask about: a step (or a turn that begins) as plain values; None: not known (yet)."""

from pathlib import PurePosixPath

import msgspec
from msgspec import Struct

from lis_tui.core.parts import StepView
from lis_tui.core.view import RunView

Known = dict[str, object]
_WRITES = ("create", "str_replace", "insert", "undo_edit")


class Facts(Struct, frozen=True, kw_only=True):
    """What is known of a step at this moment, whether it waits, runs or is over."""

    turn: int | None = None
    tool: str | None = None
    commands: tuple[str, ...] | None = None
    """The shell command as proposed, and as changed by a person; empty for a step that has none."""
    arguments: tuple[str, ...] | None = None
    """Every text in the call's arguments."""
    output: str | None = None
    """What came of it, as the model saw it: long outputs are cut to head and tail."""
    text: str | None = None
    """Reasoning and reply of the turn."""
    exit_code: int | None = None
    files: tuple[str, ...] | None = None
    """What was created, changed or deleted, relative to the work folder where it lies inside."""
    workdir: str = "/testbed"
    tokens: int | None = None
    """Used by the run up to and with this turn's reply."""
    cost_usd: float | None = None
    seconds: float | None = None
    """How long the step took."""
    repeats: int | None = None
    """How often the model made this very call in a row."""


def facts_of(view: RunView, step: StepView | None = None) -> Facts:
    """Say what is known of a step; without one, of the newest turn, which has none yet."""
    workdir = view.started.spec.sandbox.workdir if view.started is not None else "/testbed"
    if step is None:
        totals = view.totals
        return Facts(
            turn=view.turn.number,
            workdir=workdir,
            tokens=totals.prompt_tokens + totals.completion_tokens,
            cost_usd=totals.cost_usd if totals.has_known_cost else None,
        )
    proposed, ran = _object(step.proposed), _object(step.arguments)
    turn = view.turns[step.address.turn] if step.address.turn < len(view.turns) else None
    seen = step.observation
    return Facts(
        turn=step.address.turn,
        tool=step.tool,
        commands=_commands(step.tool, proposed, ran),
        arguments=tuple(dict.fromkeys([*_texts(proposed), *_texts(ran)])),
        output=None if seen is None else seen.text,
        text=None if turn is None else f"{turn.reasoning}\n{turn.text}".strip("\n"),
        exit_code=None if seen is None else seen.exit_code,
        files=_files(view, step, ran, workdir),
        workdir=workdir,
        tokens=step.tokens_so_far,
        cost_usd=step.cost_so_far,
        seconds=_seconds(step),
        repeats=step.repeats,
    )


def _commands(tool: str, proposed: Known, ran: Known) -> tuple[str, ...]:
    if tool != "execute_bash":
        return ()
    found = (given.get("command") for given in (proposed, ran))
    return tuple(dict.fromkeys(one for one in found if isinstance(one, str)))


def _files(view: RunView, step: StepView, ran: Known, workdir: str) -> tuple[str, ...] | None:
    """A file that the editor is asked to write is known before it is written."""
    written = ran.get("path") if step.tool == "str_replace_editor" and ran.get("command") in _WRITES else None
    found = [relative(written, workdir)] if isinstance(written, str) else []
    if step.started_at is not None:
        found = list(dict.fromkeys((*found, *step.changes)))
    is_known = step.tool != "execute_bash" or (step.is_over and view.has_tree)
    return tuple(found) if found or is_known else None


def relative(path: str, workdir: str) -> str:
    """Give a path as it is told: relative to the work folder where it lies inside."""
    pure = PurePosixPath(path)
    return str(pure.relative_to(workdir)) if pure.is_relative_to(workdir) else path


def _seconds(step: StepView) -> float | None:
    if step.observation is None or step.started_at is None:
        return None
    measured = step.observation.duration_s
    if measured is None or not step.started_at:
        return measured
    return measured or max(0.0, (step.ended_at or step.started_at) - step.started_at)


def _object(arguments: str) -> Known:
    try:
        return msgspec.json.decode((arguments or "{}").encode(errors="replace"), type=Known)
    except msgspec.DecodeError:
        return {"": arguments}


def _texts(given: Known) -> list[str]:
    return [value for value in given.values() if isinstance(value, str)]
