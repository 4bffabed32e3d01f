"""What a person names on the command line as recorded: a run of ours, or a trajectory in any file."""

import os
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from lis_tui.config.places import Places
from lis_tui.core.errors import NoTrajectory, RunNotFound
from lis_tui.core.events import Record
from lis_tui.trajectory.foreign.opening import Collection, open_path
from lis_tui.trajectory.foreign.recording import Imported
from lis_tui.trajectory.reading import read
from lis_tui.trajectory.store import RunFolder, Store, has_journal


class Recorded(Struct, frozen=True):
    """One trajectory, not read yet."""

    name: str
    place: str
    """Tells it from every other."""
    folder: RunFolder | None
    """Of a run of ours."""
    records: Callable[[], list[Record]]
    """Read it whole. Raises LisError."""


def find(places: Places, wanted: str) -> RunFolder | Collection:
    """Give the run of that name, or what is at that path. Raises LisError."""
    found = locate(places, wanted)
    return found if isinstance(found, RunFolder) else open_path(found)


def locate(places: Places, wanted: str) -> RunFolder | Path:
    """Give the run of that name, or a path of something that nobody has looked at yet. Raises RunNotFound."""
    store = Store(places.data)
    is_name = os.sep not in wanted and wanted not in {".", ".."}
    if is_name and (places.data / "runs" / wanted).is_dir() and wanted:
        return store.find(wanted)
    path = Path(wanted).expanduser()
    if wanted and os.path.lexists(path):
        return store.find(str(path.absolute())) if has_journal(path) else path
    _may_look(path)
    try:
        return store.find(wanted)
    except RunNotFound as error:
        if "fits several" in str(error):
            raise
        raise RunNotFound(
            f"There is no run and no file {wanted!r}. `lis-tui runs` lists the runs that are."
        ) from error


def _may_look(path: Path) -> None:
    """Raise NoTrajectory where a folder on the way may not be entered: what is in it is not known."""
    try:
        os.lstat(path)
    except PermissionError as error:
        raise NoTrajectory(f"{path} cannot be reached: a folder on the way may not be entered.") from error
    except (OSError, ValueError):
        return


def recorded(places: Places, wanted: str) -> Recorded:
    """Give one trajectory: a run's name, a path, or PATH#ENTRY where there are several. Raises LisError."""
    path, _, entry = wanted.rpartition("#")
    has_entry = bool(path) and not os.path.lexists(Path(wanted).expanduser())
    found = find(places, path if has_entry else wanted)
    if isinstance(found, RunFolder):
        folder = found
        return Recorded(folder.name, str(folder.path), folder, lambda: list(read(folder)))
    return chosen(found, entry if has_entry else None)


def chosen(found: Collection, entry: str | None) -> Recorded:
    """Give one trajectory of a collection; without `entry` it must be the only one. Raises NoTrajectory."""
    if entry is None and len(found.rows) > 1:
        raise NoTrajectory(
            f"There are {len(found.rows)} trajectories in {found.path}: say which, as in {found.path}#1."
        )
    place = 0 if entry is None else found.find(entry)
    row = found.rows[place]
    return Recorded(
        row.entry.name, f"{row.path}#{row.member}#{row.index}", None, lambda: whole(found, place).records
    )


def whole(found: Collection, place: int) -> Imported:
    """Read one trajectory of a collection. Raises LisError."""
    return found.read(place)
