"""Asks each importer whether a file is of its format."""

import gc
import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import structs

from lis_tui.core.errors import NoTrajectory
from lis_tui.core.events import TrajectoryImported
from lis_tui.trajectory.foreign.material import Material
from lis_tui.trajectory.foreign.recording import Entry, Imported, Importer, Recording

IMPORTERS: tuple[tuple[str, str], ...] = (
    ("ours", "OURS"),
    ("inspect_log", "INSPECT"),
    ("claude_code", "CLAUDE_CODE"),
    ("codex", "CODEX"),
    ("atif", "ATIF"),
    ("openhands", "OPENHANDS"),
    ("swe_agent", "SWE_AGENT"),
    ("mini", "MINI"),
    ("peer", "PEER"),
    ("responses", "RESPONSES"),
    ("chat", "CHAT"),
)
"""Module and name of each importer, those that know their own by the surest signs first."""


def recognise(material: Material) -> Recording | None:
    """Ask each importer in turn whether the content is of its format."""
    with reading(material.path):
        for module, name in IMPORTERS:
            importer: Importer = getattr(importlib.import_module(f"{__package__}.{module}"), name)
            recording = importer.recognise(material)
            if recording is not None:
                return _Partly(recording, material.breaks_off) if material.breaks_off else recording
    return None


class _Partly:
    """A recording that breaks off, which each of its trajectories says."""

    def __init__(self, recording: Recording, why: str) -> None:
        self._recording = recording
        self._why = f"the file {why}"
        self.format, self.version = recording.format, recording.version

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What there is of it."""
        return self._recording.entries

    def read(self, index: int = 0) -> Imported:
        """Read what there is. Raises NoTrajectory."""
        found = self._recording.read(index)
        records = [
            structs.replace(record, event=self._said(record.event))
            if isinstance(record.event, TrajectoryImported)
            else record
            for record in found.records
        ]
        problems = (*found.report.problems, self._why)
        return Imported(records, structs.replace(found.report, problems=problems))

    def _said(self, event: TrajectoryImported) -> TrajectoryImported:
        return structs.replace(event, problems=(*event.problems, self._why))


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Have no garbage looked for meanwhile, of which there is none, and say it where nesting is too deep."""
    was_collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    except RecursionError as error:
        raise NoTrajectory(f"{path} is nested too deeply to be read.") from error
    finally:
        if was_collecting:
            gc.enable()
