"""The columns of a table of trajectories: what stands in them, how they are sorted, which have room."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from lis_tui.core.run_filter import RunFacts, words_of
from lis_tui.core.text import one_line, untagged
from lis_tui.trajectory.foreign.opening import Row
from lis_tui.ui import words
from lis_tui.ui.rows import Ink, cells, cut

Key = tuple[int, float, str]
"""Sorts numbers before words."""
LEAST = 5
MOST_SOUGHT = 2000
"""So much of a task is looked into."""


class Column(Struct, frozen=True):
    """One column. What a file does not say is an empty text, and comes last in every order."""

    head: str
    text: Callable[[Row], str]
    key: Callable[[Row], Key | None]
    most: int
    """How many cells it takes at most."""
    is_number: bool = False
    tone: Callable[[Row], str] = lambda _: "output"


def _named(row: Row) -> str:
    return row.entry.name or row.member or row.path.name


def _score(row: Row) -> str:
    score = row.entry.score
    if score is None or isinstance(score, str):
        return one_line(score or "", 12)
    return f"{score:.4g}"


def _outcome(row: Row) -> tuple[str, str]:
    outcome = row.entry.outcome
    return words.end_words(outcome) if row.is_ours and outcome else (one_line(outcome, 40), "output")


def _started(row: Row) -> str:
    at = row.entry.started_at
    if at is None:
        return ""
    try:
        return f"{datetime.fromtimestamp(at, UTC).astimezone():%Y-%m-%d %H:%M}"
    except (OverflowError, OSError, ValueError):  # a file may say anything
        return ""


def _cost(row: Row) -> str:
    cost = row.entry.cost_usd
    if cost is None:
        return ""
    return f"${cost:.{0 if not cost else 3 if cost < 1 else 2}f}"


def _of_number(number: float | str | None) -> Key | None:
    if number is None:
        return None
    if isinstance(number, str):
        return (1, 0.0, number.casefold())
    return (0, float(number), "") if number == number else None  # nothing can be said of what is no number


def _of_text(text: str) -> Key | None:
    return (1, 0.0, text.casefold()) if text else None


def _count(number: int | None) -> str:
    return "" if number is None else words.count(number)


COLUMNS: tuple[Column, ...] = (
    Column(
        "name",
        lambda row: one_line(_named(row), 60),
        lambda row: _of_text(_named(row)),
        30,
        tone=lambda _: "command",
    ),
    Column(
        "outcome",
        lambda row: _outcome(row)[0],
        lambda row: _of_text(row.entry.outcome),
        16,
        tone=lambda row: _outcome(row)[1],
    ),
    Column("score", _score, lambda row: _of_number(row.entry.score), 12, is_number=True),
    Column(
        "turns",
        lambda row: "" if row.entry.turns is None else str(row.entry.turns),
        lambda row: _of_number(row.entry.turns),
        7,
        is_number=True,
    ),
    Column(
        "tokens",
        lambda row: _count(row.entry.tokens),
        lambda row: _of_number(row.entry.tokens),
        7,
        is_number=True,
    ),
    Column("cost", _cost, lambda row: _of_number(row.entry.cost_usd), 9, is_number=True),
    Column(
        "model",
        lambda row: one_line(row.entry.model.rpartition("/")[2], 40),
        lambda row: _of_text(row.entry.model),
        24,
    ),
    Column("started", _started, lambda row: _of_number(row.entry.started_at), 16, tone=lambda _: "muted"),
    Column(
        "format",
        lambda row: one_line(row.format, 20),
        lambda row: _of_text(row.format),
        16,
        tone=lambda _: "muted",
    ),
    Column(
        "task",
        lambda row: one_line(untagged(row.entry.task), 300),
        lambda row: _of_text(row.entry.task),
        300,
        tone=lambda _: "muted",
    ),
)
_DISPENSABLE = ("format", "started", "tokens", "cost", "model")
"""What a narrow table does without, the first one first; the task takes what room is left."""


class Shown(Struct, frozen=True):
    """A column on the screen."""

    column: Column
    width: int
    at: int
    """The cell it begins at."""


class Widths:
    """How wide each column would be, by what stands in it; grows with the rows, may be filled in a thread."""

    def __init__(self) -> None:
        self._widest: dict[Column, int] = {}
        self._formats: set[str] = set()

    def add(self, row: Row) -> None:
        """Take a row into account."""
        self._formats.add(row.format)
        for column in COLUMNS:
            known = self._widest.get(column, 0)
            if known < column.most and (text := column.text(row)):
                self._widest[column] = max(known, cells([(text, "")]))

    def told(self) -> dict[Column, int]:
        """Give the columns in which something stands; the format, where there are several."""
        return {
            column: min(max(self._widest[column], len(column.head) + 1), column.most)
            for column in COLUMNS
            if column in self._widest and (column.head != "format" or len(self._formats) > 1)
        }


def placed(widths: dict[Column, int], room: int) -> tuple[Shown, ...]:
    """Give the columns that fit, side by side; the last one takes what room is left."""
    fitting = dict(widths)
    task = next((column for column in fitting if column.head == "task"), None)
    if task is not None:
        del fitting[task]
    for head in _DISPENSABLE:
        if _taken(fitting) <= room:
            break
        fitting = {column: width for column, width in fitting.items() if column.head != head}
    over = _taken(fitting) - room
    if over > 0 and fitting:
        first = next(iter(fitting))
        fitting[first] = max(fitting[first] - over, LEAST)
    left = room - _taken(fitting)
    if task is not None and left > 2 * LEAST:
        fitting[task] = left - 2
    return _side_by_side(fitting)


def _taken(widths: dict[Column, int]) -> int:
    return sum(widths.values()) + 2 * len(widths)


def _side_by_side(widths: dict[Column, int]) -> tuple[Shown, ...]:
    found: list[Shown] = []
    at = 1
    for column, width in widths.items():
        found.append(Shown(column, width, at))
        at += width + 2
    return tuple(found)


def line(columns: Sequence[Shown], row: Row) -> list[Ink]:
    """Give a row's line."""
    inks: list[Ink] = [(" ", "")]
    for shown in columns:
        inks += _cell(shown, shown.column.text(row), shown.column.tone(row))
    return inks


def head(columns: Sequence[Shown], by: str, *, is_down: bool) -> list[Ink]:
    """Give the heads; the one that is sorted by has an arrow."""
    inks: list[Ink] = [(" ", "")]
    for shown in columns:
        name = shown.column.head
        is_it = name == by
        arrow = ("▼" if is_down else "▲") if is_it else ""
        inks += _cell(shown, f"{name}{arrow}", "accent" if is_it else "muted")
    return inks


def _cell(shown: Shown, text: str, tone: str) -> list[Ink]:
    inks = cut([(text, tone)], shown.width)
    gap: Ink = (" " * (shown.width - cells(inks)), "")
    return [gap, *inks, ("  ", "")] if shown.column.is_number else [*inks, gap, ("  ", "")]


def in_order(rows: Sequence[Row], places: Sequence[int], by: Column, *, is_down: bool) -> list[int]:
    """Sort places of rows by a column; what a file does not say comes last either way."""
    keys = {place: by.key(rows[place]) for place in places}
    known = [(key, place) for place, key in keys.items() if key is not None]
    known.sort(key=lambda pair: pair[0], reverse=is_down)
    return [*(place for _, place in known), *(place for place, key in keys.items() if key is None)]


def facts_of(row: Row) -> RunFacts:
    """Give what a filter of a table can ask about a row."""
    entry = row.entry
    score = entry.score if isinstance(entry.score, int | float) else None
    numbers = {"turns": entry.turns, "score": score, "tokens": entry.tokens, "cost": entry.cost_usd}
    names = {"name": (_named(row),), "outcome": (entry.outcome,), "format": (row.format,)}
    texts = {"model": entry.model, "task": entry.task[:MOST_SOUGHT], "score": _score(row)}
    return RunFacts(
        names=names | {"state": (entry.outcome,)},
        texts=texts,
        numbers={name: float(number) for name, number in numbers.items() if number is not None},
        words=words_of(names, texts),
    )
