"""The first steps of a large file, to be looked at while the whole of it is being read."""

from collections.abc import Iterator
from pathlib import Path

from msgspec import structs

from lis_tui.core.errors import LisError
from lis_tui.core.events import Record, RunEnded, TrajectoryImported
from lis_tui.trajectory.foreign.decoding import decoded
from lis_tui.trajectory.foreign.material import ZIP, Material
from lis_tui.trajectory.foreign.recognising import reading, recognise
from lis_tui.trajectory.foreign.unpacking import is_packed, read_beginning

LARGE_BYTES = 8 << 20
"""A smaller file is read before anybody would look."""
BEGINNING_BYTES = 1 << 20


def beginning_of(path: Path) -> list[Record]:
    """Read the records that the beginning of a large file gives.

    None where it is small, packed, holds several trajectories, or does not say enough. These need not be the
    first records of the whole: what a format tells at its end is missing here.
    """
    try:
        data = read_beginning(path, BEGINNING_BYTES, of_at_least=LARGE_BYTES)
        if not data or is_packed(data) or data.startswith(ZIP):
            return []
        return list(_records(Material(path, _whole_lines(data))))
    except LisError:
        return []  # who reads the whole says what is wrong with it


def _whole_lines(data: bytes) -> bytes:
    """Leave out the line that is cut, where each line is a JSON value; else it is one document."""
    first = data[: data.find(b"\n") + 1].strip()
    is_lines = first.startswith((b"{", b"[")) and decoded(first)[0] is not None
    return data[: data.rfind(b"\n") + 1] if is_lines else data


def _records(material: Material) -> Iterator[Record]:
    recording = recognise(material)
    if recording is None:
        return
    with reading(material.path):
        found = recording.read(0).records if len(recording.entries) == 1 else []
    for record in found:
        if isinstance(record.event, TrajectoryImported):  # that it breaks off is not true of the file
            yield structs.replace(record, event=structs.replace(record.event, problems=()))
        elif not isinstance(record.event, RunEnded):
            yield record
