"""The conversation as a fold of events: what the model has been told, rebuilt exactly from any journal."""

import hashlib
from collections.abc import Iterable

import msgspec

from lis_tui.core.events import (
    ContextTrimmed,
    Event,
    MessageSent,
    ModelAsked,
    ObservationEdited,
    Record,
    ReplyEdited,
    ReplyFinished,
    ReplyResampled,
    RunStarted,
    StepAddress,
    StepFinished,
    VersionChosen,
)
from lis_tui.core.messages import (
    AssistantMessage,
    Message,
    Reply,
    SystemMessage,
    ToolCall,
    ToolMessage,
    UserMessage,
)

_ENCODER = msgspec.json.Encoder()


class Conversation:
    """The messages so far. The loop asks with it and a debugger rebuilds any turn's request with it."""

    def __init__(self) -> None:
        self._messages: list[Message] = []
        self._places: dict[StepAddress, int] = {}
        self._place = 0
        """Where the newest reply stands."""
        self._replies: list[Reply] = []
        """Its versions."""

    @property
    def messages(self) -> tuple[Message, ...]:
        """All messages, in order."""
        return tuple(self._messages)

    @property
    def observations(self) -> dict[StepAddress, ToolMessage]:
        """The answers to calls by the address of their step, oldest first."""
        found = {}
        for address, place in self._places.items():
            message = self._messages[place]
            if isinstance(message, ToolMessage):
                found[address] = message
        return found

    def apply(self, event: Event) -> None:
        """Take in one event; those that say nothing to the model change nothing."""
        match event:
            case RunStarted():
                self._messages = [SystemMessage(event.system_prompt), UserMessage(event.task_prompt)]
            case MessageSent():
                self._messages.append(UserMessage(event.text))
            case ReplyFinished() | ReplyResampled() | VersionChosen() | ReplyEdited():
                self._take_reply(event)
            case StepFinished() if event.call_id:
                self._places[event.address] = len(self._messages)
                self._messages.append(ToolMessage(event.call_id, event.tool, event.observation.text))
            case ObservationEdited():
                self._replace(event.address, event.text)
            case ContextTrimmed():
                for trim in event.trims:
                    self._replace(trim.address, trim.text)
            case _:
                pass

    def digest(self) -> str:
        """SHA-256 over the messages, as hexadecimal text."""
        return hashlib.sha256(_ENCODER.encode(self._messages)).hexdigest()

    def _take_reply(self, event: ReplyFinished | ReplyResampled | VersionChosen | ReplyEdited) -> None:
        """Keep one reply a turn: the version that counts, as the model is to see it."""
        match event:
            case ReplyFinished():
                self._place = len(self._messages)
                self._replies = [event.reply]
                self._messages.append(_as_history(event.reply))
            case ReplyResampled():
                self._replies.append(event.reply)
                self._messages[self._place] = _as_history(event.reply)
            case VersionChosen():
                self._messages[self._place] = _as_history(self._replies[event.version - 1])
            case ReplyEdited():
                self._edit_reply(event)

    def _edit_reply(self, event: ReplyEdited) -> None:
        old = self._messages[self._place]
        if isinstance(old, AssistantMessage):
            self._messages[self._place] = msgspec.structs.replace(
                old,
                text=old.text if event.text is None else event.text,
                reasoning=old.reasoning if event.reasoning is None else event.reasoning,
            )

    def _replace(self, address: StepAddress, text: str) -> None:
        place = self._places[address]
        old = self._messages[place]
        if isinstance(old, ToolMessage):
            self._messages[place] = ToolMessage(old.call_id, old.name, text)


def messages_of_turn(records: Iterable[Record], turn: int) -> tuple[Message, ...]:
    """Rebuild what the model was asked in `turn` (the last time, where it was asked again)."""
    conversation = Conversation()
    asked: tuple[Message, ...] | None = None
    for record in records:
        event = record.event
        if isinstance(event, ModelAsked) and event.turn == turn:
            asked = conversation.messages
        elif asked is not None and isinstance(event, ReplyFinished | ModelAsked):
            break
        conversation.apply(event)
    return conversation.messages if asked is None else asked


def _as_history(reply: Reply) -> AssistantMessage:
    calls = tuple(ToolCall(call.id, call.name, _valid(call.arguments)) for call in reply.calls)
    return AssistantMessage(reply.text, reply.reasoning, calls, reply.thinking_json, reply.calls_in_text)


def _valid(arguments: str) -> str:
    """Keep what is a JSON object; servers refuse a history that holds anything else."""
    try:
        msgspec.json.decode(arguments.encode(), type=dict[str, object])
    except (msgspec.DecodeError, UnicodeEncodeError):
        return "{}"
    return arguments
