"""Trajectories of any origin, printed: the table of several, and how each was read."""

import json
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from lis_tui.core.errors import LisError
from lis_tui.core.events import Record, TrajectoryImported
from lis_tui.core.text import one_line, plural, untagged
from lis_tui.trajectory.foreign.opening import Collection, Row
from lis_tui.trajectory.foreign.recording import Report

if TYPE_CHECKING:
    from lis_tui.cli.printer import Out

_HEADS = ("#", "NAME", "OUTCOME", "SCORE", "TURNS", "TOKENS", "COST", "BEGUN", "MODEL", "FORMAT", "TASK")
_NUMBERS = frozenset(["#", "SCORE", "TURNS", "TOKENS", "COST"])
MOST_SKIPPED = 10


def is_foreign(records: list[Record]) -> bool:
    """Whether another program recorded it."""
    return any(isinstance(record.event, TrajectoryImported) for record in records[:3])


def print_table(out: "Out", found: Collection, *, as_json: bool) -> None:
    """Print what trajectories there are."""
    lines = _json_rows(found) if as_json else table(found)
    for line in lines:
        out.write(line + "\n")


def print_reports(out: "Out", found: Collection, places: list[int], *, as_json: bool) -> None:
    """Print how trajectories were read: what was mapped, what was kept, and what could not be read."""
    for place in places:
        row = found.rows[place]
        try:
            report = found.read(place).report
        except LisError as error:
            report = Report(format=row.format, version=row.version, problems=(error.sentence,))
        lines = [_json_report(row, report)] if as_json else report_lines(row, report)
        for line in lines:
            out.write(line + "\n")
    if not as_json:
        for line in _skipped(found):
            out.write(line + "\n")


def table(found: Collection) -> Iterator[str]:
    """Give the table, a line a trajectory."""
    heads: tuple[str, ...] = _HEADS
    rows = [_cells(number, row) for number, row in enumerate(found.rows, 1)]
    if len({(row.path, row.member) for row in found.rows}) > 1:
        heads = (*heads[:2], "FILE", *heads[2:])
        rows = [
            (*cells[:2], _file(found, row), *cells[2:]) for cells, row in zip(rows, found.rows, strict=True)
        ]
    widths = [max(len(row[column]) for row in (heads, *rows)) for column in range(len(heads))]
    for cells in (heads, *rows):
        yield "  ".join(
            cell.rjust(width) if head in _NUMBERS else cell.ljust(width)
            for cell, width, head in zip(cells, widths, heads, strict=True)
        ).rstrip()
    yield from _skipped(found)


def report_lines(row: Row, report: Report) -> Iterator[str]:
    """Give a report to read."""
    version = f" {one_line(report.version, 40)}" if report.version else ""
    yield f"{one_line(str(row.path), 200)}: {one_line(row.entry.name, 80)}"
    yield f"  read as {report.format}{version}"
    counts = (plural(report.turns, "turn"), plural(report.steps, "step"))
    yield f"  mapped: {', '.join(counts)}, {plural(report.observations, 'observation')}"
    for title, lines in (
        ("how it was read", report.notes),
        ("kept, without a place here", [f"{name} ({count})" for name, count in sorted(report.kept.items())]),
        ("could not be read", report.problems),
    ):
        if lines:
            yield f"  {title}:"
            yield from (f"    {one_line(line, 300)}" for line in lines)
    if not report.problems:
        yield "  all of it could be read"


def _json_rows(found: Collection) -> Iterator[str]:
    for number, row in enumerate(found.rows, 1):
        plain = {"number": number, **_plain(row), **msgspec.to_builtins(row.entry)}
        yield _ascii(plain)


def _json_report(row: Row, report: Report) -> str:
    return _ascii({**_plain(row), "name": row.entry.name, **msgspec.to_builtins(report)})


def _plain(row: Row) -> dict[str, object]:
    return {
        "path": str(row.path),
        "member": row.member,
        "index": row.index,
        "format": row.format,
        "version": row.version,
    }


def _ascii(value: object) -> str:
    """Give JSON that a terminal cannot act on."""
    return json.dumps(value, allow_nan=False, default=str)


def _skipped(found: Collection) -> Iterator[str]:
    if not found.skipped:
        return
    yield ""
    yield f"Not opened: {plural(len(found.skipped), 'file')}"
    yield from (f"  {one_line(one.why, 300)}" for one in found.skipped[:MOST_SKIPPED])
    if len(found.skipped) > MOST_SKIPPED:
        yield f"  … and {len(found.skipped) - MOST_SKIPPED:,} more"


def _cells(number: int, row: Row) -> tuple[str, ...]:
    entry = row.entry
    return (
        str(number),
        one_line(entry.name, 40),
        one_line(entry.outcome.replace("_", " "), 24) or "–",
        _score(entry.score),
        "–" if entry.turns is None else f"{entry.turns:,}",
        "–" if entry.tokens is None else f"{entry.tokens:,}",
        "–" if entry.cost_usd is None else f"${entry.cost_usd:.4f}",
        _moment(entry.started_at),
        one_line(entry.model, 30) or "–",
        f"{row.format} {one_line(row.version, 16)}".rstrip(),
        one_line(untagged(entry.task), 60),
    )


def _file(found: Collection, row: Row) -> str:
    """Name the file from where the collection begins."""
    path = row.path.relative_to(found.path) if row.path.is_relative_to(found.path) else row.path
    names = [str(path)] if path.name else []
    return one_line("/".join([*names, row.member]).rstrip("/"), 60)


def _score(score: float | str | None) -> str:
    match score:
        case None:
            return "–"
        case str():
            return one_line(score, 12)
        case _:
            return f"{score:g}"


def _moment(at: float | None) -> str:
    try:
        return time.strftime("%Y-%m-%d %H:%M", time.gmtime(at)) if at else "–"
    except (OverflowError, ValueError, OSError):
        return "–"
