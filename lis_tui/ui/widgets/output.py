"""A command's whole output: follows at its end, stands still while one reads, and stays small."""

import time
from collections import deque
from collections.abc import Callable

from rich.segment import Segment
from rich.style import Style as RichStyle
from textual.geometry import Offset, Size
from textual.reactive import var
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from lis_tui.core.tail import MOST_LINES, MOST_WEIGHT, TailBuffer
from lis_tui.core.text import Line, Span, Style, plain_text
from lis_tui.ui.styled import rich_style
from lis_tui.ui.widgets.wrapping import RowMap, cuts, line_width, split

PAINT_S = 1 / 30
BUDGET_S = 0.008
"""How long output is read before keys get their turn."""
SLICE = 8 << 10
PIECE = 64 << 10
MOST_WAITING = 2 << 20
"""Bytes that may wait to be read; of more, only the end is, and a line says what is left out."""


class OutputView(ScrollView, can_focus=True):
    """Shows bytes as they come. `new_lines` counts those below while the reader is not at the end."""

    ALLOW_SELECT = True
    DEFAULT_CSS = """
    OutputView { overflow-y: auto; overflow-x: hidden; scrollbar-gutter: stable; }
    OutputView.-unwrapped { overflow-x: auto; }
    """

    new_lines: var[int] = var(0)
    wrap: var[bool] = var(True)

    def __init__(
        self,
        data: bytes = b"",
        *,
        most_lines: int = MOST_LINES,
        most_weight: int = MOST_WEIGHT,
        look: Callable[[Style, bool], RichStyle] = rich_style,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self.tail = TailBuffer(most_lines, most_weight)
        self._look = look
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._lost_bytes = self._lost_lines = 0
        self._is_ending = False
        self._is_due = False
        self._rows = RowMap(80)
        self._current: Line | None = None
        self._read_lines = 0
        self._drawn: tuple[int, list[list[Span]]] = (-1, [])
        self.is_following = True
        if data:
            self.feed(data)

    # ---- taking output

    def feed(self, data: bytes) -> None:
        """Take more output; it is read soon, a little at a time."""
        self._waiting.extend(data[at : at + PIECE] for at in range(0, len(data), PIECE))
        self._waiting_bytes += len(data)
        if self._waiting_bytes > MOST_WAITING:
            self._shed()
        self._schedule()

    @property
    def is_busy(self) -> bool:
        """Whether output waits to be read."""
        return bool(self._waiting)

    def skip(self, size_bytes: int) -> None:
        """Note that this much output never came here."""
        self.flush()
        self.tail.skip(size_bytes)
        self._show()

    def finish(self) -> None:
        """End the output; what waits is still read a little at a time."""
        self._is_ending = True
        if not self._waiting:
            self.flush()

    def flush(self) -> None:
        """Read at once whatever waits."""
        self._read(None)
        self._show()

    def clear(self) -> None:
        """Begin anew."""
        self._waiting.clear()
        self._waiting_bytes = self._lost_bytes = self._lost_lines = 0
        self.tail = TailBuffer(self.tail.most_lines, self.tail.most_weight)
        self._read_lines = 0
        self._is_ending = False
        self.is_following = True
        self._rows = RowMap(self._row_width)
        self._show()

    def _shed(self) -> None:
        while self._waiting_bytes > MOST_WAITING // 2 and len(self._waiting) > 1:
            piece = self._waiting.popleft()
            self._waiting_bytes -= len(piece)
            self._lost_bytes += len(piece)
            self._lost_lines += piece.count(b"\n")

    def _schedule(self) -> None:
        if not self._is_due and self.is_mounted and self._waiting:
            self._is_due = True
            self.set_timer(PAINT_S, self._tick)

    def _tick(self) -> None:
        self._read(time.perf_counter() + BUDGET_S)
        self._show()
        # The pause begins when the picture is painted: what is costly to paint is painted less often.
        self.call_after_refresh(self._rest)

    def _rest(self) -> None:
        self._is_due = False
        self._schedule()

    def _read(self, until: float | None) -> None:
        if self._lost_bytes:
            self.tail.skip(self._lost_bytes, self._lost_lines)
            self._lost_bytes = self._lost_lines = 0
        while self._waiting and (until is None or time.perf_counter() < until):
            piece = self._waiting.popleft()
            if until is not None and len(piece) > SLICE:
                self._waiting.appendleft(piece[SLICE:])
                piece = piece[:SLICE]
            self._waiting_bytes -= len(piece)
            self.tail.feed(piece)
        if self._is_ending and not self._waiting:
            self._is_ending = False
            self.tail.finish()

    # ---- layout

    def on_mount(self) -> None:
        """Read what came before there was a screen."""
        self._schedule()

    def on_resize(self) -> None:
        """Lay the lines out anew where the width changed, and stay at the end."""
        if self._rows.width != self._row_width:
            self._lay_out()
        elif self.is_following:
            self.follow()

    def watch_wrap(self) -> None:
        """Lay the lines out anew."""
        self.set_class(not self.wrap, "-unwrapped")
        self._lay_out()

    @property
    def _row_width(self) -> int:
        return max(self.scrollable_content_region.width, 1) if self.wrap else 1 << 30

    def _lay_out(self) -> None:
        """Give every line its rows, and keep the line at the top where it is."""
        top, _ = self._rows.find(self._rows.first_row + self.scroll_offset.y)
        self._rows = RowMap(self._row_width, self.tail.first)
        self._rows.add(self.tail.lines)
        self._show(anchor=self._rows.top(top))

    def _show(self, anchor: int | None = None) -> None:
        """Bring rows, scrollbar and position up to date with the buffer."""
        rows, tail = self._rows, self.tail
        if anchor is None:
            anchor = rows.first_row + self.scroll_offset.y
        if rows.end_line < tail.first:  # all that was laid out is gone
            self._rows = rows = RowMap(rows.width, tail.first)
            anchor = 0
        rows.add(tail.lines[rows.end_line - tail.first :])
        rows.drop_before(tail.first)
        self._current = tail.current
        self._drawn = (-1, [])
        height = rows.end_row - rows.first_row + (rows.height(self._current) if self._current else 0)
        widest = max(rows.widest, line_width(self._current.text) if self._current else 0)
        self.virtual_size = Size(0 if self.wrap else widest, height)
        self._keep_place(anchor - rows.first_row)

    def _keep_place(self, y: int) -> None:
        came = self.tail.end - self._read_lines
        self._read_lines = self.tail.end
        if self.is_following:
            self.follow()
        else:
            self.new_lines += came
            self.scroll_to(y=max(y, 0), animate=False, force=True)
        self.refresh()

    def follow(self) -> None:
        """Go to the end and stay there."""
        self.is_following = True
        self.new_lines = 0
        self.scroll_to(y=self.max_scroll_y, animate=False, force=True)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Follow again when the end is reached, and no longer when it is left."""
        super().watch_scroll_y(old_value, new_value)
        self.is_following = round(new_value) >= self.max_scroll_y
        if self.is_following:
            self.new_lines = 0

    # ---- drawing

    def render_line(self, y: int) -> Strip:
        """Draw one row."""
        scroll_x, scroll_y = self.scroll_offset
        row = self._rows.first_row + scroll_y + y
        width, base = self.size.width, self.rich_style
        number, within = self._rows.find(row)
        line = self._line(number)
        if line is None:
            return Strip.blank(width, base)
        pieces = self._pieces(number, line)
        if within >= len(pieces):
            return Strip.blank(width, base)
        segments = [Segment(p.text, base + self._look(p.style, p.is_escape)) for p in pieces[within]]
        span = self.text_selection.get_span(row) if self.text_selection is not None else None
        if span is not None:
            chosen = self.screen.get_component_rich_style("screen--selection")
            segments = _stylize(segments, span[0], span[1], chosen)
        return Strip(segments).crop_extend(scroll_x, scroll_x + width, base).apply_offsets(scroll_x, row)

    def _line(self, number: int) -> Line | None:
        index = number - self.tail.first
        if index < len(self.tail.lines):
            return self.tail.lines[index] if index >= 0 else None
        return self._current if index == len(self.tail.lines) else None

    def _pieces(self, number: int, line: Line) -> list[list[Span]]:
        """Give the rows of a line; they are drawn one after the other, so the last line's are kept."""
        if self._drawn[0] != number:
            self._drawn = (number, split(line, self._rows.width))
        return self._drawn[1]

    # ---- copying

    def get_text(self, *, only_visible: bool = False) -> str:
        """Give the text as it came, not as it is wrapped: all that is kept, or the lines on screen."""
        lines = self.tail.all_lines
        if only_visible:
            top = self._rows.first_row + self.scroll_offset.y
            first, _ = self._rows.find(top)
            last, _ = self._rows.find(top + max(self.size.height, 1) - 1)
            lines = lines[first - self.tail.first : last - self.tail.first + 1]
        return "\n".join(plain_text(lines))

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """Give what is selected; rows of one line are joined."""
        rows = self._rows
        first, start = self._place(selection.start or Offset(0, rows.first_row))
        last, end = (
            self._place(selection.end)
            if selection.end is not None
            else (self.tail.end, len(self._current.text) if self._current else 0)
        )
        lines = self.tail.all_lines[max(first - self.tail.first, 0) : max(last - self.tail.first + 1, 0)]
        if not lines:
            return None
        if last - self.tail.first < len(self.tail.all_lines):
            lines[-1] = Line(lines[-1].text[:end])
        if first >= self.tail.first:
            lines[0] = Line(lines[0].text[start:], (), lines[0].is_continued)
        return "\n".join(plain_text(lines)), "\n"

    def _place(self, offset: Offset) -> tuple[int, int]:
        """Give line and character at a place in the rows."""
        number, within = self._rows.find(max(offset.y, self._rows.first_row))
        line = self._line(number)
        if line is None:
            return number, 0
        starts = cuts(line.text, self._rows.width)
        within = min(within, len(starts) - 2)
        return number, min(starts[within] + offset.x, starts[within + 1])

    def selection_updated(self, selection: Selection | None) -> None:
        """Draw again with the selection."""
        self.refresh()


def _stylize(segments: list[Segment], start: int, end: int, style: RichStyle) -> list[Segment]:
    """Lay a style over the characters from `start` to `end` (-1: to the last)."""
    result, at = [], 0
    for text, own, _ in segments:
        a = min(max(start - at, 0), len(text))
        b = len(text) if end == -1 else min(max(end - at, a), len(text))
        chosen = own + style if own is not None else style
        for part, look in ((text[:a], own), (text[a:b], chosen), (text[b:], own)):
            if part:
                result.append(Segment(part, look))
        at += len(text)
    return result
