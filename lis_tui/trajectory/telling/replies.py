"""Tells of what the model was told and what it wrote."""

from lis_tui.core.events import (
    ContextTrimmed,
    MessageSent,
    MessageWithdrawn,
    ModelAsked,
    ModelRetried,
    ReplyCutOff,
    ReplyEdited,
    ReplyFinished,
    ReplyResampled,
    VersionChosen,
)
from lis_tui.core.messages import Reply
from lis_tui.trajectory.account import PROGRAM, Rewritten, Said, Written
from lis_tui.trajectory.telling.teller import Teller, Tellings, call_of

tellings = Tellings()


@tellings.of(MessageSent)
def _(told: Teller, event: MessageSent) -> None:
    told.turn = max(told.turn, event.turn)
    is_persons = event.origin in ("person", "follow_up", "command")
    by = "person" if is_persons else told.account.recorded_by or PROGRAM
    told.add(Said(by=by, text=event.text, origin=event.origin), event.turn)


@tellings.of(MessageWithdrawn)
def _(told: Teller, event: MessageWithdrawn) -> None:
    told.act("person", "took back what was not said yet", event.text)


@tellings.of(ModelAsked)
def _(told: Teller, event: ModelAsked) -> None:
    told.turn, told.model = event.turn, event.model


@tellings.of(ModelRetried)
def _(told: Teller, event: ModelRetried) -> None:
    told.act(PROGRAM, "asked the model again", event.reason)


@tellings.of(ReplyFinished)
def _(told: Teller, event: ReplyFinished) -> None:
    _wrote(told, event.turn, 1, event.reply)


@tellings.of(ReplyResampled)
def _(told: Teller, event: ReplyResampled) -> None:
    _wrote(told, event.turn, event.version, event.reply)


@tellings.of(ReplyCutOff)
def _(told: Teller, event: ReplyCutOff) -> None:
    told.turn = max(told.turn, event.turn)
    calls = [call_of(call) for call in event.calls]
    written = Written(
        model=told.model, version=0, counts=False, calls=calls, cut_off=event.reason or "cut off"
    )
    written.reasoning, written.text = event.reasoning, event.text
    told.add(written, event.turn)


@tellings.of(VersionChosen)
def _(told: Teller, event: VersionChosen) -> None:
    for written in told.versions.get(event.turn, []):
        written.counts = written.version == event.version
    told.act(event.by, "chose a version", str(event.version))


@tellings.of(ReplyEdited)
def _(told: Teller, event: ReplyEdited) -> None:
    told.add(Rewritten(by=event.by, reasoning=event.reasoning, text=event.text), event.turn)


@tellings.of(ContextTrimmed)
def _(told: Teller, event: ContextTrimmed) -> None:
    names = ", ".join(str(trim.address) for trim in event.trims)
    told.act(PROGRAM, "shortened what the model sees", names)


def _wrote(told: Teller, turn: int, version: int, reply: Reply) -> None:
    told.turn = max(told.turn, turn)  # of another program's run no request is recorded
    versions = told.versions.setdefault(turn, [])
    for older in versions:
        older.counts = False
    written = Written(
        model=told.model,
        version=version,
        reasoning=reply.reasoning,
        text=reply.text,
        calls=[call_of(call) for call in reply.calls],
        usage=reply.usage,
    )
    versions.append(written)
    told.add(written, turn)
