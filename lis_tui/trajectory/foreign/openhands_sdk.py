"""Reads the events of OpenHands' second generation, its software-agent-sdk: each names its kind."""

from lis_tui.core.events import StepAddress
from lis_tui.core.messages import StepStatus, ToolCall
from lis_tui.trajectory.foreign.building import Builder
from lis_tui.trajectory.foreign.contents import arguments, call_of, content_of, tools_of
from lis_tui.trajectory.foreign.fields import items, mapping, text, unknown, whole, word
from lis_tui.trajectory.foreign.material import Json
from lis_tui.trajectory.foreign.openhands_events import seen_of_command
from lis_tui.trajectory.foreign.openhands_numbers import Prices, Zone
from lis_tui.trajectory.foreign.wording import told

_ERROR = "[An error occurred during execution.]\n"
_EVENT = frozenset(["id", "timestamp", "source", "kind", "parent_id"])
_ACTION = _EVENT | {"thought", "reasoning_content", "thinking_blocks", "responses_reasoning_item"}
_ACTION |= {"action", "tool_name", "tool_call_id", "tool_call", "llm_response_id"}
_OBSERVED = _EVENT | {"tool_name", "tool_call_id", "action_id", "observation", "extended_content", "error"}
_OBSERVED |= {"rejection_reason"}
_OBSERVATION = frozenset(
    ["kind", "content", "output", "is_error", "error", "exit_code", "metadata", "command"]
)
_TERMINALS = ("TerminalObservation", "ExecuteBashObservation")
_STATES = ("execution_status", "agent_status")
_UNDECIDED = ("idle", "running", "")


class SdkReader:
    """Tells a builder of one event after the other. All of them are needed: one reply may be several."""

    def __init__(self, builder: Builder, zone: Zone, prices: Prices, events: list[object]) -> None:
        self._builder, self._zone, self._prices = builder, zone, prices
        self._replies: dict[str, list[Json]] = {}
        for event in map(mapping, events):
            if event.get("kind") == "ActionEvent":
                self._replies.setdefault(_response(event), []).append(event)
        self._told: set[str] = set()
        self._calls: dict[str, str] = {}
        """The call of each action, by the id of the action's event."""
        self._answer: str | None = None
        self._state = ""

    def read(self, where: str, event: Json) -> None:
        """Read one event."""
        kind, at = word(event.get("kind")), self._zone.at(event)
        match kind:
            case "SystemPromptEvent":
                self._begin(event, at)
            case "MessageEvent":
                self._message(event, at)
            case "ActionEvent":
                self._act(event, at)
            case "ObservationEvent" | "UserRejectObservation" | "AgentErrorEvent":
                self._observe(where, kind, event, at)
            case "":
                self._builder.problem(where, "does not say of which kind it is")
            case _:
                self._note(kind, event, at)

    def close(self) -> None:
        """Tell how it ended, where that is known."""
        if self._answer is not None:
            self._builder.end("submitted", "", self._answer)
        elif self._state not in _UNDECIDED:
            self._builder.end("elsewhere", self._state)

    def _place(self) -> StepAddress | None:
        return StepAddress(self._builder.turn) if self._builder.turn else None

    def _begin(self, event: Json, at: float) -> None:
        parts = [event.get("system_prompt"), event.get("dynamic_context")]
        system = "\n".join(told(part) for part in parts if part)
        self._builder.begin(system=system, tools=tools_of(event.get("tools")) or None, at=at)

    def _message(self, event: Json, at: float) -> None:
        message = mapping(event.get("llm_message"))
        words = told([*items(message.get("content")), *items(event.get("extended_content"))])
        words = words or text(message.get("content") if isinstance(message.get("content"), str) else None)
        self._answer = None
        if event.get("source") == "agent":
            ident = word(event.get("llm_response_id"))
            self._builder.reply(
                text=words,
                reasoning=_reasoning(message),
                usage=self._prices.usage(ident, {}, {}),
                duration_s=self._prices.took(ident),
                at=at,
            )
        elif self._builder.turn or self._builder.has_task:
            self._builder.say(words, "person" if event.get("source") == "user" else "nudge", at)
        else:
            self._builder.begin(task=words, at=at)

    def _act(self, event: Json, at: float) -> None:
        """Several calls of one reply are an event each; the words stand in the first."""
        ident = _response(event)
        if ident in self._told:
            return
        self._told.add(ident)
        self._answer = None
        acts = self._replies.get(ident, [event])
        turn = self._builder.reply(
            text="\n".join(told(items(act.get("thought"))) for act in acts if act.get("thought")),
            reasoning="\n".join(filter(None, map(_reasoning, acts))),
            calls=[_call(act) for act in acts],
            usage=self._prices.usage(ident, {}, {}),
            duration_s=self._prices.took(ident),
            at=at,
        )
        for place, (act, call_id) in enumerate(zip(acts, self._builder.open_calls, strict=False), 1):
            self._calls[text(act.get("id"))] = call_id
            for name, value in unknown(act, _ACTION):
                self._builder.keep(name, value, StepAddress(turn, place))
            if act.get("tool_name") == "finish":
                self._answer = text(mapping(act.get("action")).get("message"))

    def _observe(self, where: str, kind: str, event: Json, at: float) -> None:
        open_calls = self._builder.open_calls
        named = word(event.get("tool_call_id"))
        call_id = named if named in open_calls else self._calls.get(text(event.get("action_id")), "")
        if call_id not in open_calls:
            self._builder.problem(where, f"observes {named or 'an action'} that was not asked for before it")
            self._builder.keep(kind, event, self._place())
            return
        observation = mapping(event.get("observation"))
        metadata = mapping(observation.get("metadata"))
        codes = (whole(one.get("exit_code")) for one in (observation, metadata))
        code = next((one for one in codes if one is not None), None)
        address = self._builder.observe(
            _seen(kind, event, observation),
            call_id=call_id,
            exit_code=None if code == -1 else code,
            status=_status(kind, observation),
            cwd=word(metadata.get("working_dir")),
            at=at,
        )
        for name, value in (*unknown(event, _OBSERVED), *unknown(observation, _OBSERVATION)):
            self._builder.keep(name, value, address)

    def _note(self, kind: str, event: Json, at: float) -> None:
        self._builder.keep(kind, event, self._place())
        if kind == "ConversationStateUpdateEvent":
            value, key = event.get("value"), event.get("key")
            states = mapping(value) if key == "full_state" else {text(key): value}
            self._state = next((text(states[name]) for name in _STATES if name in states), self._state)
        elif kind == "ConversationErrorEvent":
            self._state = f"{text(event.get('code'))}: {text(event.get('detail'))}"
            self._builder.notice(self._state, "error", at)
        elif kind == "Condensation":
            self._builder.notice("the conversation was condensed: the model no longer saw all of it", at=at)
        elif kind == "PauseEvent":
            self._builder.notice("a person paused it", at=at)


def _response(event: Json) -> str:
    return word(event.get("llm_response_id")) or f"event {text(event.get('id'))}"


def _reasoning(record: Json) -> str:
    """Servers give it as text, as blocks, or as an item of their own."""
    said = text(record.get("reasoning_content")) or content_of(items(record.get("thinking_blocks"))).reasoning
    item = mapping(record.get("responses_reasoning_item"))
    parts = [*items(item.get("summary")), *items(item.get("content"))]
    return said or "\n".join(text(part) for part in parts if isinstance(part, str))


def _call(event: Json) -> ToolCall:
    call = call_of(event.get("tool_call"))
    name = word(event.get("tool_name"))
    if call is None:  # without the call as it was written: what was made of it
        given = {key: one for key, one in mapping(event.get("action")).items() if key != "kind"}
        call = ToolCall("", name, arguments(given))
    return ToolCall(word(event.get("tool_call_id")) or call.id, call.name, call.arguments)


def _seen(kind: str, event: Json, observation: Json) -> str:
    """Give what the model saw of an observation."""
    if kind == "AgentErrorEvent":
        return text(event.get("error"))
    if kind == "UserRejectObservation":
        return f"Action rejected: {text(event.get('rejection_reason'))}"
    parts = observation.get("content", observation.get("output"))
    content = told(parts, "")
    if word(observation.get("kind")) in _TERMINALS:
        content = seen_of_command(content, mapping(observation.get("metadata")))
    error = _ERROR if observation.get("is_error") is True else ""
    return "\n".join([f"{error}{content}", *map(told, items(event.get("extended_content")))])


def _status(kind: str, observation: Json) -> StepStatus:
    if kind == "UserRejectObservation":
        return "rejected"
    if kind == "AgentErrorEvent" or True in (observation.get("is_error"), observation.get("error")):
        return "failed"
    is_terminal = word(observation.get("kind")) in _TERMINALS
    return "done" if observation.get("is_error") is False and not is_terminal else "unknown"
