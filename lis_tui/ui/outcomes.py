"""How runs came out, as a table of text; the same on the screen and printed."""

from collections.abc import Sequence

from lis_tui.core.compare import Alignment, Outcome
from lis_tui.core.text import one_line
from lis_tui.ui import words

HEADS = ("run", "state", "turns", "steps", "tokens", "cost", "time", "failed", "by you", "verdict")
NUMBERS = frozenset(HEADS[2:9])
"""Columns that are read from the right."""
DISPENSABLE = ("steps", "failed", "by you", "verdict", "time")
"""What a narrow table does without, the first one first."""


def cells(one: Outcome) -> tuple[str, ...]:
    """Give a run's line, a text for each of HEADS."""
    return (
        one_line(one.run, 40),
        state(one)[0],
        str(one.turns),
        str(one.steps),
        f"{'~' if one.is_estimated else ''}{words.count(one.tokens)}" if one.tokens or not one.turns else "?",
        cost(one),
        "–" if one.seconds is None else words.duration(one.seconds),
        str(one.failures),
        str(one.human_changes),
        one.verdict or "–",
    )


def state(one: Outcome) -> tuple[str, str]:
    """Give how it ended, in words, and the tone of it."""
    if one.state == "live":
        return "live", "accent"
    return words.end_words(one.state)


def cost(one: Outcome) -> str:
    """Give what was paid; a price that nobody knows is not zero."""
    if one.cost_usd is None:
        return "?" if one.has_unknown_cost else "$0"
    places = 0 if not one.cost_usd else 3 if one.cost_usd < 1 else 2
    return f"${one.cost_usd:.{places}f}{'+?' if one.has_unknown_cost else ''}"


def answers(runs: Sequence[Outcome]) -> list[str]:
    """Give each run's answer in one line; one that an earlier run gave too says so."""
    found: list[str] = []
    first: dict[str, str] = {}
    for one in runs:
        if one.answer is None:
            found.append("")
            continue
        known = first.setdefault(one.answer.strip(), one.run)
        same = f"(same answer as {one_line(known, 40)}) " if known != one.run else ""
        found.append(same + one_line(one.answer, 300))
    return found


def shared_words(alignment: Alignment) -> str:
    """Say what two runs have in common at their beginning."""
    if not alignment.shared:
        return "nothing in common at the beginning"
    steps = words.plural(len(alignment.shared), "step")
    if alignment.is_fork:
        return f"{steps} shared, up to {alignment.shared[-1]}"
    return f"{steps} with equal calls, up to {alignment.shared[-1]}"


def count_words(alignment: Alignment) -> str:
    """Count the pairs of steps by how they compare."""
    parts = [f"{sign} {number}" for sign in ("=", "≈", "≠", "←", "→") if (number := alignment.count(sign))]
    return "  ".join(parts)
