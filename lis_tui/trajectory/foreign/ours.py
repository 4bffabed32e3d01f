"""Journals of our own among the trajectories of others: in a run folder, copied out of one, or packed."""

from collections.abc import Iterable, Iterator
from functools import cached_property

from msgspec import Struct

from lis_tui.core.errors import JournalUnreadable, NoTrajectory
from lis_tui.core.events import (
    FORMAT_VERSION,
    NoticeGiven,
    Record,
    ReplyFinished,
    ReplyResampled,
    RunEnded,
    RunStarted,
    StepFinished,
    StepProposed,
    UnknownEvent,
    decode,
)
from lis_tui.core.messages import Usage
from lis_tui.trajectory.foreign.material import Material
from lis_tui.trajectory.foreign.recording import Entry, Imported, Recording, Report
from lis_tui.trajectory.lines import UNREADABLE
from lis_tui.trajectory.reading import read, read_line
from lis_tui.trajectory.summary import newer_version

FORMAT = "lis-tui"
_SIGN = b'"RunStarted"'
"""Near the beginning of every journal, as we write it."""


class _Counts(Struct):
    """What a table shows, added up."""

    started: RunStarted | None = None
    started_at: float = 0.0
    ended: RunEnded | None = None
    turns: int = 0
    steps: int = 0
    observations: int = 0
    tokens: int | None = None
    cost_usd: float | None = None
    problems: tuple[str, ...] = ()

    def add(self, record: Record) -> None:
        """Count one record."""
        match record.event:
            case RunStarted() as event:
                self.started, self.started_at = event, record.at
            case RunEnded() as event:
                self.ended = event
            case StepProposed():
                self.steps += 1
            case StepFinished():
                self.observations += 1
            case ReplyFinished(turn=turn, reply=reply) | ReplyResampled(turn=turn, reply=reply):
                self.turns = max(self.turns, turn)
                self.use(reply.usage)
            case NoticeGiven(text) if record.n == 0:
                self.problems += (text,)
            case UnknownEvent():
                self.problems += (f"record {record.n}: an event that this version does not know",)
            case _:
                pass

    def use(self, usage: Usage | None) -> None:
        """Count what a reply used."""
        if usage is None:
            return
        self.tokens = (self.tokens or 0) + (usage.prompt_tokens or 0) + (usage.completion_tokens or 0)
        if usage.cost_usd is not None:
            self.cost_usd = (self.cost_usd or 0.0) + usage.cost_usd


class Ours:
    """One journal, read once."""

    format = FORMAT

    def __init__(self, material: Material, version: int) -> None:
        self._material: Material | None = material
        self._name = material.path.parent.name if material.path.name == "journal.jsonl" else ""
        self._name = self._name or material.path.name.split(".", 1)[0]
        self.version = str(version)

    @cached_property
    def _records(self) -> list[Record]:
        material, self._material = self._material, None
        if material is None:
            return []
        if material.is_plain_file:
            material.let_go()
            return list(read(material.path))
        return list(_from_lines(material.byte_lines()))

    @cached_property
    def _counts(self) -> _Counts:
        counts = _Counts()
        for record in self._records:
            counts.add(record)
        return counts

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """The run."""
        counts = self._counts
        spec = counts.started.spec if counts.started is not None else None
        entry = Entry(
            name=counts.started.run if counts.started is not None else self._name,
            task=spec.task if spec is not None else "",
            model=spec.model.name if spec is not None else "",
            outcome=counts.ended.status if counts.ended is not None else "",
            turns=counts.turns,
            tokens=counts.tokens,
            cost_usd=counts.cost_usd,
            started_at=counts.started_at or None,
        )
        return (entry,)

    def read(self, index: int = 0) -> Imported:
        """Give its records as they are. Raises JournalUnreadable, NoTrajectory."""
        if index:
            raise NoTrajectory(f"The journal of {self._name} holds one run.")
        counts = self._counts
        report = Report(
            format=self.format,
            version=self.version,
            turns=counts.turns,
            steps=counts.steps,
            observations=counts.observations,
            problems=counts.problems,
        )
        return Imported(self._records, report)


class OursImporter:
    """Knows our journal."""

    format = FORMAT

    def recognise(self, material: Material) -> Recording | None:
        """Look at the first line. Raises JournalUnreadable where a newer lis-tui wrote it."""
        if _SIGN not in material.head[:400]:
            return None
        first = next(material.byte_lines(), b"")
        version = newer_version(first)
        if version is not None:
            raise JournalUnreadable(
                f"{material.path} was written by a newer lis-tui (format {version}; this one reads up to "
                f"{FORMAT_VERSION}): update lis-tui to open it."
            )
        try:
            event = decode(first).event
        except UNREADABLE:
            return None
        return Ours(material, event.format_version) if isinstance(event, RunStarted) else None


def _from_lines(lines: Iterable[bytes]) -> Iterator[Record]:
    last_at = 0.0
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        record = read_line(line, number, last_at)
        last_at = record.at
        yield record


OURS = OursImporter()
