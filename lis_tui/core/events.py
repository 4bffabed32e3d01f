"""What a run announces: facts in the past tense, frozen, complete and serialisable.

A *fact* is written to the journal before anyone sees it. A *fragment* (a piece of a stream, a change in the
file tree) is shown at once; the fact that ends the stream carries the whole.
Every event about a step names its address, `turn.step`, which never changes. Turn 0 is the task.
"""

from typing import Literal

import msgspec
from msgspec import Struct

from lis_tui.core.breakpoints import AllowRule, Breakpoint
from lis_tui.core.breakpoints import Gate as Gate
from lis_tui.core.decisions import Decision, GateDecision, HostVerdict
from lis_tui.core.messages import Observation, Reply, StepStatus, ToolCall, ToolSchema
from lis_tui.core.normalising import Rule
from lis_tui.core.spec import Limits, Mode, ModelSpec, RunSpec

FORMAT_VERSION = 1

Who = Literal["person", "rule", "script", "default"]
Verdict = Literal["identical", "normalised", "diverged", "not_replayable"]
FileKind = Literal["file", "folder", "link", "fifo", "socket", "device"]
EndStatus = Literal[
    "submitted",
    "turn_limit",
    "token_limit",
    "cost_limit",
    "time_limit",
    "disk_limit",
    "context_limit",
    "no_action",
    "answered",
    "ended_by_person",
    "rewound",
    "model_failed",
    "sandbox_failed",
    "terminated",
    "storage_failed",
    "bug",
    "elsewhere",
    "replayed",
]
EXIT_CODES: dict[EndStatus, int] = {
    "submitted": 0,
    "answered": 0,
    "turn_limit": 3,
    "token_limit": 3,
    "cost_limit": 3,
    "time_limit": 3,
    "disk_limit": 3,
    "context_limit": 3,
    "no_action": 3,
    "ended_by_person": 4,
    "rewound": 4,
    "model_failed": 5,
    "sandbox_failed": 6,
    "storage_failed": 7,
    "terminated": 143,
    "bug": 1,
    "elsewhere": 0,
    "replayed": 0,
}
"""`rewound`: another run took over its sandbox. `elsewhere`: another program ended it, in its own words.
`replayed`: the recording that it played again is over, or it was to stop there.

`answered` is the honest end of a plain LLM run (`--tools none`): one reply, nothing to submit."""


class StepAddress(Struct, frozen=True, order=True, array_like=True):
    """Where in a run: turn (one reply of the model), and step in it, both counted from 1.

    `extra` counts the commands that a person ran after that step (`step` 0: before the turn's first).
    """

    turn: int
    step: int = 0
    extra: int = 0

    def __str__(self) -> str:
        place = f"{self.turn}.{self.step}" if self.step or self.extra else str(self.turn)
        return f"{place}+{self.extra}" if self.extra else place


class Fact(Struct, frozen=True, tag=True):
    """An event that the journal keeps."""


class Fragment(Struct, frozen=True, tag=True):
    """An event that is shown and not kept."""


# ---- the run


class RunStarted(Fact, frozen=True, kw_only=True):
    """The first event of every journal: all that is needed to ask the model again."""

    run: str
    spec: RunSpec
    system_prompt: str
    task_prompt: str
    tools: tuple[ToolSchema, ...]
    format_version: int = FORMAT_VERSION
    app_version: str = ""
    parent: str | None = None
    parent_step: StepAddress | None = None


FILES_ARE_COPIED = "the engine is remote: files are copied, not shared"
"""Noted of a sandbox whose work folder is not on this machine."""


class SandboxStarted(Fact, frozen=True, kw_only=True):
    """The model's computer is up. `capabilities` are probed, never assumed."""

    kind: str
    image: str
    image_id: str
    container: str
    network: str
    took_s: float
    capabilities: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class SandboxStopped(Fact, frozen=True):
    """The computer is gone; what was saved of it stays."""

    reason: str = ""


class ModeChanged(Fact, frozen=True):
    """Other gates wait from now on."""

    mode: Mode
    by: Who = "person"


class PauseAsked(Fact, frozen=True):
    """The run holds at its next gate."""

    by: Who = "person"
    reason: str = ""


class PauseLifted(Fact, frozen=True):
    """The run goes on."""

    by: Who = "person"


class LimitsChanged(Fact, frozen=True):
    """The limits are these from now on."""

    limits: Limits


class BreakpointsChanged(Fact, frozen=True):
    """The breakpoints are these from now on; `by` a rule where a one-shot switched itself off."""

    breakpoints: tuple[Breakpoint, ...]
    by: Who = "person"


class AllowRulesChanged(Fact, frozen=True):
    """About these calls nobody is asked any more."""

    rules: tuple[AllowRule, ...]
    by: Who = "person"


class NoticeGiven(Fact, frozen=True):
    """Something that a person should know and that changes nothing."""

    text: str
    level: Literal["info", "warning", "error"] = "info"
    address: StepAddress | None = None


class ConnectionAsked(Fact, frozen=True, kw_only=True):
    """The sandbox wants to reach a host that no rule allows; it waits for an answer."""

    number: int
    host: str
    port: int
    timeout_s: float | None = None


class ConnectionAnswered(Fact, frozen=True, kw_only=True):
    """A person, or a rule in their absence, said whether it may."""

    number: int
    verdict: HostVerdict
    by: Who = "person"


class ConnectionEnded(Fact, frozen=True, kw_only=True):
    """A connection of the sandbox is over, or was refused (`why`); `count` alike in a row are told as one.

    `address`: the step that ran when it began.
    """

    host: str
    port: int
    is_allowed: bool
    why: str = ""
    sent: int = 0
    received: int = 0
    took_s: float = 0.0
    count: int = 1
    address: StepAddress | None = None


class AllowedHostsChanged(Fact, frozen=True):
    """These hosts may be reached from now on."""

    hosts: tuple[str, ...]
    by: Who = "person"


class OutputsSaved(Fact, frozen=True, kw_only=True):
    """What the run made was copied to the host; `problems` names what could not be, and why."""

    folder: str
    files: tuple[str, ...]
    problems: tuple[str, ...] = ()


class RunEnded(Fact, frozen=True, kw_only=True):
    """The run is over (a follow-up may continue it)."""

    status: EndStatus
    reason: str = ""
    answer: str | None = None
    exit_code: int = 0


class RunContinued(Fact, frozen=True):
    """The run goes on after its end: by a follow-up message, a raised limit, or taken up again from disk."""

    reason: str = ""
    lost: tuple[str, ...] = ()
    """What did not come back with the sandbox: processes, and what no checkpoint had."""


class RunForked(Fact, frozen=True, kw_only=True):
    """All facts up to here were copied from the parent; from here on this run is its own.

    `point` is the last step of the parent that counts here; with `is_before`, the step that is next.
    """

    parent: str
    point: StepAddress
    is_before: bool = False
    kind: Literal["fork", "rewind", "reexecution"] = "fork"
    """`reexecution`: it does again what the parent did; nothing was copied, and `point` is the start."""
    has_files: bool = True
    """The sandbox is as it was then; else it is fresh, because there was no checkpoint."""
    took_s: float = 0.0
    lost: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def about(self) -> str:
        """What this run is of which other one."""
        if self.kind == "reexecution":
            return f"re-execution of {self.parent}"
        return f"{self.kind} of {self.parent} {'before' if self.is_before else 'after'} {self.point}"


class TrajectoryImported(Fact, frozen=True, kw_only=True):
    """What follows was recorded by another program and read by us; what it does not say is not there.

    `format` and `version` are that program's own. `problems` names each record that could not be read, and
    `kept` how often each field occurs that has no place here (by its path in the file, as in `info.cost`).
    """

    format: str
    version: str = ""
    file: str = ""
    entry: str = ""
    """Which of the file's trajectories, where it holds several."""
    problems: tuple[str, ...] = ()
    kept: dict[str, int] = {}
    notes: tuple[str, ...] = ()
    """How the file was read where it could be read in more than one way."""


class ForeignKept(Fact, frozen=True):
    """Something of a foreign trajectory that has no place here: where it stood, and its JSON text."""

    where: str
    raw_json: str
    address: StepAddress | None = None


class ReexecutionBegan(Fact, frozen=True, kw_only=True):
    """Up to `last` (None: to its end) this run does what was recorded of its parent; no model is asked.

    `rules` names the rules of normalising that are on, of the shipped ones in this `rules_version`, and
    `own_rules` holds those that a person added. `then` is the model that goes on live from there.
    """

    last: StepAddress | None = None
    is_before: bool = False
    is_stopping: bool = False
    """It stops at the first step that diverges."""
    rules: tuple[str, ...] = ()
    rules_version: int = 0
    own_rules: tuple[Rule, ...] = ()
    then: str = ""
    notes: tuple[str, ...] = ()
    """What is not as it was from the start, and what will not be done again."""


class StepReplayed(Fact, frozen=True, kw_only=True):
    """A recorded step ran again in a fresh sandbox, and what came of it was compared with the recording.

    `expected` is the recorded observation; what came now is in StepFinished. `rules` names the rules of
    normalising without which the two would differ. `because` says why it diverged or cannot be run again.
    """

    address: StepAddress
    verdict: "Verdict"
    expected: str = ""
    expected_exit_code: int | None = None
    rules: tuple[str, ...] = ()
    because: str = ""


class ModelChanged(Fact, frozen=True):
    """From the next request on this model is asked, in this way."""

    model: ModelSpec
    by: Who = "person"


# ---- the model


class MessageSent(Fact, frozen=True, kw_only=True):
    """A user message entered the conversation before turn `turn`."""

    turn: int
    text: str
    origin: Literal["person", "nudge", "follow_up", "limits", "command"]
    """`command`: the message shows what a person ran."""


class MessageQueued(Fact, frozen=True):
    """A person said something that the model gets before its next turn."""

    text: str


class MessageWithdrawn(Fact, frozen=True):
    """What a person said was taken back before the model got it."""

    text: str


class ModelAsked(Fact, frozen=True, kw_only=True):
    """The request of this turn went out; `digest` is the SHA-256 of its messages, to prove a rebuilt one."""

    turn: int
    model: str
    message_count: int
    prompt_tokens_estimate: int
    digest: str = ""
    max_tokens: int = 0
    """Most tokens asked for, where the window has no room for as many as the spec allows; 0: not noted."""


class ModelRetried(Fact, frozen=True, kw_only=True):
    """The request failed and is tried again after `wait_s`; what was streamed before is void."""

    turn: int
    attempt: int
    max_attempts: int
    wait_s: float
    reason: str
    status: int | None = None


class ReplyFinished(Fact, frozen=True, kw_only=True):
    """The model's whole reply of this turn."""

    turn: int
    reply: Reply
    first_piece_s: float | None = None
    duration_s: float | None = 0.0
    """None: not known."""


class ReplyCutOff(Fact, frozen=True, kw_only=True):
    """The stream ended before the reply was whole; it is not part of the conversation."""

    turn: int
    text: str = ""
    reasoning: str = ""
    reason: str = ""
    calls: tuple[ToolCall, ...] = ()
    """Calls as far as they came; their arguments are most likely no whole JSON."""


class ReplyResampled(Fact, frozen=True, kw_only=True):
    """The model was asked once more: of this turn, `version` (counted from 1) now counts. All are kept."""

    turn: int
    version: int
    reply: Reply
    duration_s: float = 0.0


class VersionChosen(Fact, frozen=True):
    """Of this turn's replies another one counts now."""

    turn: int
    version: int
    by: Who = "person"


class ReplyEdited(Fact, frozen=True, kw_only=True):
    """The model sees this as its own words; what it wrote stays in ReplyFinished. None: as it was."""

    turn: int
    reasoning: str | None = None
    text: str | None = None
    by: Who = "person"


class ContextTrimmed(Fact, frozen=True, kw_only=True):
    """To fit the window, these observations were shortened from turn `turn` on."""

    turn: int
    trims: tuple["Trim", ...]


class Trim(Struct, frozen=True):
    """The observation at `address` reads `text` from now on."""

    address: StepAddress
    text: str


# ---- a step


class StepProposed(Fact, frozen=True, kw_only=True):
    """The model asked for a tool; nothing has run yet. `problem`: why it cannot run as it is."""

    address: StepAddress
    call: ToolCall
    problem: str = ""


class GateOpened(Fact, frozen=True, kw_only=True):
    """The run waits here for a decision; `because` names the rule that stopped it."""

    address: StepAddress
    gate: Gate
    because: str
    timeout_s: float | None = None
    default: str = ""
    answer: str | None = None
    """What would be submitted, at the gate before that; None: nothing yet, or another gate."""


class BreakpointHit(Fact, frozen=True):
    """A breakpoint that only notes has matched this step; `text` says what it was."""

    address: StepAddress
    name: str
    text: str = ""


class DecisionMade(Fact, frozen=True, kw_only=True):
    """A gate was answered. What the model proposed stays in StepProposed; an Edit carries the change."""

    address: StepAddress
    gate: Gate
    decision: GateDecision
    by: Who = "person"


class StepAmended(Fact, frozen=True):
    """The waiting step would run like this (JSON object); None: as the model proposed it, again."""

    address: StepAddress
    arguments: str | None
    by: Who = "person"


class CommandInjected(Fact, frozen=True, kw_only=True):
    """A person has a command run as a step of its own; `is_hidden`: the model is not told."""

    address: StepAddress
    command: str
    is_hidden: bool = False
    by: Who = "person"


class OwnCommandRan(Fact, frozen=True, kw_only=True):
    """A person ran a command in a shell of their own; the model never sees it unless it is shared.

    `at` names the step of which a throw-away copy was used; None: the run's own sandbox.
    """

    number: int
    command: str
    output: str
    exit_code: int | None = None
    cwd: str = ""
    duration_s: float = 0.0
    is_cut: bool = False
    at: StepAddress | None = None


class StepStarted(Fact, frozen=True, kw_only=True):
    """This, and nothing else, now runs: the proposal or what a person made of it."""

    address: StepAddress
    tool: str
    arguments: str
    changed_by: Who | None = None


class InterruptSent(Fact, frozen=True):
    """A person stops the running command; `signal` is what it got, where that is known."""

    address: StepAddress
    by: Who = "person"
    signal: str = ""


class TimeoutChanged(Fact, frozen=True):
    """The running command may take this long in all."""

    address: StepAddress
    timeout_s: float
    by: Who = "person"


class SentToBackground(Fact, frozen=True):
    """The running command goes on as a job; the step is over for the model."""

    address: StepAddress
    by: Who = "person"


class JobEnded(Fact, frozen=True, kw_only=True):
    """A command that went on in the background has ended, or was stopped."""

    address: StepAddress
    exit_code: int | None = None
    output_bytes: int = 0
    duration_s: float = 0.0


class InputSent(Fact, frozen=True, kw_only=True):
    """A person typed into the running command, or ended its input (`is_end`)."""

    address: StepAddress
    data: bytes = b""
    is_end: bool = False


class StepFinished(Fact, frozen=True, kw_only=True):
    """What came of the step; its call is answered in the conversation."""

    address: StepAddress
    call_id: str
    tool: str
    observation: Observation

    @property
    def status(self) -> StepStatus:
        """How the step ended."""
        return self.observation.status


class CheckpointTaken(Fact, frozen=True, kw_only=True):
    """The sandbox as it was after the step is kept; `address` with step 0: before the steps that follow."""

    address: StepAddress
    entries: int
    """How many entries the work folder has, and how many outside it differ from the image."""
    bytes_new: int
    """How much the store of contents grew by it."""
    took_s: float
    notes: tuple[str, ...] = ()


class ObservationEdited(Fact, frozen=True):
    """Of this step the model sees `text`; what really came of it stays in StepFinished."""

    address: StepAddress
    text: str
    by: Who = "person"


# ---- fragments


class ReasoningArrived(Fragment, frozen=True):
    """More reasoning of the turn's reply."""

    turn: int
    text: str


class TextArrived(Fragment, frozen=True):
    """More text of the turn's reply."""

    turn: int
    text: str


class CallArrived(Fragment, frozen=True):
    """More of call `index` of the turn's reply."""

    turn: int
    index: int
    name: str
    text: str


class OutputArrived(Fragment, frozen=True):
    """More raw output of the running step; `skipped` bytes before it were dropped for this listener."""

    address: StepAddress
    data: bytes
    skipped: int = 0


class OwnOutputArrived(Fragment, frozen=True):
    """More raw output of a command in the person's own shell; the first, empty one names it."""

    number: int
    data: bytes
    command: str = ""


class RestoreProgressed(Fragment, frozen=True):
    """A sandbox is being brought back: so many of so many bytes."""

    done_bytes: int
    total_bytes: int


class InputAwaited(Fragment, frozen=True):
    """The running command blocks on its standard input (`is_waiting`), or no longer does."""

    address: StepAddress
    is_waiting: bool


class FileEntry(Struct, frozen=True, gc=False):
    """One entry of the tree. `path` is relative to the work folder, escaped by `core.paths`."""

    path: str
    kind: FileKind = "file"
    size_bytes: int = 0
    """-1: not known, as of a file of which a recording tells only some edits."""
    mtime_s: float = 0.0
    mode: int = 0
    target: str = ""


class FilesChanged(Fragment, frozen=True):
    """The tree differs from what was last announced; `is_whole`: `changed` is the complete tree."""

    changed: tuple[FileEntry, ...]
    gone: tuple[str, ...] = ()
    is_whole: bool = False
    is_part: bool = False
    """`changed` goes on with a complete tree that began before; it tells of no change."""


class TreeFollowed(Fragment, frozen=True, kw_only=True):
    """How changes in the tree are noticed from now on, and how much of it is listed."""

    every_s: float = 0.0
    """It is looked through every so many seconds; 0: the system tells of changes."""
    why: str = ""
    """Why the system does not."""
    total: int = 0
    """There are so many entries, and only some are listed; 0: all are."""


class LoadMeasured(Fragment, frozen=True, kw_only=True):
    """What the sandbox uses now; None: not known, or not limited."""

    memory_bytes: int | None = None
    memory_limit_bytes: int | None = None
    pids: int | None = None
    pids_limit: int | None = None
    cpus: float | None = None
    """Processors in use since the last measurement: 1.5 is one and a half."""
    cpus_limit: float | None = None
    disk_bytes: int | None = None
    disk_limit_bytes: int | None = None
    files: int | None = None
    files_limit: int | None = None


class StorageTrouble(Fragment, frozen=True):
    """The journal has no room, so the run holds, and `text` says so; or (`is_over`) it goes on."""

    text: str
    is_over: bool = False


class UnknownEvent(Struct, frozen=True):
    """An event of a kind that this version does not know; shown, never dropped."""

    raw: msgspec.Raw


KnownEvent = (
    RunStarted
    | SandboxStarted
    | SandboxStopped
    | ModeChanged
    | PauseAsked
    | PauseLifted
    | LimitsChanged
    | BreakpointsChanged
    | AllowRulesChanged
    | NoticeGiven
    | ConnectionAsked
    | ConnectionAnswered
    | ConnectionEnded
    | AllowedHostsChanged
    | OutputsSaved
    | RunEnded
    | RunContinued
    | RunForked
    | TrajectoryImported
    | ForeignKept
    | ReexecutionBegan
    | StepReplayed
    | ModelChanged
    | MessageSent
    | MessageQueued
    | MessageWithdrawn
    | ModelAsked
    | ModelRetried
    | ReplyFinished
    | ReplyCutOff
    | ReplyResampled
    | VersionChosen
    | ReplyEdited
    | ContextTrimmed
    | StepProposed
    | GateOpened
    | BreakpointHit
    | DecisionMade
    | StepAmended
    | CommandInjected
    | OwnCommandRan
    | StepStarted
    | InterruptSent
    | TimeoutChanged
    | SentToBackground
    | JobEnded
    | InputSent
    | StepFinished
    | CheckpointTaken
    | ObservationEdited
    | ReasoningArrived
    | TextArrived
    | CallArrived
    | OutputArrived
    | OwnOutputArrived
    | RestoreProgressed
    | InputAwaited
    | FilesChanged
    | TreeFollowed
    | LoadMeasured
    | StorageTrouble
)
Event = KnownEvent | UnknownEvent


class Record(Struct, frozen=True):
    """An event, its number in the run (facts count from 1, fragments have 0), its time (unix seconds).

    A time of 0.0 is not known: the recording, which is another program's, does not say.
    """

    n: int
    at: float
    event: Event


class _Line(Struct, frozen=True):
    n: int
    at: float
    event: msgspec.Raw


DECODER: msgspec.json.Decoder[KnownEvent] = msgspec.json.Decoder(KnownEvent)
_LINES: msgspec.json.Decoder[_Line] = msgspec.json.Decoder(_Line)
_ENCODER = msgspec.json.Encoder()
DECISIONS: msgspec.json.Decoder[Decision] = msgspec.json.Decoder(Decision)


def encode(record: Record) -> bytes:
    """Give the record as one line of JSON, without the line end. Lone surrogates must be gone by now."""
    event = record.event.raw if isinstance(record.event, UnknownEvent) else record.event
    return _ENCODER.encode({"n": record.n, "at": record.at, "event": event})


def decode(line: bytes | memoryview) -> Record:
    """Read one line; an event that this version cannot read becomes an UnknownEvent.

    Raises msgspec.DecodeError where the line is no record at all.
    """
    outer = _LINES.decode(line)
    event: Event
    try:
        event = DECODER.decode(outer.event)
    except msgspec.ValidationError:
        event = UnknownEvent(msgspec.Raw(bytes(outer.event)))
    return Record(outer.n, outer.at, event)
