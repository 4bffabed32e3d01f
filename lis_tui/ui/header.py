"""The two lines on top: task and run, and below them the strip of steps."""

from collections.abc import Collection

from lis_tui.core.events import StepAddress
from lis_tui.core.text import one_line
from lis_tui.core.view import RunView
from lis_tui.ui import words
from lis_tui.ui.rows import Ink, cells, cut
from lis_tui.ui.strip import strip_inks

SEPARATOR = " · "


def title_line(view: RunView, name: str, width: int) -> list[Ink]:
    """Give the task at the left, model, sandbox and run at the right."""
    task = words.task(view, 300) or "…"
    right = _right(view, name)
    while right and (cells(right) > width * 2 // 3 or right[0][0] == SEPARATOR):
        right = right[1:]
    left = cut([(f" {task}", "command bold")], max(width - cells(right) - 2, 8))
    gap = max(width - cells(left) - cells(right), 1)
    return cut([*left, (" " * gap, ""), *right], width)


def strip_line(view: RunView, cursor: int, width: int, forks: Collection[StepAddress] = ()) -> list[Ink]:
    """Give the strip and the address of the step under the cursor."""
    address = str(view.steps[min(cursor, len(view.steps) - 1)].address) if view.steps else ""
    room = strip_width(width)
    return [(" ", ""), *strip_inks(view, cursor, room, forks), (f"  {address:>6} ", "muted")]


def strip_width(width: int) -> int:
    """How many cells the marks have."""
    return max(width - 10, 4)


def _right(view: RunView, name: str) -> list[Ink]:
    parts: list[Ink] = []
    if model := words.model_label(view):
        tone = "warning" if model.startswith("scripted") else "output"
        parts.append((model, tone))
    if view.sandbox is not None:
        network = "" if view.sandbox.network != "none" else ", no network"
        gone = "" if view.has_sandbox or view.ended is None else " (gone)"
        parts.append((one_line(view.sandbox.kind, 20) + network + gone, "output"))
    if name:
        parts.append((f"run {one_line(name, 40)}", "accent"))
    line: list[Ink] = []
    for number, part in enumerate(parts):
        line += [(SEPARATOR, "muted"), part] if number else [part]
    if view.fork is not None:
        line.append((f" ⑂ from {one_line(view.fork.parent, 40)} @{view.fork.point}", "human"))
    return [*line, (" ", "")]
