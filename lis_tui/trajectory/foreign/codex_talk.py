"""Reads the lines of a session of Codex into a run."""

import re
from typing import Literal

from msgspec import Struct, field

from lis_tui.core.arguments import arguments_of
from lis_tui.core.events import StepAddress
from lis_tui.core.messages import ToolCall, Usage
from lis_tui.trajectory.foreign.building import Builder
from lis_tui.trajectory.foreign.codex_output import output_of, with_event
from lis_tui.trajectory.foreign.contents import arguments, content_of
from lis_tui.trajectory.foreign.fields import mapping, seconds, text, unknown, usage_of, word
from lis_tui.trajectory.foreign.material import Json
from lis_tui.trajectory.foreign.recording import Imported
from lis_tui.trajectory.foreign.translating import as_ours, bash, encoded

ENVELOPES = frozenset(["session_meta", "response_item", "event_msg", "turn_context", "compacted"])
_CALLS = frozenset(["function_call", "custom_tool_call", "local_shell_call", "web_search_call"])
_OUTPUTS = frozenset(["function_call_output", "custom_tool_call_output"])
ITEMS = _CALLS | _OUTPUTS | {"message", "reasoning"}
_INJECTED = re.compile(r"\A\s*(?:<([A-Za-z_ ]{3,60})>.*</\1>\s*\Z|# AGENTS\.md instructions)", re.DOTALL)
"""What the program tells the model on its own, in the name of the user."""
_TWICE = frozenset(["user_message", "agent_message", "agent_reasoning", "agent_reasoning_raw_content"])
"""Events that say what the items say as well."""
_ENDS = frozenset(["exec_command_end", "patch_apply_end", "mcp_tool_call_end"])
_META = frozenset(["id", "timestamp", "cwd", "instructions", "base_instructions", "cli_version"])
_SAID = frozenset(["type", "role", "content", "summary", "payload", "timestamp", "output", "call_id"])
_CALLED = frozenset(["type", "name", "arguments", "input", "call_id", "action", "payload", "timestamp"])
_SHELLS = frozenset(["shell_command", "user_shell"])
_TERMINALS = frozenset(["shell", "exec_command", "write_stdin", "local_shell", "container.exec"])
_Level = Literal["info", "warning", "error"]


class _Reply(Struct):
    """The items of one reply, and what came of its calls so far."""

    at: float
    texts: list[str] = field(default_factory=list)
    thoughts: list[str] = field(default_factory=list)
    calls: list[ToolCall] = field(default_factory=list)
    usage: Usage | None = None
    outputs: list[tuple[int, float, Json]] = field(default_factory=list)


class CodexTalk:
    """Takes lines in their order. A reply is whole when the next one begins, or somebody says something."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.task = ""
        self.model = ""
        self.started_at = 0.0
        self.tokens = 0
        self._reply: _Reply | None = None
        self._ended: dict[str, Json] = {}
        self._cwd = ""
        self._has_meta = False
        self._kept: dict[str, str] = {}

    def take(self, number: int, line: Json) -> None:
        """Take one line, with its envelope or without."""
        at, kind, payload = seconds(line.get("timestamp")), word(line.get("type")), line.get("payload")
        self.started_at = self.started_at or at
        if kind in ENVELOPES and isinstance(payload, dict):
            self._envelope(number, kind, payload, at)
        elif kind in ENVELOPES:
            self.builder.problem(f"line {number}", "has no payload")
            self.builder.keep(kind, line)
        elif kind:
            self._item(number, line, at)
        elif "record_type" not in line:
            self._meta(line, at)

    def finish(self) -> Imported:
        """Give the run."""
        self._flush()
        return self.builder.finish()

    def _envelope(self, number: int, kind: str, payload: Json, at: float) -> None:
        match kind:
            case "session_meta":
                self._meta(payload, at)
            case "turn_context":
                self._context(payload)
            case "event_msg":
                self._event(payload, at)
            case "compacted":
                self._notice("The conversation was compacted here.", at)
                self.builder.keep("compacted", payload)
            case _:
                self._item(number, payload, at)

    # ---- the session

    def _meta(self, meta: Json, at: float) -> None:
        """The head of the file; one that was resumed or forked has more of them."""
        if self._has_meta:
            self.builder.keep("session_meta", meta)
            return
        self._has_meta = True
        begun_at = seconds(meta.get("timestamp")) or at
        self.started_at = self.started_at or begun_at
        self._cwd = word(meta.get("cwd"))
        system = text(mapping(meta.get("base_instructions")).get("text")) or word(meta.get("instructions"))
        self.builder.begin(system=system or None, workdir=self._cwd or None, at=begun_at)
        for key, value in unknown(meta, _META):
            self.builder.keep(f"session_meta.{key}", value)

    def _context(self, context: Json) -> None:
        self._cwd = word(context.get("cwd")) or self._cwd
        model = word(context.get("model"))
        if model and not self.model:
            self.model = model
            self.builder.begin(model=model)
        for key, value in unknown(context, frozenset(["cwd"])):
            raw = encoded(value)
            if self._kept.get(key) != raw and (key != "model" or value != self.model):
                self._kept[key] = raw
                self.builder.keep(f"turn_context.{key}", value)

    def _event(self, event: Json, at: float) -> None:
        kind = word(event.get("type"))
        if kind in _TWICE:
            return
        if kind in _ENDS:
            self._ended[word(event.get("call_id"))] = event
            return
        match kind:
            case "token_count":
                self._count(event)
            case "turn_aborted":
                self._notice(f"The turn was ended: {word(event.get('reason')) or 'no reason is given'}.", at)
            case "error" | "stream_error" | "warning":
                self._notice(text(event.get("message")), at, "error" if kind == "error" else "warning")
            case "thread_rolled_back":
                self._notice(f"The person went back by {text(event.get('num_turns'))} turns.", at)
            case _:
                self.builder.keep(f"event_msg.{kind}" if kind else "event_msg", event)

    def _notice(self, said: str, at: float, level: _Level = "info") -> None:
        self._flush()
        if said:
            self.builder.notice(said, level, at)

    def _count(self, event: Json) -> None:
        """Tokens of the newest request; the same are told again with each new limit."""
        last = mapping(mapping(event.get("info")).get("last_token_usage"))
        if self._reply is None or not last:
            return
        told = {
            **last,
            "input_tokens_details": {"cached_tokens": last.get("cached_input_tokens")},
            "output_tokens_details": {"reasoning_tokens": last.get("reasoning_output_tokens")},
        }
        self._reply.usage = usage_of(told) or self._reply.usage

    # ---- the items

    def _item(self, number: int, item: Json, at: float) -> None:
        kind = word(item.get("type")) or ("message" if "role" in item else "")
        if kind in _OUTPUTS:
            self._output(number, item, at)
        elif kind in _CALLS:
            self._call(item, at)
        elif kind == "reasoning":
            summary, content = content_of(item.get("summary")), content_of(item.get("content"))
            self._open(at).thoughts.append(content.text or content.reasoning or summary.text)
            for key, value in unknown(item, _SAID | {"id"}):
                self.builder.keep(f"reasoning.{key}", value, StepAddress(self.builder.turn + 1))
        elif kind == "message" and item.get("role") == "assistant":
            self._open(at).texts.append(content_of(item.get("content")).text)
        elif kind == "message":
            self._hear(item, at)
        else:
            self.builder.keep(kind or "item", item, StepAddress(self.builder.turn))

    def _open(self, at: float) -> _Reply:
        """The reply that is being read; after an answer to its calls a new one begins."""
        if self._reply is None or self._reply.outputs:
            self._flush()
            self._reply = _Reply(at)
        return self._reply

    def _call(self, item: Json, at: float) -> None:
        reply = self._open(at)
        kind = word(item.get("type"))
        name = word(item.get("name")) or kind.removesuffix("_call")
        given: object = item.get("arguments")
        if kind == "custom_tool_call":
            given = {"input": item.get("input")}
        elif given is None:
            given = item.get("action")
        call_id = word(item.get("call_id")) or word(item.get("id"))
        reply.calls.append(ToolCall(call_id, name, arguments(given)))
        for key, value in unknown(item, _CALLED | {"id", "status"}):
            self.builder.keep(f"{kind}.{key}", value, StepAddress(self.builder.turn + 1))

    def _output(self, number: int, item: Json, at: float) -> None:
        if self._reply is not None:
            self._reply.outputs.append((number, at, item))
        else:
            self._observe(number, at, item, frozenset())

    def _hear(self, item: Json, at: float) -> None:
        self._flush()
        content, is_user = content_of(item.get("content")), item.get("role") == "user"
        if not is_user or _INJECTED.match(content.text):
            self.builder.say(content.text, "nudge", at)
        elif self.builder.has_task:
            self.builder.say(content.text, at=at)
        else:
            self.task = content.text
            self.builder.begin(task=content.text, at=self.started_at)
        for part in content.rest:
            self.builder.keep("message.content", part)
        for key, value in unknown(item, _SAID | {"id"}):
            self.builder.keep(f"message.{key}", value)

    def _flush(self) -> None:
        """Tell the reply that is whole now, and what came of its calls."""
        reply, self._reply = self._reply, None
        if reply is None:
            return
        usage = reply.usage
        if usage is not None:
            self.tokens += (usage.prompt_tokens or 0) + (usage.completion_tokens or 0)
        self.builder.reply(
            text="\n".join(filter(None, reply.texts)),
            reasoning="\n\n".join(filter(None, reply.thoughts)),
            calls=reply.calls,
            usage=usage,
            at=reply.at,
            ours=_as_ours,
        )
        shells = frozenset(call.id for call in reply.calls if _is_shell(call.name))
        for number, at, item in reply.outputs:
            self._observe(number, at, item, shells)

    def _observe(self, number: int, at: float, item: Json, shells: frozenset[str]) -> None:
        call_id = word(item.get("call_id"))
        found = output_of(item.get("output"), is_shell=call_id in shells)
        with_event(found, self._ended.pop(call_id, {}))
        address = self.builder.observe(
            found.text,
            call_id=call_id,
            status=found.status,
            exit_code=found.exit_code,
            duration_s=found.duration_s,
            cwd=self._cwd,
            diff=found.diff,
            is_cut=found.is_cut,
            at=at,
        )
        if address is None:
            self.builder.problem(f"line {number}", "answers a call that nobody made")
            self.builder.keep(word(item.get("type")), item)
        elif found.has_json:
            self.builder.note("Outputs are shown without the JSON around them, in which the model got them.")
        elif found.head:
            self.builder.keep("function_call_output.head", found.head, address)
            self.builder.note("Outputs are shown without the head (exit code, time) that the model saw.")


def _is_shell(name: str) -> bool:
    return name in _SHELLS | _TERMINALS


def _as_ours(call: ToolCall) -> ToolCall:
    """Codex's own words for a shell, beside those that many have."""
    if call.name in _SHELLS:
        command = mapping(arguments_of(call.arguments)).get("command")
        return bash(call.id, command) if isinstance(command, str) else call
    return as_ours(call)
