"""`lis-tui export`: a run's account, for people or for programs; what was masked is said beside it."""

import os
import sys
from pathlib import Path

from lis_tui.cli.recorded import recorded
from lis_tui.config.places import Places
from lis_tui.core.errors import UsageWrong
from lis_tui.core.text import clean
from lis_tui.trajectory.exporting.names import ExportFormat
from lis_tui.trajectory.exporting.writing import written
from lis_tui.trajectory.store import Store


def export(places: Places, name: str, *, to: ExportFormat, path: Path | None) -> int:
    """Write down a run, or a trajectory in a file, to a file or to standard output.

    Raises LisError.
    """
    found = recorded(places, name)
    forks: list[str] = []
    if found.folder is not None:
        forks = [run.name for run in Store(places.data).list() if run.parent == found.name]
    made = written(found.name, found.records(), to, os.environ, folder=found.folder, forks=forks)
    if path is None:
        sys.stdout.buffer.write(made.data)
        sys.stdout.buffer.flush()
    else:
        _write(path.expanduser(), made.data)
    for remark in made.remarks():
        print(f"lis-tui: {clean(remark)}", file=sys.stderr)
    return 0


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise UsageWrong(f"{path} cannot be written: {error.strerror}.") from error
