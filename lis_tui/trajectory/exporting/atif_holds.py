"""What of a run an ATIF file can hold together with our marks, and in words what it cannot."""

from collections.abc import Iterable
from pathlib import PurePath

from msgspec.structs import replace

from lis_tui.core.events import (
    CheckpointTaken,
    Event,
    Fact,
    NoticeGiven,
    OutputsSaved,
    Record,
    ReplyFinished,
    ReplyResampled,
    RunStarted,
    StepFinished,
    TrajectoryImported,
    UnknownEvent,
)


def holdable(records: Iterable[Record]) -> tuple[list[Record], tuple[str, ...]]:
    """Give the facts that can be held, numbered from 1, and what is lost."""
    kept: list[Record] = []
    lost: dict[str, int] = {}
    for record in records:
        event = record.event
        if not isinstance(event, Fact | UnknownEvent) or (not record.n and isinstance(event, NoticeGiven)):
            continue  # a notice without a number was said by whoever read the journal
        if isinstance(event, CheckpointTaken):
            _count(lost, "checkpoints of the sandbox")
        elif isinstance(event, OutputsSaved):
            _count(lost, "lists of files saved on this machine")
        else:
            kept.append(Record(len(kept) + 1, record.at, _without(event, lost)))
    return kept, tuple(f"{what} ({number:,})" for what, number in lost.items())


def _without(event: Event, lost: dict[str, int]) -> Event:
    """Leave out what only this machine has, and what says the same once more."""
    match event:
        case RunStarted():
            return _started(event, lost)
        case ReplyFinished() | ReplyResampled() if event.reply.raw_json:
            _count(lost, "replies as the server sent them, before they were read")
            return replace(event, reply=replace(event.reply, raw_json=""))
        case StepFinished() if event.observation.output_name:
            _count(lost, "raw outputs kept beside the journal")
            return replace(event, observation=replace(event.observation, output_name=""))
        case TrajectoryImported():
            return replace(event, file=PurePath(event.file).name)
        case _:
            return event


def _started(event: RunStarted, lost: dict[str, int]) -> RunStarted:
    spec = event.spec
    paths = len(spec.inputs) + len(spec.inline) + (spec.output_dir is not None)
    if not paths:
        return event
    lost["paths on this machine"] = paths
    return replace(event, spec=replace(spec, inputs=(), inline=(), output_dir=None))


def _count(lost: dict[str, int], what: str) -> None:
    lost[what] = lost.get(what, 0) + 1
