"""Tells of the run as a whole: its begin and end, its rules, its computer."""

from lis_tui.core.events import (
    AllowedHostsChanged,
    AllowRulesChanged,
    BreakpointsChanged,
    ConnectionAnswered,
    ConnectionAsked,
    ConnectionEnded,
    LimitsChanged,
    ModeChanged,
    ModelChanged,
    NoticeGiven,
    PauseAsked,
    PauseLifted,
    RunContinued,
    RunEnded,
    RunForked,
    RunStarted,
    SandboxStarted,
    TrajectoryImported,
)
from lis_tui.core.remodelling import changed_settings
from lis_tui.trajectory.account import MODEL, PROGRAM, Beginning
from lis_tui.trajectory.telling.teller import Teller, Tellings

tellings = Tellings()


@tellings.of(RunStarted)
def _(told: Teller, event: RunStarted) -> None:
    account, spec = told.account, event.spec
    account.run, account.model, account.app_version = event.run, spec.model.name, event.app_version
    account.image, account.network = spec.sandbox.image, spec.sandbox.network
    account.task, account.task_prompt = spec.task, event.task_prompt
    account.system_prompt = event.system_prompt
    account.started_at = told.at
    told.spec, told.model = spec.model, spec.model.name


@tellings.of(SandboxStarted)
def _(told: Teller, event: SandboxStarted) -> None:
    told.act(PROGRAM, "started the sandbox", f"{event.kind}, {event.image}")


@tellings.of(TrajectoryImported)
def _(told: Teller, event: TrajectoryImported) -> None:
    told.account.image = told.account.network = ""  # in ours it did not run
    told.account.recorded_by = event.format
    version = f" {event.version}" if event.version else ""
    told.act(PROGRAM, "read what another program had recorded", f"{event.format}{version}")


@tellings.of(RunForked)
def _(told: Teller, event: RunForked) -> None:
    point = f"before {event.point}" if event.is_before else str(event.point)
    told.account.beginning = Beginning(
        parent=event.parent, point=point, kind=event.kind, facts=max(told.n - 1, 0)
    )
    told.account.status, told.account.ended_at, told.account.answer = "", None, None
    had = "with its files" if event.has_files else "with a fresh sandbox"
    did = "rewound the run" if event.kind == "rewind" else "began this run as a fork"
    told.act("person", did, f"{event.parent} at {point}, {had}")
    for text in (*event.lost, *event.problems):
        told.act(PROGRAM, "could not bring back", text)


@tellings.of(RunContinued)
def _(told: Teller, event: RunContinued) -> None:
    told.account.status, told.account.reason = "", ""
    told.account.ended_at, told.account.answer = None, None
    told.act("person", "had the run go on", event.reason)
    for text in event.lost:
        told.act(PROGRAM, "could not bring back", text)


@tellings.of(RunEnded)
def _(told: Teller, event: RunEnded) -> None:
    account = told.account
    account.status, account.reason, account.answer = event.status, event.reason, event.answer
    account.ended_at = told.at
    told.act(
        _ender(told, event), "ended the run", f"{event.status.replace('_', ' ')}. {event.reason}".strip()
    )


@tellings.of(ModeChanged)
def _(told: Teller, event: ModeChanged) -> None:
    told.act(event.by, "set the mode", event.mode)


@tellings.of(PauseAsked)
def _(told: Teller, event: PauseAsked) -> None:
    told.act(event.by, "paused the run", event.reason)


@tellings.of(PauseLifted)
def _(told: Teller, event: PauseLifted) -> None:
    told.act(event.by, "let the run go on")


@tellings.of(LimitsChanged)
def _(told: Teller, event: LimitsChanged) -> None:
    limits = event.limits
    told.act("person", "set the limits", f"{limits.max_turns} turns, cost {limits.max_cost_usd}")


@tellings.of(BreakpointsChanged)
def _(told: Teller, event: BreakpointsChanged) -> None:
    on = [one.filter for one in event.breakpoints if one.is_on]
    told.act(event.by, "set the breakpoints", "; ".join(on) or "none is on")


@tellings.of(AllowRulesChanged)
def _(told: Teller, event: AllowRulesChanged) -> None:
    told.act(event.by, "set what is not asked about", f"{len(event.rules)} calls")


@tellings.of(ConnectionAsked)
def _(told: Teller, event: ConnectionAsked) -> None:
    told.hosts[event.number] = f"{event.host}:{event.port}"


@tellings.of(ConnectionAnswered)
def _(told: Teller, event: ConnectionAnswered) -> None:
    said = {"once": "let a connection pass", "always": "allowed a host", "no": "refused a connection"}
    told.act(event.by, said[event.verdict], told.hosts.pop(event.number, ""))


@tellings.of(ConnectionEnded)
def _(told: Teller, event: ConnectionEnded) -> None:
    told.connections.append(event)


@tellings.of(AllowedHostsChanged)
def _(told: Teller, event: AllowedHostsChanged) -> None:
    told.act(event.by, "set the hosts that may be reached", ", ".join(event.hosts) or "none")


@tellings.of(ModelChanged)
def _(told: Teller, event: ModelChanged) -> None:
    settings = changed_settings(told.spec, event.model)
    told.spec, told.model = event.model, event.model.name
    told.act(event.by, "changed the model", event.model.name + (f" with {settings}" if settings else ""))


@tellings.of(NoticeGiven)
def _(told: Teller, event: NoticeGiven) -> None:
    told.act(PROGRAM, "noted", event.text, event.address)


def _ender(told: Teller, event: RunEnded) -> str:
    if event.status in ("ended_by_person", "rewound"):
        return told.by_whom
    if event.status in ("submitted", "answered", "no_action"):
        return MODEL
    return "rule" if event.status.endswith("_limit") else PROGRAM
