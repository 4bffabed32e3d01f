"""Breakpoints as the screen knows them: one made of a step, how often each acted, where each is kept."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from lis_tui.config.breakpoints import read_breakpoints, save_breakpoints
from lis_tui.core.arguments import arguments_of
from lis_tui.core.breakpoints import Breakpoint, fresh_name
from lis_tui.core.errors import FilterInvalid
from lis_tui.core.events import BreakpointHit, BreakpointsChanged, GateOpened, Record, RunStarted
from lis_tui.core.filter import And, FileIs, Filter, Pattern, ToolIs, steps_meant
from lis_tui.core.filter_parser import parse
from lis_tui.core.parts import StepView
from lis_tui.core.view import RunView
from lis_tui.ui.calls import short
from lis_tui.ui.rows import Ink

Scope = Literal["run", "task", "all"]
"""Where a breakpoint is kept: nowhere, with the task, for every run."""
MOST_SHOWN = 6
ROOM = 60
"""So much of a filter is shown around what is wrong in it."""
_PREFIX = "breakpoint: "
_SPECIAL = re.compile(r"[.^$*+?{}\[\]\\|()]")
"""What means something in a pattern."""


def suggested(view: RunView, step: StepView | None, taken: Sequence[str] = ()) -> Breakpoint:
    """Give a breakpoint for steps like this one; without one, for the next turn. Its name is not `taken`."""
    if step is None:
        return Breakpoint(name=fresh_name("turn", taken), filter=f"turn>={len(view.turns)}")
    arguments = arguments_of(step.arguments) or {}
    command, path = arguments.get("command"), arguments.get("path")
    made: Filter = ToolIs({"execute_bash": "bash", "str_replace_editor": "editor"}.get(step.tool, step.tool))
    name = step.tool
    if step.tool == "execute_bash" and isinstance(command, str) and command.split():
        words = command.split("\n", 1)[0].split()[:2]
        made = Pattern("cmd", " ".join(_SPECIAL.sub(r"\\\g<0>", word) for word in words))
        name = re.sub(r"\W+$", "", words[0])
    elif step.tool == "str_replace_editor" and isinstance(path, str):
        name = path.rpartition("/")[2] or path
        made = And((made, FileIs(name)))
    return Breakpoint(name=fresh_name(name[:30] or "here", taken), filter=str(made))


def name_after(text: str, taken: Iterable[str]) -> str:
    """Give a name for a filter: the first word that it looks for."""
    found = re.search(r"[~:]\W*([\w./-]+)", text) or re.search(r"([\w./-]+)", text)
    return fresh_name(found.group(1)[:30] if found else "here", list(taken))


def hits_of(records: Iterable[Record], names: Iterable[str]) -> dict[str, int]:
    """Count how often each breakpoint acted."""
    counts = dict.fromkeys(names, 0)
    for record in records:
        event = record.event
        if isinstance(event, BreakpointHit) and event.name in counts:
            counts[event.name] += 1
        elif isinstance(event, GateOpened) and event.because.startswith(_PREFIX):
            stopped = event.because.removeprefix(_PREFIX)
            for name in counts:
                counts[name] += f", {name}, " in f", {stopped}, "
    return counts


def switched(records: Iterable[Record], now: tuple[Breakpoint, ...]) -> tuple[Breakpoint, ...]:
    """Switch all off; where all are off, those on that were on last. Empty where none ever was."""
    if any(one.is_on for one in now):
        return tuple(msgspec.structs.replace(one, is_on=False) for one in now)
    on: set[str] = set()
    for record in records:
        found = _breakpoints(record)
        on = {one.name for one in found if one.is_on} or on
    changed = tuple(msgspec.structs.replace(one, is_on=one.name in on) for one in now)
    return changed if any(one.is_on for one in changed) else ()


def _breakpoints(record: Record) -> tuple[Breakpoint, ...]:
    event = record.event
    if isinstance(event, RunStarted):
        return event.spec.breakpoints
    return event.breakpoints if isinstance(event, BreakpointsChanged) else ()


def meant_lines(text: str, view: RunView) -> list[list[Ink]]:
    """Say which steps of the run a filter means; where it cannot be read, point at what is wrong."""
    try:
        return found_lines(steps_meant(parse(text), view), view)
    except FilterInvalid as error:
        return pointed(text, error)


def found_lines(found: Sequence[StepView], view: RunView, note: str = "") -> list[list[Ink]]:
    """Count the steps that a filter means, and name the last of them."""
    count = len(view.steps)
    lines: list[list[Ink]] = [[(f"means {len(found)} of the {count} steps so far{note}", "accent")]]
    shown = found[-MOST_SHOWN:]
    if len(found) > len(shown):
        lines.append([(f"  … {len(found) - len(shown)} before", "muted")])
    return [*lines, *([(f"  {step.address} ", "muted"), (_told(step), "output")] for step in shown)]


def _told(step: StepView) -> str:
    return short(step.tool, step.arguments)


def pointed(text: str, error: FilterInvalid) -> list[list[Ink]]:
    """Point at the column; of a long filter, which its field shows only in part, the place is shown too."""
    at = error.column - 1
    start = max(at - ROOM // 2, 0) if len(text) > ROOM else 0
    lead = "…" if start else ""
    excerpt: list[list[Ink]] = [[(lead + text[start : start + ROOM], "command")]] if len(text) > ROOM else []
    pointer = " " * (at - start + len(lead)) + "▲"
    return [*excerpt, [(pointer, "error bold")], [(error.sentence, "error")]]


# ---- keeping


def scope_of(name: str, folder: Path | None, task: str) -> Scope:
    """Tell where a breakpoint is kept. Raises SettingsInvalid."""
    if folder is None:
        return "run"
    saved = read_breakpoints(folder)
    if any(one.name == name for one in saved.tasks.get(task, ())):
        return "task"
    return "all" if any(one.name == name for one in saved.user) else "run"


def keep(folder: Path, task: str, name: str, new: Breakpoint | None, scope: Scope) -> None:
    """Put `new` where `name` was kept (None: nowhere any more), in this scope. Raises LisError."""
    saved = read_breakpoints(folder)
    of_task = saved.tasks.get(task, ())
    for old, of, is_here in ((saved.user, "", scope == "all"), (of_task, task, scope == "task")):
        found = _put(old, name, new if is_here else None)
        if found != old:
            save_breakpoints(folder, found, of)


def _put(old: tuple[Breakpoint, ...], name: str, new: Breakpoint | None) -> tuple[Breakpoint, ...]:
    if new is None:
        return tuple(one for one in old if one.name != name)
    if any(one.name == name for one in old):
        return tuple(new if one.name == name else one for one in old)
    return (*old, new)
