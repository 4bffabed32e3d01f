"""Reads the lines of one conversation of Claude Code into a run."""

import re
from typing import Literal

from msgspec import Struct, field

from lis_tui.core.events import EndStatus, StepAddress
from lis_tui.trajectory.foreign.building import Builder
from lis_tui.trajectory.foreign.claude_result import diff_of, duration_of, exit_code_of, status_of, usage_of
from lis_tui.trajectory.foreign.contents import content_of
from lis_tui.trajectory.foreign.fields import items, mapping, seconds, text, unknown, word
from lis_tui.trajectory.foreign.material import Json
from lis_tui.trajectory.foreign.recording import Imported

_LINE = frozenset(
    ["type", "message", "uuid", "parentUuid", "logicalParentUuid", "timestamp", "cwd", "toolUseResult"]
)
_FLAGS = frozenset(["isSidechain", "isMeta", "isCompactSummary", "isApiErrorMessage", "version", "agentId"])
_MESSAGE = frozenset(["role", "content", "id", "type", "model", "usage", "stop_reason"])
_RESULT = frozenset(
    ["stdout", "stderr", "interrupted", "isImage", "structuredPatch", "filePath", "type", "durationMs"]
)
_EDIT = frozenset(["oldString", "newString", "replaceAll", "content", "file"])
"""What the call, or the result's text, says as well."""
_SHELL = re.compile(r"\A<bash-input>(.*?)</bash-input>\s*\Z", re.DOTALL)
_SHOWN = re.compile(
    r"\A<bash-stdout>(.*?)</bash-stdout>\s*(?:<bash-stderr>(.*?)</bash-stderr>)?\s*\Z", re.DOTALL
)
_ENDS: dict[str, EndStatus] = {"error_max_turns": "turn_limit", "error_max_budget_usd": "cost_limit"}
_LEVELS: dict[str, Literal["info", "warning", "error"]] = {"error": "error", "warning": "warning"}


class _Reply(Struct):
    """A reply that is written in several lines; results of its first calls may stand between them."""

    id: str
    at: float
    blocks: list[object] = field(default_factory=list)
    usage: object = None
    stop: str = ""
    results: list[tuple[int, Json]] = field(default_factory=list)


class ClaudeTalk:
    """Takes the lines of a conversation in their order."""

    def __init__(self, format_: str, version: str, *, name: str, file: str, entry: str) -> None:
        self.builder = Builder(format_, version, name=name, file=file, entry=entry)
        self._reply: _Reply | None = None
        self._kept: dict[str, object] = {}
        self._model = ""

    def take(self, number: int, line: Json) -> None:
        """Take one line."""
        kind = word(line.get("type"))
        if kind in ("user", "assistant") and not isinstance(line.get("message"), dict):
            self.builder.problem(f"line {number}", "has no message")
            self.builder.keep(kind, line)
        elif kind == "assistant":
            self._assistant(line)
        elif kind == "user":
            self._user(number, line)
        else:
            self._other(kind, line)

    def finish(self) -> Imported:
        """Give the run."""
        self._flush()
        return self.builder.finish()

    # ---- the model

    def _assistant(self, line: Json) -> None:
        message, at = mapping(line["message"]), seconds(line.get("timestamp"))
        content = message.get("content")
        if line.get("isApiErrorMessage") is True:
            self._flush()
            self.builder.notice(content_of(content).text, "error", at)
            return
        own = word(message.get("id"))
        if self._reply is None or not own or self._reply.id != own:
            self._flush()
            self._reply = _Reply(own, at)
            self._begin(line, at, model=word(message.get("model")))
        blocks = content if isinstance(content, list) else [{"type": "text", "text": content}]
        self._reply.blocks += blocks
        self._reply.usage = message.get("usage") or self._reply.usage
        self._reply.stop = word(message.get("stop_reason")) or self._reply.stop
        self._keep(line, message)

    def _begin(self, line: Json, at: float, model: str = "") -> None:
        """Note model and place, the first that are told."""
        if model and not self._model:
            self._model = model
            self.builder.begin(model=model)
        if not self.builder.turn and not self.builder.has_task:
            self.builder.begin(workdir=word(line.get("cwd")) or None, at=at)

    def _flush(self) -> None:
        """Tell the reply that is whole now, and what came of its calls."""
        reply, self._reply = self._reply, None
        if reply is None:
            return
        content = content_of(reply.blocks)
        self.builder.reply(
            text=content.text,
            reasoning=content.reasoning,
            calls=content.calls,
            usage=usage_of(reply.usage),
            finish_reason=reply.stop,
            at=reply.at,
        )
        address = StepAddress(self.builder.turn)
        for part in content.rest:
            self.builder.keep("message.content", part, address)
        for block in reply.blocks:
            if signature := mapping(block).get("signature"):
                self.builder.keep("message.content.signature", signature, address)
        for number, line in reply.results:
            self._observe_all(number, line)

    # ---- a person, and what came of calls

    def _user(self, number: int, line: Json) -> None:
        content = mapping(line["message"]).get("content")
        has_results = any(mapping(part).get("type") == "tool_result" for part in items(content))
        if has_results and self._reply is not None:
            self._reply.results.append((number, line))
            return
        self._flush()
        if has_results:
            self._observe_all(number, line)
        else:
            self._hear(line, content)
            self._keep(line, mapping(line["message"]))

    def _hear(self, line: Json, content: object) -> None:
        found, at = content_of(content), seconds(line.get("timestamp"))
        is_meta = bool(line.get("isMeta") or line.get("isCompactSummary"))
        if self._shell(found.text, at):
            return
        if is_meta or self.builder.turn or self.builder.has_task:
            if found.text:
                self.builder.say(found.text, "nudge" if is_meta else "person", at)
        else:
            self._begin(line, at)
            self.builder.begin(task=found.text)
        for part in found.rest:
            self.builder.keep("message.content", part)

    def _shell(self, said: str, at: float) -> bool:
        """A command that the person ran, or what it showed."""
        if command := _SHELL.match(said):
            self.builder.inject(command[1], at)
            return True
        shown = _SHOWN.match(said)
        if shown is None:
            return False
        parts = [part for part in (shown[1], shown[2] or "") if part]
        return self.builder.observe("\n".join(parts), at=at) is not None

    def _observe_all(self, number: int, line: Json) -> None:
        message = mapping(line["message"])
        others: list[object] = []
        for part in items(message.get("content")):
            block = mapping(part)
            if block.get("type") == "tool_result":
                self._observe(number, line, block)
            else:
                others.append(part)
        if others:
            self._hear(line, others)
        self._keep(line, message)

    def _observe(self, number: int, line: Json, block: Json) -> None:
        said, told = content_of(block.get("content")), line.get("toolUseResult")
        more = mapping(told)
        exit_code = exit_code_of(said.text, block, more)
        address = self.builder.observe(
            said.text,
            call_id=word(block.get("tool_use_id")),
            status=status_of(said.text, line, block, more),
            exit_code=exit_code,
            duration_s=duration_of(more),
            cwd=word(line.get("cwd")),
            diff=diff_of(more),
            at=seconds(line.get("timestamp")),
        )
        if address is None:
            self.builder.problem(f"line {number}", "answers a call that nobody made")
            self.builder.keep("tool_result", block)
        for part in said.rest:
            self.builder.keep("tool_result.content", part, address)
        known = _RESULT | _EDIT if address is not None else _RESULT
        for key, value in unknown(more, known):
            self.builder.keep(f"toolUseResult.{key}", value, address)
        for key in ("stdout", "stderr"):
            if (output := word(more.get(key))) and output.strip() not in said.text:
                self.builder.keep(f"toolUseResult.{key}", output, address)

    # ---- the rest

    def _other(self, kind: str, line: Json) -> None:
        at = seconds(line.get("timestamp"))
        if kind == "system" and word(line.get("content")):
            self._flush()
            self.builder.notice(word(line["content"]), _LEVELS.get(word(line.get("level")), "info"), at)
        elif kind == "system" and line.get("subtype") == "init":
            self._begin(line, at, model=word(line.get("model")))
            self.builder.keep("init", line)
        elif kind == "result":
            self._end(line, at)
        elif kind in ("summary", "ai-title"):
            self.builder.keep(kind, line.get("summary") or line.get("aiTitle"))
        elif kind == "attachment" and _queued(line):
            self._flush()
            said = _queued(line)
            self.builder.say(said, "nudge" if said.startswith("<") else "person", at)
        else:
            self.builder.keep(kind or "line", line)

    def _end(self, line: Json, at: float) -> None:
        self._flush()
        how = word(line.get("subtype"))
        answer = line.get("result")
        self.builder.end(
            _ENDS.get(how, "elsewhere"),
            how.replace("_", " "),
            text(answer) if answer is not None else None,
            at,
        )
        for key, value in unknown(line, frozenset(["type", "subtype", "result", "session_id", "uuid"])):
            self.builder.keep(f"result.{key}", value)

    def _keep(self, line: Json, message: Json) -> None:
        """Keep what has no place; what is the same on every line once."""
        address = StepAddress(self.builder.turn + (self._reply is not None))
        for where, fields, known in (
            ("", line, _LINE | _FLAGS),
            ("message.", message, _MESSAGE),
        ):
            for key, value in unknown(fields, known):
                if self._kept.get(where + key) != value:
                    self._kept[where + key] = value
                    self.builder.keep(where + key, value, address)


def _queued(line: Json) -> str:
    """What was said to the model while it was at work."""
    attached = mapping(line.get("attachment"))
    return word(attached.get("prompt")) if attached.get("type") == "queued_command" else ""


def prompt_of(content: object) -> str:
    """What a person asked; empty where it is a command of the program, or answers a call."""
    if any(mapping(part).get("type") == "tool_result" for part in items(content)):
        return ""
    return content_of(content).text
