"""A person's bookmarks in a trajectory, with what they have to say about them."""

from collections.abc import Iterable

from msgspec import Struct

from lis_tui.core.errors import UsageWrong
from lis_tui.core.events import StepAddress
from lis_tui.core.text import safe_str

MOST_COMMENT = 20_000


class Mark(Struct, frozen=True, kw_only=True):
    """A step, or (step 0) a turn's reply, that a person wants to find again; `at` is when they said so."""

    address: StepAddress
    comment: str = ""
    at: float = 0.0


def with_mark(marks: Iterable[Mark], mark: Mark) -> tuple[Mark, ...]:
    """Add a mark, in the place of one that was there."""
    return tuple(sorted((*without(marks, mark.address), mark), key=lambda one: one.address))


def without(marks: Iterable[Mark], address: StepAddress) -> tuple[Mark, ...]:
    """Take a mark away."""
    return tuple(mark for mark in marks if mark.address != address)


def mark_at(marks: Iterable[Mark], address: StepAddress) -> Mark | None:
    """Find a mark."""
    return next((mark for mark in marks if mark.address == address), None)


def comment_of(text: str) -> str:
    """Read a comment. Raises UsageWrong."""
    if len(text) > MOST_COMMENT:
        raise UsageWrong(f"A comment has {MOST_COMMENT:,} characters at most.")
    return safe_str(text.strip())
