"""Reads the events of OpenHands' first generation: actions and observations that name their cause."""

from collections.abc import Sequence

from lis_tui.core.arguments import arguments_of
from lis_tui.core.events import StepAddress
from lis_tui.core.messages import StepStatus, ToolCall
from lis_tui.trajectory.foreign.building import Builder
from lis_tui.trajectory.foreign.contents import call_of, content_of, tools_of
from lis_tui.trajectory.foreign.fields import items, mapping, text, unknown, whole, word
from lis_tui.trajectory.foreign.material import Json
from lis_tui.trajectory.foreign.openhands_numbers import Prices, Zone
from lis_tui.trajectory.foreign.openhands_shapes import CALLS
from lis_tui.trajectory.foreign.translating import as_ours, encoded

_EVENT = frozenset(
    [
        *("id", "timestamp", "source", "message", "cause", "action", "observation", "args", "content"),
        *("extras", "tool_call_metadata", "llm_metrics", "success"),
    ]
)
_EXTRAS = frozenset(["command", "code", "path", "metadata", "exit_code", "diff"])
_NOT_ARGUMENTS = ("thought", "hidden", "confirmation_state", "is_confirmed", "security_risk", "keep_prompt")
_DONE = frozenset(["read", "write", "edit", "think", "task_tracking", "success", "download"])
_OWN = frozenset(["agent_state_changed", "null", "recall"])
"""Observations that no call asked for."""
_WRONG = "ERROR:\n"
"""So begins what the editor says of what it could not do."""
_ENDS = frozenset(["error", "stopped", "rejected", "awaiting_user_input", "paused", "finished"])


class EventReader:
    """Tells a builder of one event after the other."""

    def __init__(self, builder: Builder, zone: Zone, prices: Prices) -> None:
        self._builder, self._zone, self._prices = builder, zone, prices
        self._response = ""
        self._calls: dict[str, str] = {}
        """The call of each action, by the number of the action's event."""
        self._by_person: set[str] = set()
        self._answer: str | None = None
        self._state, self._state_because = "", ""

    def read(self, where: str, event: Json) -> None:
        """Read one event."""
        kind = event.get("action")
        if isinstance(kind, str):
            self._act(kind, event)
        elif isinstance(event.get("observation"), str):
            self._observe(where, word(event.get("observation")), event)
        else:
            self._builder.problem(where, "is neither an action nor an observation")
            return
        for name, value in unknown(event, _EVENT):
            self._builder.keep(name, value, self._place())

    def close(self) -> None:
        """Tell how it ended, where that is known."""
        if self._answer is not None:
            self._builder.end("submitted", "", self._answer)
        elif self._state in _ENDS:
            self._builder.end("elsewhere", ": ".join(filter(None, (self._state, self._state_because))))

    def _place(self) -> StepAddress | None:
        return StepAddress(self._builder.turn) if self._builder.turn else None

    # ---- actions

    def _act(self, kind: str, event: Json) -> None:
        arguments, at = mapping(event.get("args")), self._zone.at(event)
        source = event.get("source")
        if kind == "system":
            tools = tools_of(arguments.get("tools"))
            self._builder.begin(system=text(arguments.get("content")), tools=tools or None, at=at)
        elif kind == "message" and source == "agent":
            self._reply(event, (), text(arguments.get("content")), at)
        elif kind == "message":
            self._said(text(arguments.get("content")) or text(event.get("message")), at)
        elif kind in CALLS and source == "agent":
            self._call(kind, event, arguments, at)
        elif kind == "run":
            self._by_person.add(text(event.get("id")))
            self._builder.say(f"User executed the command:\n{text(arguments.get('command'))}", "command", at)
        else:
            self._note_act(kind, event, at)

    def _note_act(self, kind: str, event: Json, at: float) -> None:
        self._builder.keep(kind, event, self._place())
        if kind == "condensation":
            self._builder.notice("the conversation was condensed: the model no longer saw all of it", at=at)

    def _said(self, words: str, at: float) -> None:
        self._answer, self._response = None, ""
        if self._builder.turn or self._builder.has_task:
            self._builder.say(words, at=at)
        else:
            self._builder.begin(task=words, at=at)

    def _call(self, kind: str, event: Json, arguments: Json, at: float) -> None:
        """Several calls of one reply are an event each; the reply stands whole in all of them."""
        told = mapping(event.get("tool_call_metadata"))
        response = mapping(told.get("model_response"))
        ident = word(response.get("id"))
        if not ident or ident != self._response:
            self._begin_turn(kind, event, arguments, response, at)
            self._response = ident
        open_calls = self._builder.open_calls
        named = word(told.get("tool_call_id"))
        if named in open_calls or len(open_calls) == 1:
            self._calls[text(event.get("id"))] = named if named in open_calls else open_calls[0]
        if kind == "finish":
            final = arguments.get("final_thought") or mapping(arguments.get("outputs")).get("content")
            self._answer = text(final) or text(arguments.get("thought")) or text(event.get("message"))
        elif kind == "reject":
            self._state, self._state_because = (
                "rejected",
                text(mapping(arguments.get("outputs")).get("reason")),
            )

    def _begin_turn(self, kind: str, event: Json, arguments: Json, response: Json, at: float) -> None:
        choice = mapping(next(iter(items(response.get("choices"))), None))
        message = mapping(choice.get("message"))
        calls = [call for one in items(message.get("tool_calls")) if (call := call_of(one)) is not None]
        if calls:
            content = content_of(message.get("content"))
            self._reply(event, calls, content.text, at)
            return
        self._builder.note("where the reply itself was not recorded, its call is told from the action")
        given = {name: one for name, one in arguments.items() if name not in _NOT_ARGUMENTS}
        call = ToolCall(f"event-{text(event.get('id'))}", kind, encoded(given))
        self._reply(event, (call,), text(arguments.get("thought")), at)

    def _reply(
        self,
        event: Json,
        calls: Sequence[ToolCall],
        words: str,
        at: float,
    ) -> None:
        response = mapping(mapping(event.get("tool_call_metadata")).get("model_response"))
        choice = mapping(next(iter(items(response.get("choices"))), None))
        ident = word(response.get("id"))
        self._answer, self._response = None, ""
        self._builder.reply(
            text=words,
            reasoning=text(mapping(choice.get("message")).get("reasoning_content")),
            calls=calls,
            usage=self._prices.usage(ident, response, mapping(event.get("llm_metrics"))),
            finish_reason=word(choice.get("finish_reason")),
            duration_s=self._prices.took(ident),
            at=at,
            ours=_ours,
        )

    # ---- observations

    def _observe(self, where: str, kind: str, event: Json) -> None:
        extras, at = mapping(event.get("extras")), self._zone.at(event)
        open_calls = self._builder.open_calls
        named = word(mapping(event.get("tool_call_metadata")).get("tool_call_id"))
        call_id = named if named in open_calls else self._calls.get(text(event.get("cause")), "")
        if open_calls and "id" not in event and kind not in _OWN:
            call_id = open_calls[0]  # the oldest evaluations wrote what came of a call right after it
        if kind == "agent_state_changed":
            self._state, self._state_because = text(extras.get("agent_state")), text(extras.get("reason"))
            self._builder.keep(kind, event, self._place())
        elif call_id in open_calls:
            self._finish(call_id, kind, event, extras, at)
        elif kind == "run" and text(event.get("cause")) in self._by_person:
            words = f"\nObserved result of command executed by user:\n{seen(kind, event, extras)}"
            self._builder.say(words, "command", at)
        elif kind in ("error", "user_rejected"):
            self._builder.say(seen(kind, event, extras), "nudge", at)
        else:
            self._builder.keep(kind, event, self._place())
            if named or kind == "run":
                self._builder.problem(
                    where, f"observes {named or 'an action'} that was not asked for before it"
                )

    def _finish(self, call_id: str, kind: str, event: Json, extras: Json, at: float) -> None:
        metadata = mapping(extras.get("metadata"))
        code = whole(extras.get("exit_code") if "exit_code" in extras else metadata.get("exit_code"))
        address = self._builder.observe(
            seen(kind, event, extras),
            call_id=call_id,
            exit_code=None if code == -1 else code,
            status=_status(kind, extras, text(event.get("content"))),
            cwd=word(metadata.get("working_dir")),
            diff=word(extras.get("diff")),
            at=at,
        )
        for name, value in unknown(extras, _EXTRAS):
            self._builder.keep(f"extras.{name}", value, address)


def seen(kind: str, event: Json, extras: Json) -> str:
    """Give what the model saw of an observation: OpenHands adds to its content, by its kind."""
    content = text(event.get("content"))
    match kind:
        case "run":
            return seen_of_command(content, mapping(extras.get("metadata")))
        case "error":
            return f"{content}\n[Error occurred in processing last action]"
        case "user_rejected":
            return f"OBSERVATION:\n{content}\n[Last action has been rejected by the user]"
        case _:
            return content


def seen_of_command(content: str, metadata: Json) -> str:
    """Add what a prompt of the shell told; a code of -1 means that the command still ran."""
    told = f"{word(metadata.get('prefix'))}{content}{word(metadata.get('suffix'))}"
    if word(metadata.get("working_dir")):
        told += f"\n[Current working directory: {word(metadata['working_dir'])}]"
    if word(metadata.get("py_interpreter_path")):
        told += f"\n[Python interpreter: {word(metadata['py_interpreter_path'])}]"
    code = whole(metadata.get("exit_code"))
    return told if code in (None, -1) else f"{told}\n[Command finished with exit code {code}]"


def _status(kind: str, extras: Json, content: str) -> StepStatus:
    is_wrong = kind in ("read", "edit") and content.startswith(_WRONG)
    if kind == "error" or extras.get("error") is True or is_wrong:
        return "failed"
    if kind == "user_rejected":
        return "rejected"
    return "done" if kind in _DONE or (kind == "browse" and extras.get("error") is False) else "unknown"


def _ours(call: ToolCall) -> ToolCall:
    """Old reading and writing are what our editor does under other names."""
    given = arguments_of(call.arguments) or {}
    if call.name == "write" and isinstance(given.get("path"), str):
        ours = {"command": "create", "path": given["path"], "file_text": given.get("content", "")}
    elif call.name == "read" and isinstance(given.get("path"), str):
        ours = {"command": "view", "path": given["path"]}
    else:
        return as_ours(call)
    return ToolCall(call.id, "str_replace_editor", encoded(ours))
