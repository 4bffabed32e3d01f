"""Tells of steps: what was proposed, decided, run and seen; and of the person's own commands."""

import msgspec

from lis_tui.core.decisions import (
    Approve,
    ApproveRule,
    ChooseVersion,
    ContinueFrom,
    Edit,
    End,
    GateDecision,
    Inject,
    Reject,
    Resample,
    Skip,
)
from lis_tui.core.events import (
    BreakpointHit,
    CheckpointTaken,
    CommandInjected,
    DecisionMade,
    GateOpened,
    InputSent,
    InterruptSent,
    JobEnded,
    ObservationEdited,
    OwnCommandRan,
    SentToBackground,
    StepAmended,
    StepFinished,
    StepProposed,
    StepStarted,
    TimeoutChanged,
)
from lis_tui.trajectory.account import MODEL, PROGRAM, Call, Own, Step
from lis_tui.trajectory.telling.teller import Teller, Tellings, call_of

tellings = Tellings()


@tellings.of(StepProposed)
def _(told: Teller, event: StepProposed) -> None:
    version = next((one.version for one in told.versions.get(event.address.turn, []) if one.counts), 0)
    step = Step(
        address=str(event.address),
        by=MODEL,
        proposed=call_of(event.call),
        version=version,
        problem=event.problem,
    )
    told.steps[event.address] = step
    told.add(step, event.address.turn)


@tellings.of(CommandInjected)
def _(told: Teller, event: CommandInjected) -> None:
    step = Step(
        address=str(event.address),
        by=event.by,
        proposed=Call(tool="execute_bash", arguments=_as_arguments(event.command)),
        is_hidden=event.is_hidden,
    )
    told.steps[event.address] = step
    told.add(step, event.address.turn)


@tellings.of(GateOpened)
def _(told: Teller, event: GateOpened) -> None:
    told.act("rule", f"stopped it {event.gate.replace('_', ' ')}", event.because, event.address)


@tellings.of(BreakpointHit)
def _(told: Teller, event: BreakpointHit) -> None:
    told.act("rule", "noted it", event.name, event.address)


@tellings.of(DecisionMade)
def _(told: Teller, event: DecisionMade) -> None:
    did, text = _told(event.decision)
    if isinstance(event.decision, End):
        told.by_whom = event.by
    told.act(event.by, did, text, event.address)


@tellings.of(StepAmended)
def _(told: Teller, event: StepAmended) -> None:
    did = "took the change back" if event.arguments is None else "changed it"
    told.act(event.by, did, event.arguments or "", event.address)


@tellings.of(StepStarted)
def _(told: Teller, event: StepStarted) -> None:
    step = told.steps.get(event.address)
    if step is not None:
        step.ran = Call(tool=event.tool, arguments=event.arguments)
        step.changed_by = event.changed_by or ""


@tellings.of(InterruptSent)
def _(told: Teller, event: InterruptSent) -> None:
    told.act(event.by, "interrupted it", event.signal, event.address)


@tellings.of(TimeoutChanged)
def _(told: Teller, event: TimeoutChanged) -> None:
    told.act(event.by, "set its time limit", f"{event.timeout_s:g} s", event.address)


@tellings.of(SentToBackground)
def _(told: Teller, event: SentToBackground) -> None:
    told.act(event.by, "let it go on in the background", "", event.address)


@tellings.of(InputSent)
def _(told: Teller, event: InputSent) -> None:
    if event.is_end:
        told.act("person", "ended its input", "", event.address)
    else:
        told.act("person", "typed into it", event.data.decode(errors="replace"), event.address)


@tellings.of(JobEnded)
def _(told: Teller, event: JobEnded) -> None:
    code = "no exit code is known" if event.exit_code is None else f"exit code {event.exit_code}"
    told.act(PROGRAM, "saw its background job end", code, event.address)


@tellings.of(StepFinished)
def _(told: Teller, event: StepFinished) -> None:
    step = told.steps.get(event.address)
    if step is not None:
        step.result = event.observation


@tellings.of(ObservationEdited)
def _(told: Teller, event: ObservationEdited) -> None:
    step = told.steps.get(event.address)
    if step is not None:
        step.seen_by_model = event.text
    told.act(event.by, "changed what the model sees of it", "", event.address)


@tellings.of(CheckpointTaken)
def _(told: Teller, event: CheckpointTaken) -> None:
    step = told.steps.get(event.address)
    if step is not None:
        step.has_checkpoint = True


@tellings.of(OwnCommandRan)
def _(told: Teller, event: OwnCommandRan) -> None:
    told.add(
        Own(
            number=event.number,
            command=event.command,
            output=event.output,
            exit_code=event.exit_code,
            on_copy_of="" if event.at is None else str(event.at),
        )
    )


def _as_arguments(command: str) -> str:
    return msgspec.json.encode({"command": command}).decode()


def _told(decision: GateDecision) -> tuple[str, str]:
    """Say what a decision was, and its words."""
    match decision:
        case Edit(arguments):
            return "edited it", arguments
        case Inject(command):
            return "had a command run " + ("after it" if decision.is_after else "before it"), command
        case Reject(reason):
            return "rejected it", reason
        case End(reason):
            return "ended the run", reason
        case ContinueFrom(text):
            return "had the model go on from a beginning", text
        case ChooseVersion(version):
            return "chose a version", str(version)
        case Approve() | ApproveRule() | Resample() | Skip():
            return _PLAIN[type(decision)], ""


_PLAIN = {
    Approve: "approved it",
    ApproveRule: "approved it, and wants to be asked about this very call no more",
    Resample: "had the model asked once more",
    Skip: "skipped it",
}
