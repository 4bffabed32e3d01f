"""One difference on a screen of its own: a pair of steps, the words of a turn, or a file."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import Screen

from lis_tui.core.differing import TextDiff, diff_texts
from lis_tui.core.parts import StepView, TurnView
from lis_tui.core.text import one_line
from lis_tui.ui.calls import command_of
from lis_tui.ui.paint import Paint
from lis_tui.ui.rows import Ink, cut
from lis_tui.ui.widgets.differing import DiffLines
from lis_tui.ui.widgets.lines import Lines
from lis_tui.ui.widgets.pairs import Line

_KEYS = (("esc", "back"), ("j k", "move"), ("g G", "ends"))


class DiffScreen(Screen[None]):
    """Shows diffs one below the other, each under its title."""

    CSS_PATH = "compare.tcss"
    BINDINGS = [
        Binding("escape,q,enter", "leave", "back"),
        Binding("j,down", "move(1)", "down"),
        Binding("k,up", "move(-1)", "up"),
        Binding("g,home", "ends(-1)", "top"),
        Binding("G,end", "ends(1)", "end"),
    ]

    def __init__(self, title: str, diffs: Sequence[tuple[str, TextDiff]], paint: Paint) -> None:
        super().__init__()
        self._title = title
        self.head = Lines(paint, self._head, id="diff-title", tone="foreground on-surface")
        self.lines = DiffLines(paint, diffs)
        self.status = Lines(paint, self._keys, id="status", tone="foreground on-surface")

    def compose(self) -> ComposeResult:
        """Draw title, lines and keys."""
        yield self.head
        yield self.lines
        yield self.status

    def on_mount(self) -> None:
        """Have the keys act on the lines."""
        self.lines.focus()

    def _head(self, width: int) -> list[list[Ink]]:
        return [cut([(f" {one_line(self._title, 300)}", "command bold")], width)]

    def _keys(self, width: int) -> list[list[Ink]]:
        return [key_line(_KEYS, width)]

    def action_leave(self) -> None:
        """Back."""
        self.dismiss()

    def action_move(self, direction: int) -> None:
        """To another line."""
        self.lines.move_to(self.lines.cursor + direction)

    def action_ends(self, direction: int) -> None:
        """To an end."""
        self.lines.move_to(0 if direction < 0 else self.lines.block_count() - 1)

    def repaint(self, paint: Paint) -> None:
        """Draw everything with another theme."""
        self.lines.repaint(paint)
        for line in (self.head, self.status):
            line.repaint(paint)


def key_line(keys: Sequence[tuple[str, str]], width: int) -> list[Ink]:
    """Give keys and what they do as one line."""
    line: list[Ink] = [(" ", "")]
    for key, text in keys:
        line += [(key, "accent"), (f" {text}   ", "muted")]
    return cut(line, width)


def diffs_of(line: Line, names: tuple[str, str]) -> tuple[str, list[tuple[str, TextDiff]]]:
    """Give the title and the diffs of a line of the comparison."""
    turn, pair = line.turn, line.step
    if pair is None:
        words = [_said(turn.left), _said(turn.right)]
        found = [
            (part, diff_texts(one, other, names))
            for part, one, other in zip(("Reasoning", "Reply"), words[0], words[1], strict=True)
            if one or other
        ]
        return f"Turn {turn.number}", found
    addresses = [str(step.address) if step is not None else "–" for step in (pair.left, pair.right)]
    labels = (f"{names[0]} {addresses[0]}", f"{names[1]} {addresses[1]}")
    calls, seen = (_texts(pair.left), _texts(pair.right)), ("Command", "What came of it")
    title = f"Step {addresses[0]} and {addresses[1]}"
    if pair.left is None or pair.right is None:
        side = 1 if pair.left is None else 0
        title = f"Step {addresses[side]}, only in {names[side]}"
    return title, [
        (part, diff_texts(one, other, labels))
        for part, one, other in zip(seen, calls[0], calls[1], strict=True)
    ]


def _said(turn: TurnView | None) -> tuple[str, str]:
    return ("", "") if turn is None else (str(turn.reasoning), str(turn.text))


def _texts(step: StepView | None) -> tuple[str, str]:
    if step is None:
        return "", ""
    seen = step.observation
    if seen is None:
        return command_of(step), ""
    code = "" if seen.exit_code is None else f" (exit code {seen.exit_code})"
    return command_of(step), f"{seen.status}{code}\n{seen.text}"
