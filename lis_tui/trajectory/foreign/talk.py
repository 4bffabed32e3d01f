"""Reads chat messages, one after the other, into a run."""

from collections.abc import Iterable

from lis_tui.core.events import StepAddress
from lis_tui.core.messages import StepStatus, ToolCall, Usage
from lis_tui.trajectory.foreign.building import Builder
from lis_tui.trajectory.foreign.contents import Content, call_of, content_of
from lis_tui.trajectory.foreign.fields import items, mapping, seconds, text, unknown, usage_of, word
from lis_tui.trajectory.foreign.material import Json

MODEL = frozenset(["assistant", "ai", "model", "gpt"])
_TOOL = frozenset(["tool", "function", "ipython", "observation"])
USER = frozenset(["user", "human"])
_SYSTEM = frozenset(["system", "developer"])
ROLES = MODEL | _TOOL | USER | _SYSTEM
_SAYS = ("content", "value", "text")
_CONTENTS = frozenset([*_SAYS, "tool_calls", "function_call"])
_SAID = frozenset(["role", "from", "name", "type", "refusal", *_SAYS])
_DONE = frozenset(["tool_calls", "tool_call_id", "function_call", "usage", "finish_reason", "timestamp"])
_THOUGHT = ("reasoning_content", "reasoning", "thinking")
_KNOWN = frozenset([*_SAID, *_DONE, *_THOUGHT])
_STATUSES: dict[bool | None, StepStatus] = {True: "failed", False: "done", None: "unknown"}
_TIMES = ("timestamp", "created_at", "created")


def is_message(value: object) -> bool:
    """Whether this is one message of a conversation."""
    data = mapping(value)
    return not _CONTENTS.isdisjoint(data) and role_of(data) in ROLES


def said_in(message: Json) -> Content:
    """What it says, under any of the names that this field has."""
    return content_of(next((message[key] for key in _SAYS if message.get(key) is not None), None))


def role_of(data: Json) -> str:
    """Who says it."""
    return word(data.get("role") or data.get("from")).lower()


class Talk:
    """Takes messages in order. The first of the user is the task; `where` names them in the account."""

    known = _KNOWN
    """Fields that have a place."""

    def __init__(self, builder: Builder, where: str = "messages") -> None:
        self.builder, self.where = builder, where
        self._system: list[str] = []

    def take_all(self, messages: Iterable[tuple[str, object]]) -> None:
        """Take messages, each with its place in the file."""
        for place, message in messages:
            if isinstance(message, dict):
                self.take(place, message)
            else:
                self.builder.problem(place, "is no message")

    def take(self, place: str, message: Json) -> None:
        """Take one message."""
        role, content = role_of(message), said_in(message)
        if role in MODEL:
            self.reply(place, message, content)
        elif role in _TOOL:
            self.observe(place, message, content)
        elif role in USER:
            self.hear(place, message, content)
        elif role in _SYSTEM:
            self.rule(content.text, self.time_of(message))
        else:
            self.builder.problem(place, f"the role is {role!r}" if role else "has no role")
            self.builder.keep(self.where, message)
            return
        self.keep(message, content)

    # ---- the roles; what differs in a program's own messages can be replaced

    def rule(self, said: str, at: float) -> None:
        """The system prompt; later ones are said like any other message."""
        if self.builder.turn or self.builder.has_task:
            self.builder.say(said, "nudge", at)
        else:
            self._system.append(said)
            self.builder.begin(system="\n\n".join(self._system), at=at if len(self._system) == 1 else 0.0)

    def hear(self, place: str, message: Json, content: Content) -> None:
        """A user message: the task, more words, or results of calls."""
        for result in content.results:
            status = _STATUSES[result.is_error]
            if self.builder.observe(result.text, call_id=result.call_id, status=status) is None:
                self.builder.problem(place, f"answers a call {result.call_id!r} that nobody made")
        if content.results and not content.text:
            return
        if self.builder.turn or self.builder.has_task:
            self.builder.say(content.text, at=self.time_of(message))
        else:
            self.builder.begin(task=content.text, at=0.0 if self._system else self.time_of(message))

    def reply(self, place: str, message: Json, content: Content) -> None:
        """A turn."""
        said = content.text or text(message.get("refusal"))
        calls = content.calls + self._calls(place, message)
        found = [] if calls else self.calls_in(message, said)
        self.builder.reply(
            text=said,
            reasoning=_reasoning(message, content),
            calls=calls or found,
            calls_in_text=bool(found),
            usage=self.usage_in(message),
            finish_reason=self.finish_in(message),
            raw_json=self.raw_in(message),
            at=self.time_of(message),
        )

    def calls_in(self, message: Json, said: str) -> list[ToolCall]:  # noqa: ARG002 - for those who replace it
        """Calls that a program reads out of a reply's text: the protocol knows none."""
        return []

    def usage_in(self, message: Json) -> Usage | None:
        """Tokens and price of a reply."""
        return usage_of(message.get("usage"))

    def finish_in(self, message: Json) -> str:
        """Why the server says that the reply ended."""
        return word(message.get("finish_reason"))

    def raw_in(self, message: Json) -> str:  # noqa: ARG002 - for those who replace it
        """The reply as it came, where a program keeps it beside the message."""
        return ""

    def time_of(self, message: Json) -> float:
        """When it was said; 0.0: not known."""
        return at_of(message)

    def observe(self, place: str, message: Json, content: Content) -> None:
        """What came of a call. One without an id answers the oldest call."""
        call_id = text(message.get("tool_call_id")) or None
        if self.builder.observe(content.text, call_id=call_id, at=self.time_of(message)) is None:
            self.builder.problem(place, f"answers a call {call_id or ''!r} that nobody made")
            self.builder.keep(f"{self.where}.content", message.get("content"))

    def keep(self, message: Json, content: Content) -> None:
        """Keep what has no place."""
        address = StepAddress(self.builder.turn)
        for key, value in unknown(message, self.known):
            self.builder.keep(f"{self.where}.{key}", value, address)
        for part in content.rest:
            self.builder.keep(f"{self.where}.content", part, address)

    def _calls(self, place: str, message: Json) -> list[ToolCall]:
        given = message.get("tool_calls")
        if given is not None and not isinstance(given, list):
            self.builder.problem(f"{place}.tool_calls", "is no list")
        listed = [*items(given), *([message["function_call"]] if message.get("function_call") else [])]
        found = []
        for number, one in enumerate(listed):
            call = call_of(one)
            if call is None:
                self.builder.problem(f"{place}.tool_calls[{number}]", "names no tool")
                self.builder.keep(f"{self.where}.tool_calls", one)
            else:
                found.append(call)
        return found


def at_of(message: Json) -> float:
    """When it was said; 0.0: not known."""
    return next((found for key in _TIMES if (found := seconds(message.get(key)))), 0.0)


def _reasoning(message: Json, content: Content) -> str:
    given = (message.get(key) for key in _THOUGHT)
    value = next((one for one in given if one), None)
    return content_of(value).text if value is not None else content.reasoning
