"""`lis-tui open`: a run of ours, or what any other program recorded, shown or printed."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from lis_tui.cli.imported import is_foreign, print_reports, print_table
from lis_tui.cli.main import has_terminal, need_terminal
from lis_tui.cli.recorded import locate
from lis_tui.cli.runs import SAMPLE
from lis_tui.config.places import Places
from lis_tui.core.errors import NoTrajectory, UsageWrong
from lis_tui.trajectory.foreign.opening import Collection, open_path
from lis_tui.trajectory.store import RunFolder

if TYPE_CHECKING:
    from lis_tui.config.load import Loaded

_INSTEAD = "Add --headless to have the run printed."


def open_(places: Places, loaded: "Loaded", given: argparse.Namespace) -> int:
    """Do what was asked for; gives the exit code. Raises LisError."""
    if given.run is None and not given.sample:
        raise UsageWrong("Say which: `lis-tui open RUN`, `lis-tui open FILE`, or `lis-tui open --sample`.")
    found = locate(places, given.run if not given.sample else str(SAMPLE))
    if isinstance(found, RunFolder) and given.entry not in (None, "1", found.name):
        raise NoTrajectory(
            f"{found.path} has no trajectory {given.entry!r}; it is one run: leave --entry out."
        )
    if isinstance(found, RunFolder) and not given.report:
        return _open_run(places, loaded, found.path, given)
    path = found.path if isinstance(found, RunFolder) else found
    is_looked_at = given.entry is None and not (given.report or given.headless or given.json)
    if is_looked_at and has_terminal():
        from lis_tui.ui.opening import open_at

        return open_at(places, loaded, path)
    return _open_collection(places, loaded, open_path(path), given)


def _open_run(places: Places, loaded: "Loaded", path: Path, given: argparse.Namespace) -> int:
    if given.headless or given.json:
        from lis_tui.cli import headless
        from lis_tui.trajectory.reading import read

        return headless.show(read(path), as_json=given.json)
    need_terminal(_INSTEAD)
    from lis_tui.ui.app import open_recorded

    return open_recorded(places, loaded, path)


def _open_collection(places: Places, loaded: "Loaded", found: Collection, given: argparse.Namespace) -> int:
    place = None if given.entry is None else found.find(given.entry)
    if given.report:
        wanted = list(range(len(found.rows))) if place is None else [place]
        print_reports(sys.stdout, found, wanted, as_json=given.json)
        return 0
    is_printed = given.headless or given.json
    if len(found.rows) > 1 and place is None and (is_printed or not has_terminal()):
        print_table(sys.stdout, found, as_json=given.json)
        return 0
    if is_printed:
        from lis_tui.cli import headless

        records = found.read(place or 0).records
        return headless.show(records, as_json=given.json, is_foreign=is_foreign(records))
    need_terminal(_INSTEAD)
    from lis_tui.ui.app import open_collection

    return open_collection(places, loaded, found, place)
