"""Cells of tables: values as short texts, and a table that never grows beyond what is worth sending."""

from collections.abc import Iterable, Sequence

from lis_tui.preview.parts import MOST_TEXT, Column, Table

MOST_COLUMNS = 200
"""Columns of one table that are shown."""
MOST_ROWS = 1000
"""Rows given at once, however many are asked for."""
_MOST_IN_ALL = 2_000_000
"""Characters of one table."""

Cells = Sequence[str | None]


def table(
    columns: Sequence[Column],
    rows: Sequence[Cells],
    *,
    first: int = 0,
    rows_in_all: int | None = None,
    title: str = "",
) -> Table:
    """Make a table whose rows all are as long as there are columns, and whose texts are short enough."""
    shown = [Column(cut(column.name, 200), cut(column.type, 200), column.is_number) for column in columns]
    shown = shown[:MOST_COLUMNS]
    width = len(shown)
    limit = max(40, min(MOST_TEXT, _MOST_IN_ALL // max(1, len(rows) * width)))
    return Table(
        columns=tuple(shown),
        rows=tuple(_fitted(row, width, limit) for row in rows),
        first=first,
        rows_in_all=rows_in_all,
        title=cut(title, 200),
    )


def cut(text: str, limit: int = MOST_TEXT) -> str:
    """Give at most so many characters; the last says that some are missing."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def about(count: float) -> str:
    """Give a number that is not exact as a person says it: `12 M`."""
    for size, unit in ((1_000_000_000, "bn"), (1_000_000, "M"), (1_000, "k")):
        if count >= size:
            return f"{count / size:.3g} {unit}" if count < 999.5 * size else f"{count / size:,.0f} {unit}"
    return f"{count:.0f}"


def counted(count: int, one: str, many: str = "") -> str:
    """Give `1 row` or `1,234 rows`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def size(count: int) -> str:
    """Give a number of bytes as a person says it."""
    for unit_bytes, unit in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if count >= unit_bytes:
            return (
                f"{count / unit_bytes:.3g} {unit}"
                if count < 999.5 * unit_bytes
                else f"{count / unit_bytes:,.0f} {unit}"
            )
    return f"{count} B"


def hidden_columns(count: int) -> str:
    """Say that a table is wider than what is shown of it; empty where it is not."""
    return f"The first {MOST_COLUMNS} of {count:,} columns are shown." if count > MOST_COLUMNS else ""


def sentences(*parts: str) -> str:
    """Put together those that say something."""
    return " ".join(part for part in parts if part)


def names(found: Iterable[str]) -> list[str]:
    """Give each column a name, also where the file has none for it."""
    return [name if name.strip() else f"column {place}" for place, name in enumerate(found, 1)]


def _fitted(row: Cells, width: int, limit: int) -> tuple[str | None, ...]:
    cells = [None if cell is None else cut(cell, limit) for cell in row[:width]]
    return tuple(cells + [None] * (width - len(cells)))


def sound(text: str) -> str:
    """Replace halves of letters that some names and texts hold, and that cannot be sent."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
