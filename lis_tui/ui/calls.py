"""A tool call as rows: the command or the change it asks for, and what came of it."""

import json
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TypeVar

from msgspec import Struct, field

from lis_tui.core.arguments import arguments_of
from lis_tui.core.parts import StepView
from lis_tui.core.text import Line, Sanitiser, one_line
from lis_tui.ui import words
from lis_tui.ui.highlight import highlight, language_of, plain
from lis_tui.ui.rows import Ink, Row, plain_inks, toned

MOST_COMMAND = 8
MOST_WAITING = 200
"""What waits for a person is shown whole: nobody should approve what cannot be seen."""
HEAD, TAIL = 4, 5
LIVE_LINES = 5
"""With the command above them and the keys below they fit the pane of a small terminal."""
LONG_LINE = 800
MOST_SHOWN = 24 * 1024
NO_OUTPUT = "[no output]"
"""What the model reads of a command that printed nothing."""
_REMARKS = re.compile(
    r"(?:\n?\[(?:turn \d+ of \d+: [^\]\n]*|exit code -?\d+)\]"
    r"(?: (?:No turn is|Few turns are) left[^\n]*)?)+\s*\Z"
)
"""What the engine adds for the model and the screen shows elsewhere."""
_REMARK_SIGNS = ("[turn ", "[exit code ")
_HUNK = re.compile(r"^@@ .*?@@")

T = TypeVar("T")


class Call(Struct):
    """A call in the words of its tool: what it is called, the line beside it, the text below it."""

    word: str
    head: str = ""
    language: str = ""
    body: list[Row] = field(default_factory=list[Row])


def command_of(step: StepView) -> str:
    """Give what the step does as text to copy: the command itself, or the arguments."""
    arguments = arguments_of(step.arguments)
    command = arguments.get("command") if arguments else None
    if step.tool == "execute_bash" and isinstance(command, str):
        return command
    return step.arguments


def edited_answer(arguments: str, answer: str) -> str:
    """Give the arguments of a submission with another answer."""
    return json.dumps((arguments_of(arguments) or {}) | {"answer": answer}, ensure_ascii=False)


def describe(tool: str, text: str, *, is_lit: bool = False) -> Call:
    """Put a call into words; only where `is_lit` are a new file's lines coloured."""
    arguments = arguments_of(text)
    if arguments is None:
        return Call(one_line(tool, 30), one_line(text, 400))
    if tool == "execute_bash" and isinstance(arguments.get("command"), str):
        return Call("$", str(arguments["command"]), "bash")
    if tool == "str_replace_editor":
        return _describe_edit(arguments, is_lit=is_lit)
    return Call(one_line(tool, 30), "" if not arguments else one_line(text, 400))


def short(tool: str, text: str) -> str:
    """Give a call in one line."""
    call = describe(tool, text)
    return one_line(f"{call.word} {call.head}", 120)


def call_rows(step: StepView, lead: list[Ink], right: list[Ink], *, is_lit: bool) -> list[Row]:
    """Give the call's rows; the first carries the address and the result."""
    arguments = step.arguments if step.amended is None else step.amended
    call = describe(step.tool, arguments, is_lit=is_lit)
    is_waiting = step.status == "waiting"
    most = MOST_WAITING if is_waiting else MOST_COMMAND
    lines = highlight(call.head, call.language) if is_lit else plain(call.head)
    word: list[Ink] = [*lead, (call.word + " ", "muted")]
    hang = _blank(lead, len(call.word) + 1)
    rows = [Row(lines[0], lead=word, hang=hang, right=right, most=MOST_WAITING if is_waiting else 6)]
    rows += [
        Row(line, lead=_blank(lead, 2), most=MOST_WAITING if is_waiting else 4) for line in lines[1:most]
    ]
    if len(lines) > most:
        rows.append(_more(len(lines) - most, lead))
    if step.observation is None or not step.observation.diff:
        tall = MOST_WAITING if is_waiting else 2
        body = [Row(row.inks, lead=_blank(lead, 0), most=tall) for row in call.body[:most]]
        rows += body + ([_more(len(call.body) - most, lead)] if len(call.body) > most else [])
    return rows


def result_rows(step: StepView, lead: list[Ink]) -> list[Row]:
    """Give what came of the step: its output, its diff, or why it did not run."""
    indent = _blank(lead, 0)
    if step.problem:
        return [Row(plain_inks(step.problem, "error"), lead=indent, most=4, is_prose=True)]
    if step.observation is None:
        return _live_rows(step, indent)
    if step.status in ("rejected", "skipped"):
        text = without_remarks(step.observation.text)
        return [Row(plain_inks(text, "human"), lead=indent, most=4, is_prose=True)]
    if step.observation.diff:
        return _diff_rows(step.observation.diff, indent)
    return _output_rows(step, indent)


def result_sign(step: StepView, now: float) -> list[Ink]:
    """Give the sign, the exit code and the time a step took, for the right edge; and how it was the same."""
    if step.replayed is None:
        return _result_sign(step, now)
    return [words.verdict_sign(step.replayed), (" ", ""), *_result_sign(step, now)]


def _result_sign(step: StepView, now: float) -> list[Ink]:
    text, tone = words.sign(step)
    if step.status == "running":
        if not step.started_at:  # it is not known when it began
            return [(text, tone)]
        since = now - step.started_at
        return [(f"{text} {words.duration(since) if since < 0 else f'{int(since)}s'}", tone)]
    if step.observation is None:
        return [(step.status, tone)] if step.status == "waiting" else []
    if step.status in ("rejected", "skipped", "malformed", "interrupted"):
        return [(f"{text} {step.status}", tone)]
    if step.observation.ended_by != "itself":
        return [(f"{text} {step.observation.ended_by}", tone)]
    code = step.observation.exit_code
    shown = f"{text}{code}" if code else text
    took_s = step.observation.duration_s
    took = "" if took_s is None else words.duration(took_s)
    return [(shown, tone), (f" {took:>5}", "muted")]


def _describe_edit(arguments: dict[str, object], *, is_lit: bool) -> Call:
    word = str(arguments.get("command", "edit"))
    path = one_line(str(arguments.get("path", "")), 300)
    if word == "create":
        text = str(arguments.get("file_text", ""))
        lines = text.count("\n") + 1
        shown = text[:MOST_SHOWN]
        inked = highlight(shown, language_of(path), "output") if is_lit else plain(shown)
        body = [Row([("+ ", "file-new"), *line]) for line in inked]
        return Call("create", f"{path}  {words.plural(lines, 'line')}", body=body)
    if word == "str_replace":
        body = _changed("- ", str(arguments.get("old_str", "")), "file-gone")
        return Call("edit", path, body=body + _changed("+ ", str(arguments.get("new_str", "")), "file-new"))
    if word == "insert":
        body = _changed("+ ", str(arguments.get("new_str", "")), "file-new")
        return Call("insert", f"{path}  after line {arguments.get('insert_line', '?')}", body=body)
    if word == "view":
        span = arguments.get("view_range")
        return Call("view", path + (f"  lines {span}" if span else ""))
    return Call({"undo_edit": "undo"}.get(word, one_line(word, 30)), path)


def _changed(sign: str, text: str, tone: str) -> list[Row]:
    return [Row([(sign, tone), *line]) for line in plain(text[:MOST_SHOWN], tone)]


def _diff_rows(diff: str, indent: list[Ink]) -> list[Row]:
    rows = []
    added = taken = 0
    for line in diff[:MOST_SHOWN].splitlines():
        if line.startswith(("+++", "---")):
            continue
        hunk = _HUNK.match(line)
        tone = {"+": "file-new", "-": "file-gone"}.get(line[:1], "muted")
        added += line.startswith("+")
        taken += line.startswith("-")
        rows.append(Row(plain_inks("⋯" if hunk else line, tone), lead=indent))
    first = Row([(f"+{added}", "file-new"), (f" −{taken}", "file-gone")], lead=indent)
    if rows and rows[0].inks[0][0] == "⋯":
        del rows[0]
    return [first, *_folded(rows, lambda row: row, indent)]


def _live_rows(step: StepView, indent: list[Ink]) -> list[Row]:
    if step.status != "running":
        return []
    lines = _sanitised(_end_of(step.tail))
    rows = [Row(toned(line, "output"), lead=indent, most=3, is_prose=True) for line in lines[-LIVE_LINES:]]
    total = step.output_bytes
    if total > len(step.tail) or len(lines) > LIVE_LINES:
        rows.insert(0, Row([(f"… {words.size(total)} so far, enter to open", "muted")], lead=indent))
    if step.waits_for_input:
        rows.append(Row([("waits for input", "warning"), (" · t types into it", "muted")], lead=indent))
    if step.was_interrupted:
        sent = " → ".join(one_line(signal, 12) for signal in step.signals)
        rows.append(Row([(f"interrupting: {sent}" if sent else "interrupting…", "human")], lead=indent))
    return rows


def _output_rows(step: StepView, indent: list[Ink]) -> list[Row]:
    observation = step.observation
    if observation is None:
        return []
    if observation.output is None and without_remarks(observation.text) == NO_OUTPUT:
        return []
    lines = _sanitised(_raw_output(step))
    count = len(lines)
    while count and not lines[count - 1].text.strip():
        count -= 1
    rows = _folded(
        lines[:count],
        lambda line: Row(toned(line, "output"), lead=indent, most=_most(line), is_prose=True),
        indent,
        observation.output_bytes,
    )
    rows += [
        Row(plain_inks(note, "warning"), lead=indent, most=2, is_prose=True)
        for note in observation.notes
        if note not in observation.text
    ]
    return rows


def _raw_output(step: StepView) -> bytes:
    """Give the output as it came, with its colours, where that is known; else what the model read."""
    if step.tail and len(step.tail) == step.output_bytes:
        return bytes(step.tail)
    seen = step.observation
    if seen is not None and seen.output is not None:
        return seen.output.encode("utf-8", errors="replace")
    text = without_remarks(seen.text) if seen is not None else ""
    return text.encode("utf-8", errors="replace")


def _most(line: Line) -> int:
    """A line without end is not worth more than its beginning."""
    return 3 if len(line.text) <= LONG_LINE else 1


def without_remarks(text: str) -> str:
    """Take off what the engine adds for the model and the screen shows elsewhere."""
    is_there = any(sign in text for sign in _REMARK_SIGNS)  # to look for the pattern takes much longer
    return _REMARKS.sub("", text) if is_there else text


def _folded(
    lines: Sequence[T], row: Callable[[T], Row], indent: list[Ink], total_bytes: int = 0
) -> list[Row]:
    """Give the rows of the first and the last lines."""
    if len(lines) <= HEAD + TAIL + 3:
        return [row(line) for line in lines]
    left = len(lines) - HEAD - TAIL
    note = f"… {words.plural(left, 'line')} more, enter to open"
    if total_bytes > MOST_SHOWN:
        note = f"… {words.size(total_bytes)} in all, enter to open"
    note_row = Row([(note, "muted")], lead=indent)
    return [*(row(line) for line in lines[:HEAD]), note_row, *(row(line) for line in lines[-TAIL:])]


def _end_of(tail: bytearray) -> bytes:
    """Give the last lines, from the beginning of one on."""
    end = bytes(tail[-MOST_SHOWN // 2 :])
    if len(end) < len(tail):
        end = end[end.find(b"\n") + 1 :]
    return end


@lru_cache(maxsize=32)
def _sanitised(data: bytes) -> tuple[Line, ...]:
    """Give safe lines; kept, because a block is measured before it is drawn."""
    if len(data) > 2 * MOST_SHOWN:
        data = data[:MOST_SHOWN] + b"\n" + data[-MOST_SHOWN:]
    sanitiser = Sanitiser()
    lines = sanitiser.feed(data)
    return (*lines, *sanitiser.finish())


def _blank(lead: list[Ink], more: int) -> list[Ink]:
    """Give the lead's width as space, and what marks every line of a block."""
    gutter = lead[:1]
    width = sum(len(text) for text, _ in lead[1:]) + more
    return [*gutter, (" " * width, "")]


def _more(lines: int, lead: list[Ink]) -> Row:
    return Row([(f"… {words.plural(lines, 'line')} more, enter to open", "muted")], lead=_blank(lead, 2))
