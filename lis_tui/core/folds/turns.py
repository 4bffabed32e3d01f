"""Folds the model's turns: what it was asked and told, its reply as it streams, its versions."""

from typing import TYPE_CHECKING

from lis_tui.core.events import (
    CallArrived,
    ContextTrimmed,
    MessageSent,
    ModelAsked,
    ModelRetried,
    ReasoningArrived,
    ReplyCutOff,
    ReplyEdited,
    ReplyFinished,
    ReplyResampled,
    TextArrived,
    VersionChosen,
)
from lis_tui.core.folds.changing import Folds, changed_turn, close_gate, drop_steps, enter, say
from lis_tui.core.parts import CallDraft, TurnView

if TYPE_CHECKING:
    from lis_tui.core.view import RunView

folds = Folds()


@folds.of(MessageSent)
def _sent(view: "RunView", event: MessageSent, at: float) -> None:
    if event.text in view.queued:
        view.queued.remove(event.text)
    say(view, event.turn, event.text, event.origin)


@folds.of(ModelAsked)
def _asked(view: "RunView", event: ModelAsked, at: float) -> None:
    turn = changed_turn(view, event.turn)
    turn.asked_at = at
    turn.cut_off = ""
    if turn.replies:
        _ask_again(turn)
    view.totals.context_tokens = event.prompt_tokens_estimate
    enter(view, "asking", at)


@folds.of(ModelRetried)
def _retried(view: "RunView", event: ModelRetried, at: float) -> None:
    turn = changed_turn(view, event.turn)
    turn.reasoning.set("")
    turn.text.set("")
    turn.drafts.clear()
    turn.first_piece_at = None
    say(view, event.turn, f"try {event.attempt} of {event.max_attempts}: {event.reason}", "retry")
    view.retry = event
    enter(view, "retrying", at)


@folds.of(ReasoningArrived)
def _reasoning(view: "RunView", event: ReasoningArrived, at: float) -> None:
    _stream(view, event.turn, at).reasoning.add(event.text)


@folds.of(TextArrived)
def _text(view: "RunView", event: TextArrived, at: float) -> None:
    _stream(view, event.turn, at).text.add(event.text)


@folds.of(CallArrived)
def _call(view: "RunView", event: CallArrived, at: float) -> None:
    draft = _stream(view, event.turn, at).drafts.setdefault(event.index, CallDraft())
    draft.name = event.name or draft.name
    draft.text.add(event.text)


@folds.of(ReplyFinished)
def _finished(view: "RunView", event: ReplyFinished, at: float) -> None:
    turn = changed_turn(view, event.turn)
    turn.reasoning.set(event.reply.reasoning)
    turn.text.set(event.reply.text)
    turn.drafts.clear()
    turn.call_count = len(event.reply.calls)
    turn.finished_at = at
    if turn.first_piece_at is None and turn.asked_at is not None and event.first_piece_s is not None:
        turn.first_piece_at = turn.asked_at + event.first_piece_s
    turn.replies = [event.reply]
    turn.chosen = 1
    turn.usage = event.reply.usage
    view.retry = None
    view.totals.add(event.reply.usage)
    enter(view, "between", at)


@folds.of(ReplyResampled)
def _resampled(view: "RunView", event: ReplyResampled, at: float) -> None:
    turn = changed_turn(view, event.turn)
    turn.replies.append(event.reply)
    turn.finished_at = at
    view.retry = None
    view.totals.add(event.reply.usage)
    _choose(view, turn, event.version, at)


@folds.of(VersionChosen)
def _chosen(view: "RunView", event: VersionChosen, at: float) -> None:
    _choose(view, changed_turn(view, event.turn), event.version, at)


@folds.of(ReplyEdited)
def _edited(view: "RunView", event: ReplyEdited, at: float) -> None:
    turn = changed_turn(view, event.turn)
    if event.reasoning is not None:
        turn.reasoning.set(event.reasoning)
    if event.text is not None:
        turn.text.set(event.text)
    turn.is_edited = True


@folds.of(ReplyCutOff)
def _cut_off(view: "RunView", event: ReplyCutOff, at: float) -> None:
    turn = changed_turn(view, event.turn)
    turn.drafts.clear()
    view.retry = None
    if turn.replies:
        # It was asked once more: what counted before still does.
        turn.reasoning.set(turn.kept[0])
        turn.text.set(turn.kept[1])
        turn.finished_at = at
        say(view, event.turn, f"asked once more, and cut off: {event.reason}", "notice")
    else:
        turn.reasoning.set(event.reasoning)
        turn.text.set(event.text)
        turn.cut_off = event.reason or "cut off"


@folds.of(ContextTrimmed)
def _trimmed(view: "RunView", event: ContextTrimmed, at: float) -> None:
    names = ", ".join(str(trim.address) for trim in event.trims)
    say(view, event.turn, f"shortened to fit the window: outputs of {names}", "trim")


def _ask_again(turn: TurnView) -> None:
    """Make room for another version of the reply, beside those that there are."""
    turn.kept = (str(turn.reasoning), str(turn.text))
    turn.reasoning.set("")
    turn.text.set("")
    turn.finished_at = turn.first_piece_at = None


def _choose(view: "RunView", turn: TurnView, version: int, at: float) -> None:
    """Have another reply of the turn count: what was proposed by the last one is no step of this run."""
    close_gate(view, at)
    if not 1 <= version <= len(turn.replies):
        return
    reply = turn.replies[version - 1]
    turn.chosen = version
    turn.is_edited = False
    turn.cut_off = ""
    turn.reasoning.set(reply.reasoning)
    turn.text.set(reply.text)
    turn.drafts.clear()
    turn.call_count = len(reply.calls)
    turn.usage = reply.usage
    drop_steps(view, turn)
    enter(view, "between", at)


def _stream(view: "RunView", number: int, at: float) -> TurnView:
    turn = changed_turn(view, number)
    if turn.first_piece_at is None:
        turn.first_piece_at = at
    view.retry = None
    if view.phase != "thinking":
        enter(view, "thinking", at)
    return turn
