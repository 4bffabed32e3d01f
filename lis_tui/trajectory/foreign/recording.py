"""What an importer gives: a file's trajectories as a table lists them, and each as records of ours."""

from pathlib import Path
from typing import Protocol

from msgspec import Struct

from lis_tui.core.events import Record
from lis_tui.trajectory.foreign.material import Material


class Entry(Struct, frozen=True, kw_only=True):
    """One trajectory of a file, as a table shows it. None, and an empty text: the file does not say."""

    name: str
    task: str = ""
    outcome: str = ""
    score: float | str | None = None
    model: str = ""
    turns: int | None = None
    tokens: int | None = None
    cost_usd: float | None = None
    started_at: float | None = None


class Report(Struct, frozen=True, kw_only=True):
    """How a trajectory was read; `lis-tui open --report` prints it."""

    format: str
    version: str = ""
    turns: int = 0
    steps: int = 0
    observations: int = 0
    kept: dict[str, int] = {}
    """How often each field occurs that has no place here, by its path in the file (`info.cost`)."""
    problems: tuple[str, ...] = ()
    """The records that could not be read, each with where it stands and why."""
    notes: tuple[str, ...] = ()


class Imported(Struct, frozen=True):
    """A trajectory as records: RunStarted first, TrajectoryImported second. Facts are numbered from 1."""

    records: list[Record]
    report: Report


class Recording(Protocol):
    """A file that was recognised."""

    @property
    def format(self) -> str:
        """What wrote it, as people say it: `mini-swe-agent`."""
        ...

    @property
    def version(self) -> str:
        """Which version of the format, where the file says it."""
        ...

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The trajectories in it; most files have one."""
        ...

    def read(self, index: int = 0) -> Imported:
        """Read one whole. Raises NoTrajectory where nothing of it can be read."""
        ...


class Importer(Protocol):
    """Knows one format. It never runs what it reads, and follows no path that stands in it."""

    @property
    def format(self) -> str:
        """What it reads."""
        ...

    def recognise(self, material: Material) -> Recording | None:
        """Give the recording where the content is of this format; judged by content, never by name."""
        ...


def name_of(path: Path) -> str:
    """Name a trajectory after its file, without any of its endings."""
    return path.name.split(".", 1)[0] or path.name
