"""Reads the steps of an ATIF trajectory: what was said, asked for and observed, in their order."""

from lis_tui.core.arguments import arguments_of
from lis_tui.core.events import StepAddress
from lis_tui.core.messages import StepStatus, ToolCall, Usage
from lis_tui.core.text import plural
from lis_tui.trajectory.foreign.building import Builder
from lis_tui.trajectory.foreign.fields import items, mapping, number, seconds, text, unknown, whole, word
from lis_tui.trajectory.foreign.material import Json
from lis_tui.trajectory.foreign.translating import as_ours, bash, encoded
from lis_tui.trajectory.foreign.wording import told

_STEP = frozenset(
    ["step_id", "timestamp", "source", "message", "reasoning_content", "tool_calls", "observation", "metrics"]
)

_CALL = frozenset(["tool_call_id", "function_name", "arguments"])
_RESULT = frozenset(["source_call_id", "content"])
_METRICS = frozenset(["prompt_tokens", "completion_tokens", "cached_tokens", "cost_usd"])


class StepReader:
    """Tells a builder of one step after the other."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        self._system: list[str] = []
        self._copied = 0

    def read(self, where: str, step: Json) -> None:
        """Read one step."""
        at = seconds(step.get("timestamp"))
        match step.get("source"):
            case "agent":
                self._reply(where, step, at)
            case "user":
                self._said(told(step.get("message")), at)
            case "system":
                self._ruled(told(step.get("message")), at)
            case other:
                self._builder.problem(where, f"comes from {text(other)[:40] or 'nobody'}")
                return
        self._observed(where, mapping(step.get("observation")), at)
        self._keep(step)

    def close(self) -> None:
        """Say what concerns all steps together."""
        if self._copied:
            self._builder.note(f"{plural(self._copied, 'step')} copied from an earlier trajectory")

    def _said(self, message: str, at: float) -> None:
        if self._builder.has_task or self._builder.turn:
            self._builder.say(message, at=at)
        else:
            self._builder.begin(task=message, at=at)

    def _ruled(self, message: str, at: float) -> None:
        """A system message; after the beginning it is one of many things said to the model."""
        if not message:
            return
        if self._builder.turn or self._builder.has_task:
            self._builder.note("system messages after the beginning are shown as said to the model")
            self._builder.say(message, "nudge", at)
        else:
            self._system.append(message)
            self._builder.begin(system="\n\n".join(self._system), at=at)

    def _reply(self, where: str, step: Json, at: float) -> None:
        calls = items(step.get("tool_calls"))
        for place, call in enumerate(calls):
            if not isinstance(call, dict):
                self._builder.problem(f"{where}.tool_calls[{place}]", "is no object")
        turn = self._builder.reply(
            text=told(step.get("message")),
            reasoning=text(step.get("reasoning_content")),
            calls=[_call(call) for call in calls if isinstance(call, dict)],
            usage=_usage(mapping(step.get("metrics"))),
            at=at,
            ours=_ours,
        )
        for place, call in enumerate(calls, 1):
            for name, value in unknown(mapping(call), _CALL):
                self._builder.keep(f"steps.tool_calls.{name}", value, StepAddress(turn, place))

    def _observed(self, where: str, observation: Json, at: float) -> None:
        results = items(observation.get("results"))
        nameless = sum(not mapping(result).get("source_call_id") for result in results)
        in_order = nameless == len(self._builder.open_calls) == len(results)
        for place, result in enumerate(results):
            if isinstance(result, dict):
                self._result(f"{where}.observation.results[{place}]", result, in_order, at)
            else:
                self._builder.problem(f"{where}.observation.results[{place}]", "is no object")
        for name, value in unknown(observation, frozenset(["results"])):
            self._builder.keep(f"steps.observation.{name}", value)

    def _result(self, where: str, result: Json, in_order: bool, at: float) -> None:
        """Without the name of a call it is the answer to the whole of the step."""
        content, open_calls = told(result.get("content")), self._builder.open_calls
        named = result.get("source_call_id")
        if named and word(named) not in open_calls:
            self._builder.problem(where, f"answers {text(named)[:80]}, a call that its step did not make")
        elif open_calls:
            if not named and not in_order:
                self._builder.note("a result that names no call is shown at the last call of its step")
            call_id = word(named) or open_calls[0 if in_order else -1]
            exit_code, status = _outcome(mapping(result.get("extra")))
            address = self._builder.observe(content, call_id=call_id, exit_code=exit_code, status=status)
            self._keep_result(result, address)
            return
        elif content:
            self._builder.note("results of a step without calls are shown as said to the model")
            self._builder.say(content, "nudge", at)
        self._keep_result(result if named else result | {"content": None}, None)

    def _keep_result(self, result: Json, address: StepAddress | None) -> None:
        known = _RESULT if address is not None else _RESULT - {"content"}
        for name, value in unknown(result, known):
            self._builder.keep(f"steps.observation.results.{name}", value, address)

    def _keep(self, step: Json) -> None:
        place = StepAddress(self._builder.turn) if step.get("source") == "agent" else None
        for name, value in unknown(step, _STEP):
            self._builder.keep(f"steps.{name}", value, place)
        for name, value in unknown(mapping(step.get("metrics")), _METRICS):
            self._builder.keep(f"steps.metrics.{name}", value, place)
        self._copied += step.get("is_copied_context") is True


def _call(call: Json) -> ToolCall:
    arguments = call.get("arguments")
    return ToolCall(
        word(call.get("tool_call_id")),
        word(call.get("function_name")),
        arguments if isinstance(arguments, str) else encoded({} if arguments is None else arguments),
    )


def _ours(call: ToolCall) -> ToolCall:
    """Terminus types a line into a terminal, with the key that ends it; other keys are no command."""
    if call.name != "bash_command":
        return as_ours(call)
    keys = word((arguments_of(call.arguments) or {}).get("keystrokes"))
    return bash(call.id, keys.removesuffix("\n")) if keys.endswith("\n") and keys.strip() else call


def _usage(metrics: Json) -> Usage | None:
    if not metrics:
        return None
    return Usage(
        prompt_tokens=whole(metrics.get("prompt_tokens")),
        completion_tokens=whole(metrics.get("completion_tokens")),
        cached_tokens=whole(metrics.get("cached_tokens")),
        reasoning_tokens=whole(mapping(metrics.get("extra")).get("reasoning_tokens")),
        cost_usd=number(metrics.get("cost_usd")),
    )


def _outcome(extra: Json) -> tuple[int | None, StepStatus]:
    """The format has no exit code; some programs put it, or a flag, beside the result."""
    exit_code = whole(extra.get("exit_code"))
    match extra.get("is_error"):
        case True:
            return exit_code, "failed"
        case False if exit_code is None:
            return exit_code, "done"
        case _:
            return exit_code, "unknown"
