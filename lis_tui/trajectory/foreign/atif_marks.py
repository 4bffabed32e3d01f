"""Reads ATIF that lis-tui wrote: with the marks beside the steps it is the run again, fact by fact.

Where ATIF's fields tell something, they count, and the marks only say what it was; so a text that somebody
changed in the file since is the text.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Struct, field, structs

from lis_tui.core.arguments import arguments_of
from lis_tui.core.events import (
    CommandInjected,
    Event,
    Fact,
    MessageSent,
    Record,
    ReplyFinished,
    ReplyResampled,
    RunStarted,
    StepAddress,
    StepFinished,
    StepProposed,
    StepStarted,
    TrajectoryImported,
    UnknownEvent,
    VersionChosen,
    decode,
)
from lis_tui.core.messages import Observation, Reply, ToolCall, Usage
from lis_tui.trajectory.beside_atif import (
    KEY,
    VERSION,
    Beside,
    BesideCall,
    BesideResult,
    BesideRun,
    Json,
    text_of,
)
from lis_tui.trajectory.foreign.fields import items, mapping, seconds, short, word
from lis_tui.trajectory.foreign.recording import Entry, Imported, Report

_NOTE = "lis-tui wrote this file"


class _CallExtra(Struct):
    lis_tui: BesideCall


class _ResultExtra(Struct):
    lis_tui: BesideResult


class _StepExtra(Struct):
    lis_tui: Beside


class _Call(Struct):
    tool_call_id: str
    function_name: str
    arguments: Json
    extra: _CallExtra

    @property
    def ran(self) -> ToolCall:
        """What ran, or would have."""
        return ToolCall(self.tool_call_id, self.function_name, text_of(self.arguments, self.extra.lis_tui))

    @property
    def written(self) -> ToolCall:
        """What the model wrote."""
        return self.extra.lis_tui.asked_for or self.ran


class _Result(Struct):
    source_call_id: str
    content: str
    extra: _ResultExtra


class _Observation(Struct):
    results: list[_Result] = []


class _Metrics(Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = None
    cost_usd: float | None = None
    extra: Json = {}


class _Step(Struct):
    source: str
    message: str
    extra: _StepExtra
    reasoning_content: str = ""
    tool_calls: list[_Call] = []
    observation: _Observation = field(default_factory=_Observation)
    metrics: _Metrics | None = None


def has_marks(document: Json) -> bool:
    """Whether lis-tui wrote it, in a way that this version knows."""
    return mapping(mapping(document.get("extra")).get(KEY)).get("version") == VERSION


def entry_of(document: Json, entry: Entry) -> Entry:
    """Give the entry as that of one of our runs: its task and its end; commands are no turns."""
    extra = mapping(document.get("extra"))
    started = mapping(mapping(extra.get(KEY)).get("started"))
    steps = [mapping(mapping(step).get("extra")).get(KEY) for step in items(document.get("steps"))]
    commands = sum("address" in mapping(step) for step in steps)
    return structs.replace(
        entry,
        task=short(word(mapping(started.get("spec")).get("task"))) or entry.task,
        outcome=word(extra.get("status")),
        turns=max(0, (entry.turns or 0) - commands),
    )


def imported_of(document: Json, told: TrajectoryImported) -> Imported:
    """Give the run again, as far as the file holds it.

    Raises ValueError or RecursionError where somebody changed more in it than texts.
    """
    first, *rest = _records_of(document)
    before = [one.event for one in rest if isinstance(one.event, TrajectoryImported)]
    notes = (_NOTE, *(f"it had read the run from {one.format}" for one in before))
    kept = before[-1].kept if before else {}
    facts = [one for one in rest if not isinstance(one.event, TrajectoryImported)]
    told = structs.replace(told, notes=notes, kept=kept)
    records = [first, Record(2, first.at, told), *facts]
    kinds = Counter(type(one.event) for one in facts)
    report = Report(
        format=told.format,
        version=told.version,
        turns=kinds[ReplyFinished],
        steps=kinds[StepProposed] + kinds[CommandInjected],
        observations=kinds[StepFinished],
        kept=kept,
        notes=notes,
    )
    return Imported([Record(n, one.at, one.event) for n, one in enumerate(records, 1)], report)


def _records_of(document: Json) -> list[Record]:
    run = msgspec.convert(mapping(mapping(document.get("extra")).get(KEY)), BesideRun)
    steps = msgspec.convert(document.get("steps"), list[_Step])
    beginning = Record(run.n, seconds(run.at), _started(run, steps))
    rest = [*_facts(run.facts), *(record for step in steps for record in _told(step))]
    rest.sort(key=lambda record: record.n)
    _check(rest)
    return [beginning, *rest]


def _started(run: BesideRun, steps: Iterable[_Step]) -> RunStarted:
    prompts = {"system_prompt": "", "task_prompt": ""}
    prompts |= {step.extra.lis_tui.part: step.message for step in steps if step.extra.lis_tui.part}
    return msgspec.convert(run.started | prompts, RunStarted)


def _facts(lines: list[Json]) -> Iterator[Record]:
    for one in lines:
        record = decode(msgspec.json.encode(one))
        if not isinstance(record.event, Fact | UnknownEvent) or isinstance(record.event, RunStarted):
            raise msgspec.ValidationError("something that is no fact stands among the facts")
        yield Record(record.n, seconds(record.at), record.event)


def _told(step: _Step) -> Iterator[Record]:
    """Give what a step tells."""
    beside = step.extra.lis_tui
    yield from _facts(beside.facts)
    if beside.address is not None:
        yield from _command(step, beside, beside.address)
    elif step.source == "agent":
        if beside.n:
            yield _record(beside.n, beside.at, _reply(step, beside))
        for number, call in enumerate(step.tool_calls, 1):
            yield from _call(step, call, StepAddress(beside.turn, number))
    elif not beside.part:
        event = MessageSent(turn=beside.turn, text=step.message, origin=beside.origin or "person")
        yield _record(beside.n, beside.at, event)


def _command(step: _Step, beside: Beside, address: StepAddress) -> Iterator[Record]:
    for call in step.tool_calls[:1]:
        command = (arguments_of(call.written.arguments) or {}).get("command")
        if not isinstance(command, str):
            raise msgspec.ValidationError("a person's command is none")
        event = CommandInjected(
            address=address, command=command, is_hidden=beside.is_hidden, by=beside.by or "person"
        )
        yield _record(beside.n, beside.at, event)
        yield from _call(step, call, address, "")


def _reply(step: _Step, beside: Beside) -> ReplyFinished:
    told = beside.reply
    if told is None:
        raise msgspec.ValidationError("a reply has no mark")
    reply = Reply(
        text=step.message,
        reasoning=step.reasoning_content,
        calls=tuple(call.written for call in step.tool_calls),
        finish_reason=told.finish_reason,
        usage=None if step.metrics is None else _usage(step.metrics),
        thinking_json=told.thinking_json,
        calls_in_text=told.calls_in_text,
    )
    return ReplyFinished(
        turn=beside.turn, reply=reply, first_piece_s=told.first_piece_s, duration_s=told.duration_s
    )


def _usage(metrics: _Metrics) -> Usage:
    known: Json = {key: metrics.extra[key] for key in _USED if key in metrics.extra}
    for key in ("prompt_tokens", "completion_tokens", "cached_tokens", "cost_usd"):
        known[key] = getattr(metrics, key)
    return msgspec.convert(known, Usage)


_USED = ("reasoning_tokens", "is_estimated")


def _call(step: _Step, call: _Call, address: StepAddress, call_id: str | None = None) -> Iterator[Record]:
    known = call.written.id if call_id is None else call_id
    beside, ran = call.extra.lis_tui, call.ran
    if beside.proposed is not None:
        told = beside.proposed
        proposed = StepProposed(address=address, call=told.call or call.written, problem=told.problem)
        yield _record(told.n, told.at, proposed)
    if beside.started is not None:
        started = StepStarted(
            address=address, tool=ran.name, arguments=ran.arguments, changed_by=beside.changed_by
        )
        yield _record(beside.started.n, beside.started.at, started)
    for result in step.observation.results:
        if result.source_call_id == call.tool_call_id:
            yield _finished(result, call, address, known)


def _finished(result: _Result, call: _Call, address: StepAddress, call_id: str) -> Record:
    beside = result.extra.lis_tui
    text = result.content if beside.really is None else beside.really
    event = StepFinished(
        address=address,
        call_id=call_id if beside.call_id is None else beside.call_id,
        tool=call.function_name if beside.tool is None else beside.tool,
        observation=msgspec.convert({**beside.observation, "text": text}, Observation),
    )
    return _record(beside.n, beside.at, event)


def _record(n: int, at: float, event: Event) -> Record:
    return Record(n, seconds(at), event)


def _check(records: Iterable[Record]) -> None:
    """A version that was never written cannot count."""
    versions = 0
    for record in records:
        match record.event:
            case ReplyFinished():
                versions = 1
            case ReplyResampled():
                versions += 1
            case VersionChosen(version=version) if not 1 <= version <= versions:
                raise msgspec.ValidationError("a version of a reply counts that is not there")
            case _:
                pass
