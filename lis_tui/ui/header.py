"""The two lines on top: task and run, and below them the strip of steps."""

from typing import TYPE_CHECKING

from lis_tui.core.text import one_line
from lis_tui.core.view import RunView
from lis_tui.ui import words
from lis_tui.ui.load import load_inks
from lis_tui.ui.reaching import ALL_HOSTS, network_words
from lis_tui.ui.rows import Ink, cells, cut
from lis_tui.ui.strip import step_at, strip_inks

if TYPE_CHECKING:
    from lis_tui.ui.screens.workbench import Workbench

SEPARATOR = " · "
ADDRESS_WIDTH = 10
LOAD_PART = 0.45
"""So much of the second line the sandbox's load may take."""


class Header:
    """Draws the two lines for a workbench, and knows what the mouse points at."""

    def __init__(self, screen: "Workbench") -> None:
        self._screen = screen

    def lines(self, width: int) -> list[list[Ink]]:
        """Give both lines."""
        screen, walk = self._screen, self._screen.walk
        load = self._load(width)
        room = _strip_width(width - cells(load))
        strip = strip_inks(walk.whole, walk.number, room, screen.commands.forks, walk.marked)
        address = f"  {walk.address or ''!s:>6} "
        return [
            title_line(screen.view, screen.source.name, width),
            [(" ", ""), *strip, (address, "muted"), *load],
        ]

    def _load(self, width: int) -> list[Ink]:
        """What the sandbox of a live run uses."""
        if self._screen.source.is_recorded:
            return []
        load = load_inks(self._screen.view.load, int(width * LOAD_PART), self._screen.around.loads.warned)
        return [*load, (" ", "")] if load else []

    def press(self, x: int, y: int, width: int) -> None:
        """Go to the step that the mouse points at."""
        count = len(self._screen.walk.whole.steps)
        room = _strip_width(width - cells(self._load(width)))
        if y == 1 and count and x <= room:
            self._screen.walk.go_to_number(step_at(x - 1, count, room))


def title_line(view: RunView, name: str, width: int) -> list[Ink]:
    """Give the task at the left, model, sandbox and run at the right."""
    task = words.task(view, 300) or "…"
    room = width * 2 // 3
    right = _right(view, name)
    if cells(right) > room:
        right = _right(view, name, is_short=True)
    while right and (cells(right) > room or right[0][0] == SEPARATOR):
        right = right[1:]
    left = cut([(f" {task}", "command bold")], max(width - cells(right) - 2, 8))
    gap = max(width - cells(left) - cells(right), 1)
    return cut([*left, (" " * gap, ""), *right], width)


def _strip_width(width: int) -> int:
    """How many cells the marks have."""
    return max(width - ADDRESS_WIDTH, 4)


def _right(view: RunView, name: str, *, is_short: bool = False) -> list[Ink]:
    """Give model, sandbox and run; where it is to be `short`, not that all can be reached as usual."""
    parts: list[Ink] = []
    if model := words.model_label(view):
        tone = "warning" if model.startswith("scripted") else "output"
        parts.append((model, tone))
    if view.sandbox is not None and view.imported is None:
        network, network_tone = network_words(view)
        network = "" if is_short and network == ALL_HOSTS else network
        gone = "" if view.has_sandbox or view.ended is None else " (gone)"
        is_weak = view.sandbox.kind == "embedded" or network_tone == "warning"
        told = ", ".join(part for part in (one_line(view.sandbox.kind, 20), network) if part)
        parts.append((told + gone, "warning" if is_weak else "output"))
    if view.imported is not None:
        parts += [(one_line(name, 24), "output"), (words.format_label(view.imported), "accent")]
    elif name:
        parts.append((f"run {one_line(name, 40)}", "accent"))
    line: list[Ink] = []
    for number, part in enumerate(parts):
        line += [(SEPARATOR, "muted"), part] if number else [part]
    if view.fork is not None:
        line.append((f" {words.fork_label(view.fork)}", "human"))
    return [*line, (" ", "")]
