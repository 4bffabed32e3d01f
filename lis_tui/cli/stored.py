"""What a command that begins runs is given: a run, or a file that becomes one."""

import os
from pathlib import Path

from lis_tui.cli.recorded import chosen, find
from lis_tui.config.places import Places
from lis_tui.trajectory.adopting import adopt
from lis_tui.trajectory.store import RunFolder


def stored(places: Places, wanted: str) -> RunFolder:
    """Give the run of that name; a trajectory of another program becomes one. Raises LisError."""
    path, _, entry = wanted.rpartition("#")
    has_entry = bool(path) and not os.path.lexists(Path(wanted).expanduser())
    found = find(places, path if has_entry else wanted)
    if isinstance(found, RunFolder):
        return found
    return adopt(places.data, chosen(found, entry if has_entry else None).records())
