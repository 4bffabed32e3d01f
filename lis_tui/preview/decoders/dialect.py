"""How the cells of a delimited text are set apart, told by trying what there is on its first lines."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from lis_tui.preview.decoders.inferred import typed_share

LONGEST_FIELD = 4_000_000
"""Characters; a longer one is a quote that nobody closed, or no table."""
_DELIMITERS = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "pipes"}
_LINES_TRIED = 200
_MOST_LINES_IN_A_CELL = 100


class Dialect(NamedTuple):
    """What stands between two cells, and whether quotes keep a cell together."""

    delimiter: str
    is_quoted: bool = True
    hint_lines: int = 0
    """The first line may tell the delimiter (`sep=;`), as Excel writes it; it is no row."""

    @property
    def called(self) -> str:
        """Name the kind of table."""
        return {",": "a CSV table", "\t": "a TSV table"}.get(
            self.delimiter, f"a table separated by {_DELIMITERS.get(self.delimiter, repr(self.delimiter))}"
        )

    def rows(self, lines: Iterable[str]) -> Iterator[list[str]]:
        """Give the rows of these lines, which keep their ends; lines that are empty are none."""
        csv.field_size_limit(LONGEST_FIELD)
        if self.is_quoted:
            reader = csv.reader(lines, delimiter=self.delimiter)
        else:
            reader = csv.reader(lines, delimiter=self.delimiter, quoting=csv.QUOTE_NONE)
        return (row for row in reader if row)


def dialect_of(head: str) -> Dialect:
    """Tell it by the first lines."""
    first = head[:16].splitlines()[:1]
    if first and first[0].lower().startswith("sep=") and len(first[0]) == 5:
        return Dialect(first[0][4], hint_lines=1)
    lines = [line for line, _ in zip(io.StringIO(head, newline=""), range(_LINES_TRIED), strict=False)]
    found = max((Dialect(delimiter) for delimiter in _DELIMITERS), key=lambda one: _score(one, lines))
    return found._replace(is_quoted=not _swallows(found, lines))


def _score(dialect: Dialect, lines: list[str]) -> float:
    """How regular the lines become, and how much of the cells makes sense."""
    rows = _tried(dialect, lines)
    widths = Counter(len(row) for row in rows if len(row) > 1)
    if not widths:
        return 0.0
    width, times = widths.most_common(1)[0]
    regular = [row for row in rows if len(row) == width]
    return times / len(rows) * (1 + typed_share(regular[:50]))


def _swallows(dialect: Dialect, lines: list[str]) -> bool:
    """Whether a quote that is never closed eats the lines behind it."""
    return any(cell.count("\n") > _MOST_LINES_IN_A_CELL for row in _tried(dialect, lines) for cell in row)


def _tried(dialect: Dialect, lines: list[str]) -> list[list[str]]:
    rows: list[list[str]] = []
    try:
        rows.extend(dialect.rows(lines))
    except csv.Error:
        return rows
    return rows
