"""The first part of a large file, to be looked at while the whole of it is being read."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct, structs

from lis_tui.core.errors import LisError
from lis_tui.core.events import Record, RunEnded, TrajectoryImported
from lis_tui.trajectory.foreign.decoding import decoded
from lis_tui.trajectory.foreign.material import ZIP, Material
from lis_tui.trajectory.foreign.opening import Row, rows
from lis_tui.trajectory.foreign.recognising import reading, recognise
from lis_tui.trajectory.foreign.unpacking import is_packed, read_beginning

LARGE_BYTES = 8 << 20
"""A smaller file is read before anybody would look."""
BEGINNING_BYTES = 1 << 20


class Beginning(Struct, frozen=True):
    """What the first part of a file tells: of one trajectory its first records, of several the first rows."""

    records: tuple[Record, ...] = ()
    rows: tuple[Row, ...] = ()


NOTHING = Beginning()


def beginning_of(path: Path) -> Beginning:
    """Read what the beginning of a large file gives.

    Nothing where it is small or packed, or does not say enough. The records need not be the first ones of the
    whole: what a format tells at its end is missing here.
    """
    try:
        data = read_beginning(path, BEGINNING_BYTES, of_at_least=LARGE_BYTES)
        if not data or is_packed(data) or data.startswith(ZIP):
            return NOTHING
        return _told(path, data)
    except LisError:
        return NOTHING  # who reads the whole says what is wrong with it


def _told(path: Path, data: bytes) -> Beginning:
    is_lines = _is_lines(data)
    material = Material(path, data[: data.rfind(b"\n") + 1] if is_lines else data)
    recording = recognise(material)
    if recording is None:
        return NOTHING
    with reading(path):
        if len(recording.entries) == 1:
            return Beginning(records=tuple(_records(recording.read(0).records)))
    # where it is one document, what is told of a trajectory may stand behind what was read
    return Beginning(rows=rows(path, "", recording)) if is_lines else NOTHING


def _is_lines(data: bytes) -> bool:
    """Whether each line is a JSON value of its own."""
    first = data[: data.find(b"\n") + 1].strip()
    return first.startswith((b"{", b"[")) and decoded(first)[0] is not None


def _records(found: Iterable[Record]) -> Iterator[Record]:
    for record in found:
        if isinstance(record.event, TrajectoryImported):  # that it breaks off is not true of the file
            yield structs.replace(record, event=structs.replace(record.event, problems=()))
        elif not isinstance(record.event, RunEnded):
            yield record
