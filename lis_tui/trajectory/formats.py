"""Writes the account of a run for people and for programs."""

import json
import re
import time
from collections.abc import Iterator
from functools import singledispatch

import msgspec

from lis_tui.core.hostile import HOSTILE
from lis_tui.core.messages import Observation
from lis_tui.core.reached import table
from lis_tui.core.text import clean, one_line, plural
from lis_tui.trajectory.account import (
    PROGRAM,
    Account,
    Act,
    Call,
    Entry,
    Own,
    Rewritten,
    Said,
    Step,
    Written,
)

_WHO = {
    "model": "the model",
    "person": "a person",
    "rule": "a rule",
    "script": "a script",
    "default": "nobody (the default)",
}
_SHORT = 200
"""Longer words get a fence of their own."""
_TICKS = re.compile(r"`{3,}")


def as_json(account: Account) -> str:
    """Give it as indented JSON; what a terminal could act on is escaped, as JSON can say it."""
    text = msgspec.json.format(msgspec.json.encode(account), indent=2).decode()
    return HOSTILE.sub(_escaped, text) + "\n"


def _escaped(found: re.Match[str]) -> str:
    return json.dumps(found.group())[1:-1]


def as_markdown(account: Account) -> str:
    """Give it to read. What came from outside stands in fences that it cannot close."""
    return "\n".join(_document(account)).rstrip() + "\n"


def _document(account: Account) -> Iterator[str]:
    yield f"# Run {one_line(account.run)}"
    yield ""
    yield f"- model: {one_line(account.model) or 'not recorded'}"
    if account.image:
        yield f"- sandbox: {one_line(account.image)} ({account.network})"
    yield f"- begun: {moment(account.started_at)}"
    yield f"- ended: {end_words(account)}"
    if account.beginning is not None:
        begun = account.beginning
        yield f"- {begun.kind} of {one_line(begun.parent)} at {begun.point}; until there it is the parent's"
    if account.forks:
        yield f"- forks that began here: {', '.join(one_line(name) for name in account.forks)}"
    yield ""
    yield from _fenced("The task:", account.task)
    for turn in account.turns:
        if turn.entries:
            yield f"## Turn {turn.number}" if turn.number else "## Before the first turn"
            yield ""
            for entry in turn.entries:
                yield from _entry(entry)
    yield from _last(account)


def _last(account: Account) -> Iterator[str]:
    if account.answer is not None:
        yield from _section("The answer", account.answer)
    if account.connections:
        yield from _section("What the sandbox reached", "\n".join(table(account.connections)))


def _section(title: str, text: str) -> Iterator[str]:
    yield f"## {title}"
    yield ""
    yield from _fenced("", text)


def end_words(account: Account) -> str:
    """Say when and how it ended."""
    if account.ended_at is None:
        return "not recorded" if account.recorded_by else "not yet, or cut off"
    reason = f": {one_line(account.reason, 500)}" if account.reason else ""
    return f"{moment(account.ended_at)}, {account.status.replace('_', ' ')}{reason}"


@singledispatch
def _entry(entry: Entry) -> Iterator[str]:
    raise TypeError(type(entry).__name__)


@_entry.register
def _(entry: Act) -> Iterator[str]:
    yield from _acted(entry)
    yield ""


@_entry.register
def _(entry: Said) -> Iterator[str]:
    kind = f" ({_plain(entry.origin)})" if entry.by in (*_WHO, PROGRAM) else ""  # of others it is a guess
    yield from _fenced(f"**{by_words(entry.by)} said to the model**{kind}:", entry.text)


@_entry.register
def _(entry: Written) -> Iterator[str]:
    note = f", version {entry.version}" if entry.version > 1 or not entry.counts else ""
    if entry.cut_off:
        note = f", cut off: {one_line(entry.cut_off)}"
    elif not entry.counts:
        note += ", which does not count"
    name = f" ({one_line(entry.model)})" if entry.model else ""
    yield f"**The model**{name} replied{note}:"
    yield ""
    yield from _fenced("Reasoning:", entry.reasoning)
    yield from _fenced("Text:", entry.text)
    if entry.calls and not entry.counts:
        for call in entry.calls:
            yield from _called("It would have called:", call)
    elif entry.calls:
        yield f"It called: {', '.join(one_line(call.tool) for call in entry.calls)}"
        yield ""


@_entry.register
def _(entry: Rewritten) -> Iterator[str]:
    who = by_words(entry.by)
    yield from _fenced(f"**{who} changed the model's reasoning.** It sees:", entry.reasoning or "")
    yield from _fenced(f"**{who} changed the model's text.** It sees:", entry.text or "")


@_entry.register
def _(entry: Step) -> Iterator[str]:
    hidden = ", hidden from the model" if entry.is_hidden else ""
    of = f" (version {entry.version} of the reply)" if entry.version > 1 else ""
    yield f"### Step {entry.address}: asked for by {by_words(entry.by).lower()}{of}{hidden}"
    yield ""
    yield from _called("", entry.proposed)
    if entry.problem:
        yield f"It cannot run as it is: {one_line(entry.problem, 500)}"
        yield ""
    for act in entry.acts:
        yield from _acted(act)
    if entry.acts:
        yield ""
    yield from _outcome(entry)


@_entry.register
def _(entry: Own) -> Iterator[str]:
    where = f" on a copy of step {entry.on_copy_of}" if entry.on_copy_of else ""
    code = "" if entry.exit_code is None else f", exit {entry.exit_code}"
    yield from _fenced(
        f"**A person ran in their own shell**{where} (number {entry.number}{code}):", entry.command
    )
    yield from _fenced("Output:", entry.output)


def _outcome(step: Step) -> Iterator[str]:
    if step.ran is None:
        yield "**Nothing ran.**"
        yield ""
    elif step.changed_by:
        yield from _called(f"**What ran, changed by {by_words(step.changed_by).lower()}:**", step.ran)
    else:
        yield f"**It ran as {by_words(step.by).lower()} asked for it.**"
        yield ""
    if step.result is not None:
        yield from _fenced(f"Result: {result_words(step.result)}", step.result.text)
        yield from _fenced("Change:", step.result.diff)
    if step.seen_by_model is not None:
        yield from _fenced("**What the model sees instead:**", step.seen_by_model)


def result_words(seen: Observation) -> str:
    """Say how a step came out."""
    parts: list[str] = [seen.status] if seen.exit_code is None else [f"{seen.status}, exit {seen.exit_code}"]
    parts += [] if seen.duration_s is None else [f"{seen.duration_s:.1f} s"]
    parts += [plural(seen.output_bytes, "byte")] if seen.output_bytes else []
    parts += ["cut for the model"] if seen.is_cut else []
    parts += [f"ended by the {seen.ended_by}"] if seen.ended_by != "itself" else []
    return ", ".join([*parts, *(one_line(note) for note in seen.notes)])


def _acted(act: Act) -> Iterator[str]:
    line = f"- {by_words(act.by)} {act.did}"
    text = clean(act.text)
    if "\n" in text or len(text) > _SHORT:
        yield f"{line}:"
        yield ""
        yield from _fenced("", text)
    else:
        yield f"{line}: {_code(text)}" if text else line


def _called(title: str, call: Call) -> Iterator[str]:
    """Show a call: a command as it would be typed, anything else with each argument by its name."""
    try:
        given = msgspec.json.decode(call.arguments or "{}", type=dict[str, object])
    except msgspec.DecodeError:
        yield from _fenced(title or f"{one_line(call.tool)}:", call.arguments)
        return
    command = given.get("command")
    if call.tool == "execute_bash" and isinstance(command, str):
        yield from _fenced(title, command, "bash")
        given.pop("command")
    else:
        yield from [title, ""] if title else []
        yield f"{one_line(call.tool)}"
        yield ""
    for name, value in given.items():
        yield from _argument(one_line(name), value if isinstance(value, str) else json.dumps(value))


def _argument(name: str, value: str) -> Iterator[str]:
    if "\n" in value or len(value) > _SHORT:
        yield from _fenced(f"{name}:", value)
    else:
        yield f"- {name}: {_code(clean(value))}"
        yield ""


def _fenced(title: str, text: str, kind: str = "text") -> Iterator[str]:
    """Put text in a fence that is longer than any in it; nothing where there is no text."""
    if not text.strip():
        return
    if title:
        yield title
        yield ""
    safe = clean(text).rstrip("\n")
    fence = "`" * max((len(found) + 1 for found in _TICKS.findall(safe)), default=3)
    yield f"{fence}{kind}"
    yield safe
    yield fence
    yield ""


def _code(text: str) -> str:
    if not text:
        return "(empty)"
    ticks = "`" * (1 + max((len(found) for found in re.findall(r"`+", text)), default=0))
    edge = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{edge}{text}{edge}{ticks}"


def by_words(by: str) -> str:
    """Say who did something, as a sentence begins."""
    name = _WHO.get(by, by)
    return name[:1].upper() + name[1:] if by in _WHO else name


def _plain(word: str) -> str:
    return word.replace("_", " ")


def moment(at: float) -> str:
    """Give a time as people read it; 0.0 is not known."""
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(at)) if at else "not known"
