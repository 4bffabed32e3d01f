"""`lis-tui stats`: runs, ours and others', in numbers."""

from collections.abc import Sequence

import msgspec

from lis_tui.analysis.chart import bars, table, timeline
from lis_tui.analysis.numbers import Numbers, numbers_of
from lis_tui.cli.recorded import recorded
from lis_tui.config.places import Places
from lis_tui.core.reached import table as reached
from lis_tui.core.text import one_line

WIDTH = 100


def show(places: Places, names: Sequence[str], *, as_json: bool) -> int:
    """Print the numbers of these runs. Raises LisError."""
    found = [recorded(places, name) for name in names]
    runs = [numbers_of(one.name, one.records()) for one in found]
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(runs), indent=2).decode())
    else:
        _print(runs)
    return 0


def _print(runs: Sequence[Numbers]) -> None:
    rows = [("", *(one_line(run.run, 30) for run in runs)), *table(runs)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(runs) + 1)]
    for name, *values in rows:
        cells = [value.rjust(width) for value, width in zip(values, widths[1:], strict=True)]
        print("  ".join([name.ljust(widths[0]), *cells]).rstrip())
    for run in runs:
        print()
        if len(runs) > 1:
            print(one_line(run.run, 60))
        for line in (*bars(run), "", *timeline(run, WIDTH)):
            print(line.rstrip())
        if run.connections:
            print("", *reached(run.connections), sep="\n")
    print(f"\nCapabilities by patterns, version {runs[0].patterns_version}: docs/stats.md")
