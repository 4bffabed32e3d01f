"""Reads the events that `codex exec --json` prints. They tell neither the task nor any time."""

from lis_tui.core.messages import StepStatus, ToolCall
from lis_tui.trajectory.foreign.building import Builder
from lis_tui.trajectory.foreign.contents import content_of
from lis_tui.trajectory.foreign.fields import mapping, text, unknown, usage_of, whole, word
from lis_tui.trajectory.foreign.material import Json
from lis_tui.trajectory.foreign.recording import Imported
from lis_tui.trajectory.foreign.translating import bash, encoded

EVENTS = frozenset(["thread.started", "turn.started", "turn.completed", "turn.failed"])
_ITEMS = frozenset(["item.started", "item.updated", "item.completed"])
_STATUSES: dict[str, StepStatus] = {"completed": "done", "failed": "failed", "declined": "rejected"}
_COMMAND = frozenset(["id", "type", "command", "aggregated_output", "exit_code", "status"])
_USE = frozenset(
    ["id", "type", "server", "tool", "arguments", "result", "error", "status", "changes", "query"]
)


class CodexStream:
    """Takes events in their order. What was said before a call is of the same reply."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.task = self.model = ""
        self.started_at = 0.0
        self.tokens = 0
        self._texts: list[str] = []
        self._thoughts: list[str] = []
        self._begun: dict[str, Json] = {}

    def take(self, number: int, line: Json) -> None:
        """Take one event."""
        kind, item = word(line.get("type")), line.get("item")
        if kind in _ITEMS and isinstance(item, dict):
            if kind == "item.completed":
                self._begun.pop(word(item.get("id")), None)
                self._item(item)
            elif kind == "item.started" and item.get("type") == "command_execution":
                self._begun[word(item.get("id"))] = item
        elif kind in _ITEMS:
            self.builder.problem(f"line {number}", "has no item")
        elif kind == "turn.completed":
            self._flush()
            used = usage_of(line.get("usage"))
            self.tokens += 0 if used is None else (used.prompt_tokens or 0) + (used.completion_tokens or 0)
            self.builder.keep("turn.completed", line)
        elif kind in ("turn.failed", "error"):
            self._flush()
            error = mapping(line.get("error")) or line
            self.builder.notice(text(error.get("message")) or kind, "error")
        elif kind != "turn.started":
            self.builder.keep(kind or "line", line)

    def finish(self) -> Imported:
        """Give the run."""
        self._flush()
        for call_id, item in self._begun.items():  # nothing came of it any more
            self._flush(bash(call_id, text(item.get("command"))))
        return self.builder.finish()

    def _item(self, item: Json) -> None:
        match kind := word(item.get("type")):
            case "agent_message":
                if self._texts:
                    self._flush()
                self._texts.append(text(item.get("text")))
            case "reasoning":
                if self._texts:
                    self._flush()
                self._thoughts.append(text(item.get("text")))
            case "command_execution":
                self._ran(item)
            case "file_change" | "mcp_tool_call" | "web_search":
                self._used(kind, item)
            case "error":
                self.builder.notice(text(item.get("message")), "warning")
            case _:
                self.builder.keep(kind or "item", item)

    def _ran(self, item: Json) -> None:
        call_id, code = word(item.get("id")), whole(item.get("exit_code"))
        self._flush(bash(call_id, text(item.get("command"))))
        status: StepStatus = (
            "unknown" if code is not None else _STATUSES.get(word(item.get("status")), "unknown")
        )
        self.builder.observe(text(item.get("aggregated_output")), exit_code=code, status=status)
        self._keep("command_execution", item, _COMMAND)

    def _used(self, kind: str, item: Json) -> None:
        name = ".".join(filter(None, (word(item.get("server")), word(item.get("tool"))))) or kind
        told = next((item[key] for key in ("arguments", "changes", "query") if key in item), {})
        given = told if isinstance(told, dict) else {"input": told}
        self._flush(ToolCall(word(item.get("id")), name, encoded(given)))
        result = mapping(item.get("result"))
        said = content_of(result.get("content", item.get("result"))).text
        said = said or text(mapping(item.get("error")).get("message"))
        self.builder.observe(said, status=_STATUSES.get(word(item.get("status")), "unknown"))
        self._keep(kind, item, _USE)

    def _keep(self, where: str, item: Json, known: frozenset[str]) -> None:
        for key, value in unknown(item, known):
            self.builder.keep(f"{where}.{key}", value)

    def _flush(self, call: ToolCall | None = None) -> None:
        """Tell the reply: what was said since the last one, and the call that ends it."""
        texts, thoughts, self._texts, self._thoughts = self._texts, self._thoughts, [], []
        if call is not None or texts or thoughts:
            self.builder.reply(
                text="\n".join(texts),
                reasoning="\n\n".join(thoughts),
                calls=() if call is None else (call,),
            )


def is_event(line: Json) -> bool:
    """Whether it is one of these events, and not another program's of the same name."""
    kind = word(line.get("type"))
    is_item = kind in _ITEMS and word(mapping(line.get("item")).get("type")) != ""
    return is_item or (kind == "thread.started" and "thread_id" in line)


def is_stream(lines: list[Json]) -> bool:
    """Whether the first lines are such a stream."""
    known = sum(word(line.get("type")) in EVENTS | _ITEMS | {"error"} for line in lines)
    return any(map(is_event, lines)) and known * 2 > len(lines)
