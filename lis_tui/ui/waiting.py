"""The boxes where the run waits for a person: why, what would be submitted, and the keys that answer."""

from lis_tui.core.parts import StepView
from lis_tui.core.text import clean, one_line
from lis_tui.core.view import RunView
from lis_tui.ui import words
from lis_tui.ui.held import held_lines, held_words
from lis_tui.ui.reaching import asked_host, place
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
    held = held_words(view)
    why = f"paused: {held}" if held else f"waits: {one_line(gate.because, 60)}"
    inside = [*_held_rows(view, tone), *_answer_rows(view, tone)]
    return _boxed(f" {why}{_place(view, step)}{left} ", inside, keys, tone)


def held_rows(view: RunView, keys: list[Ink], tone: str) -> list[Row]:
    """Give the box of a run that holds for a reason of its own, and has not come to a gate yet."""
    return _boxed(" holds at the next gate ", _held_rows(view, tone), keys, tone)


def host_rows(view: RunView, keys: list[Ink], left: str, tone: str) -> list[Row]:
    """Give the box of a question about a host."""
    asked = asked_host(view)
    if asked is None:
        return []
    count = len(view.asked_hosts)
    more = f" · 1 of {count}" if count > 1 else ""
    told: list[Ink] = [("May the sandbox reach ", "output"), (place(asked.host, asked.port), "command bold")]
    told.append(("? It waits for your answer.", "output"))
    return _boxed(f" asks for a host{left}{more} ", [_inside(told, tone, most=4)], keys, tone)


def _boxed(head: str, rows: list[Row], keys: list[Ink], tone: str) -> list[Row]:
    return [
        Row([(head, f"{tone} bold")], lead=[("  ╭", tone)], right=[("╮", tone)], fill="─", fill_tone=tone),
        *rows,
        *([_inside(keys, tone, most=5)] if keys else []),
        Row([("", tone)], lead=[("  ╰", tone)], right=[("╯", tone)], fill="─", fill_tone=tone),
    ]


def _held_rows(view: RunView, tone: str) -> list[Row]:
    return [_inside([(line, "command")], tone, most=8) for line in held_lines(view)]


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
