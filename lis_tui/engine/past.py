"""What a run was up to a point, folded out of its records, so that it goes on from there."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from lis_tui.core.decisions import Edit, End, GateDecision
from lis_tui.core.events import (
    CommandInjected,
    DecisionMade,
    GateOpened,
    LimitsChanged,
    ModeChanged,
    ModelAsked,
    ModelChanged,
    Record,
    ReexecutionBegan,
    ReplyResampled,
    RunContinued,
    RunEnded,
    RunForked,
    StepAddress,
    StepFinished,
    StepStarted,
    VersionChosen,
    Who,
)
from lis_tui.core.manifest import Manifest
from lis_tui.core.messages import ToolCall
from lis_tui.core.parts import TurnView
from lis_tui.core.ports import Restored
from lis_tui.core.view import RunView
from lis_tui.engine.limits import Spent
from lis_tui.engine.progress import Progress


@dataclass(frozen=True, kw_only=True)
class Past:
    """How a run begins that does not begin at its beginning."""

    records: tuple[Record, ...]
    """All that is in its journal already."""
    opening: RunForked | RunContinued
    """What is published once the sandbox is there; what came of bringing it back is filled in."""
    changes: tuple[ModelChanged | ModeChanged | LimitsChanged | ReexecutionBegan, ...] = ()
    """What is different from then on; the run's spec says it already."""
    message: str = ""
    """Said to the model before its next turn."""
    note: str = ""
    """What the model must know of its going on, as of raised limits or a sandbox that is not as it was."""
    note_origin: Literal["nudge", "limits"] = "nudge"
    arguments: str | None = None
    """What the step that is next runs instead of what the model proposed."""
    manifest: Manifest | None = None
    """What the sandbox is made to be; None: it stays what it is."""
    restored: Restored | None = None
    """The sandbox is up, and this came of bringing it back."""
    is_up: bool = False
    is_held: bool = False
    """It waits for a person at its next gate."""
    cut_off: str = ""
    """Why what ran has no result; empty where nothing can have run."""


def recall(progress: Progress, past: Past) -> None:
    """Have a fresh run be where these records left it."""
    progress.recall(past.records)
    view = progress.view
    progress.turn = last_turn(view)
    progress.spent = spent_of(view)
    progress.stopwatch.count(seconds_of(past.records))
    progress.said += view.queued if isinstance(past.opening, RunContinued) else ()
    progress.gates.rules.adopt(view.allow_rules)
    progress.door.adopt(past.records, view.allowed_hosts)
    for turn in view.turns:
        progress.call_ids.update(call.id for reply in turn.replies for call in reply.calls)
    for number, call in enumerate(calls_of(view, progress.turn), start=1):
        address = StepAddress(progress.turn, number)
        step = view.step(address)
        if step is None or step.observation is None:
            progress.owe_at(address, call, is_begun=step is not None and step.started_at is not None)
    if isinstance(past.opening, RunContinued):
        _recall_decisions(progress, past.records)
    if past.arguments is not None and progress.owed:
        progress.gates.decided[min(progress.owed)] = Edit(past.arguments)


def _recall_decisions(progress: Progress, records: Iterable[Record]) -> None:
    """What a person decided or wrote about steps that have not begun still holds."""
    gates = progress.gates
    gates.standing.update(standing(records))
    for address in progress.owed:
        step = progress.view.step(address)
        if step is not None and step.amended is not None and address not in gates.standing:
            gates.adopt_amended(step.amended, address)


def standing(records: Iterable[Record]) -> dict[StepAddress, tuple[GateDecision, Who]]:
    """Give the decisions of which nothing came: the process died right after they were written down."""
    found: dict[StepAddress, tuple[GateDecision, Who]] = {}
    for record in records:
        match record.event:
            case DecisionMade(address=address, gate=gate, decision=decision, by=by) if gate != "after_step":
                found[address] = (decision, by)
            case GateOpened(address=address) | StepStarted(address=address) | StepFinished(address=address):
                found.pop(address, None)
            case CommandInjected() | ReplyResampled() | VersionChosen() | RunEnded():
                found.clear()
            case ModelAsked(turn=turn):
                found.pop(StepAddress(turn), None)
            case _:
                pass
    return {address: one for address, one in found.items() if not isinstance(one[0], End)}


def last_turn(view: RunView) -> int:
    """Give the newest turn for which the model was asked."""
    asked = (turn.number for turn in view.turns if turn.replies or turn.asked_at is not None)
    return max(asked, default=0)


def calls_of(view: RunView, number: int) -> tuple[ToolCall, ...]:
    """Give the calls of this turn's reply, the version of it that counts."""
    turn = view.turns[number] if number < len(view.turns) else None
    return turn.replies[turn.chosen - 1].calls if turn is not None and turn.replies else ()


def silent_replies(view: RunView) -> int:
    """Count the newest replies in a row that made no call, since anybody said something to the model."""
    count = 0
    for turn in reversed(view.turns):
        if turn.replies:
            if turn.replies[turn.chosen - 1].calls:
                break
            count += 1
        if _was_spoken_to(turn):
            break
    return count


def seconds_of(records: Iterable[Record]) -> float:
    """Add up the time in which the run went on: not while it waited, nor between two processes."""
    total, last, is_resting = 0.0, None, False
    for record in records:
        event = record.event
        if last is not None and not is_resting and not isinstance(event, RunContinued | RunForked):
            total += max(0.0, record.at - last)
        last = record.at
        if isinstance(event, GateOpened | RunEnded):
            is_resting = True
        elif isinstance(event, DecisionMade | RunContinued | RunForked):
            is_resting = False
    return total


def spent_of(view: RunView) -> Spent:
    """Add up what the run has used."""
    totals = view.totals
    return Spent(
        turns=sum(1 for turn in view.turns if turn.replies),
        tokens=totals.prompt_tokens + totals.completion_tokens,
        cost_usd=totals.cost_usd,
        has_unknown_cost=totals.has_unknown_cost,
    )


def _was_spoken_to(turn: TurnView) -> bool:
    return any(said.origin in ("person", "follow_up", "limits") for said in turn.said)
