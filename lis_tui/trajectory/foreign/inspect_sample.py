"""Reads one sample of an Inspect log: its conversation, with what its events know of each part."""

from lis_tui.core.events import StepAddress
from lis_tui.core.messages import StepStatus, ToolCall
from lis_tui.core.text import plural
from lis_tui.trajectory.foreign.building import Builder, Origin
from lis_tui.trajectory.foreign.contents import content_of, tools_of
from lis_tui.trajectory.foreign.fields import items, mapping, seconds, text, unknown, word
from lis_tui.trajectory.foreign.inspect_events import SampleEvents, output_of, took
from lis_tui.trajectory.foreign.inspect_parts import put_back, usage_of_model, words_of
from lis_tui.trajectory.foreign.material import Json
from lis_tui.trajectory.foreign.translating import as_ours, encoded
from lis_tui.trajectory.foreign.wording import told

_SAMPLE = frozenset(["id", "epoch", "input", "messages", "output", "events", "events_data", "error", "limit"])
_MESSAGE = frozenset(["id", "role", "content", "source", "tool_calls", "tool_call_id", "function", "error"])
_CALL = frozenset(["id", "function", "arguments", "type"])
_MODEL = frozenset(["event", "model", "input", "input_refs", "tools", "output", "timestamp", "completed"])
_TOOL = frozenset(
    [
        "event",
        "type",
        "id",
        "function",
        "arguments",
        "result",
        "error",
        "timestamp",
        "completed",
        "message_id",
    ]
)
_TOOL |= {"completed"}
_COMMANDS = ("cmd", "command", "code", "input")
_RUNS = ("execute_bash", "python", "bash_session")
"""Tools that answer without an error whatever the exit code of what they ran."""
_STATUS: dict[str, StepStatus] = {"parsing": "malformed", "approval": "rejected", "cancelled": "interrupted"}
_NOTED = ("error", "sample_limit", "compaction", "interrupt", "approval", "input", "logger")


class SampleReader:
    """Tells a builder of one sample."""

    def __init__(self, builder: Builder, sample: Json, model: str) -> None:
        self._builder, self._model = builder, model
        self._sample = sample = put_back(sample)
        self._events = SampleEvents([mapping(event) for event in items(sample.get("events"))])
        self._system: list[str] = []
        self._calls: dict[str, Json] = {}
        """The newest reply's, by their ids."""
        self._has_asked = False
        self._told = 0
        """Up to which event what concerns a person was told."""
        self._answer: str | None = None

    def read(self) -> None:
        """Read all of it."""
        self._begin()
        pool = items(mapping(self._sample.get("events_data")).get("messages"))
        messages = items(self._sample.get("messages"))
        if not messages:
            messages = self._events.last_conversation(pool)
            self._builder.note("the sample has no messages: those of the last call of the model are shown")
        for place, message in enumerate(messages):
            if isinstance(message, dict):
                self._message(f"messages[{place}]", message)
            else:
                self._builder.problem(f"messages[{place}]", "is no object")
        self._tell_until(len(self._events.all))
        self._end()
        self._keep_rest()

    def _begin(self) -> None:
        asked = self._sample.get("input")
        models = (event for event in self._events.all if event.get("event") == "model")
        tools = tools_of(next((event.get("tools") for event in models), None))
        self._builder.begin(
            task=told(asked) if isinstance(asked, str) else None,
            model=self._model or None,
            tools=tools or None,
            at=seconds(self._sample.get("started_at")),
        )

    # ---- the conversation

    def _message(self, where: str, message: Json) -> None:
        match message.get("role"):
            case "system":
                self._ruled(told(message.get("content")))
            case "user":
                self._said(message)
            case "assistant":
                self._reply(where, message)
            case "tool":
                self._observed(where, message)
            case other:
                self._builder.problem(where, f"comes from {text(other)[:40] or 'nobody'}")
                return
        for name, value in unknown(message, _MESSAGE):
            self._builder.keep(f"samples.messages.{name}", value, self._place())

    def _place(self) -> StepAddress | None:
        return StepAddress(self._builder.turn) if self._builder.turn else None

    def _ruled(self, rules: str) -> None:
        if self._builder.turn:
            self._builder.note("system messages after the beginning are shown as said to the model")
            self._builder.say(rules, "nudge")
        else:
            self._system.append(rules)
            self._builder.begin(system="\n\n".join(self._system))

    def _said(self, message: Json) -> None:
        """Solvers may change the words of the input: what the model got of it is the task."""
        words = told(message.get("content"))
        origin: Origin = "person" if message.get("source") in ("input", "operator") else "nudge"
        if self._builder.turn or self._has_asked:
            self._builder.say(words, origin)
        else:
            self._has_asked = True
            self._builder.begin(task=words)

    def _reply(self, where: str, message: Json) -> None:
        content = content_of(message.get("content"))
        calls = []
        for place, call in enumerate(items(message.get("tool_calls"))):
            if isinstance(call, dict):
                calls.append(call)
            else:
                self._builder.problem(f"{where}.tool_calls[{place}]", "is no object")
        number_, event = self._events.model(message)
        self._tell_until(number_)
        begun, ended, duration_s = took(event)
        output = mapping(event.get("output"))
        choice = mapping(next(iter(items(output.get("choices"))), None))
        turn = self._builder.reply(
            text=content.text,
            reasoning=content.reasoning or word(message.get("reasoning")),
            calls=[_call(call) for call in calls],
            usage=usage_of_model(mapping(output.get("usage"))),
            finish_reason=word(choice.get("stop_reason")),
            duration_s=duration_s,
            at=ended or begun,
        )
        self._answer = None
        self._calls = dict(zip(self._builder.open_calls, calls, strict=False))
        self._keep_reply(turn, calls, event, content.rest)

    def _keep_reply(self, turn: int, calls: list[Json], event: Json, rest: list[object]) -> None:
        for place, call in enumerate(calls, 1):
            for name, value in unknown(call, _CALL):
                self._builder.keep(f"samples.messages.tool_calls.{name}", value, StepAddress(turn, place))
        for name, value in unknown(event, _MODEL):
            self._builder.keep(f"samples.events.model.{name}", value, StepAddress(turn))
        for part in rest:
            self._builder.keep("samples.messages.content", part, StepAddress(turn))

    def _observed(self, where: str, message: Json) -> None:
        call_id = word(message.get("tool_call_id"))
        if call_id not in self._builder.open_calls:
            self._builder.problem(where, "answers a call that was not made before it")
            self._builder.keep("samples.messages", message, self._place())
            return
        event = self._events.tools.get(call_id, {})
        error = mapping(message.get("error"))
        words = told(message.get("content"))
        if error:  # the providers send the model the error's words in place of the content
            if words and words != error.get("message"):
                self._builder.keep("samples.messages.content", message.get("content"), self._place())
            words = text(error.get("message")) or words
        begun, ended, duration_s = took(event)
        exit_code, status = self._outcome(message, event)
        name = word(message.get("function")) or word(event.get("function"))
        self._answer = words if name == "submit" and not error else None
        address = self._builder.observe(
            words,
            call_id=call_id,
            exit_code=exit_code,
            status=status,
            duration_s=duration_s,
            answer=self._answer,
            at=ended,
            started_at=begun,
        )
        for field, value in unknown(event, _TOOL):
            self._builder.keep(f"samples.events.tool.{field}", value, address)

    def _outcome(self, message: Json, event: Json) -> tuple[int | None, StepStatus]:
        error = mapping(message.get("error"))
        if error or message.get("tool_error"):
            return None, _STATUS.get(word(error.get("type")), "failed")
        call = self._calls[word(message.get("tool_call_id"))]
        given = mapping(call.get("arguments"))
        command = next((word(given[name]) for name in _COMMANDS if name in given), "")
        exit_code = self._events.exit_code(event, command)
        ran = as_ours(_call(call)).name
        return exit_code, "unknown" if ran in _RUNS or exit_code is not None else "done"

    # ---- what is beside it

    def _tell_until(self, place: int) -> None:
        """Tell what happened before an event that the conversation has reached."""
        for event in self._events.all[self._told : max(place, self._told)]:
            kind = word(event.get("event"))
            if kind in _NOTED and (words := words_of(kind, event)):
                self._builder.notice(words, "error" if kind == "error" else "info", took(event)[0])
            if kind not in ("model", "tool"):
                self._builder.keep(f"samples.events.{kind or 'unknown'}", event, self._place())
        self._told = max(place, self._told)

    def _end(self) -> None:
        sample = self._sample
        error, limit = sample.get("error"), mapping(sample.get("limit"))
        at = seconds(sample.get("completed_at"))
        answer = told(output_of(sample).get("content")) or None
        if error:
            words = text(mapping(error).get("message")) or text(error)
            self._builder.end("elsewhere", words, answer, at)
        elif limit:
            words = f"{text(limit.get('type'))} limit ({text(limit.get('limit'))})"
            self._builder.end("elsewhere", words, answer, at)
        elif (submitted := self._answer or self._events.submitted()) is not None:
            self._builder.end("submitted", "", submitted, at)
        else:
            self._builder.end("elsewhere", "completed", answer, at)

    def _keep_rest(self) -> None:
        others = self._events.other_models()
        for event in others:
            self._builder.keep("samples.events.model", event)
        if others:
            self._builder.note(
                f"{plural(len(others), 'call')} of a model outside of the conversation, as of scorers: "
                "kept and not shown"
            )
        for name, value in unknown(self._sample, _SAMPLE | {"started_at", "completed_at"}):
            self._builder.keep(f"samples.{name}", value)


def _call(call: Json) -> ToolCall:
    return ToolCall(word(call.get("id")), word(call.get("function")), encoded(mapping(call.get("arguments"))))
