"""The steps of an ATIF trajectory as they are gathered: what was said, a turn, a person's command."""

from datetime import UTC, datetime

import msgspec
from msgspec import Struct, field

from lis_tui.core.events import (
    CommandInjected,
    Event,
    MessageSent,
    ObservationEdited,
    Record,
    ReplyEdited,
    ReplyFinished,
    ReplyResampled,
    StepFinished,
    StepProposed,
    StepStarted,
    UnknownEvent,
    VersionChosen,
    Who,
)
from lis_tui.core.messages import Reply, Usage
from lis_tui.trajectory.beside_atif import KEY, Beside, BesideReply, Json, Wrote
from lis_tui.trajectory.exporting.atif_calls import Slot, injected_slot, slots_of

OfStep = StepProposed | StepStarted | StepFinished | ObservationEdited


class Part(Struct, kw_only=True):
    """One step of the trajectory. What its own fields do not tell goes into `facts`."""

    record: Record
    beside: Beside
    source: str = "user"
    message: str = ""
    is_copied: bool = False
    facts: list[Record] = field(default_factory=list)

    def json(self, number: int) -> Json:
        """Write it."""
        facts = sorted(self.facts, key=lambda one: one.n)
        beside = msgspec.structs.replace(self.beside, facts=[line(one) for one in facts])
        found: Json = {"step_id": number, "source": self.source, "message": self.message}
        if timestamp := moment(self.record.at):
            found["timestamp"] = timestamp
        found |= self.own_fields()
        if self.is_copied:
            found["is_copied_context"] = True
        return {**found, "extra": {KEY: msgspec.to_builtins(beside)}}

    def own_fields(self) -> Json:
        """Give the fields that only some steps have."""
        return {}


class Injected(Part, kw_only=True):
    """A command that no model asked for."""

    slot: Slot

    def take(self, record: Record) -> bool:
        """Take what came of it."""
        return self.slot.take(record)

    def own_fields(self) -> Json:
        """Give the call; no model was asked for it."""
        return {**_acts([self.slot]), "llm_call_count": 0}


class Turn(Part, kw_only=True):
    """A reply of the model, of several versions the one that counts, and what came of its calls."""

    model_name: str = ""
    """Empty: the trajectory's."""
    replies: list[Reply]
    chosen: int = 1
    reasoning: str = ""
    slots: list[Slot]
    is_edited: bool = False

    def take(self, record: Record) -> bool:
        """Take what ATIF's fields can tell; gives whether they tell all of it."""
        event = record.event
        match event:
            case ReplyResampled():
                self.replies.append(event.reply)
                self._choose(len(self.replies))
            case VersionChosen() if 1 <= event.version <= len(self.replies):
                self._choose(event.version)
            case ReplyEdited():
                self._edit(event)
            case StepProposed() | StepStarted() | StepFinished() | ObservationEdited():
                return self._take_step(record, event)
            case _:
                pass
        return False

    def own_fields(self) -> Json:
        """Give what a model's step has."""
        found: Json = {"llm_call_count": len(self.replies)}
        if self.reasoning:
            found["reasoning_content"] = self.reasoning
        if self.model_name:
            found["model_name"] = self.model_name
        usages = [reply.usage for reply in self.replies if reply.usage is not None]
        if usages:
            found["metrics"] = metrics(usages)
        return found | _acts(self.slots)

    def _take_step(self, record: Record, event: OfStep) -> bool:
        place = event.address
        if place.extra or not 1 <= place.step <= len(self.slots):
            return False
        return self.slots[place.step - 1].take(record)

    def _choose(self, version: int) -> None:
        """What was proposed by another version is no step of this run."""
        self._tell_in_facts()
        for slot in self.slots:
            self.facts += slot.records()
        reply = self.replies[version - 1]
        self.chosen = version
        self.message, self.reasoning, self.slots = reply.text, reply.reasoning, slots_of(reply.calls)
        self.beside.changed_by = self.beside.model_wrote = None

    def _edit(self, event: ReplyEdited) -> None:
        self._tell_in_facts()
        self.message = self.message if event.text is None else event.text
        self.reasoning = self.reasoning if event.reasoning is None else event.reasoning
        wrote = self.replies[self.chosen - 1]
        self.beside.changed_by, self.beside.model_wrote = event.by, Wrote(wrote.text, wrote.reasoning)

    def _tell_in_facts(self) -> None:
        """From now on the first reply stands among the facts, because the fields tell something else."""
        if self.beside.n:
            self.facts.append(self.record)
            self.beside.n, self.beside.at, self.beside.reply = 0, 0.0, None


def said(record: Record, event: MessageSent) -> Part:
    """A message to the model, whoever said it."""
    beside = Beside(n=record.n, at=record.at, turn=event.turn, origin=event.origin)
    return Part(record=record, beside=beside, message=event.text)


def turn(record: Record, event: ReplyFinished, model_name: str) -> Turn:
    """A reply."""
    reply = event.reply
    told = BesideReply(
        finish_reason=reply.finish_reason,
        thinking_json=reply.thinking_json,
        calls_in_text=reply.calls_in_text,
        first_piece_s=event.first_piece_s,
        duration_s=event.duration_s,
    )
    return Turn(
        record=record,
        beside=Beside(n=record.n, at=record.at, turn=event.turn, reply=told),
        source="agent",
        message=reply.text,
        model_name=model_name,
        replies=[reply],
        reasoning=reply.reasoning,
        slots=slots_of(reply.calls),
    )


def injected(record: Record, event: CommandInjected) -> Injected:
    """A person's command."""
    by: Who = event.by
    beside = Beside(n=record.n, at=record.at, by=by, address=event.address, is_hidden=event.is_hidden)
    return Injected(record=record, beside=beside, source="agent", slot=injected_slot(event))


def line(record: Record) -> Json:
    """Give a fact as the journal has it."""
    event: Event = record.event
    plain: object = (
        msgspec.json.decode(event.raw) if isinstance(event, UnknownEvent) else msgspec.to_builtins(event)
    )
    return {"n": record.n, "at": record.at, "event": plain}


def metrics(usages: list[Usage]) -> Json:
    """Add up what replies used; what is not known of any is left out."""
    found: Json = {}
    for name in ("prompt_tokens", "completion_tokens", "cached_tokens", "cost_usd"):
        values = [value for one in usages if (value := getattr(one, name)) is not None]
        if values:
            found[name] = sum(values)
    extra: Json = {}
    thought = [one.reasoning_tokens for one in usages if one.reasoning_tokens is not None]
    if thought:
        extra["reasoning_tokens"] = sum(thought)
    if any(one.is_estimated for one in usages):
        extra["is_estimated"] = True
    return {**found, "extra": extra} if extra else found


def moment(at: float) -> str:
    """Give a time as the format has it; nothing where it is not known."""
    try:
        return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z") if at > 0 else ""
    except (ValueError, OverflowError, OSError):
        return ""


def _acts(slots: list[Slot]) -> Json:
    found: Json = {}
    if slots:
        found["tool_calls"] = [slot.call_json() for slot in slots]
    results = [result for slot in slots if (result := slot.result_json()) is not None]
    if results:
        found["observation"] = {"results": results}
    return found
