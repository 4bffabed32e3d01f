"""A run as formats of messages and steps need it: in order, what counts in the end and what that replaced."""

from collections import Counter
from collections.abc import Iterable

from msgspec import Struct, field, structs

from lis_tui.core.events import (
    CommandInjected,
    Event,
    ForeignKept,
    MessageSent,
    ModelChanged,
    ObservationEdited,
    OwnCommandRan,
    Record,
    ReplyCutOff,
    ReplyEdited,
    ReplyFinished,
    ReplyResampled,
    RunContinued,
    RunEnded,
    RunForked,
    RunStarted,
    StepAddress,
    StepFinished,
    StepProposed,
    StepStarted,
    TrajectoryImported,
    VersionChosen,
    Who,
)
from lis_tui.core.messages import Observation, Reply, ToolCall
from lis_tui.trajectory.beside_step import Wrote
from lis_tui.trajectory.foreign.translating import bash


class Deed(Struct):
    """A call and what came of it; `ran` None: nothing was started."""

    address: StepAddress
    call: ToolCall
    """As it was asked for."""
    ran: ToolCall | None = None
    changed_by: Who | None = None
    """Who changed what ran."""
    seen: Observation | None = None
    edited: str | None = None
    """What the model sees instead of the observation's text."""
    edited_by: Who | None = None
    at: float = 0.0
    by: Who | None = None
    """Who had it run; None: the model."""
    is_hidden: bool = False

    @property
    def really(self) -> str | None:
        """What came of it, where somebody had the model see something else."""
        return self.seen.text if self.seen is not None and self.edited is not None else None

    @property
    def text(self) -> str:
        """What the model sees of it."""
        if self.edited is not None:
            return self.edited
        return self.seen.text if self.seen is not None else ""


class Turned(Struct):
    """A turn: the reply that counts, as the model is to see it."""

    number: int
    versions: list[Reply]
    chosen: int = 0
    """Which of them counts, from 0."""
    deeds: list[Deed] = field(default_factory=list)
    text: str | None = None
    reasoning: str | None = None
    """What a person or rule has the model see as its own words; None: what it wrote."""
    rewritten_by: Who | None = None
    duration_s: float | None = None
    at: float = 0.0

    @property
    def wrote(self) -> Wrote | None:
        """What the model wrote, where somebody changed that."""
        reply = self.versions[self.chosen]
        return None if self.rewritten_by is None else Wrote(reply.text, reply.reasoning)

    @property
    def reply(self) -> Reply:
        """The one that counts, with its words as the model sees them."""
        reply = self.versions[self.chosen]
        return structs.replace(
            reply,
            text=reply.text if self.text is None else self.text,
            reasoning=reply.reasoning if self.reasoning is None else self.reasoning,
        )


class Heard(Struct):
    """Something was said to the model."""

    message: MessageSent
    at: float = 0.0


Item = Turned | Deed | Heard
"""A deed that stands by itself is a person's."""


class Outline:
    """Takes in a run's facts; `items` stand in their order."""

    def __init__(self, records: Iterable[Record]) -> None:
        self.started: RunStarted | None = None
        self.started_at = self.ended_at = 0.0
        self.ended: RunEnded | None = None
        self.items: list[Item] = []
        self.cut_offs = self.own_commands = self.model_changes = 0
        self.is_fork = self.is_imported = False
        self.kept: list[ForeignKept] = []
        self.others: Counter[type[Event]] = Counter()
        """How often what is nothing of a conversation happened."""
        self._turns: dict[int, Turned] = {}
        self._deeds: dict[StepAddress, Deed] = {}
        for record in records:
            self._take(record.event, record.at)

    @property
    def turns(self) -> list[Turned]:
        """The turns that have a reply."""
        return [item for item in self.items if isinstance(item, Turned)]

    @property
    def deeds(self) -> list[Deed]:
        """All calls and commands, in order."""
        found: list[Deed] = []
        for item in self.items:
            found += item.deeds if isinstance(item, Turned) else [item] if isinstance(item, Deed) else []
        return found

    def _take(self, event: Event, at: float) -> None:
        match event:
            case RunStarted():
                self.started, self.started_at = event, at
            case RunEnded():
                self.ended, self.ended_at = event, at
            case RunContinued() | RunForked():
                self.ended, self.is_fork = None, self.is_fork or isinstance(event, RunForked)
            case MessageSent():
                self.items.append(Heard(event, at))
            case ReplyFinished() | ReplyResampled() | VersionChosen() | ReplyEdited():
                self._write(event, at)
            case _:
                self._count(event)
                self._act(event, at)

    def _count(self, event: Event) -> None:
        match event:
            case ForeignKept():
                self.kept.append(event)
            case TrajectoryImported():
                self.is_imported = True
            case ReplyCutOff():
                self.cut_offs += 1
            case OwnCommandRan():
                self.own_commands += 1
            case ModelChanged():
                self.model_changes += 1
            case _:
                self.others[type(event)] += 1

    def _write(self, event: ReplyFinished | ReplyResampled | VersionChosen | ReplyEdited, at: float) -> None:
        if isinstance(event, ReplyFinished):
            turn = Turned(event.turn, [event.reply], duration_s=event.duration_s, at=at)
            self._turns[event.turn] = turn
            self.items.append(turn)
            self._open(turn, at)
            return
        found = self._turns.get(event.turn)
        if found is None:
            return
        if isinstance(event, ReplyEdited):
            found.text = found.text if event.text is None else event.text
            found.reasoning = found.reasoning if event.reasoning is None else event.reasoning
            found.rewritten_by = event.by
            return
        if isinstance(event, ReplyResampled):
            found.versions.append(event.reply)
            found.duration_s = event.duration_s
        found.chosen = min(max(event.version, 1), len(found.versions)) - 1
        found.text = found.reasoning = found.rewritten_by = None
        self._open(found, at)

    def _open(self, turn: Turned, at: float) -> None:
        """Of another version nothing has run yet."""
        calls = enumerate(turn.versions[turn.chosen].calls, 1)
        turn.deeds = [Deed(StepAddress(turn.number, number), call, at=at) for number, call in calls]
        self._deeds |= {deed.address: deed for deed in turn.deeds}

    def _act(self, event: Event, at: float) -> None:
        if isinstance(event, CommandInjected):
            call = bash("", event.command)
            deed = Deed(event.address, call, at=at, by=event.by, is_hidden=event.is_hidden)
            self._deeds[event.address] = deed
            self.items.append(deed)
        elif isinstance(event, StepProposed | StepStarted | StepFinished | ObservationEdited):
            found = self._deeds.get(event.address)
            if found is not None:
                _change(found, event, at)


def _change(
    deed: Deed, event: StepProposed | StepStarted | StepFinished | ObservationEdited, at: float
) -> None:
    match event:
        case StepProposed():
            deed.call = event.call
        case StepStarted():
            deed.ran = ToolCall(deed.call.id, event.tool, event.arguments)
            deed.changed_by = event.changed_by
        case StepFinished():
            deed.seen, deed.at = event.observation, at
        case ObservationEdited():
            deed.edited, deed.edited_by = event.text, event.by
