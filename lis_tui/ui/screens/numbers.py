"""A run in numbers: what it took, which capabilities it used, and a time line of its turns."""

from collections.abc import Iterator, Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import Screen

from lis_tui.analysis.chart import UNKNOWN, bars, table, timeline
from lis_tui.analysis.numbers import Numbers
from lis_tui.core.text import one_line
from lis_tui.ui.load import HISTORY_S, LoadHistory
from lis_tui.ui.paint import Paint
from lis_tui.ui.rows import Ink, cut
from lis_tui.ui.screens.diff import key_line
from lis_tui.ui.widgets.lines import Lines

_KEYS = (("esc", "back"), ("j k", "scroll"))
_NAME = 20
_MARGIN = 4


class NumbersScreen(Screen[None]):
    """Shows them until one leaves."""

    CSS_PATH = "numbers.tcss"
    BINDINGS = [
        Binding("escape,q,enter,percent_sign", "leave", "back"),
        Binding("j,down", "move(1)", "down"),
        Binding("k,up", "move(-1)", "up"),
    ]

    def __init__(self, title: str, numbers: Numbers, paint: Paint, loads: LoadHistory | None = None) -> None:
        super().__init__()
        self._title = title
        self._loads = loads
        """Of a live run, what its sandbox used in the last while."""
        self._numbers = numbers
        self._widgets = (
            Lines(paint, self._head, id="numbers-title", tone="foreground on-surface"),
            Lines(paint, self._body, id="numbers"),
            Lines(paint, lambda width: [key_line(_KEYS, width)], id="status", tone="foreground on-surface"),
        )

    def compose(self) -> ComposeResult:
        """Draw title, numbers and keys."""
        head, body, status = self._widgets
        yield head
        with VerticalScroll(id="numbers-scroll"):
            yield body
        yield status

    def on_mount(self) -> None:
        """Have the keys scroll."""
        self.query_one("#numbers-scroll").focus()

    def _head(self, width: int) -> list[list[Ink]]:
        return [cut([(f" {one_line(self._title, 300)}", "command bold"), ("  in numbers", "muted")], width)]

    def _body(self, width: int) -> list[list[Ink]]:
        lines = [*self._used(width), *_lines(self._numbers, width)]
        return [cut(line, width) for line in lines]

    def _used(self, width: int) -> Iterator[list[Ink]]:
        lines = list(self._loads.lines(width)) if self._loads is not None else []
        if lines:
            yield []
            told = f"  now, and in the last {HISTORY_S:g} s"
            yield [(" the sandbox uses", "command bold"), (told, "muted")]
            yield from lines

    def renew(self) -> None:
        """Show what was measured since."""
        body = self._widgets[1]
        count = len(self._body(body.size.width))
        body.refresh(layout=True) if count != body.size.height else body.renew()

    def action_leave(self) -> None:
        """Back."""
        self.dismiss()

    def action_move(self, direction: int) -> None:
        """Scroll a line."""
        self.query_one("#numbers-scroll").scroll_relative(y=direction, animate=False)

    def repaint(self, paint: Paint) -> None:
        """Draw everything with another theme."""
        for widget in self._widgets:
            widget.repaint(paint)


def _lines(numbers: Numbers, width: int) -> Iterator[list[Ink]]:
    yield []
    for name, value in table([numbers]):
        tone = (
            "muted" if value == UNKNOWN else "error" if name == "failures" and numbers.failures else "output"
        )
        yield [(f" {name:<{_NAME}}", "muted"), (value, tone)]
    yield from _part("which capabilities the turns use", list(bars(numbers)), "accent")
    yield from _part("from turn to turn", list(timeline(numbers, width - _MARGIN)), "accent")
    yield []
    yield [(f" patterns of version {numbers.patterns_version}: docs/stats.md", "muted")]


def _part(title: str, lines: Sequence[str], tone: str) -> Iterator[list[Ink]]:
    if not lines:
        return
    yield []
    yield [(f" {title}", "command bold")]
    for line in lines:
        name, rest = line[: _NAME - 1], line[_NAME - 1 :]
        yield [(f" {name}", "muted"), *_inked(rest, "error" if name.startswith("failures") else tone)]


def _inked(text: str, tone: str) -> Iterator[Ink]:
    """Draw what is not there, and words, in the quiet tone."""
    chart, gap, words = text.partition("  ")
    for sign in chart:
        yield sign, "muted" if sign in "·?" else tone
    yield f"{gap}{words}", "muted"
