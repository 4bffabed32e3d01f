"""The calls of an ATIF step and their results: what ran and what the model saw, with our marks beside."""

import msgspec
from msgspec import Struct

from lis_tui.core.arguments import arguments_of
from lis_tui.core.events import (
    CommandInjected,
    Event,
    ObservationEdited,
    Record,
    StepFinished,
    StepProposed,
    StepStarted,
    Who,
)
from lis_tui.core.messages import Observation, ToolCall
from lis_tui.trajectory.beside_atif import (
    KEY,
    BesideCall,
    BesideResult,
    Json,
    Proposal,
    Told,
    style_of,
)

_PLAIN: Json = msgspec.to_builtins(Observation(text=""))


class Slot(Struct):
    """A call, and what became of it. `call` is as it was asked for, by the model or (`is_models`) not."""

    id: str
    call: ToolCall
    is_models: bool = True
    proposed: Record | None = None
    started: Record | None = None
    finished: Record | None = None
    seen: str | None = None
    seen_by: Who | None = None

    def take(self, record: Record) -> bool:
        """Take what ATIF can tell of it, each once; gives whether it was that."""
        event: Event = record.event
        match event:
            case StepProposed() if self.proposed is None and self.started is None and self.is_models:
                self.proposed = record
            case StepStarted() if self.started is None and (self.proposed or not self.is_models):
                self.started = record
            case StepFinished() if self.finished is None:
                self.finished = record
            case _:
                if isinstance(event, ObservationEdited):
                    self.seen, self.seen_by = event.text, event.by
                return False
        return True

    def records(self) -> list[Record]:
        """What it has taken."""
        return [one for one in (self.proposed, self.started, self.finished) if one is not None]

    def call_json(self) -> Json:
        """Write the call as what ran; else as what would have."""
        ran, changed_by = self._ran()
        arguments, style, text = style_of(ran.arguments)
        beside = BesideCall(
            changed_by=changed_by,
            asked_for=None if self._is_as_asked(ran) else self.call,
            style=style,
            text=text,
            proposed=self._proposal(),
            started=None if self.started is None else Told(n=self.started.n, at=self.started.at),
        )
        return {
            "tool_call_id": self.id,
            "function_name": ran.name,
            "arguments": arguments,
            "extra": {KEY: msgspec.to_builtins(beside)},
        }

    def result_json(self) -> Json | None:
        """Write the result as the model saw it."""
        if self.finished is None or not isinstance(self.finished.event, StepFinished):
            return None
        event = self.finished.event
        seen = event.observation
        rest: Json = msgspec.to_builtins(seen)
        del rest["text"]
        beside = BesideResult(
            n=self.finished.n,
            at=self.finished.at,
            changed_by=self.seen_by,
            really=None if self.seen is None else seen.text,
            call_id=None if event.call_id == self.call.id else event.call_id,
            tool=None if event.tool == self._ran()[0].name else event.tool,
            observation={key: value for key, value in rest.items() if value != _PLAIN[key]},
        )
        plain: Json = {"status": seen.status}
        if seen.exit_code is not None:
            plain["exit_code"] = seen.exit_code
        return {
            "source_call_id": self.id,
            "content": seen.text if self.seen is None else self.seen,
            "extra": {**plain, KEY: msgspec.to_builtins(beside)},
        }

    def _is_as_asked(self, ran: ToolCall) -> bool:
        if self.is_models:
            return (self.id, ran.name, ran.arguments) == (self.call.id, self.call.name, self.call.arguments)
        return ran.name == self.call.name and arguments_of(ran.arguments) == arguments_of(self.call.arguments)

    def _ran(self) -> tuple[ToolCall, Who | None]:
        if self.started is not None and isinstance(self.started.event, StepStarted):
            event = self.started.event
            return ToolCall(self.call.id, event.tool, event.arguments), event.changed_by
        if self.proposed is not None and isinstance(self.proposed.event, StepProposed):
            return self.proposed.event.call, None
        return self.call, None

    def _proposal(self) -> Proposal | None:
        if self.proposed is None or not isinstance(self.proposed.event, StepProposed):
            return None
        event = self.proposed.event
        call = None if event.call == self.call else event.call
        return Proposal(n=self.proposed.n, at=self.proposed.at, problem=event.problem, call=call)


def slots_of(calls: tuple[ToolCall, ...]) -> list[Slot]:
    """Give the calls of a reply, each with an id that no other one has."""
    found: dict[str, Slot] = {}
    for number, call in enumerate(calls, 1):
        name = call.id
        while not name or name in found:
            name = f"{name or 'call'}-{number}"
        found[name] = Slot(name, call)
    return list(found.values())


def injected_slot(event: CommandInjected) -> Slot:
    """Give a person's command as a call that no model made."""
    arguments = msgspec.json.encode({"command": event.command}).decode()
    name = f"{event.by}-{event.address}"
    return Slot(name, ToolCall("", "execute_bash", arguments), is_models=False)
