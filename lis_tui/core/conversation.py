"""The conversation as a fold of events: what the model has been told, rebuilt exactly from any journal."""

import hashlib
from collections.abc import Iterable, Sequence

import msgspec

from lis_tui.core.decisions import ContinueFrom
from lis_tui.core.events import (
    ContextTrimmed,
    DecisionMade,
    Event,
    MessageSent,
    ModelAsked,
    ModelChanged,
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
from lis_tui.core.openai import routed_name
from lis_tui.core.spec import ModelSpec

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
        self._model: ModelSpec | None = None

    @property
    def messages(self) -> tuple[Message, ...]:
        """All messages, in order."""
        return tuple(self._messages)

    @property
    def before_reply(self) -> tuple[Message, ...]:
        """The messages to which the newest reply was the answer."""
        return tuple(self._messages[: self._place])

    @property
    def reply(self) -> AssistantMessage | None:
        """The newest reply as the model is to see it; None before the first."""
        last = self._messages[self._place] if self._replies else None
        return last if isinstance(last, AssistantMessage) else None

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
                self._model = event.spec.model
                self._messages = [SystemMessage(event.system_prompt), UserMessage(event.task_prompt)]
            case MessageSent():
                self._messages.append(UserMessage(event.text))
            case ReplyFinished() | ReplyResampled() | VersionChosen() | ReplyEdited():
                self._take_reply(event)
            case StepFinished() if event.call_id:
                self._places[event.address] = len(self._messages)
                self._messages.append(ToolMessage(event.call_id, event.tool, event.observation.text))
            case ObservationEdited() | ContextTrimmed():
                trims = event.trims if isinstance(event, ContextTrimmed) else (event,)
                for trim in trims:
                    self._replace(trim.address, trim.text)
            case ModelChanged():
                self._change_model(event.model)
            case _:
                pass

    def digest(self) -> str:
        """SHA-256 over the messages, as hexadecimal text."""
        return digest_of(self._messages)

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
                thinking_json=_thinking(old.thinking_json, event.reasoning),
            )

    def _change_model(self, model: ModelSpec) -> None:
        """Thinking goes back only to the server that signed it; any other refuses it, or its form."""
        before, self._model = self._model, model
        if before is not None and _server(before) == _server(model):
            return
        self._messages = [
            msgspec.structs.replace(message, thinking_json="")
            if isinstance(message, AssistantMessage)
            else message
            for message in self._messages
        ]

    def _replace(self, address: StepAddress, text: str) -> None:
        place = self._places.get(address)
        if place is None:  # a person's command: the message that shows it is not sent yet
            return
        old = self._messages[place]
        if isinstance(old, ToolMessage):
            self._messages[place] = ToolMessage(old.call_id, old.name, text)


def is_signed(thinking_json: str) -> bool:
    """Tell whether a provider signed this thinking, so that it takes it back only as it was."""
    return "thinking_blocks" in _fields(thinking_json)


def digest_of(messages: Sequence[Message]) -> str:
    """SHA-256 over some messages, as hexadecimal text."""
    return hashlib.sha256(_ENCODER.encode(list(messages))).hexdigest()


def messages_of_turn(records: Iterable[Record], turn: int) -> tuple[Message, ...]:
    """Rebuild what the model was asked in `turn` (the last time, where it was asked again).

    All versions of a reply answer the same messages.
    """
    conversation = Conversation()
    asked: tuple[Message, ...] | None = None
    for record in records:
        event = record.event
        if isinstance(event, ModelAsked) and event.turn == turn:
            asked = conversation.messages
        elif asked is not None and isinstance(event, ReplyFinished | ModelAsked):
            break
        elif asked is None and isinstance(event, ReplyFinished) and event.turn == turn:
            break  # other programs' recordings hold no request: it was all that was said until the reply
        conversation.apply(event)
    return conversation.messages if asked is None else asked


def begun_in_turn(records: Iterable[Record], turn: int) -> AssistantMessage | None:
    """Give the beginning of the reply that `turn` was asked to go on from, where there was one."""
    for record in records:
        event = record.event
        if not isinstance(event, DecisionMade) or event.address.turn != turn:
            continue
        if isinstance(event.decision, ContinueFrom):
            return as_begun(event.decision)
    return None


def as_begun(decision: ContinueFrom) -> AssistantMessage:
    """Give the beginning as it is sent: what follows begins with its own space."""
    return AssistantMessage(decision.text.rstrip(), decision.reasoning.rstrip())


def _thinking(thinking_json: str, reasoning: str | None) -> str:
    """Put a person's words where a server wants the reasoning back under its own name."""
    fields = _fields(thinking_json)
    if reasoning is None or len(fields) != 1 or is_signed(thinking_json):
        return thinking_json
    return msgspec.json.encode(dict.fromkeys(fields, reasoning)).decode()


def _fields(thinking_json: str) -> dict[str, object]:
    try:
        return msgspec.json.decode(thinking_json.encode(), type=dict[str, object])
    except (msgspec.DecodeError, UnicodeEncodeError):
        return {}


def _server(model: ModelSpec) -> tuple[str, str | None]:
    return routed_name(model).partition("/")[0], model.api_base


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
