"""Runs whose sandbox reaches hosts, asks for one, uses what it has, or loses what it needs."""

import msgspec

from lis_tui.core import events
from lis_tui.core.events import Event, LoadMeasured, Record, RunStarted, SandboxStarted, StepAddress
from tests import story

ASKED = events.ConnectionAsked(number=1, host="files.example.org", port=443, timeout_s=60.0)
ASKED_NEXT = events.ConnectionAsked(number=2, host="cdn.example.net", port=8443, timeout_s=60.0)
LOST = (
    "The sandbox is lost: its container was killed from outside. What ran in it is gone; files are kept up "
    "to the checkpoint after 5.1.\nResuming makes it anew from there and runs the waiting step."
)
LOAD = LoadMeasured(
    memory_bytes=412_000_000,
    memory_limit_bytes=4_294_967_296,
    pids=14,
    pids_limit=512,
    cpus=1.5,
    cpus_limit=2.0,
    disk_bytes=1_200_000_000,
    disk_limit_bytes=21_474_836_480,
    files=3_412,
    files_limit=1_000_000,
)
FULL = msgspec.structs.replace(LOAD, disk_bytes=20_500_000_000, cpus=2.0)


def limited(records: list[Record], *hosts: str, ask: bool = True) -> list[Record]:
    """Have the run's sandbox reach these hosts only."""
    found = []
    for record in records:
        event: Event = record.event
        if isinstance(event, RunStarted):
            sandbox = msgspec.structs.replace(event.spec.sandbox, network="allow", allow=hosts, ask_hosts=ask)
            spec = msgspec.structs.replace(event.spec, sandbox=sandbox)
            event = msgspec.structs.replace(event, spec=spec)
        elif isinstance(event, SandboxStarted):
            event = msgspec.structs.replace(event, network="allow")
        found.append(msgspec.structs.replace(record, event=event))
    return found


def after(records: list[Record], *more: Event) -> list[Record]:
    """Tell more, right after."""
    at = records[-1].at
    return [
        *records,
        *(
            Record(0 if isinstance(one, events.Fragment) else 900 + number, at + number / 10, one)
            for number, one in enumerate(more)
        ),
    ]


def reached() -> tuple[Event, ...]:
    """Give connections of several kinds."""
    made = events.ConnectionEnded
    refusal = "track.example.com is not among the hosts that this sandbox may reach."
    return (
        made(
            host="pip.test",
            port=443,
            is_allowed=True,
            sent=9_200,
            received=412_000,
            address=StepAddress(2, 1),
        ),
        made(
            host="files.package-box.test",
            port=443,
            is_allowed=True,
            sent=18_000,
            received=38_400_000,
            took_s=4.2,
            count=12,
            address=StepAddress(2, 1),
        ),
        made(host="track.example.com", port=80, is_allowed=False, why=refusal, address=StepAddress(3, 2)),
        made(
            host="169.254.169.254",
            port=80,
            is_allowed=False,
            why="169.254.169.254 is a cloud's metadata address: a sandbox reaches that only where this very "
            "address is allowed.",
            count=3,
            address=StepAddress(3, 2),
        ),
        made(host="pip.test", port=443, is_allowed=True, sent=700, received=2_100, address=None),
    )


def connected() -> list[Record]:
    """Give the story up to the waiting gate, with connections that came of its steps."""
    return after(limited(story.waiting(), "pip.test", "*.package-box.test"), *reached(), LOAD)


def asking(*more: Event) -> list[Record]:
    """Give the story to the middle of a command that asks for a host."""
    return after(limited(story.running(), "pip.test", "*.package-box.test"), LOAD, ASKED, *more)


def held(reason: str = LOST) -> list[Record]:
    """Give the story up to a gate that waits because the run holds by itself."""
    records = story.waiting()
    gate = records[-1].event
    assert isinstance(gate, events.GateOpened)
    paused = msgspec.structs.replace(gate, because="paused")
    return after(
        records[:-1], events.ModeChanged("auto", "person"), events.PauseAsked("rule", reason), paused, LOAD
    )


def filling() -> list[Record]:
    """Give the story to the middle of a command that fills the disk."""
    reason = (
        "The disk limit is reached: what the sandbox has written takes 20,494 MB; the limit is 20,480 MB. "
        "What wrote was stopped. Resume: the model is told, and can delete what is not needed. A higher "
        "limit lets it write more."
    )
    return after(story.running(), FULL, events.PauseAsked("rule", reason))
