"""Lines of any width laid out in rows of one width, so that any row is found quickly."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise

from rich.cells import cell_len, get_character_cell_size

from lis_tui.core.text import Line, Span


def line_width(text: str) -> int:
    """Give the cells that a line takes."""
    return len(text) if text.isascii() else cell_len(text)


def cuts(text: str, width: int) -> list[int]:
    """Give where each row of the text begins, and the text's end; a wide character is never halved."""
    if line_width(text) == len(text):
        return [*range(0, max(len(text), 1), width), len(text)]
    starts, used = [0], 0
    for index, char in enumerate(text):
        size = get_character_cell_size(char)
        if used + size > width and index > starts[-1]:
            starts.append(index)
            used = 0
        used += size
    return [*starts, len(text)]


def split(line: Line, width: int) -> list[list[Span]]:
    """Give the spans of each row of a line."""
    starts = cuts(line.text, width)
    if not line.spans:
        return [[Span(line.text[a:b])] for a, b in pairwise(starts)]
    rows: list[list[Span]] = [[]]
    at = 0
    for span in line.spans:
        start = 0
        while at + len(span.text) - start > starts[len(rows)]:
            end = start + starts[len(rows)] - at
            rows[-1].append(Span(span.text[start:end], span.style, span.is_escape))
            at, start = starts[len(rows)], end
            rows.append([])
        rows[-1].append(Span(span.text[start:], span.style, span.is_escape))
        at += len(span.text) - start
    return rows


class RowMap:
    """Which rows each line takes. Rows and lines are numbered from the start of the output, for ever."""

    def __init__(self, width: int, first_line: int = 0) -> None:
        self.width = max(width, 1)
        self.first_line = first_line
        self.widest = 0
        self._tops = [0]

    @property
    def first_row(self) -> int:
        """The number of the first row that is kept."""
        return self._tops[0]

    @property
    def end_row(self) -> int:
        """The number of the row after the last."""
        return self._tops[-1]

    @property
    def end_line(self) -> int:
        """The number of the line after the last."""
        return self.first_line + len(self._tops) - 1

    def add(self, lines: Sequence[Line]) -> None:
        """Lay out the next lines."""
        top, width = self._tops[-1], self.width
        for line in lines:
            text = line.text
            size = len(text) if text.isascii() else cell_len(text)
            if size <= width:
                top += 1
            else:
                top += -(-size // width) if size == len(text) else len(cuts(text, width)) - 1
            if size > self.widest:
                self.widest = size
            self._tops.append(top)

    def height(self, line: Line) -> int:
        """Give how many rows a line takes."""
        return len(cuts(line.text, self.width)) - 1

    def drop_before(self, line: int) -> None:
        """Forget the lines before this one."""
        if line > self.first_line:
            del self._tops[: line - self.first_line]
            self.first_line = line

    def find(self, row: int) -> tuple[int, int]:
        """Give the line at a row, and the row within that line."""
        index = bisect_right(self._tops, row) - 1
        return self.first_line + index, row - self._tops[index]

    def top(self, line: int) -> int:
        """Give the first row of a line."""
        return self._tops[min(max(line - self.first_line, 0), len(self._tops) - 1)]
