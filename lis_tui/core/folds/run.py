"""Folds what happens to a run as a whole: its begin and end, sandbox, rules and files."""

from typing import TYPE_CHECKING

from lis_tui.core.events import (
    AllowedHostsChanged,
    AllowRulesChanged,
    BreakpointHit,
    BreakpointsChanged,
    ConnectionAnswered,
    ConnectionAsked,
    ConnectionEnded,
    ForeignKept,
    LimitsChanged,
    LoadMeasured,
    MessageQueued,
    MessageWithdrawn,
    ModeChanged,
    ModelChanged,
    NoticeGiven,
    OutputsSaved,
    OwnCommandRan,
    OwnOutputArrived,
    PauseAsked,
    PauseLifted,
    RestoreProgressed,
    RunContinued,
    RunEnded,
    RunForked,
    RunStarted,
    SandboxStarted,
    SandboxStopped,
    StorageTrouble,
    TrajectoryImported,
    TreeFollowed,
    UnknownEvent,
)
from lis_tui.core.folds.changing import (
    Folds,
    changed_own,
    close_gate,
    enter,
    say,
    say_now,
)
from lis_tui.core.parts import MOST_TAIL, fresh_version
from lis_tui.core.remodelling import from_now_on

if TYPE_CHECKING:
    from lis_tui.core.view import RunView

folds = Folds()


@folds.of(UnknownEvent)
def _unknown(view: "RunView", event: UnknownEvent, at: float) -> None:
    view.unknown.append(event)


@folds.of(RunStarted)
def _started(view: "RunView", event: RunStarted, at: float) -> None:
    view.started = event
    view.started_at = at
    view.mode = event.spec.mode
    view.limits = event.spec.limits
    view.breakpoints = event.spec.breakpoints
    view.allowed_hosts = event.spec.sandbox.allow
    view.model = event.spec.model
    enter(view, "starting", at)


@folds.of(RunForked)
def _forked(view: "RunView", event: RunForked, at: float) -> None:
    """What the parent had open or ended is nothing of this run's."""
    close_gate(view, at)
    view.fork = event
    view.ended = view.ended_at = view.outputs = view.restoring = None
    view.is_held = False
    view.asked_hosts, view.hosts_asked_at = {}, {}
    view.queued.clear()
    for text in (event.about, *event.lost, *event.problems):
        say_now(view, text, "notice")
    enter(view, "between", at)


@folds.of(TrajectoryImported)
def _imported(view: "RunView", event: TrajectoryImported, at: float) -> None:
    view.imported = event
    for text in (*event.notes, *event.problems):
        say(view, 0, text, "notice" if text in event.notes else "warning")


@folds.of(ForeignKept)
def _kept(view: "RunView", event: ForeignKept, at: float) -> None:
    view.kept.append(event)


@folds.of(ModelChanged)
def _model_changed(view: "RunView", event: ModelChanged, at: float) -> None:
    told = from_now_on(view.model, event.model)
    view.model = event.model
    say_now(view, told, "notice")


@folds.of(SandboxStarted)
def _sandbox_started(view: "RunView", event: SandboxStarted, at: float) -> None:
    view.sandbox = event
    view.has_sandbox = True
    for note in event.notes:
        say_now(view, note, "notice")


@folds.of(SandboxStopped)
def _sandbox_stopped(view: "RunView", event: SandboxStopped, at: float) -> None:
    view.has_sandbox = False
    view.load = None


@folds.of(ModeChanged)
def _mode_changed(view: "RunView", event: ModeChanged, at: float) -> None:
    view.mode = event.mode


@folds.of(PauseAsked)
def _pause_asked(view: "RunView", event: PauseAsked, at: float) -> None:
    view.is_held = True
    view.held_because = event.reason if event.by != "person" else ""


@folds.of(PauseLifted)
def _pause_lifted(view: "RunView", event: PauseLifted, at: float) -> None:
    view.is_held = False
    view.held_because = ""


@folds.of(LimitsChanged)
def _limits_changed(view: "RunView", event: LimitsChanged, at: float) -> None:
    view.limits = event.limits


@folds.of(BreakpointsChanged)
def _breakpoints_changed(view: "RunView", event: BreakpointsChanged, at: float) -> None:
    view.breakpoints = event.breakpoints


@folds.of(AllowRulesChanged)
def _allow_rules_changed(view: "RunView", event: AllowRulesChanged, at: float) -> None:
    view.allow_rules = event.rules


@folds.of(BreakpointHit)
def _breakpoint_hit(view: "RunView", event: BreakpointHit, at: float) -> None:
    say(view, event.address.turn, f"breakpoint {event.name}: {event.text}", "notice")


@folds.of(NoticeGiven)
def _notice(view: "RunView", event: NoticeGiven, at: float) -> None:
    number = event.address.turn if event.address else len(view.turns) - 1
    say(view, number, event.text, "notice" if event.level == "info" else event.level)


@folds.of(ConnectionAsked)
def _host_asked(view: "RunView", event: ConnectionAsked, at: float) -> None:
    view.asked_hosts = {**view.asked_hosts, event.number: event}
    view.hosts_asked_at = {**view.hosts_asked_at, event.number: at}


@folds.of(ConnectionAnswered)
def _host_answered(view: "RunView", event: ConnectionAnswered, at: float) -> None:
    view.asked_hosts = {n: one for n, one in view.asked_hosts.items() if n != event.number}
    view.hosts_asked_at = {n: one for n, one in view.hosts_asked_at.items() if n != event.number}


@folds.of(ConnectionEnded)
def _connection_ended(view: "RunView", event: ConnectionEnded, at: float) -> None:
    view.connections.append(event)


@folds.of(AllowedHostsChanged)
def _allowed_hosts_changed(view: "RunView", event: AllowedHostsChanged, at: float) -> None:
    view.allowed_hosts = event.hosts


@folds.of(OutputsSaved)
def _outputs_saved(view: "RunView", event: OutputsSaved, at: float) -> None:
    view.outputs = event


@folds.of(RunEnded)
def _ended(view: "RunView", event: RunEnded, at: float) -> None:
    close_gate(view, at)
    view.ended = event
    view.ended_at = at
    view.retry = None
    view.is_held, view.held_because = False, ""
    view.asked_hosts, view.hosts_asked_at = {}, {}
    enter(view, "ended", at)


@folds.of(RunContinued)
def _continued(view: "RunView", event: RunContinued, at: float) -> None:
    view.ended = None
    view.ended_at = None
    view.outputs = None
    view.gate = view.restoring = None
    view.is_held, view.held_because = False, ""
    view.asked_hosts, view.hosts_asked_at = {}, {}
    for text in event.lost:
        say_now(view, text, "notice")
    enter(view, "between", at)


@folds.of(MessageWithdrawn)
def _withdrawn(view: "RunView", event: MessageWithdrawn, at: float) -> None:
    if event.text in view.queued:
        view.queued.remove(event.text)


@folds.of(MessageQueued)
def _queued(view: "RunView", event: MessageQueued, at: float) -> None:
    view.queued.append(event.text)


@folds.of(OwnCommandRan)
def _own_ran(view: "RunView", event: OwnCommandRan, at: float) -> None:
    own = changed_own(view, event.number)
    own.command, own.ran = event.command, event


@folds.of(OwnOutputArrived)
def _own_output(view: "RunView", event: OwnOutputArrived, at: float) -> None:
    own = changed_own(view, event.number)
    own.command = event.command or own.command
    own.tail += event.data
    del own.tail[: -2 * MOST_TAIL]


@folds.of(RestoreProgressed)
def _restoring(view: "RunView", event: RestoreProgressed, at: float) -> None:
    view.restoring = event if event.done_bytes < event.total_bytes else None


@folds.of(LoadMeasured)
def _load(view: "RunView", event: LoadMeasured, at: float) -> None:
    view.load = event


@folds.of(StorageTrouble)
def _trouble(view: "RunView", event: StorageTrouble, at: float) -> None:
    view.trouble = "" if event.is_over else event.text


@folds.of(TreeFollowed)
def _followed(view: "RunView", event: TreeFollowed, at: float) -> None:
    view.followed = event
    view.files_version = fresh_version()
