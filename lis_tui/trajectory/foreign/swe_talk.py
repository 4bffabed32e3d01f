"""Reads what SWE-agent did: its steps, and beside them the messages that the model saw."""

from msgspec import Struct, field

from lis_tui.core.events import StepAddress
from lis_tui.core.messages import StepStatus, ToolCall
from lis_tui.trajectory.foreign.building import Builder
from lis_tui.trajectory.foreign.contents import call_of, content_of
from lis_tui.trajectory.foreign.decoding import decoded
from lis_tui.trajectory.foreign.fields import duration, items, mapping, text, unknown, word
from lis_tui.trajectory.foreign.material import Json
from lis_tui.trajectory.foreign.talk import role_of
from lis_tui.trajectory.foreign.translating import as_ours, bash

_STEP = frozenset(["action", "observation", "response", "state", "thought", "execution_time"])
_SENT = ("query", "messages")
_SAID = frozenset(["role", "content", "agent", "message_type", "thought", "action", "is_demo"])
_MESSAGE = frozenset([*_SAID, "tool_calls", "tool_call_ids", "thinking_blocks"])
_OWN_TOOLS = frozenset(["str_replace_editor", "submit"])


class Exchange(Struct):
    """A reply in the history, and what the model was told after it."""

    place: str
    message: Json
    after: list[tuple[str, Json]] = field(default_factory=list)


class History(Struct):
    """The messages of a run, told apart: what is shown to every run, the task, and the exchanges."""

    system: str = ""
    task: str = ""
    replies: list[Exchange] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    """What else was said to the model before its first reply."""
    demonstrations: list[Json] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, data: Json) -> "History":
        """Read the history of a run; of one without, what the first step was asked with."""
        found, where, messages = cls(), "history", data.get("history")
        if not isinstance(messages, list):
            where, messages = (
                "trajectory[0].query",
                sent_of(mapping(next(iter(items(data.get("trajectory"))), {}))),
            )
        for number, message in enumerate(items(messages)):
            place = f"{where}[{number}]"
            if isinstance(message, dict) and role_of(message):
                found._take(place, message)
            else:
                found.broken.append(place)
        return found

    def _take(self, place: str, message: Json) -> None:
        role, said = role_of(message), content_of(message.get("content")).text
        if message.get("is_demo"):
            self.demonstrations.append(message)
        elif role == "assistant":
            self.replies.append(Exchange(place, message))
        elif self.replies:
            self.replies[-1].after.append((place, message))
        elif role == "system" and not self.system:
            self.system = said
        elif not self.task and role == "user":
            self.task = said
        else:
            self.before.append(said)


def is_step(value: object) -> bool:
    """Whether this is one step of a trajectory."""
    return isinstance(value, dict) and {"action", "observation"} <= value.keys()


def sent_of(step: Json) -> list[object]:
    """What the model was sent for a step, in the two names that this field has had."""
    return next((found for name in _SENT if (found := items(step.get(name)))), [])


class SweTalk:
    """Takes the steps of one run, or the replies of its history where there are none."""

    def __init__(self, builder: Builder, data: Json, history: History) -> None:
        self.builder, self.history = builder, history
        self.steps = items(data.get("trajectory")) if "trajectory" in data else None
        status = text(mapping(data.get("info")).get("exit_status"))
        self._is_submitted = status.startswith("submitted")
        self._was_ended = "exit_" in status and status != "exit_command"
        self._next = 0
        """The next reply of the history that has no step yet."""

    def read(self) -> None:
        """Take all of it."""
        for said in self.history.before:
            self.builder.say(said, "nudge")
        if self.steps is None:
            for exchange in self.history.replies:
                self._exchange(exchange)
            return
        for number, step in enumerate(self.steps):
            if isinstance(step, dict):
                self._step(number, step)
            else:
                self.builder.problem(f"trajectory[{number}]", "is no object")

    # ---- a history alone

    def _exchange(self, exchange: Exchange) -> None:
        message = exchange.message
        action = text(message.get("action"))
        calls = self._reply(content_of(message.get("content")).text, action, exchange)
        after = list(exchange.after)
        for call in calls[: len(after)]:
            _, answer = after.pop(0)
            given = items(answer.get("tool_call_ids"))
            call_id = text(given[0]) if given else call.id or None
            said = content_of(answer.get("content")).text
            if self.builder.observe(said, call_id=call_id) is None:
                self.builder.observe(said)
        for _, more in after:
            self.builder.say(content_of(more.get("content")).text, "nudge")

    # ---- steps

    def _step(self, number: int, step: Json) -> None:
        response, action = text(step.get("response")), text(step.get("action"))
        exchange = self._match(step)
        if self._is_own_end(number, action):
            self.builder.notice(response or text(step.get("observation")), "warning")
        else:
            calls = self._reply(response, action, exchange)
            self._observe(number, step, exchange, has_call=bool(calls))
        address = StepAddress(self.builder.turn)
        for key, value in unknown(step, _STEP | set(_SENT)):
            self.builder.keep(f"trajectory.{key}", value, address)
        for key, value in unknown(state_of(step.get("state")), frozenset(["working_dir"])):
            self.builder.keep(f"trajectory.state.{key}", value, address)

    def _match(self, step: Json) -> Exchange | None:
        """A reply that could not be run is asked for again, and never enters the history."""
        if self._next >= len(self.history.replies):
            return None
        exchange = self.history.replies[self._next]
        message = exchange.message
        said = content_of(message.get("content")).text
        is_same = said.strip() == text(step.get("response")).strip() or (
            bool(message.get("action")) and message.get("action") == step.get("action")
        )
        self._next += is_same
        return exchange if is_same else None

    def _is_own_end(self, number: int, action: str) -> bool:
        """At a limit the program adds a step of its own, with its words as the response."""
        return self._was_ended and not action and self.steps is not None and number == len(self.steps) - 1

    def _reply(self, response: str, action: str, exchange: Exchange | None) -> list[ToolCall]:
        message = exchange.message if exchange else {}
        place = exchange.place if exchange else ""
        found = self._calls(place, message.get("tool_calls"))
        calls = found or ([bash("", action)] if action else [])
        if not found and action.strip() == "submit":
            calls = [ToolCall("", "submit", "{}")]
        self.builder.reply(
            text=response,
            reasoning=content_of(message.get("thinking_blocks")).text or _thinking(message),
            calls=calls,
            calls_in_text=bool(calls) and not found,
            ours=lambda call: _ours(call, action, calls[0]),
        )
        for key, value in unknown(message, _MESSAGE):
            self.builder.keep(f"history.{key}", value, StepAddress(self.builder.turn))
        return calls

    def _calls(self, place: str, given: object) -> list[ToolCall]:
        found = []
        for number, one in enumerate(items(given)):
            call = call_of(one)
            if call is None:
                self.builder.problem(f"{place}.tool_calls[{number}]", "names no tool")
            else:
                found.append(call)
        return found

    def _observe(self, number: int, step: Json, exchange: Exchange | None, *, has_call: bool) -> None:
        observation = text(step.get("observation"))
        seen = self._seen(number, exchange)
        if not has_call:
            if seen or observation:
                self.builder.say(observation if seen is None else seen, "nudge")
            return
        state = state_of(step.get("state"))
        is_last = self.steps is not None and number == len(self.steps) - 1
        status: StepStatus = "done" if is_last and self._is_submitted else "unknown"
        if exchange is None and self.history.replies and not observation and not is_last:
            status = "rejected"  # it was not run: the model was asked again at once
        self.builder.observe(
            observation if seen is None else seen,
            output=observation,
            status=status,
            duration_s=duration(step.get("execution_time")) if status != "rejected" else None,
            cwd=word(state.get("working_dir")),
        )

    def _seen(self, number: int, exchange: Exchange | None) -> str | None:
        """What the model was told next; None where the file does not say it."""
        if exchange is not None and exchange.after:
            return "\n".join(content_of(message.get("content")).text for _, message in exchange.after)
        following = self.steps[number + 1 : number + 2] if self.steps else []
        sent = sent_of(mapping(following[0])) if following else []
        last = mapping(sent[-1]) if sent else {}
        return content_of(last.get("content")).text if role_of(last) in ("user", "tool") else None


def state_of(value: object) -> Json:
    """Give the state of the sandbox after a step; old files hold it as JSON text."""
    if not isinstance(value, str):
        return mapping(value)
    found = decoded(value.encode(errors="replace"))[0]
    return mapping(found) if isinstance(found, dict) or not value.strip() else {"text": value}


def _thinking(message: Json) -> str:
    return content_of(message.get("thinking_blocks")).reasoning


def _ours(call: ToolCall, action: str, first: ToolCall) -> ToolCall:
    """What runs is the action: the call as a line for the shell. An editor's call says more than its line."""
    ours = as_ours(call)
    is_first = (call.name, call.arguments) == (first.name, first.arguments)
    return ours if ours.name in _OWN_TOOLS or not (action and is_first) else bash(call.id, action)
