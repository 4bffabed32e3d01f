"""What stands at the end of a run: the answer in full, what was made, where it is, what it took."""

from lis_tui.core.text import clean, one_line
from lis_tui.core.view import RunView
from lis_tui.ui import words
from lis_tui.ui.again import counted
from lis_tui.ui.rows import Ink, Row, plain_inks

MOST_ANSWER = 400
MOST_FILES = 12


def end_rows(view: RunView, keys: list[Ink]) -> list[Row]:
    """Give the rows of the ended run."""
    ended = view.ended
    if ended is None:
        return []
    text, tone = words.end_words(ended.status)
    lead: list[Ink] = [("  ", "")]
    rows = [
        Row([]),
        Row(
            [(f" ■ {text} ", f"{tone} bold")],
            lead=[(" ──", tone)],
            right=[("─", tone)],
            fill="─",
            fill_tone=tone,
        ),
    ]
    if ended.reason:
        rows += [Row(plain_inks(ended.reason, tone), lead=lead, most=6, is_prose=True)]
    if told := counted(view):
        rows += [Row([]), Row([(f"re-executed: {told}", "output")], lead=lead, most=3, is_prose=True)]
    rows += _answer(ended.answer, lead)
    rows += _made(view, lead)
    rows += [Row([]), Row([(_totals(view), "muted")], lead=lead, most=3, is_prose=True), Row([])]
    rows += [Row(keys, lead=lead, most=4, is_prose=True, is_glued=True), Row([])]
    return rows


def _answer(answer: str | None, lead: list[Ink]) -> list[Row]:
    if answer is None:
        return [Row([]), Row([("no answer was written", "muted")], lead=lead)]
    lines = clean(answer).expandtabs(4).rstrip("\n").split("\n")
    rows = [Row([]), Row([("Answer", "accent bold")], lead=lead)]
    rows += [Row([(line, "command")], lead=lead, most=20, is_prose=True) for line in lines[:MOST_ANSWER]]
    if len(lines) > MOST_ANSWER:
        rows.append(Row([(f"… {words.plural(len(lines) - MOST_ANSWER, 'line')} more", "muted")], lead=lead))
    return rows


def _made(view: RunView, lead: list[Ink]) -> list[Row]:
    if view.outputs is None:
        return []
    files = view.outputs.files
    rows = [Row([])] if files or view.outputs.problems else []
    if files:
        rows.append(Row([("Made", "accent bold")], lead=lead))
    for name in files[:MOST_FILES]:
        entry = view.files.get(f"output/{name}") or view.files.get(name)
        size = words.size(entry.size_bytes) if entry is not None else ""
        rows.append(Row(plain_inks(one_line(name), "output"), lead=[("    ", "")], right=[(size, "muted")]))
    if len(files) > MOST_FILES:
        rows.append(Row([(f"… {words.plural(len(files) - MOST_FILES, 'file')} more", "muted")], lead=lead))
    rows += [
        Row(plain_inks(f"not saved: {problem}", "error"), lead=lead, most=3)
        for problem in view.outputs.problems
    ]
    saved = one_line(view.outputs.folder, 400)
    return [*rows, Row([("saved in ", "muted"), (saved, "output")], lead=lead, most=3)]


def _totals(view: RunView) -> str:
    end = view.ended_at or view.last_at
    spent = [words.duration(end - view.started_at)] if view.started_at and end else []
    if spent and view.waited_s >= 1:
        spent[0] += f" ({words.duration(view.waited_s)} of it waiting for you)"
    parts = [
        words.plural(len(view.turns) - 1, "turn"),
        words.plural(len(view.steps), "step"),
        words.tokens(view.totals),
        words.cost(view.totals),
        *spent,
    ]
    return " · ".join(parts)
