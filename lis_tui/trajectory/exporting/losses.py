"""What formats of messages and steps have no place for, counted and in words."""

from collections.abc import Iterable, Iterator

from lis_tui.core.events import (
    BreakpointHit,
    CheckpointTaken,
    ContextTrimmed,
    DecisionMade,
    Event,
    GateOpened,
    InputSent,
    InterruptSent,
    ModelRetried,
    NoticeGiven,
    SentToBackground,
    StepReplayed,
)
from lis_tui.trajectory.exporting.outline import Deed, Outline

_OTHERS: dict[type[Event], str] = {
    GateOpened: "where it waited for somebody",
    DecisionMade: "decisions of somebody",
    BreakpointHit: "breakpoints that noted a step",
    InterruptSent: "interruptions of commands",
    InputSent: "what was typed into commands",
    SentToBackground: "commands sent to the background",
    ContextTrimmed: "outputs shortened to fit the window",
    ModelRetried: "requests that were tried again",
    NoticeGiven: "notices",
    StepReplayed: "how steps compare with a recording",
    CheckpointTaken: "checkpoints of the sandbox",
}
"""What happened beside the conversation."""


def counted(found: Iterable[tuple[int, str]]) -> tuple[str, ...]:
    """Give each loss that there is, with how often."""
    return tuple(f"{what} ({count:,})" for count, what in found if count)


def always(outline: Outline) -> Iterator[tuple[int, str]]:
    """Give what neither llm-in-sandbox nor mini-swe-agent can hold."""
    turns, deeds = outline.turns, outline.deeds
    yield sum(len(turn.versions) - 1 for turn in turns), "versions of replies that do not count"
    yield outline.cut_offs, "replies that were cut off"
    yield sum(bool(deed.seen and deed.seen.diff) for deed in deeds), "diffs of edits"
    yield sum(bool(deed.seen and deed.seen.duration_s) for deed in deeds), "how long commands took"
    yield outline.own_commands, "commands in a person's own shell"
    yield outline.model_changes, "changes of the model"
    yield int(outline.is_fork), "which run this is a fork of"
    yield (
        sum(_is_inside(outline, deed) for deed in deeds),
        "where in its turn a person's command ran: it stands after the turn",
    )
    yield from ((outline.others[kind], words) for kind, words in _OTHERS.items())


def _is_inside(outline: Outline, deed: Deed) -> bool:
    return deed.by is not None and any(turn.number == deed.address.turn for turn in outline.turns)


def other_fields(outline: Outline, known: frozenset[str] = frozenset()) -> tuple[int, str]:
    """Count the fields of the file it was read from that are not written back."""
    return sum(kept.where not in known for kept in outline.kept), "other fields of the file it was read from"
