"""Opens what holds trajectories, whoever recorded them: a file, a packed one, an archive, a run, a folder.

    found = open_path(path)            # a Collection; raises NoTrajectory with one line that says why
    found.rows[0].entry.task           # the table: one Row a trajectory, of all files together
    found.read(0).records              # RunStarted first; TrajectoryImported second, but not in runs of ours
    for row in rows_of(path): ...      # the same rows, as they are found, for a table that fills

Reading blocks: use a thread. A Collection holds the file that was read last, and no other.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from lis_tui.core.errors import LisError, NoTrajectory
from lis_tui.trajectory.foreign.folders import JOURNAL, MOST_FILE_BYTES, files_in
from lis_tui.trajectory.foreign.looks import looks
from lis_tui.trajectory.foreign.material import Material
from lis_tui.trajectory.foreign.ours import FORMAT as OURS
from lis_tui.trajectory.foreign.recognising import reading, recognise
from lis_tui.trajectory.foreign.recording import Entry, Imported, Recording
from lis_tui.trajectory.store import has_journal

MOST_ROWS = 20_000
MOST_MEMBERS = 5_000


class Row(Struct, frozen=True, kw_only=True):
    """One trajectory of a collection, as its table shows it."""

    path: Path
    """The file; of a run of ours its journal."""
    member: str = ""
    """Its name in the `.zip`, where the file is one that was not written as a log."""
    index: int = 0
    """Which of the file's trajectories."""
    format: str
    version: str = ""
    entry: Entry

    @property
    def is_ours(self) -> bool:
        """Whether it is a run of ours; its folder is that of `path`, where `path` is named journal.jsonl."""
        return self.format == OURS


class Skipped(Struct, frozen=True):
    """A file that was looked at and holds nothing that can be read."""

    path: Path
    why: str
    """A whole sentence."""


class Collection:
    """The trajectories that were found at a place."""

    def __init__(
        self, path: Path, rows: tuple[Row, ...], skipped: tuple[Skipped, ...], *, is_folder: bool
    ) -> None:
        self.path = path
        self.rows = rows
        self.skipped = skipped
        """What looked like a trajectory in a folder or an archive, and is none; why not."""
        self.is_folder = is_folder
        self._held: tuple[Path, str, Recording] | None = None

    def hold(self, path: Path, member: str, recording: Recording) -> None:
        """Have this file at hand for the next reading."""
        self._held = (path, member, recording)

    def read(self, place: int = 0) -> Imported:
        """Read the trajectory of a row, counted from 0. Raises LisError."""
        row = self.rows[place]
        if self._held is None or self._held[:2] != (row.path, row.member):
            self._held = None  # the one goes before the other comes
            self._held = (row.path, row.member, _recording(row.path, row.member))
        with reading(row.path):
            return self._held[2].read(row.index)

    def find(self, wanted: str) -> int:
        """Give the place of a row by its number in the table, counted from 1, or by its name.

        Raises NoTrajectory.
        """
        if wanted.isdecimal() and 1 <= int(wanted[:9]) <= len(self.rows):
            return int(wanted) - 1
        for is_it in (_is_named, _begins_with):
            places = [place for place, row in enumerate(self.rows) if is_it(row, wanted)]
            if len(places) == 1:
                return places[0]
            if places:
                several = ", ".join(str(place + 1) for place in places[:5])
                raise NoTrajectory(f"{wanted!r} fits several trajectories of {self.path}: {several}.")
        raise NoTrajectory(f"{self.path} has no trajectory {wanted!r}; it has {len(self.rows)}.")


def open_path(path: Path) -> Collection:
    """Find what trajectories are at a path: a file or a folder. Raises LisError where there are none."""
    path = path.expanduser()
    if path.is_dir() and not has_journal(path):
        return _open_folder(path)
    file = path / JOURNAL if path.is_dir() else path
    material = Material.of(file)
    recording = recognise(material)
    if recording is None:
        return _open_archive(material)
    found = Collection(file, rows(file, "", recording), (), is_folder=False)
    found.hold(file, "", recording)
    return found


def rows_of(path: Path) -> Iterator[Row | Skipped]:
    """Give the trajectories at a path as they are found. Raises LisError for a file that holds none."""
    if path.is_dir() and not has_journal(path):
        _look_into(path)
        for file in files_in(path):
            yield from _rows_or_why(file)
    else:
        found = open_path(path)
        yield from found.rows
        yield from found.skipped


def _look_into(folder: Path) -> None:
    try:
        with os.scandir(folder):
            pass
    except OSError as error:
        raise NoTrajectory(f"{folder} cannot be read: {error.strerror}.") from error


def _open_folder(path: Path) -> Collection:
    all_: list[Row] = []
    skipped: list[Skipped] = []
    for found in rows_of(path):
        if isinstance(found, Skipped):
            skipped.append(found)
        elif len(all_) < MOST_ROWS:
            all_.append(found)
        else:
            skipped.append(Skipped(path, f"There are more than {MOST_ROWS:,} trajectories in {path}."))
            break
    if not all_:
        few = "; ".join(one.why.rstrip(".") for one in skipped[:3])
        raise NoTrajectory(f"{path} has no trajectory in it{f': {few}' if few else ''}.")
    return Collection(path, tuple(all_), tuple(skipped), is_folder=True)


def _open_archive(material: Material) -> Collection:
    """Look into a `.zip` of trajectories. Raises NoTrajectory with what the file is where it is none."""
    all_: list[Row] = []
    skipped: list[Skipped] = []
    for found in _members(material):
        if isinstance(found, Skipped):
            skipped.append(found)
        else:
            all_.append(found)
    if not all_:
        raise NoTrajectory(f"{material.path} {looks(material)}.")
    return Collection(material.path, tuple(all_), tuple(skipped), is_folder=False)


def _rows_or_why(file: Path) -> Iterator[Row | Skipped]:
    try:
        material = Material.of(file, MOST_FILE_BYTES)
        recording = recognise(material)
        if recording is not None:
            yield from rows(file, "", recording)
            return
        found = list(_members(material))
        yield from found
        if not any(isinstance(row, Row) for row in found):
            yield Skipped(file, f"{file} {looks(material)}.")
    except LisError as error:
        yield Skipped(file, error.sentence)


def _members(material: Material) -> Iterator[Row | Skipped]:
    if material.archive is None:
        return
    for number, info in enumerate(material.archive.infolist()):
        if number >= MOST_MEMBERS:
            yield Skipped(
                material.path, f"{material.path} has more than {MOST_MEMBERS:,} files; not all are read."
            )
            return
        if info.is_dir():
            continue
        try:
            recording = recognise(material.member(info.filename))
            if recording is not None:
                yield from rows(material.path, info.filename, recording)
        except LisError as error:
            yield Skipped(material.path / info.filename, error.sentence)


def rows(path: Path, member: str, recording: Recording) -> tuple[Row, ...]:
    """Give the trajectories of a file. Raises LisError."""
    with reading(path):
        entries = recording.entries
    format_, version = recording.format, recording.version
    return tuple(
        Row(path=path, member=member, index=index, format=format_, version=version, entry=entry)
        for index, entry in enumerate(entries)
    )


def _recording(path: Path, member: str) -> Recording:
    material = Material.of(path)
    recording = recognise(material.member(member) if member else material)
    if recording is None:
        raise NoTrajectory(f"{path} was changed meanwhile: it holds no trajectory any more.")
    return recording


def _is_named(row: Row, wanted: str) -> bool:
    return bool(wanted) and wanted in (row.entry.name, row.path.name, str(row.path), row.member)


def _begins_with(row: Row, wanted: str) -> bool:
    return bool(wanted) and row.entry.name.startswith(wanted)
