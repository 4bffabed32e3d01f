"""A run as one HTML page: no script, no network, every step folds; files and pictures are inside.

The page's policy allows its own style sheet (by hash) and pictures out of the page itself, and nothing else:
whatever a model wrote stays text. It folds with `<details>`, which needs no script.
"""

import base64
import hashlib
from collections.abc import Iterator
from functools import singledispatch
from html import escape
from importlib.resources import files

import msgspec

from lis_tui.core.arguments import arguments_of
from lis_tui.core.reached import table
from lis_tui.core.text import clean, one_line, plural
from lis_tui.trajectory.account import (
    MODEL,
    PROGRAM,
    Account,
    Act,
    Call,
    Entry,
    Own,
    Rewritten,
    Said,
    Step,
    Turn,
    Written,
)
from lis_tui.trajectory.exporting.coloured import coloured
from lis_tui.trajectory.exporting.exporter import Attachment, Exportable, Exported
from lis_tui.trajectory.formats import by_words, end_words, moment, result_words
from lis_tui.trajectory.telling import account_of

PICTURES = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"RIFF": "image/webp",
}
"""Only these are shown: an SVG can hold scripts, and is given as text."""
MOST_LINE = 160
MOST_TEXT = 100_000
"""Characters of a text file that are put in."""


def to_html(run: Exportable) -> Exported:
    """Write the page."""
    account = account_of(run.records, run.forks)
    css = files("lis_tui.trajectory.exporting").joinpath("page.css").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    lines = [
        "<!DOCTYPE html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(one_line(account.task, 80) or account.run)}</title>",
        f"<style>{css}</style></head><body>",
        *_head(account),
        *_strip(account),
        *(line for turn in account.turns for line in _turn(turn)),
        *_answer(account),
        *_attachments(run.attachments),
        "</body></html>",
    ]
    kept_out = [one.path for one in run.attachments if one.data is None]
    lost = (f"files too large to be put in: {', '.join(kept_out)}",) if kept_out else ()
    return Exported("\n".join(lines).encode("utf-8", "replace"), lost)


def _head(account: Account) -> Iterator[str]:
    yield f"<h1>{_text(one_line(account.task, 300) or account.run)}</h1>"
    facts = {
        "run": account.run,
        "model": account.model,
        "sandbox": f"{account.image} ({account.network})" if account.image else "",
        "begun": moment(account.started_at),
        "ended": end_words(account),
        "forks that began here": ", ".join(account.forks),
    }
    if account.beginning is not None:
        begun = account.beginning
        facts["begun as"] = f"{begun.kind} of {begun.parent} at {begun.point}"
    rows = (
        f"<dt>{name}</dt><dd>{_text(one_line(value, 500))}</dd>" for name, value in facts.items() if value
    )
    yield f"<dl>{''.join(rows)}</dl>"
    yield from _folded("system prompt", _pre(account.system_prompt, "said"), account.system_prompt)
    whole = account.task_prompt or account.task
    yield from _folded("the task as the model got it", _pre(whole, "said"), whole)


def _strip(account: Account) -> Iterator[str]:
    """Give a link a step, coloured by how it came out."""
    links = [
        f'<a class="{_tone(entry)}" href="#step-{escape(entry.address)}">{escape(entry.address)}</a>'
        for turn in account.turns
        for entry in turn.entries
        if isinstance(entry, Step)
    ]
    if links:
        yield f"<nav>{''.join(links)}</nav>"


def _turn(turn: Turn) -> Iterator[str]:
    if not turn.entries:
        return
    name = f"Turn {turn.number}" if turn.number else "Before the first turn"
    yield f'<h2 id="turn-{turn.number}"><a href="#turn-{turn.number}">{name}</a></h2>'
    for entry in turn.entries:
        yield from _entry(entry)


def _answer(account: Account) -> Iterator[str]:
    if account.answer is not None:
        yield "<h2>The answer</h2>"
        yield _pre(account.answer, "said")
    if account.connections:
        yield "<h2>What the sandbox reached</h2>"
        yield _pre("\n".join(table(account.connections)), "reached")


@singledispatch
def _entry(entry: Entry) -> Iterator[str]:
    raise TypeError(type(entry).__name__)


@_entry.register
def _(entry: Act) -> Iterator[str]:
    yield f'<ul class="acts {_side(entry)}">{_act(entry)}</ul>'


@_entry.register
def _(entry: Said) -> Iterator[str]:
    tone = "human" if entry.by == "person" else "note"
    yield f'<div class="{tone}">{_text(by_words(entry.by))} said to the model:</div>'
    yield _pre(entry.text, "said")


@_entry.register
def _(entry: Written) -> Iterator[str]:
    notes = [f"version {entry.version}"] if entry.version > 1 else []
    notes += [f"cut off: {one_line(entry.cut_off)}"] if entry.cut_off else []
    notes += ["does not count"] if not entry.counts and not entry.cut_off else []
    if notes:
        yield f'<div class="note">{_text(", ".join(notes))}</div>'
    if entry.reasoning.strip():
        inner = _pre(entry.reasoning, "reasoning")
        yield f'<details open><summary class="note">reasoning</summary>{inner}</details>'
    if entry.text.strip():
        yield _pre(entry.text, "said")
    if not entry.counts:
        yield from (_call(call) for call in entry.calls)


@_entry.register
def _(entry: Rewritten) -> Iterator[str]:
    who = _text(by_words(entry.by))
    yield f'<div class="human">{who} changed what the model takes for its own words:</div>'
    yield from (_pre(text, "human") for text in (entry.reasoning, entry.text) if text)


@_entry.register
def _(entry: Step) -> Iterator[str]:
    tone = _tone(entry)
    call = entry.ran or entry.proposed
    what = _text(one_line(_short(call), MOST_LINE))
    how = result_words(entry.result) if entry.result is not None else "nothing ran"
    yield f'<details class="step" id="step-{escape(entry.address)}" open><summary><span class="{tone}">'
    yield f'{escape(entry.address)}</span> <span class="what">{what}</span> '
    yield f'<span class="how {tone}">{_text(how)}</span></summary>'
    if entry.by != MODEL:
        hidden = ", not shown to the model" if entry.is_hidden else ""
        yield f'<div class="human">{_text(by_words(entry.by))} ran this{hidden}.</div>'
    if entry.changed_by:
        yield f'<div class="note">the model asked for:</div>{_call(entry.proposed)}'
        yield f'<div class="human">{_text(by_words(entry.changed_by))} changed it; this ran:</div>'
    if not _is_told(call):
        yield _call(call, is_folded=entry.result is not None and bool(entry.result.diff))
    if entry.problem:
        yield f'<div class="error">{_text(one_line(entry.problem, 500))}</div>'
    if entry.acts:
        yield f'<ul class="acts human">{"".join(map(_act, entry.acts))}</ul>'
    yield from _result(entry)
    yield "</details>"


@_entry.register
def _(entry: Own) -> Iterator[str]:
    where = f" on a copy of step {entry.on_copy_of}" if entry.on_copy_of else ""
    yield f'<details class="step human"><summary>{_text(one_line(entry.command, 160))}'
    yield f'<span class="how"> a person, in a shell of their own{where}</span></summary>'
    yield _pre(entry.command, "command human")
    yield f"<pre>{coloured(entry.output)}</pre></details>"


def _result(step: Step) -> Iterator[str]:
    result = step.result
    if result is None:
        return
    if result.diff:
        yield f"<pre>{_diff(result.diff)}</pre>"
    if result.text.strip():
        yield f"<pre>{coloured(result.text)}</pre>"
    if step.seen_by_model is not None:
        yield '<div class="human">what the model sees instead:</div>'
        yield _pre(step.seen_by_model, "human")


def _tone(step: Step) -> str:
    if step.by != MODEL or step.changed_by:
        return "human"
    if step.result is None:
        return "note"
    tones = {"done": "ok", "background": "ok", "unknown": "note", "skipped": "note", "rejected": "human"}
    return tones.get(step.result.status, "error")


def _side(act: Act) -> str:
    return "note" if act.by == PROGRAM else "human"


def _is_told(call: Call) -> bool:
    """Whether the line of the step says all of it."""
    short = _short(call)
    return call.tool in ("execute_bash", "submit") and "\n" not in short and len(short) <= MOST_LINE


def _short(call: Call) -> str:
    given = arguments_of(call.arguments) or {}
    command, path = given.get("command"), given.get("path")
    if call.tool == "execute_bash" and isinstance(command, str):
        return f"$ {command}"
    if call.tool == "str_replace_editor" and isinstance(command, str) and isinstance(path, str):
        return f"{command} {path}"
    return f"{call.tool} {call.arguments if given else ''}".strip()


def _call(call: Call, *, is_folded: bool = False) -> str:
    given = arguments_of(call.arguments)
    if given is None:
        return _pre(f"{call.tool} {call.arguments}", "command")
    command = given.get("command")
    if call.tool == "execute_bash" and isinstance(command, str) and len(given) == 1:
        return _pre(command, "command")
    values = {name: value if isinstance(value, str) else _json(value) for name, value in given.items()}
    rest = "".join(
        f'<div class="note">{_text(one_line(name))}</div>{_pre(value, "")}' for name, value in values.items()
    )
    inner = f"{_pre(call.tool, 'command')}{rest}"
    return f'<details><summary class="note">the whole call</summary>{inner}</details>' if is_folded else inner


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _act(act: Act) -> str:
    text = f": {_text(one_line(act.text, 2000))}" if act.text else ""
    return f"<li>{_text(by_words(act.by))} {_text(act.did)}{text}</li>"


def _diff(text: str) -> str:
    tones = {"+": "add", "-": "del"}
    lines = (
        f'<span class="{tones[line[0]]}">{_text(line)}</span>' if line[:1] in tones else _text(line)
        for line in text.splitlines()
    )
    return "\n".join(lines)


def _attachments(attachments: tuple[Attachment, ...]) -> Iterator[str]:
    if attachments:
        yield "<h2>What it made</h2>"
    for one in attachments:
        yield from _attachment(one)


def _attachment(one: Attachment) -> Iterator[str]:
    caption = f"{_text(one_line(one.path, 300))} · {plural(one.size_bytes, 'byte')}"
    if one.data is None:
        yield f'<div class="note">{caption}: too large to be put in</div>'
        return
    kind = next((kind for magic, kind in PICTURES.items() if one.data.startswith(magic)), "")
    if kind == "image/webp" and one.data[8:12] != b"WEBP":
        kind = ""
    if kind:
        source = f"data:{kind};base64,{base64.b64encode(one.data).decode()}"
        picture = f'<img alt="{escape(one_line(one.path))}" src="{source}">'
        yield f"<figure>{picture}<figcaption>{caption}</figcaption></figure>"
        return
    text = _as_text(one.data)
    if text is None:
        yield f'<div class="note">{caption}: neither text nor a picture that may be shown here</div>'
    else:
        yield from _folded(one_line(one.path, 300), _pre(text[:MOST_TEXT], ""), text)
        if len(text) > MOST_TEXT:
            yield f'<div class="note">the first {MOST_TEXT:,} of {len(text):,} characters</div>'


def _as_text(data: bytes) -> str | None:
    try:
        return None if b"\0" in data else data.decode()
    except UnicodeDecodeError:
        return None


def _folded(title: str, inner: str, text: str) -> Iterator[str]:
    if text.strip():
        yield f'<details><summary class="note">{_text(title)}</summary>{inner}</details>'


def _pre(text: str, classes: str) -> str:
    return f'<pre class="{classes}">{_text(text)}</pre>'


def _text(text: str) -> str:
    return escape(clean(text))
