"""A run as a recording of a terminal, to be played by asciinema players (asciicast v2 and v3).

What the model wrote and ran is typed at the speed it came, where the recording says so; pauses are capped.
Nothing that a command printed is played raw: a recording does not move the cursor of who plays it.
"""

import json
from collections.abc import Iterator, Sequence
from functools import singledispatch

from lis_tui.core.arguments import arguments_of
from lis_tui.core.events import (
    CommandInjected,
    DecisionMade,
    Event,
    GateOpened,
    MessageSent,
    Record,
    ReplyFinished,
    ReplyResampled,
    RunEnded,
    RunStarted,
    StepFinished,
    StepProposed,
    StepStarted,
)
from lis_tui.core.text import clean, one_line
from lis_tui.trajectory.exporting.exporter import Exportable, Exported

WIDTH, HEIGHT = 100, 30
MOST_PAUSE_S = 2.0
UNKNOWN_PAUSE_S = 0.8
"""Where the recording does not say when things happened."""
MOST_LINES = 40
_BOLD, _MUTED, _OK, _ERROR, _HUMAN, _PLAIN = (
    "\x1b[1m",
    "\x1b[2m",
    "\x1b[32m",
    "\x1b[31m",
    "\x1b[35m",
    "\x1b[0m",
)
Piece = tuple[float, str]


def to_cast(run: Exportable) -> Exported:
    """Write asciicast v2: times from the beginning."""
    pieces = list(_timed(run.records))
    head = {"version": 2, "width": WIDTH, "height": HEIGHT, "title": _title(run), **_begun(run)}
    lines = [json.dumps(head), *(json.dumps([round(at, 3), "o", text]) for at, text in pieces)]
    return Exported(("\n".join(lines) + "\n").encode(), _lost(run))


def to_cast3(run: Exportable) -> Exported:
    """Write asciicast v3: times from the event before."""
    head = {"version": 3, "term": {"cols": WIDTH, "rows": HEIGHT}, "title": _title(run), **_begun(run)}
    lines, last = [json.dumps(head)], 0.0
    for at, text in _timed(run.records):
        lines.append(json.dumps([round(at - last, 3), "o", text]))
        last = at
    return Exported(("\n".join(lines) + "\n").encode(), _lost(run))


def _title(run: Exportable) -> str:
    started = next((one.event for one in run.records if isinstance(one.event, RunStarted)), None)
    return one_line(started.spec.task if started is not None else run.name, 120)


def _begun(run: Exportable) -> dict[str, int]:
    at = next((record.at for record in run.records if record.at), 0.0)
    return {"timestamp": int(at)} if at else {}


def _lost(run: Exportable) -> tuple[str, ...]:
    has_long = any(
        isinstance(record.event, StepFinished) and record.event.observation.text.count("\n") > MOST_LINES
        for record in run.records
    )
    lost = ["requests, usage and files: a recording of a terminal has no place for them"]
    lost += [f"the middle of outputs of more than {MOST_LINES} lines"] if has_long else []
    return tuple(lost)


def _timed(records: Sequence[Record]) -> Iterator[Piece]:
    """Give what is printed and when, with pauses as they were but never long."""
    at, before = 0.0, 0.0
    for record in records:
        texts = list(_printed(record.event))
        if not texts:
            continue
        pause = record.at - before if record.at and before else UNKNOWN_PAUSE_S if at else 0.2
        at += min(max(pause, 0.0), MOST_PAUSE_S)
        before = record.at or before
        for text in texts:
            yield at, text
            at += min(0.05 + len(text) / 2000, 0.5)


@singledispatch
def _printed(event: Event) -> Iterator[str]:  # noqa: ARG001  (the others look at theirs)
    """Give what is shown of an event; of most nothing is."""
    yield from ()


@_printed.register
def _(event: RunStarted) -> Iterator[str]:
    yield _lines(f"{_BOLD}{{}}{_PLAIN}", event.spec.task)


@_printed.register
def _(event: MessageSent) -> Iterator[str]:
    tone = _HUMAN if event.origin in ("person", "follow_up") else _MUTED
    yield _lines(f"{tone}» {{}}{_PLAIN}", event.text)


@_printed.register(ReplyFinished)
@_printed.register(ReplyResampled)
def _(event: ReplyFinished | ReplyResampled) -> Iterator[str]:
    if event.reply.reasoning.strip():
        yield _lines(f"{_MUTED}{{}}{_PLAIN}", event.reply.reasoning)
    if event.reply.text.strip():
        yield _lines("{}", event.reply.text)


@_printed.register
def _(event: GateOpened) -> Iterator[str]:
    yield _lines(f"{_HUMAN}‖ waits: {{}}{_PLAIN}", event.because)


@_printed.register
def _(event: DecisionMade) -> Iterator[str]:
    yield _lines(f"{_HUMAN}{event.by}: {{}}{_PLAIN}", type(event.decision).__name__.lower())


@_printed.register
def _(event: CommandInjected) -> Iterator[str]:
    yield _lines(f"{_HUMAN}+ {{}}{_PLAIN}", event.command)


@_printed.register
def _(event: StepProposed) -> Iterator[str]:
    if event.problem:
        yield _lines(f"{_ERROR}{event.address} {{}}{_PLAIN}", event.problem)


@_printed.register
def _(event: StepStarted) -> Iterator[str]:
    yield _lines(f"{_BOLD}{event.address} $ {{}}{_PLAIN}", _called(event.tool, event.arguments))


@_printed.register
def _(event: StepFinished) -> Iterator[str]:
    seen = event.observation
    yield from _outcome(seen.text, seen.status, seen.exit_code)


@_printed.register
def _(event: RunEnded) -> Iterator[str]:
    yield _lines(f"{_BOLD}■ {{}}{_PLAIN}", event.status.replace("_", " "))
    if event.answer:
        yield _lines("{}", event.answer)


def _outcome(text: str, status: str, exit_code: int | None) -> Iterator[str]:
    lines = clean(text).rstrip("\n").split("\n")
    if len(lines) > MOST_LINES:
        half = MOST_LINES // 2
        lines = [*lines[:half], f"… {len(lines) - 2 * half:,} lines", *lines[-half:]]
    yield "".join(f"    {line}\r\n" for line in lines)
    code = f" {exit_code}" if exit_code else ""
    if status == "unknown":
        yield f"{_MUTED}    ·{_PLAIN}\r\n"
    else:
        is_good = status in ("done", "background")
        yield f"{_OK if is_good else _ERROR}    {'✓' if is_good else '✗'}{code}{_PLAIN}\r\n"


def _called(tool: str, arguments: str) -> str:
    given = arguments_of(arguments) or {}
    command, path = given.get("command"), given.get("path")
    if tool == "execute_bash" and isinstance(command, str):
        return command
    if tool == "str_replace_editor" and isinstance(command, str) and isinstance(path, str):
        return f"{tool} {command} {path}"
    return f"{tool} {arguments if given else ''}".strip()


def _lines(form: str, text: str) -> str:
    return form.format(clean(text).replace("\n", "\r\n")) + "\r\n"
