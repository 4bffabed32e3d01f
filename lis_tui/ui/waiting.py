"""The box where the run waits for a person: why, what would be submitted, and the keys that answer."""

from lis_tui.core.parts import StepView
from lis_tui.core.text import clean, one_line
from lis_tui.core.view import RunView
from lis_tui.ui import words
from lis_tui.ui.rows import Ink, Row

MOST_ANSWER = 12
_PLACES = {
    "before_model": "before the model is asked",
    "before_step": "before the step",
    "after_step": "after the step",
    "before_submit": "before submit",
}


def box_rows(view: RunView, step: StepView | None, keys: list[Ink], left: str, tone: str) -> list[Row]:
    """Give the box; `left` says what becomes of a gate that nobody answers."""
    gate = view.gate
    if gate is None:
        return []
    head = f" waits: {one_line(gate.because, 60)}{_place(view, step)}{left} "
    return [
        Row([(head, f"{tone} bold")], lead=[("  ╭", tone)], right=[("╮", tone)], fill="─", fill_tone=tone),
        *_answer_rows(view, tone),
        _inside(keys, tone, most=5),
        Row([("", tone)], lead=[("  ╰", tone)], right=[("╯", tone)], fill="─", fill_tone=tone),
    ]


def time_left(view: RunView, now: float) -> str:
    """Say what becomes of the gate, and when."""
    gate = view.gate
    if gate is None or gate.timeout_s is None:
        return ""
    return f" · {gate.default} in {words.clock(gate.opened_at + gate.timeout_s - now)}"


def _place(view: RunView, step: StepView | None) -> str:
    """Say where it waits, and at which of the reply's calls."""
    gate = view.gate
    if gate is None:
        return ""
    where = f" · {_PLACES[gate.gate]}" if gate.gate != "before_step" else ""
    if step is None:
        return where
    turn = view.turns[step.address.turn]
    count = max(turn.call_count, sum(not each.is_injected for each in turn.steps))
    is_call = count > 1 and gate.gate != "before_model" and not step.is_injected
    return where + (f" · {step.address.step} of {count} calls" if is_call else "")


def _answer_rows(view: RunView, tone: str) -> list[Row]:
    gate = view.gate
    if gate is None or gate.gate != "before_submit":
        return []
    if not gate.answer:
        return [_inside([("no answer is written yet", "muted")], tone)]
    lines = clean(gate.answer).expandtabs(4).rstrip("\n").split("\n")
    rows = [_inside([("the answer:", "muted")], tone)]
    rows += [_inside([(line, "command")], tone, most=4) for line in lines[:MOST_ANSWER]]
    left = len(lines) - MOST_ANSWER
    return rows + ([_inside([(f"… {words.plural(left, 'line')} more", "muted")], tone)] if left > 0 else [])


def _inside(inks: list[Ink], tone: str, *, most: int = 1) -> Row:
    side: list[Ink] = [("  │ ", tone)]
    return Row(
        inks,
        lead=side,
        hang=side,
        right=[("│", tone)],
        most=most,
        is_prose=True,
        is_glued=True,
        is_boxed=True,
    )
