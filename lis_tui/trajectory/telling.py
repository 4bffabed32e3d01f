"""The fold from a run's facts to the account of who did what."""

from collections.abc import Iterable
from functools import singledispatchmethod

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
    AllowRulesChanged,
    BreakpointHit,
    BreakpointsChanged,
    CheckpointTaken,
    CommandInjected,
    ContextTrimmed,
    DecisionMade,
    Event,
    GateOpened,
    InputSent,
    InterruptSent,
    JobEnded,
    LimitsChanged,
    MessageSent,
    MessageWithdrawn,
    ModeChanged,
    ModelAsked,
    ModelChanged,
    ModelRetried,
    NoticeGiven,
    ObservationEdited,
    OwnCommandRan,
    PauseAsked,
    PauseLifted,
    Record,
    ReplyCutOff,
    ReplyEdited,
    ReplyFinished,
    ReplyResampled,
    RunContinued,
    RunEnded,
    RunForked,
    RunStarted,
    SandboxStarted,
    SentToBackground,
    StepAddress,
    StepAmended,
    StepFinished,
    StepProposed,
    StepStarted,
    TimeoutChanged,
    TrajectoryImported,
    VersionChosen,
)
from lis_tui.core.messages import Reply, ToolCall
from lis_tui.trajectory.account import (
    MODEL,
    PROGRAM,
    Account,
    Act,
    Beginning,
    Call,
    Entry,
    Own,
    Rewritten,
    Said,
    Step,
    Turn,
    Written,
)


def account_of(records: Iterable[Record], forks: Iterable[str] = ()) -> Account:
    """Tell a run by who did what."""
    teller = _Teller()
    for record in records:
        teller.tell(record)
    teller.account.forks = sorted(forks)
    return teller.account


class _Teller:
    """Takes in facts; events without an address belong to the turn that goes on."""

    def __init__(self) -> None:
        self.account = Account()
        self._at = 0.0
        self._n = 0
        self._turn = 0
        self._model = ""
        self._by_whom = "person"
        self._versions: dict[int, list[Written]] = {}
        self._steps: dict[StepAddress, Step] = {}

    def tell(self, record: Record) -> None:
        """Take in one record."""
        self._at, self._n = record.at, record.n
        self._on(record.event)

    def _add(self, entry: Entry, turn: int | None = None) -> None:
        number = self._turn if turn is None else turn
        turns = self.account.turns
        while len(turns) <= number:
            turns.append(Turn(number=len(turns)))
        entry.at = self._at
        turns[number].entries.append(entry)

    def _act(self, by: str, did: str, text: str = "", address: StepAddress | None = None) -> None:
        """Note an act at its step, else in its turn."""
        act = Act(by=by, did=did, text=text, at=self._at)
        step = self._steps.get(address) if address is not None else None
        if step is not None:
            step.acts.append(act)
        else:
            self._add(act, None if address is None else address.turn)

    def _wrote(self, turn: int, version: int, reply: Reply) -> None:
        self._turn = max(self._turn, turn)  # of another program's run no request is recorded
        versions = self._versions.setdefault(turn, [])
        for older in versions:
            older.counts = False
        written = Written(
            model=self._model,
            version=version,
            reasoning=reply.reasoning,
            text=reply.text,
            calls=[_call(call) for call in reply.calls],
            usage=reply.usage,
        )
        versions.append(written)
        self._add(written, turn)

    def _ender(self, event: RunEnded) -> str:
        if event.status in ("ended_by_person", "rewound"):
            return self._by_whom
        if event.status in ("submitted", "answered", "no_action"):
            return MODEL
        return "rule" if event.status.endswith("_limit") else PROGRAM

    @singledispatchmethod
    def _on(self, event: Event) -> None:
        """What is not listed below says nothing about who did what."""

    # ---- the run

    @_on.register
    def _(self, event: RunStarted) -> None:
        account, spec = self.account, event.spec
        account.run, account.model, account.app_version = event.run, spec.model.name, event.app_version
        account.image, account.network = spec.sandbox.image, spec.sandbox.network
        account.task, account.task_prompt = spec.task, event.task_prompt
        account.system_prompt = event.system_prompt
        account.started_at = self._at
        self._model = spec.model.name

    @_on.register
    def _(self, event: SandboxStarted) -> None:
        self._act(PROGRAM, "started the sandbox", f"{event.kind}, {event.image}")

    @_on.register
    def _(self, event: TrajectoryImported) -> None:
        self.account.image = self.account.network = ""  # in ours it did not run
        version = f" {event.version}" if event.version else ""
        self._act(PROGRAM, "read what another program had recorded", f"{event.format}{version}")

    @_on.register
    def _(self, event: RunForked) -> None:
        point = f"before {event.point}" if event.is_before else str(event.point)
        self.account.beginning = Beginning(
            parent=event.parent, point=point, kind=event.kind, facts=max(self._n - 1, 0)
        )
        self.account.status, self.account.ended_at, self.account.answer = "", None, None
        had = "with its files" if event.has_files else "with a fresh sandbox"
        did = "rewound the run" if event.kind == "rewind" else "began this run as a fork"
        self._act("person", did, f"{event.parent} at {point}, {had}")
        for text in (*event.lost, *event.problems):
            self._act(PROGRAM, "could not bring back", text)

    @_on.register
    def _(self, event: RunContinued) -> None:
        self.account.status, self.account.reason = "", ""
        self.account.ended_at, self.account.answer = None, None
        self._act("person", "had the run go on", event.reason)
        for text in event.lost:
            self._act(PROGRAM, "could not bring back", text)

    @_on.register
    def _(self, event: RunEnded) -> None:
        account = self.account
        account.status, account.reason, account.answer = event.status, event.reason, event.answer
        account.ended_at = self._at
        self._act(
            self._ender(event), "ended the run", f"{event.status.replace('_', ' ')}. {event.reason}".strip()
        )

    @_on.register
    def _(self, event: ModeChanged) -> None:
        self._act(event.by, "set the mode", event.mode)

    @_on.register
    def _(self, event: PauseAsked) -> None:
        self._act(event.by, "paused the run", event.reason)

    @_on.register
    def _(self, event: PauseLifted) -> None:
        self._act(event.by, "let the run go on")

    @_on.register
    def _(self, event: LimitsChanged) -> None:
        limits = event.limits
        self._act("person", "set the limits", f"{limits.max_turns} turns, cost {limits.max_cost_usd}")

    @_on.register
    def _(self, event: BreakpointsChanged) -> None:
        on = [one.filter for one in event.breakpoints if one.is_on]
        self._act(event.by, "set the breakpoints", "; ".join(on) or "none is on")

    @_on.register
    def _(self, event: AllowRulesChanged) -> None:
        self._act(event.by, "set what is not asked about", f"{len(event.rules)} calls")

    @_on.register
    def _(self, event: ModelChanged) -> None:
        self._model = event.model.name
        self._act(event.by, "changed the model", event.model.name)

    @_on.register
    def _(self, event: NoticeGiven) -> None:
        self._act(PROGRAM, "noted", event.text, event.address)

    # ---- the model

    @_on.register
    def _(self, event: MessageSent) -> None:
        self._turn = max(self._turn, event.turn)
        is_persons = event.origin in ("person", "follow_up", "command")
        by = "person" if is_persons else PROGRAM
        self._add(Said(by=by, text=event.text, origin=event.origin), event.turn)

    @_on.register
    def _(self, event: MessageWithdrawn) -> None:
        self._act("person", "took back what was not said yet", event.text)

    @_on.register
    def _(self, event: ModelAsked) -> None:
        self._turn, self._model = event.turn, event.model

    @_on.register
    def _(self, event: ModelRetried) -> None:
        self._act(PROGRAM, "asked the model again", event.reason)

    @_on.register
    def _(self, event: ReplyFinished) -> None:
        self._wrote(event.turn, 1, event.reply)

    @_on.register
    def _(self, event: ReplyResampled) -> None:
        self._wrote(event.turn, event.version, event.reply)

    @_on.register
    def _(self, event: ReplyCutOff) -> None:
        self._turn = max(self._turn, event.turn)
        calls = [_call(call) for call in event.calls]
        written = Written(
            model=self._model, version=0, counts=False, calls=calls, cut_off=event.reason or "cut off"
        )
        written.reasoning, written.text = event.reasoning, event.text
        self._add(written, event.turn)

    @_on.register
    def _(self, event: VersionChosen) -> None:
        for written in self._versions.get(event.turn, []):
            written.counts = written.version == event.version
        self._act(event.by, "chose a version", str(event.version))

    @_on.register
    def _(self, event: ReplyEdited) -> None:
        self._add(Rewritten(by=event.by, reasoning=event.reasoning, text=event.text), event.turn)

    @_on.register
    def _(self, event: ContextTrimmed) -> None:
        names = ", ".join(str(trim.address) for trim in event.trims)
        self._act(PROGRAM, "shortened what the model sees", names)

    # ---- steps

    @_on.register
    def _(self, event: StepProposed) -> None:
        version = next((one.version for one in self._versions.get(event.address.turn, []) if one.counts), 0)
        step = Step(
            address=str(event.address),
            by=MODEL,
            proposed=_call(event.call),
            version=version,
            problem=event.problem,
        )
        self._steps[event.address] = step
        self._add(step, event.address.turn)

    @_on.register
    def _(self, event: CommandInjected) -> None:
        step = Step(
            address=str(event.address),
            by=event.by,
            proposed=Call(tool="execute_bash", arguments=_as_arguments(event.command)),
            is_hidden=event.is_hidden,
        )
        self._steps[event.address] = step
        self._add(step, event.address.turn)

    @_on.register
    def _(self, event: GateOpened) -> None:
        self._act("rule", f"stopped it {event.gate.replace('_', ' ')}", event.because, event.address)

    @_on.register
    def _(self, event: BreakpointHit) -> None:
        self._act("rule", "noted it", event.name, event.address)

    @_on.register
    def _(self, event: DecisionMade) -> None:
        did, text = _told(event.decision)
        if isinstance(event.decision, End):
            self._by_whom = event.by
        self._act(event.by, did, text, event.address)

    @_on.register
    def _(self, event: StepAmended) -> None:
        did = "took the change back" if event.arguments is None else "changed it"
        self._act(event.by, did, event.arguments or "", event.address)

    @_on.register
    def _(self, event: StepStarted) -> None:
        step = self._steps.get(event.address)
        if step is not None:
            step.ran = Call(tool=event.tool, arguments=event.arguments)
            step.changed_by = event.changed_by or ""

    @_on.register
    def _(self, event: InterruptSent) -> None:
        self._act(event.by, "interrupted it", event.signal, event.address)

    @_on.register
    def _(self, event: TimeoutChanged) -> None:
        self._act(event.by, "set its time limit", f"{event.timeout_s:g} s", event.address)

    @_on.register
    def _(self, event: SentToBackground) -> None:
        self._act(event.by, "let it go on in the background", "", event.address)

    @_on.register
    def _(self, event: InputSent) -> None:
        if event.is_end:
            self._act("person", "ended its input", "", event.address)
        else:
            self._act("person", "typed into it", event.data.decode(errors="replace"), event.address)

    @_on.register
    def _(self, event: JobEnded) -> None:
        code = "no exit code is known" if event.exit_code is None else f"exit code {event.exit_code}"
        self._act(PROGRAM, "saw its background job end", code, event.address)

    @_on.register
    def _(self, event: StepFinished) -> None:
        step = self._steps.get(event.address)
        if step is not None:
            step.result = event.observation

    @_on.register
    def _(self, event: ObservationEdited) -> None:
        step = self._steps.get(event.address)
        if step is not None:
            step.seen_by_model = event.text
        self._act(event.by, "changed what the model sees of it", "", event.address)

    @_on.register
    def _(self, event: CheckpointTaken) -> None:
        step = self._steps.get(event.address)
        if step is not None:
            step.has_checkpoint = True

    @_on.register
    def _(self, event: OwnCommandRan) -> None:
        self._add(
            Own(
                number=event.number,
                command=event.command,
                output=event.output,
                exit_code=event.exit_code,
                on_copy_of="" if event.at is None else str(event.at),
            )
        )


def _call(call: ToolCall) -> Call:
    return Call(tool=call.name, arguments=call.arguments)


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
