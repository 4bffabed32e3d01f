"""A run as ATIF, Harbor's format for trajectories: what the model saw and what ran, our marks in `extra`."""

import msgspec
from msgspec import Struct, field

from lis_tui.core.errors import JournalUnreadable
from lis_tui.core.events import (
    CommandInjected,
    Event,
    MessageSent,
    ModelChanged,
    ObservationEdited,
    Record,
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
)
from lis_tui.core.messages import ToolSchema
from lis_tui.trajectory.beside_atif import KEY, VERSION, Beside, BesideRun, Json
from lis_tui.trajectory.exporting.atif_holds import holdable
from lis_tui.trajectory.exporting.atif_steps import Injected, Part, Turn, injected, line, metrics, said, turn
from lis_tui.trajectory.exporting.exporter import Exportable, Exported
from lis_tui.trajectory.exporting.plain_json import as_bytes

SCHEMA = "ATIF-v1.8"


def to_atif(run: Exportable) -> Exported:
    """Write it."""
    records, lost = holdable(run.records)
    draft = _Draft()
    for record in records:
        draft.take(record)
    return Exported(as_bytes(draft.document(run.name), indent=2), lost)


class _Draft(Struct):
    """The trajectory as it is gathered, fact by fact."""

    parts: list[Part] = field(default_factory=list)
    facts: list[Record] = field(default_factory=list)
    """Of a turn whose reply is still to come."""
    turns: dict[int, Turn] = field(default_factory=dict)
    latest: int = 0
    """The last turn that has a reply."""
    commands: dict[StepAddress, Injected] = field(default_factory=dict)
    started: Record | None = None
    imported: TrajectoryImported | None = None
    ended: RunEnded | None = None
    model: str = ""
    """Which one is asked at the moment."""

    def take(self, record: Record) -> None:
        event = record.event
        match event:
            case RunStarted() if self.started is None:
                self._begin(record, event)
            case MessageSent():
                self.parts.append(said(record, event))
            case ReplyFinished():
                self._reply(record, event)
            case CommandInjected():
                command = injected(record, event)
                self.commands[event.address] = command
                self.parts.append(command)
            case StepProposed() | StepStarted() | StepFinished() | ObservationEdited():
                owner = self.commands.get(event.address) or self.turns.get(event.address.turn)
                self._tell(record, owner)
            case ReplyResampled() | VersionChosen() | ReplyEdited():
                self._tell(record, self.turns.get(event.turn))
            case _:
                self._note(event)
                self._keep(record)

    def _begin(self, record: Record, event: RunStarted) -> None:
        self.started = record
        self.model = event.spec.model.name
        if event.system_prompt:
            rules = Beside(part="system_prompt")
            self.parts.append(Part(record=record, beside=rules, source="system", message=event.system_prompt))
        if event.task_prompt or not event.system_prompt:  # a trajectory has at least one step
            self.parts.append(
                Part(record=record, beside=Beside(part="task_prompt"), message=event.task_prompt)
            )

    def _reply(self, record: Record, event: ReplyFinished) -> None:
        other = self.model if self._agent_model() != self.model else ""
        part = turn(record, event, other)
        part.facts, self.facts = self.facts, []
        self.turns[event.turn] = part
        self.latest = max(self.latest, event.turn)
        self.parts.append(part)

    def _tell(self, record: Record, owner: Turn | Injected | None) -> None:
        if owner is None:
            self._keep(record)
        elif not owner.take(record):
            owner.facts.append(record)

    def _keep(self, record: Record) -> None:
        """Put a fact at the step of its turn, or at the last step."""
        number = _turn_of(record.event)
        owner = self.turns.get(number) if number is not None else None
        is_early = number is not None and number > self.latest
        if is_early or not self.parts:
            self.facts.append(record)
        else:
            (owner or self.parts[-1]).facts.append(record)

    def _note(self, event: Event) -> None:
        match event:
            case ModelChanged():
                self.model = event.model.name
            case RunForked(kind="fork" | "rewind"):
                for part in self.parts:
                    part.is_copied = True
            case TrajectoryImported():
                self.imported = event
            case RunEnded():
                self.ended = event
            case RunContinued():
                self.ended = None
            case _:
                pass

    # ---- the document

    def document(self, name: str) -> Json:
        """Write all of it."""
        found: Json = {
            "schema_version": SCHEMA,
            "session_id": name,
            "trajectory_id": name,
            "agent": self._agent(),
            "steps": [part.json(number) for number, part in enumerate(self.parts, 1)],
            "final_metrics": self._totals(),
            "extra": {**self._end(), KEY: self._run()},
        }
        return found

    def _agent(self) -> Json:
        started = self._started()
        found: Json = {
            "name": self.imported.format if self.imported is not None else "lis-tui",
            "version": (self.imported.version if self.imported is not None else started.app_version)
            or "unknown",
        }
        if name := self._agent_model():
            found["model_name"] = name
        if started.tools:
            found["tool_definitions"] = [_tool(tool) for tool in started.tools]
        return found

    def _totals(self) -> Json:
        usages = [
            reply.usage
            for part in self.parts
            if isinstance(part, Turn)
            for reply in part.replies
            if reply.usage is not None
        ]
        totals: Json = {
            f"total_{key}": value for key, value in metrics(usages).items() if key != "extra" and usages
        }
        return {**totals, "total_steps": len(self.parts)}

    def _end(self) -> Json:
        if self.ended is None:
            return {}
        told = {"status": self.ended.status, "reason": self.ended.reason, "answer": self.ended.answer}
        return {key: value for key, value in told.items() if value}

    def _run(self) -> Json:
        started: Json = msgspec.to_builtins(self._started())
        record = self.started
        beside = BesideRun(
            version=VERSION,
            n=record.n if record is not None else 0,
            at=record.at if record is not None else 0.0,
            started={key: value for key, value in started.items() if key not in _TOLD},
            facts=[line(one) for one in self.facts],
        )
        return msgspec.convert(msgspec.to_builtins(beside), Json)

    def _started(self) -> RunStarted:
        if self.started is None or not isinstance(self.started.event, RunStarted):
            raise JournalUnreadable("It has no beginning, so it cannot be written as ATIF.")
        return self.started.event

    def _agent_model(self) -> str:
        return self._started().spec.model.name


_TOLD = ("system_prompt", "task_prompt")


def _turn_of(event: Event) -> int | None:
    number = getattr(event, "turn", None)
    if number is None:
        number = getattr(getattr(event, "address", None), "turn", None)
    return number if isinstance(number, int) else None


def _tool(tool: ToolSchema) -> Json:
    try:
        parameters = msgspec.json.decode(tool.parameters_json.encode(), type=Json)
    except (msgspec.DecodeError, UnicodeEncodeError):
        parameters = {}
    function: Json = {"name": tool.name, "description": tool.description, "parameters": parameters}
    return {"type": "function", "function": function}
