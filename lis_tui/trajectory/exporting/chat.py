"""A run as one line of chat messages to train on: what the model saw, and which replies are its own."""

from collections import Counter
from collections.abc import Iterable

from msgspec import Struct, field
from msgspec.structs import replace

from lis_tui.core.conversation import Conversation, is_signed
from lis_tui.core.decisions import ContinueFrom
from lis_tui.core.errors import JournalUnreadable
from lis_tui.core.events import (
    CommandInjected,
    DecisionMade,
    Event,
    ModelChanged,
    ObservationEdited,
    OwnCommandRan,
    Record,
    ReplyCutOff,
    ReplyEdited,
    ReplyFinished,
    ReplyResampled,
    RunStarted,
    StepStarted,
    VersionChosen,
)
from lis_tui.core.messages import AssistantMessage, Message, Request
from lis_tui.core.openai import Json, messages_json, tools_json
from lis_tui.trajectory.exporting.chat_order import Ordered, ordered
from lis_tui.trajectory.exporting.exporter import Exportable, Exported
from lis_tui.trajectory.exporting.plain_json import as_bytes

_ALWAYS = "times, tokens, prices, exit codes, which model it was and how the run ended"
_WORDS = {
    "hidden": "commands that a person hid from the model",
    "changed": "what ran instead of calls that were changed: they are as the model wrote them, with weight 0",
    "results": "results as they were before they were edited",
    "own": "commands of a person in a shell of their own",
    "versions": "replies that do not count, because they were cut off or another one does",
    "signed": "signed thinking, which only the server that signed it takes",
    "calls": "calls that nothing answered; their replies have weight 0",
    "answers": "answers to calls that nobody made",
}


def to_openai(run: Exportable) -> Exported:
    """Write the line. Raises JournalUnreadable where the run has no beginning."""
    told = _Told()
    for record in run.records:
        told.apply(record)
    request = told.request()
    order = ordered(request.messages)
    masks = zip(told.weights, order.cut, strict=True)
    weights = [0 if is_cut else weight for weight, is_cut in masks]
    request = replace(request, messages=tuple(map(_unsigned, order.messages)))
    line: Json = {"messages": _weighed(request, weights)}
    if tools := tools_json(request):
        line["tools"] = tools
    return Exported(as_bytes(line), told.lost(request.messages, order))


class _Told(Struct):
    """What the model was told, and whose each reply of it is."""

    conversation: Conversation = field(default_factory=Conversation)
    started: RunStarted | None = None
    last_model: ModelChanged | None = None
    weights: list[int] = field(default_factory=list)
    """For each reply, 1 where it is the model's own, as it wrote it."""
    places: dict[int, int] = field(default_factory=dict)
    """Which reply is that of a turn."""
    begun: set[int] = field(default_factory=set)
    """Turns whose reply goes on from words of a person's."""
    counts: Counter[str] = field(default_factory=Counter)

    def apply(self, record: Record) -> None:
        """Take in one event."""
        event = record.event
        self.conversation.apply(event)
        self._weigh(event)
        self._count(event)

    def request(self) -> Request:
        """Give what the model would be asked next."""
        if self.started is None:
            raise JournalUnreadable("It has no beginning, so nothing is known of what the model was told.")
        model = self.started.spec.model if self.last_model is None else self.last_model.model
        messages = self.conversation.messages
        return Request(turn=0, messages=messages, tools=self.started.tools, model=model)

    def lost(self, messages: Iterable[Message], order: Ordered) -> tuple[str, ...]:
        """Say what is not in it."""
        self.counts["calls"] = order.calls_left_out
        self.counts["answers"] = order.answers_left_out
        self.counts["signed"] = sum(
            isinstance(one, AssistantMessage) and is_signed(one.thinking_json)
            for one in self.conversation.messages
        )
        found = [f"{words} ({self.counts[name]:,})" for name, words in _WORDS.items() if self.counts[name]]
        if not any(isinstance(one, AssistantMessage) for one in messages):
            found.append("a reply of a model: there is nothing to train on")
        return (_ALWAYS, *found)

    def _weigh(self, event: Event) -> None:
        match event:
            case RunStarted():
                self.started = event
            case ModelChanged():
                self.last_model = event
            case DecisionMade(decision=ContinueFrom()):
                self.begun.add(event.address.turn)
            case ReplyFinished():
                self.places[event.turn] = len(self.weights)
                self.weights.append(int(event.turn not in self.begun))
            case ReplyResampled() | VersionChosen():
                self._set(event.turn, int(event.turn not in self.begun))
            case ReplyEdited():
                self._set(event.turn, 0)
            case StepStarted() if event.changed_by is not None and not event.address.extra:
                self._set(event.address.turn, 0)
            case _:
                pass

    def _set(self, turn: int, weight: int) -> None:
        place = self.places.get(turn)
        if place is not None:
            self.weights[place] = weight

    def _count(self, event: Event) -> None:
        match event:
            case CommandInjected(is_hidden=True):
                self.counts["hidden"] += 1
            case StepStarted() if event.changed_by is not None:
                self.counts["changed"] += 1
            case ObservationEdited():
                self.counts["results"] += 1
            case OwnCommandRan():
                self.counts["own"] += 1
            case ReplyCutOff() | ReplyResampled():
                self.counts["versions"] += 1
            case _:
                pass


def _unsigned(message: Message) -> Message:
    """Leave out thinking in the form of one server; as text it is in `reasoning_content`."""
    return replace(message, thinking_json="") if isinstance(message, AssistantMessage) else message


def _weighed(request: Request, weights: list[int]) -> list[Json]:
    """Write the messages, with reasoning and weight at each reply."""
    written = messages_json(request)
    replies = [one for one in request.messages if isinstance(one, AssistantMessage)]
    places = [one for one in written if one["role"] == "assistant"]
    for place, reply, weight in zip(places, replies, weights, strict=True):
        if reply.reasoning:
            place["reasoning_content"] = reply.reasoning
        place["weight"] = weight
    return written
