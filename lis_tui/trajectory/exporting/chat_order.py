"""A conversation in the order that the chat protocol takes: each call with its answer right after it."""

from collections.abc import Iterable, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from lis_tui.core.messages import AssistantMessage, Message, SystemMessage, ToolCall, ToolMessage, UserMessage


class Ordered(Struct):
    """The messages, and what had to be left out of them."""

    messages: list[Message] = field(default_factory=list)
    cut: list[bool] = field(default_factory=list)
    """For each reply, whether a call was left out of it."""
    calls_left_out: int = 0
    answers_left_out: int = 0


class _Unit(Struct):
    """A message, and the answers to its calls by their place."""

    message: Message
    answers: dict[int, ToolMessage] = field(default_factory=dict)


def ordered(messages: Sequence[Message]) -> Ordered:
    """Put answers after their calls and leave out calls that nothing answered; those of the end may stay."""
    found = Ordered()
    units = _units(messages, found)
    used: dict[str, int] = {}
    for place, unit in enumerate(units):
        message = unit.message
        if not isinstance(message, AssistantMessage):
            found.messages.append(message)
            continue
        is_end = place == len(units) - 1 and not unit.answers
        kept = [n for n in range(len(message.calls)) if is_end or message.calls_in_text or n in unit.answers]
        names = _names((message.calls[n] for n in kept), used)
        calls = tuple(replace(message.calls[n], id=name) for n, name in zip(kept, names, strict=True))
        left_out = len(message.calls) - len(calls)
        found.calls_left_out += left_out
        found.cut.append(left_out > 0)
        found.messages.append(replace(message, calls=calls))
        answers = ((unit.answers.get(n), name) for n, name in zip(kept, names, strict=True))
        found.messages += [replace(one, call_id=name) for one, name in answers if one is not None]
    return found


def _units(messages: Sequence[Message], found: Ordered) -> list[_Unit]:
    units: list[_Unit] = []
    open_calls: dict[str, tuple[_Unit, int]] = {}
    for number, message in enumerate(messages):
        if isinstance(message, ToolMessage):
            unit, place = open_calls.pop(message.call_id, (None, 0))
            if unit is None:
                found.answers_left_out += 1
            else:
                unit.answers[place] = message
            continue
        if number < 2 and isinstance(message, SystemMessage | UserMessage) and not message.text:
            continue  # a recording that names no rules or no task
        unit = _Unit(message)
        units.append(unit)
        if isinstance(message, AssistantMessage):
            open_calls |= {call.id: (unit, place) for place, call in enumerate(message.calls)}
    return units


def _names(calls: Iterable[ToolCall], used: dict[str, int]) -> list[str]:
    """Give each call an id that no other one of the conversation has."""
    names: list[str] = []
    for call in calls:
        given = name = call.id or "call"
        while name in used:
            used[given] += 1
            name = f"{given}-{used[given]}"
        used[name] = 1
        names.append(name)
    return names
