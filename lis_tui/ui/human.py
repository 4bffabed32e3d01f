"""What a person did to a step, as rows in the human colour, always beside what the model wrote."""

from lis_tui.core.parts import StepView
from lis_tui.core.text import clean, one_line
from lis_tui.ui import words
from lis_tui.ui.calls import describe
from lis_tui.ui.rows import Ink, Row

MOST_TYPED = 6
MOST_LINES = 6
_WHO = {"person": "you", "rule": "a rule", "script": "a script", "default": "the default"}


def human_rows(step: StepView, lead: list[Ink]) -> list[Row]:
    """Give all that a person did to a step."""
    indent = indent_of(lead)
    return [
        *_ran_rows(step, indent),
        *_changed_rows(step, indent),
        *_typed_rows(step, indent),
        *_seen_rows(step, indent),
        *_job_rows(step, indent),
    ]


def indent_of(lead: list[Ink]) -> list[Ink]:
    """Give the space under a step's address."""
    return [(" " * (2 + sum(len(text) for text, _ in lead[1:])), "")]


def struck(text: str, indent: list[Ink], *, is_prose: bool = False) -> list[Row]:
    """Give what does not count any more, as far as it says something."""
    lines = clean(text).expandtabs(4).split("\n")
    inner: list[Ink] = [*indent, ("  ", "")]
    rows = [
        Row([(line, "muted strike")], lead=inner, most=3, is_prose=is_prose) for line in lines[:MOST_LINES]
    ]
    if len(lines) > MOST_LINES:
        left = words.plural(len(lines) - MOST_LINES, "line")
        rows.append(Row([(f"… {left} more", "muted")], lead=inner))
    return rows


def _ran_rows(step: StepView, indent: list[Ink]) -> list[Row]:
    if not step.is_injected:
        return []
    who = _WHO.get(step.decided_by or "person", "you")
    is_over = step.started_at is not None
    said: list[Ink] = [(f"✎ {who} ran this" if is_over else f"✎ {who} want this run next", "human")]
    if step.is_hidden:
        said.append((" · not shown to the model", "human"))
    return [Row(said, lead=indent, most=2, is_prose=True)]


def _changed_rows(step: StepView, indent: list[Ink]) -> list[Row]:
    if step.changed_by is None and step.amended is None:
        return []
    who = _WHO.get(step.changed_by or "person", "you")
    said = f"✎ {who} changed it; the model wrote:"
    call = describe(step.tool, step.proposed)
    return [
        Row([(said, "human")], lead=indent, most=2, is_prose=True),
        *struck(f"{call.word} {call.head}", indent),
    ]


def _typed_rows(step: StepView, indent: list[Ink]) -> list[Row]:
    """Say what a person typed into the command: nothing echoes it there."""
    rows = []
    for data in step.inputs[-MOST_TYPED:]:
        typed = one_line(data.decode("utf-8", errors="replace").removesuffix("\n"), 200)
        said = f"✎ you typed: {typed}" if data else "✎ you ended its input"
        rows.append(Row([(said, "human")], lead=indent, most=3))
    return rows


def _seen_rows(step: StepView, indent: list[Ink]) -> list[Row]:
    """Say what the model reads in place of what came of the step."""
    if step.edited_text is None:
        return []
    lines = clean(step.edited_text).expandtabs(4).rstrip("\n").split("\n")
    rows = [Row([("✎ you changed what the model sees of it:", "human")], lead=indent, most=2, is_prose=True)]
    inner: list[Ink] = [*indent, ("  ", "")]
    rows += [Row([(line, "human")], lead=inner, most=3, is_prose=True) for line in lines[:MOST_LINES]]
    if len(lines) > MOST_LINES:
        rows.append(Row([(f"… {words.plural(len(lines) - MOST_LINES, 'line')} more", "muted")], lead=inner))
    return [*rows, Row([("what came of it:", "muted")], lead=indent)]


def _job_rows(step: StepView, indent: list[Ink]) -> list[Row]:
    if not step.job:
        return []
    is_running = step.job == "running"
    said = "runs in the background" if is_running else "its job has ended"
    line: list[Ink] = [(f"» {said}", "accent" if is_running else "muted")]
    if is_running:
        line.append((" · ctrl+c here stops it", "muted"))
    return [Row(line, lead=indent, most=2, is_prose=True)]
