"""The end of a long output: the last safe lines, and how much there was."""

from lis_tui.core.ansi import Line, Sanitiser, Span
from lis_tui.core.sgr import PLAIN

MOST_LINES = 20_000
MOST_WEIGHT = 8 << 20
"""About how many bytes of memory the lines may take."""
MOST_AT_ONCE = 256 << 10
"""Of more than this in one piece, only the end is read: whoever feeds it may be drawing a screen."""


class TailBuffer:
    """Takes output of any length and keeps its last lines; every line has a number that never changes."""

    def __init__(self, most_lines: int = MOST_LINES, most_weight: int = MOST_WEIGHT) -> None:
        self.lines: list[Line] = []
        """The ended lines that are kept; the first has the number `first`."""
        self.first = 0
        self.total_bytes = 0
        self.skipped_bytes = 0
        self._line_ends = 0
        self._has_partial = False
        self.most_lines = most_lines
        self.most_weight = most_weight
        self._weight = 0
        self._sanitiser = Sanitiser()

    @property
    def current(self) -> Line | None:
        """The line that has not ended yet, where there is one."""
        return self._sanitiser.current if self._sanitiser.has_current else None

    @property
    def all_lines(self) -> list[Line]:
        """What is kept, with the line that has not ended yet."""
        current = self.current
        return [*self.lines, current] if current is not None else list(self.lines)

    @property
    def total_lines(self) -> int:
        """How many lines the output has, those that are not kept included."""
        return self._line_ends + self._has_partial

    @property
    def end(self) -> int:
        """The number of the next line that ends."""
        return self.first + len(self.lines)

    def feed(self, data: bytes) -> None:
        """Take more output; of a very large piece only the end is read, and a line says what is left out."""
        if len(data) > MOST_AT_ONCE:
            cut = data.find(b"\n", len(data) - MOST_AT_ONCE // 2) + 1 or len(data) - MOST_AT_ONCE // 2
            self.skip(cut, data.count(b"\n", 0, cut))
            data = data[cut:]
        if data:
            self.total_bytes += len(data)
            self._line_ends += data.count(b"\n")
            self._has_partial = not data.endswith(b"\n")
            self._add(self._sanitiser.feed(data))

    def skip(self, size_bytes: int, line_ends: int = 0) -> None:
        """Note that this much output is not shown here."""
        self.total_bytes += size_bytes
        self.skipped_bytes += size_bytes
        self._line_ends += line_ends
        lines = f", {line_ends:,} lines," if line_ends else ""
        said = Line(
            gap := f"… {size_bytes:,} bytes{lines} not shown here …", (Span(gap, PLAIN, is_escape=True),)
        )
        self._add([*self._sanitiser.finish(), said])

    def finish(self) -> None:
        """End the output; what was left of a line becomes one."""
        self._add(self._sanitiser.finish())

    def _add(self, lines: list[Line]) -> None:
        self.lines.extend(lines)
        self._weight += sum(map(_weight, lines))
        extra = max(len(self.lines) - self.most_lines, 0)
        lost = sum(map(_weight, self.lines[:extra]))
        while self._weight - lost > self.most_weight and extra < len(self.lines) - 1:
            lost += _weight(self.lines[extra])
            extra += 1
        if extra:
            del self.lines[:extra]
            self.first += extra
            self._weight -= lost


def _weight(line: Line) -> int:
    return 120 + len(line.text) + 160 * len(line.spans)
