"""A run as text that streams past: what happened, in order, safe for any terminal."""

from collections.abc import Iterable
from typing import Protocol

import msgspec

from lis_tui.cli.sentences import sentences
from lis_tui.cli.verdicts import verdict_lines
from lis_tui.core.ansi import Line, Sanitiser, plain_text
from lis_tui.core.events import (
    Event,
    Fragment,
    ModelAsked,
    OutputArrived,
    OutputsSaved,
    ReasoningArrived,
    Record,
    ReplyCutOff,
    ReplyFinished,
    RunEnded,
    RunStarted,
    SandboxStopped,
    StepAddress,
    StepFinished,
    StepStarted,
    TextArrived,
)
from lis_tui.core.events import encode as encode_record
from lis_tui.core.messages import Observation
from lis_tui.core.text import clean, one_line, plural
from lis_tui.core.view import RunView

MOST_LINES = 20
"""Lines of an output that are printed where it was not streamed."""
DIM, BOLD, RED, _OFF = "\x1b[2m", "\x1b[1m", "\x1b[31m", "\x1b[0m"
_Key = tuple[str, int | StepAddress]


class Out(Protocol):
    """Where lines are written to."""

    def write(self, text: str, /) -> int:
        """Write text that ends with a line's end."""
        ...

    def flush(self) -> None:
        """Have it seen."""
        ...

    def isatty(self) -> bool:
        """Whether a person sees it at once, in colours."""
        ...


class JsonPrinter:
    """One event a line, as in the journal; pieces of streams have the number 0."""

    def __init__(self, out: Out) -> None:
        self._out = out
        self._is_plain = out.isatty()

    def feed(self, record: Record) -> None:
        """Print a record."""
        line = encode_record(record).decode()
        if self._is_plain:
            # JSON keeps some characters that a terminal may act on.
            line = "".join(sign if " " <= sign <= "~" else _escaped(sign) for sign in line)
        self._out.write(line + "\n")
        self._out.flush()

    def finish(self) -> None:
        """Nothing waits."""


MOST_PRINTED = 1 << 20
"""Bytes of one command's output that are printed."""


class Printer:
    """A readable stream. Lines appear when they end; `view` knows the whole run."""

    def __init__(self, out: Out) -> None:
        self.view = RunView()
        self._out = out
        self._is_colourful = out.isatty()
        self._stream: _Key | None = None
        self._reader = Sanitiser()
        self._prefix = ""
        self._style = ""
        self._told: set[_Key] = set()
        self._printed: tuple[StepAddress, int] | None = None
        """How many bytes the newest step has printed."""
        self._cut: ReplyCutOff | None = None
        """Not told yet: where the run ends for the same reason, its end tells it."""

    def feed(self, record: Record) -> None:
        """Print what a record says, if anything."""
        self.view.apply(record)
        event = record.event
        if not isinstance(event, Fragment | OutputsSaved | SandboxStopped):
            self._tell_cut(event)
        match event:
            case ReasoningArrived(turn, text):
                self._tell(("reasoning", turn), text.encode(errors="replace"), "  ┊ ", DIM)
            case TextArrived(turn, text):
                self._tell(("text", turn), text.encode(errors="replace"), "  ", "")
            case OutputArrived(address, data):
                self._tell_output(address, data)
            case _:
                self._say_all(self._lines(event))
        self._out.flush()

    def finish(self) -> None:
        """Print what waits for its line to end."""
        self._tell_cut(None)
        self._end_stream()
        self._out.flush()

    def _tell_cut(self, follower: Event | None) -> None:
        """Say that no whole reply came, and why, unless the end that follows says so."""
        cut, self._cut = self._cut, None
        if cut is None:
            return
        is_end = isinstance(follower, RunEnded) and follower.reason == cut.reason
        reason = "" if is_end or not cut.reason else f": {one_line(cut.reason)}"
        was_heard = bool(cut.text or cut.reasoning or cut.calls)
        if was_heard or reason:
            what = "the reply was cut off" if was_heard else "no reply came"
            self._say_all([(f"  ! {what}{reason}", DIM)])

    def _tell(self, key: _Key, data: bytes, prefix: str, style: str) -> None:
        if self._stream != key:
            self._end_stream()
            self._stream, self._prefix, self._style = key, prefix, style
            self._told.add(key)
        self._print(self._reader.feed(data))

    def _tell_output(self, address: StepAddress, data: bytes) -> None:
        """A flood would hold up the run, which is in this process."""
        before = self._printed[1] if self._printed is not None and self._printed[0] == address else 0
        self._printed = (address, before + len(data))
        if before < MOST_PRINTED:
            self._tell(("output", address), data[: MOST_PRINTED - before], "    ", "")
        if before <= MOST_PRINTED < before + len(data):
            self._say_all([("    … more of it is kept with the run, and not printed here", DIM)])

    def _end_stream(self) -> None:
        if self._stream is not None:
            self._stream = None
            self._print(self._reader.finish())

    def _print(self, lines: Iterable[Line]) -> None:
        for text in plain_text(lines):
            self._write(self._prefix + text, self._style)

    def _say_all(self, lines: Iterable[tuple[str, str]]) -> None:
        found = list(lines)
        if found:
            self._end_stream()
        for text, style in found:
            self._write(clean(text), style)

    def _write(self, text: str, style: str) -> None:
        is_styled = style and self._is_colourful
        self._out.write(f"{style}{text}{_OFF}\n" if is_styled else f"{text}\n")

    def _lines(self, event: Event) -> Iterable[tuple[str, str]]:
        """What an event says, as lines with their style."""
        match event:
            case RunStarted():
                yield from _beginning(event)
            case ReplyFinished(turn=turn, reply=reply):
                yield from self._reply(turn, reply.reasoning, reply.text)
            case ReplyCutOff():
                self._cut = event
                yield from self._reply(event.turn, event.reasoning, event.text)
            case ModelAsked():
                yield f"── turn {event.turn} ──", BOLD
            case StepStarted():
                yield from step_lines(event.address, event.tool, event.arguments, event.changed_by)
            case StepFinished():
                yield from self._output(event)
                yield from _result(event.address, event.observation)
            case RunEnded():
                yield from _end(event, self.view)
            case _:
                found = verdict_lines(event, self.view)
                yield from ((line, RED if is_bad else DIM) for line, is_bad in found)
                yield from ((f"  ! {sentence}", DIM) for sentence in sentences(event))

    def _output(self, event: StepFinished) -> Iterable[tuple[str, str]]:
        """What of a command's output was not streamed: all of it in a recording."""
        was_told = ("output", event.address) in self._told
        if was_told or (event.tool != "execute_bash" and event.status == "done"):
            return
        seen = event.observation
        lines = (seen.text if seen.output is None else seen.output).splitlines()
        yield from ((f"    {line}", "") for line in lines[:MOST_LINES])
        if len(lines) > MOST_LINES:
            yield f"    … {len(lines) - MOST_LINES:,} more lines", DIM

    def _reply(self, turn: int, reasoning: str, said: str) -> Iterable[tuple[str, str]]:
        """What of a reply was not streamed: all of it in a recording."""
        self._end_stream()
        for name, text, prefix, style in (
            ("reasoning", reasoning, "  ┊ ", DIM),
            ("text", said, "  ", ""),
        ):
            if text and (name, turn) not in self._told:
                yield from ((prefix + line, style) for line in text.splitlines())


def _beginning(event: RunStarted) -> Iterable[tuple[str, str]]:
    spec = event.spec
    is_embedded = spec.sandbox.kind == "embedded" or spec.sandbox.base
    image = "embedded" if is_embedded else spec.sandbox.image
    yield f"{event.run} · {spec.model.name} · {image} ({spec.sandbox.network})", BOLD
    limits = spec.limits
    parts = [plural(limits.max_turns, "turn")]
    parts += [f"{limits.max_tokens:,} tokens"] if limits.max_tokens is not None else []
    parts += [f"${limits.max_cost_usd:g}"] if limits.max_cost_usd is not None else []
    parts += [f"{limits.timeout_s:g} s"] if limits.timeout_s is not None else []
    yield f"limits: {', '.join(parts)}", DIM
    yield from ((line, "") for line in spec.task.strip().splitlines())


def step_lines(
    address: StepAddress, tool: str, arguments: str, changed_by: str | None = None
) -> Iterable[tuple[str, str]]:
    """Give a step's head: what is done, with its address."""
    note = f" (changed by a {changed_by})" if changed_by else ""
    first, *rest = call_words(tool, arguments).splitlines() or [""]
    yield f"{address} {first}{note}", BOLD
    yield from ((f"    > {line}", BOLD) for line in rest)


def call_words(tool: str, arguments: str) -> str:
    """Give a call as people read it: the command, or what is done to which file."""
    try:
        given = msgspec.json.decode(arguments or "{}", type=dict[str, object])
    except msgspec.DecodeError:
        return f"{tool} {arguments}"
    match tool, given:
        case "execute_bash", {"command": str(command)}:
            return f"$ {command}"
        case "str_replace_editor", {"command": str(command), "path": str(path)}:
            return f"✎ {command} {path}"
        case _:
            return f"{tool} {arguments if given else ''}".rstrip()


def _result(address: StepAddress, seen: Observation) -> Iterable[tuple[str, str]]:
    yield from ((f"    {line}", DIM) for line in seen.diff.splitlines()[:60])
    parts = [seen.status if seen.exit_code is None else f"exit {seen.exit_code}"]
    parts += [] if seen.duration_s is None else [f"{seen.duration_s:.1f} s"]
    parts += [f"ended by the {seen.ended_by}"] if seen.ended_by not in ("itself", "shell lost") else []
    is_good = seen.status in ("done", "unknown") and not seen.exit_code
    sign = "·" if seen.status == "unknown" else "✓" if is_good else "✗"
    yield f"{address} {sign} {' · '.join(parts)}", DIM if is_good else RED


def _end(event: RunEnded, view: RunView) -> Iterable[tuple[str, str]]:
    reason = f": {event.reason}" if event.reason else ""
    yield f"■ {event.status.replace('_', ' ')}{reason}", BOLD
    totals = view.totals
    is_unknown = totals.has_unknown_cost and not totals.has_known_cost
    cost = "price unknown" if is_unknown else f"${totals.cost_usd:.{4 if totals.cost_usd else 0}f}"
    total = totals.prompt_tokens + totals.completion_tokens
    tokens = "tokens unknown" if not total and totals.has_unknown_cost else plural(total, "token")
    parts = [plural(view.turn.number, "turn"), tokens, cost]
    if view.imported is None or (view.ended_at and view.started_at):
        parts.append(f"{(view.ended_at or 0.0) - view.started_at:.1f} s")
    yield " · ".join(parts), DIM


def _escaped(sign: str) -> str:
    data = sign.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{data[at]:02x}{data[at + 1]:02x}" for at in range(0, len(data), 2))
