"""A run as a screen, a printer or a report shows it: a fold of its records, the same live and recorded."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import singledispatchmethod
from typing import Literal

import msgspec

from lis_tui.core.breakpoints import AllowRule, Breakpoint
from lis_tui.core.decisions import ChooseVersion, Edit, Inject, Resample
from lis_tui.core.events import (
    AllowRulesChanged,
    BreakpointHit,
    BreakpointsChanged,
    CallArrived,
    CheckpointTaken,
    CommandInjected,
    ContextTrimmed,
    DecisionMade,
    Event,
    FileEntry,
    FilesChanged,
    ForeignKept,
    GateOpened,
    InputAwaited,
    InputSent,
    InterruptSent,
    JobEnded,
    LimitsChanged,
    LoadMeasured,
    MessageQueued,
    MessageSent,
    MessageWithdrawn,
    ModeChanged,
    ModelAsked,
    ModelChanged,
    ModelRetried,
    NoticeGiven,
    ObservationEdited,
    OutputArrived,
    OutputsSaved,
    OwnCommandRan,
    OwnOutputArrived,
    PauseAsked,
    PauseLifted,
    ReasoningArrived,
    Record,
    ReplyCutOff,
    ReplyEdited,
    ReplyFinished,
    ReplyResampled,
    RestoreProgressed,
    RunContinued,
    RunEnded,
    RunForked,
    RunStarted,
    SandboxStarted,
    SandboxStopped,
    SentToBackground,
    StepAddress,
    StepAmended,
    StepFinished,
    StepProposed,
    StepReplayed,
    StepStarted,
    StorageTrouble,
    TextArrived,
    TimeoutChanged,
    TrajectoryImported,
    UnknownEvent,
    VersionChosen,
)
from lis_tui.core.parts import (
    MOST_TAIL,
    CallDraft,
    FileMark,
    GateView,
    Origin,
    OwnView,
    Phase,
    Said,
    StepView,
    Totals,
    TurnView,
)
from lis_tui.core.spec import Limits, Mode, ModelSpec


@dataclass
class RunView:
    """Everything there is to show of one run. `version` grows with every record that changed something."""

    version: int = 0
    started: RunStarted | None = None
    started_at: float = 0.0
    last_at: float = 0.0
    phase: Phase = "starting"
    phase_at: float = 0.0
    mode: Mode = "auto"
    is_held: bool = False
    limits: Limits = field(default_factory=Limits)
    breakpoints: tuple[Breakpoint, ...] = ()
    allow_rules: tuple[AllowRule, ...] = ()
    turns: list[TurnView] = field(default_factory=lambda: [TurnView(0)])
    steps: list[StepView] = field(default_factory=list)
    moved: int = 0
    """Grows when steps were put in or taken out before the last one."""
    gate: GateView | None = None
    retry: ModelRetried | None = None
    totals: Totals = field(default_factory=Totals)
    sandbox: SandboxStarted | None = None
    has_sandbox: bool = False
    load: LoadMeasured | None = None
    files: dict[str, FileEntry] = field(default_factory=dict)
    marks: dict[str, FileMark] = field(default_factory=dict)
    """How files differ from what they were when the newest step began."""
    files_version: int = 0
    has_tree: bool = False
    """The tree is followed: a file that is not among the changes did not change."""
    newest_file: str | None = None
    queued: list[str] = field(default_factory=list)
    own: dict[int, OwnView] = field(default_factory=dict)
    """What the person ran in their own shell, by number."""
    fork: RunForked | None = None
    """Where this run left its parent; all before it happened there."""
    imported: TrajectoryImported | None = None
    """Another program recorded this; what it does not say is not known."""
    kept: list[ForeignKept] = field(default_factory=list)
    model: ModelSpec | None = None
    """The model that is asked now, and how."""
    restoring: RestoreProgressed | None = None
    """A sandbox is being brought back."""
    checkpoints: dict[StepAddress, CheckpointTaken] = field(default_factory=dict)
    """Where the sandbox can be had as it was; step 0 of a turn: before its steps."""
    ended: RunEnded | None = None
    ended_at: float | None = None
    outputs: OutputsSaved | None = None
    trouble: str = ""
    """Why the run holds although nobody paused it: nothing more can be written; empty where all is well."""
    unknown: list[UnknownEvent] = field(default_factory=list)
    waited_s: float = 0.0
    repeats: int = 1
    """How often the model has made the newest call in a row."""
    _steps: dict[StepAddress, StepView] = field(default_factory=dict)

    # ---- looking

    @property
    def turn(self) -> TurnView:
        """The newest turn."""
        return self.turns[-1]

    def step(self, address: StepAddress) -> StepView | None:
        """Find a step."""
        return self._steps.get(address)

    @property
    def running(self) -> StepView | None:
        """The step that runs now."""
        if self.steps and self.steps[-1].status == "running":
            return self.steps[-1]
        return next((step for step in reversed(self.turn.steps) if step.status == "running"), None)

    @property
    def asking(self) -> StepView | None:
        """The running step that reads what a person may type; in auto mode its input is ended instead."""
        step = self.running
        is_asking = step is not None and step.waits_for_input and (self.mode != "auto" or self.is_held)
        return step if is_asking else None

    @property
    def waiting(self) -> StepView | None:
        """The step whose gate waits."""
        return self._steps.get(self.gate.address) if self.gate else None

    @property
    def is_live(self) -> bool:
        """It has begun and not ended."""
        return self.started is not None and self.ended is None

    # ---- folding

    def apply_all(self, records: Iterable[Record]) -> "RunView":
        """Fold many records; gives itself."""
        for record in records:
            self.apply(record)
        return self

    def apply(self, record: Record) -> None:
        """Fold one record."""
        self.version += 1
        self.last_at = max(self.last_at, record.at)
        self._on(record.event, record.at)

    @singledispatchmethod
    def _on(self, event: Event, at: float) -> None:
        """Events that change nothing that is shown."""

    @_on.register
    def _(self, event: UnknownEvent, at: float) -> None:
        self.unknown.append(event)

    @_on.register
    def _(self, event: RunStarted, at: float) -> None:
        self.started = event
        self.started_at = at
        self.mode = event.spec.mode
        self.limits = event.spec.limits
        self.breakpoints = event.spec.breakpoints
        self.model = event.spec.model
        self._enter("starting", at)

    @_on.register
    def _(self, event: RunForked, at: float) -> None:
        """What the parent had open or ended is nothing of this run's."""
        self._close_gate(at)
        self.fork = event
        self.ended = self.ended_at = self.outputs = self.restoring = None
        self.is_held = False
        self.queued.clear()
        names = f"{event.kind} of {event.parent} {'before' if event.is_before else 'after'} {event.point}"
        for text in (names, *event.lost, *event.problems):
            self._say(self.turn, text, "notice")
        self._enter("between", at)

    @_on.register
    def _(self, event: TrajectoryImported, at: float) -> None:
        self.imported = event
        for text in (*event.notes, *event.problems):
            self._say(self.turns[0], text, "notice" if text in event.notes else "warning")

    @_on.register
    def _(self, event: ForeignKept, at: float) -> None:
        self.kept.append(event)

    @_on.register
    def _(self, event: StepReplayed, at: float) -> None:
        step = self._steps.get(event.address)
        if step is not None:
            step.replayed = event
            step.version += 1

    @_on.register
    def _(self, event: ModelChanged, at: float) -> None:
        self.model = event.model
        self._say(self.turn, f"the model is {event.model.name} from now on", "notice")

    @_on.register
    def _(self, event: SandboxStarted, at: float) -> None:
        self.sandbox = event
        self.has_sandbox = True
        for note in event.notes:
            self._say(self.turn, note, "notice")

    @_on.register
    def _(self, event: SandboxStopped, at: float) -> None:
        self.has_sandbox = False
        self.load = None

    @_on.register
    def _(self, event: ModeChanged, at: float) -> None:
        self.mode = event.mode

    @_on.register
    def _(self, event: PauseAsked, at: float) -> None:
        self.is_held = True

    @_on.register
    def _(self, event: PauseLifted, at: float) -> None:
        self.is_held = False

    @_on.register
    def _(self, event: LimitsChanged, at: float) -> None:
        self.limits = event.limits

    @_on.register
    def _(self, event: BreakpointsChanged, at: float) -> None:
        self.breakpoints = event.breakpoints

    @_on.register
    def _(self, event: AllowRulesChanged, at: float) -> None:
        self.allow_rules = event.rules

    @_on.register
    def _(self, event: BreakpointHit, at: float) -> None:
        self._say(self._turn(event.address.turn), f"breakpoint {event.name}: {event.text}", "notice")

    @_on.register
    def _(self, event: NoticeGiven, at: float) -> None:
        turn = self._turn(event.address.turn) if event.address else self.turn
        self._say(turn, event.text, "notice" if event.level == "info" else event.level)

    @_on.register
    def _(self, event: OutputsSaved, at: float) -> None:
        self.outputs = event

    @_on.register
    def _(self, event: RunEnded, at: float) -> None:
        self._close_gate(at)
        self.ended = event
        self.ended_at = at
        self.retry = None
        self.is_held = False
        self._enter("ended", at)

    @_on.register
    def _(self, event: RunContinued, at: float) -> None:
        self.ended = None
        self.ended_at = None
        self.outputs = None
        self.gate = self.restoring = None
        self.is_held = False
        for text in event.lost:
            self._say(self.turn, text, "notice")
        self._enter("between", at)

    @_on.register
    def _(self, event: MessageWithdrawn, at: float) -> None:
        if event.text in self.queued:
            self.queued.remove(event.text)

    @_on.register
    def _(self, event: MessageQueued, at: float) -> None:
        self.queued.append(event.text)

    @_on.register
    def _(self, event: MessageSent, at: float) -> None:
        if event.text in self.queued:
            self.queued.remove(event.text)
        self._say(self._turn(event.turn), event.text, event.origin)

    @_on.register
    def _(self, event: ModelAsked, at: float) -> None:
        turn = self._turn(event.turn)
        turn.asked_at = at
        turn.cut_off = ""
        turn.version += 1
        if turn.replies:
            self._ask_again(turn)
        self.totals.context_tokens = event.prompt_tokens_estimate
        self._enter("asking", at)

    @_on.register
    def _(self, event: ModelRetried, at: float) -> None:
        turn = self._turn(event.turn)
        turn.reasoning.set("")
        turn.text.set("")
        turn.drafts.clear()
        turn.first_piece_at = None
        self._say(turn, f"try {event.attempt} of {event.max_attempts}: {event.reason}", "retry")
        self.retry = event
        self._enter("retrying", at)

    @_on.register
    def _(self, event: ReasoningArrived, at: float) -> None:
        self._stream(event.turn, at).reasoning.add(event.text)

    @_on.register
    def _(self, event: TextArrived, at: float) -> None:
        self._stream(event.turn, at).text.add(event.text)

    @_on.register
    def _(self, event: CallArrived, at: float) -> None:
        draft = self._stream(event.turn, at).drafts.setdefault(event.index, CallDraft())
        draft.name = event.name or draft.name
        draft.text.add(event.text)

    @_on.register
    def _(self, event: ReplyFinished, at: float) -> None:
        turn = self._turn(event.turn)
        turn.reasoning.set(event.reply.reasoning)
        turn.text.set(event.reply.text)
        turn.drafts.clear()
        turn.call_count = len(event.reply.calls)
        turn.finished_at = at
        if turn.first_piece_at is None and turn.asked_at is not None and event.first_piece_s is not None:
            turn.first_piece_at = turn.asked_at + event.first_piece_s
        turn.replies = [event.reply]
        turn.chosen = 1
        turn.version += 1
        turn.usage = event.reply.usage
        self.retry = None
        self.totals.add(event.reply.usage)
        self._enter("between", at)

    @_on.register
    def _(self, event: ReplyResampled, at: float) -> None:
        turn = self._turn(event.turn)
        turn.replies.append(event.reply)
        turn.finished_at = at
        self.retry = None
        self.totals.add(event.reply.usage)
        self._choose(turn, event.version, at)

    @_on.register
    def _(self, event: VersionChosen, at: float) -> None:
        self._choose(self._turn(event.turn), event.version, at)

    @_on.register
    def _(self, event: ReplyEdited, at: float) -> None:
        turn = self._turn(event.turn)
        if event.reasoning is not None:
            turn.reasoning.set(event.reasoning)
        if event.text is not None:
            turn.text.set(event.text)
        turn.is_edited = True
        turn.version += 1

    @_on.register
    def _(self, event: ReplyCutOff, at: float) -> None:
        turn = self._turn(event.turn)
        turn.drafts.clear()
        turn.version += 1
        self.retry = None
        if turn.replies:
            # It was asked once more: what counted before still does.
            turn.reasoning.set(turn.kept[0])
            turn.text.set(turn.kept[1])
            turn.finished_at = at
            self._say(turn, f"asked once more, and cut off: {event.reason}", "notice")
        else:
            turn.reasoning.set(event.reasoning)
            turn.text.set(event.text)
            turn.cut_off = event.reason or "cut off"

    @_on.register
    def _(self, event: ContextTrimmed, at: float) -> None:
        names = ", ".join(str(trim.address) for trim in event.trims)
        self._say(self._turn(event.turn), f"shortened to fit the window: outputs of {names}", "trim")

    @_on.register
    def _(self, event: StepProposed, at: float) -> None:
        call = event.call
        step = StepView(
            event.address, call.name, call.arguments, call.arguments, event.problem, proposed_at=at
        )
        previous = next((one for one in reversed(self.steps) if not one.is_injected), None)
        self.repeats = 1
        if previous is not None and (previous.tool, previous.proposed) == (call.name, call.arguments):
            self.repeats = previous.repeats + 1
        step.repeats = self.repeats
        step.tokens_so_far = self.totals.prompt_tokens + self.totals.completion_tokens
        step.cost_so_far = self.totals.cost_usd if self.totals.has_known_cost else None
        self._put(step)

    @_on.register
    def _(self, event: CommandInjected, at: float) -> None:
        arguments = msgspec.json.encode({"command": event.command}).decode()
        step = StepView(event.address, "execute_bash", arguments, arguments, decided_by=event.by)
        step.proposed_at = at
        step.is_injected, step.is_hidden = True, event.is_hidden
        self._put(step)

    @_on.register
    def _(self, event: StepAmended, at: float) -> None:
        step = self._steps.get(event.address)
        if step is not None:
            step.amended = event.arguments
            step.version += 1

    @_on.register
    def _(self, event: OwnCommandRan, at: float) -> None:
        own = self.own.setdefault(event.number, OwnView(event.number))
        own.command, own.ran = event.command, event

    @_on.register
    def _(self, event: OwnOutputArrived, at: float) -> None:
        own = self.own.setdefault(event.number, OwnView(event.number))
        own.command = event.command or own.command
        own.tail += event.data
        del own.tail[: -2 * MOST_TAIL]

    @_on.register
    def _(self, event: RestoreProgressed, at: float) -> None:
        self.restoring = event if event.done_bytes < event.total_bytes else None

    @_on.register
    def _(self, event: SentToBackground, at: float) -> None:
        self._set_job(event.address, "running")

    @_on.register
    def _(self, event: JobEnded, at: float) -> None:
        self._set_job(event.address, "ended")

    @_on.register
    def _(self, event: GateOpened, at: float) -> None:
        self.gate = GateView(
            event.address, event.gate, event.because, at, event.timeout_s, event.default, event.answer
        )
        step = self._steps.get(event.address)
        if step is not None and not step.is_over:
            step.status = "waiting"
            step.version += 1
        self._enter("waiting", at)

    @_on.register
    def _(self, event: DecisionMade, at: float) -> None:
        self._close_gate(at)
        step = self._steps.get(event.address)
        if step is not None:
            # Neither of these is about the step itself: it waits again, or another takes its place.
            if not isinstance(event.decision, Inject | Resample | ChooseVersion):
                step.decided_by = step.decided_by if event.gate == "after_step" else event.by
                step.amended = None
            if isinstance(event.decision, Edit):
                step.arguments = event.decision.arguments
                step.changed_by = event.by
            if step.status == "waiting":
                step.status = "proposed"
            step.version += 1
        self._enter("between", at)

    @_on.register
    def _(self, event: StepStarted, at: float) -> None:
        step = self._steps.get(event.address)
        if step is None:
            return
        step.tool, step.arguments, step.changed_by = event.tool, event.arguments, event.changed_by
        step.status = "running"
        step.started_at = at
        step.version += 1
        self.marks = {}
        self.files_version += 1
        self._enter("running", at)

    @_on.register
    def _(self, event: OutputArrived, at: float) -> None:
        step = self._steps.get(event.address)
        if step is None:
            return
        if event.skipped:
            step.tail.clear()
        step.output_bytes += len(event.data) + event.skipped
        step.tail += event.data
        if len(step.tail) > 2 * MOST_TAIL:
            del step.tail[:-MOST_TAIL]
        step.version += 1

    @_on.register
    def _(self, event: InputAwaited, at: float) -> None:
        step = self._steps.get(event.address)
        if step is not None:
            step.waits_for_input = event.is_waiting
            step.version += 1

    @_on.register
    def _(self, event: InputSent, at: float) -> None:
        step = self._steps.get(event.address)
        if step is not None:
            step.inputs.append(b"" if event.is_end else event.data)
            step.version += 1

    @_on.register
    def _(self, event: InterruptSent, at: float) -> None:
        step = self._steps.get(event.address)
        if step is not None:
            step.was_interrupted = True
            if event.signal:
                step.signals.append(event.signal)
            step.version += 1

    @_on.register
    def _(self, event: TimeoutChanged, at: float) -> None:
        step = self._steps.get(event.address)
        if step is not None:
            step.timeout_s = event.timeout_s
            step.version += 1

    @_on.register
    def _(self, event: StepFinished, at: float) -> None:
        step = self._steps.get(event.address)
        if step is None:
            return
        step.observation = event.observation
        step.status = event.observation.status
        step.waits_for_input = False
        step.ended_at = at
        step.output_bytes = max(step.output_bytes, event.observation.output_bytes)
        step.version += 1
        self._enter("between", at)

    @_on.register
    def _(self, event: CheckpointTaken, at: float) -> None:
        self.checkpoints[event.address] = event
        step = self._steps.get(event.address)
        if step is not None:
            step.has_checkpoint = True
            step.version += 1

    @_on.register
    def _(self, event: ObservationEdited, at: float) -> None:
        step = self._steps.get(event.address)
        if step is None or step.observation is None:
            return
        step.edited_text = event.text if event.text != step.observation.text else None
        step.version += 1

    @_on.register
    def _(self, event: FilesChanged, at: float) -> None:
        if event.is_whole:
            self.has_tree = True
            self.files = {entry.path: entry for entry in event.changed}
        else:
            self._change_files(event)
        self.files_version += 1

    @_on.register
    def _(self, event: LoadMeasured, at: float) -> None:
        self.load = event

    @_on.register
    def _(self, event: StorageTrouble, at: float) -> None:
        self.trouble = "" if event.is_over else event.text

    # ---- small parts

    def _put(self, step: StepView) -> None:
        """A person's command may have its place before a step that waits, or behind one not proposed yet."""
        turn = self._turn(step.address.turn)
        turn.version += 1
        self._steps[step.address] = step
        for steps in (turn.steps, self.steps):
            place = len(steps)
            while place and steps[place - 1].address > step.address:
                place -= 1
            steps.insert(place, step)
        self.moved += self.steps[-1] is not step

    @staticmethod
    def _ask_again(turn: TurnView) -> None:
        """Make room for another version of the reply, beside those that there are."""
        turn.kept = (str(turn.reasoning), str(turn.text))
        turn.reasoning.set("")
        turn.text.set("")
        turn.finished_at = turn.first_piece_at = None

    def _choose(self, turn: TurnView, version: int, at: float) -> None:
        """Have another reply of the turn count: what was proposed by the last one is no step of this run."""
        self._close_gate(at)
        reply = turn.replies[version - 1]
        turn.chosen = version
        turn.is_edited = False
        turn.cut_off = ""
        turn.reasoning.set(reply.reasoning)
        turn.text.set(reply.text)
        turn.drafts.clear()
        turn.call_count = len(reply.calls)
        turn.usage = reply.usage
        turn.version += 1
        dropped = [step for step in turn.steps if not step.is_injected and step.started_at is None]
        turn.steps = [step for step in turn.steps if step not in dropped]
        self.steps = [step for step in self.steps if step not in dropped]
        for step in dropped:
            self._steps.pop(step.address, None)
        self.moved += 1
        self._enter("between", at)

    def _set_job(self, address: StepAddress, job: Literal["running", "ended"]) -> None:
        step = self._steps.get(address)
        if step is not None:
            step.job = job
            step.version += 1

    def _change_files(self, event: FilesChanged) -> None:
        step = next((one for one in reversed(self.steps) if one.started_at is not None), None)
        marks: dict[str, FileMark] = {}
        for entry in event.changed:
            is_known = entry.path in self.files
            is_new = not is_known or self.marks.get(entry.path) == "new"
            marks[entry.path] = "new" if is_new else "changed"
            self.files[entry.path] = entry
            if entry.kind == "file":
                self.newest_file = entry.path
        for path in event.gone:
            if self.files.pop(path, None) is not None:
                marks[path] = "gone"
        self.marks.update(marks)
        if step is not None:
            step.changes.update(marks)
            step.version += 1

    def _turn(self, number: int) -> TurnView:
        while len(self.turns) <= number:
            self.turns.append(TurnView(len(self.turns)))
        return self.turns[number]

    def _stream(self, number: int, at: float) -> TurnView:
        turn = self._turn(number)
        turn.version += 1
        if turn.first_piece_at is None:
            turn.first_piece_at = at
        self.retry = None
        if self.phase != "thinking":
            self._enter("thinking", at)
        return turn

    def _say(
        self,
        turn: TurnView,
        text: str,
        origin: Origin,
    ) -> None:
        turn.said.append(Said(text, origin))
        turn.version += 1

    def _close_gate(self, at: float) -> None:
        if self.gate is not None:
            self.waited_s += max(0.0, at - self.gate.opened_at)
            self.gate = None

    def _enter(self, phase: Phase, at: float) -> None:
        self.phase = phase
        self.phase_at = at
