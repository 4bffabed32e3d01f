"""Why a run holds although nobody asked it to: in two or three words, and in full with what helps."""

import re

from lis_tui.core.text import clean, one_line
from lis_tui.core.view import RunView

MOST_WORDS = 44
MOST_LINES = 12
_CLAUSE = re.compile(r"[.:;](\s|$)|\s[(–—]")


def held_words(view: RunView) -> str:
    """Give the reason's first clause, as the status line says it; empty where a person holds the run."""
    reason = one_line(view.held_because, 400)
    if not reason or not view.is_held:
        return ""
    first = _CLAUSE.split(reason, maxsplit=1)[0].strip()
    first = re.sub(r"^[Tt]he (?=\w)", "", first).replace(" is ", " ", 1)
    is_name = len(first) > 1 and first[1].isupper()
    return one_line(first if is_name else first[:1].lower() + first[1:], MOST_WORDS)


def held_lines(view: RunView) -> list[str]:
    """Give the reason in full, line by line."""
    if not view.held_because or not view.is_held:
        return []
    return clean(view.held_because).expandtabs(4).strip().split("\n")[:MOST_LINES]
