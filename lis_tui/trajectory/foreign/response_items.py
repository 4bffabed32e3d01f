"""Reads items of OpenAI's Responses protocol, one after the other, into a run."""

from collections.abc import Iterable

from msgspec import Struct, field

from lis_tui.core.events import StepAddress
from lis_tui.core.messages import StepStatus, ToolCall, Usage
from lis_tui.trajectory.foreign.building import Builder
from lis_tui.trajectory.foreign.contents import arguments, content_of
from lis_tui.trajectory.foreign.decoding import decoded
from lis_tui.trajectory.foreign.fields import items, mapping, text, unknown, whole, word
from lis_tui.trajectory.foreign.material import Json
from lis_tui.trajectory.foreign.talk import Talk
from lis_tui.trajectory.foreign.translating import encoded

CALLS: dict[str, tuple[str, str]] = {
    "function_call": ("", "arguments"),
    "custom_tool_call": ("", "input"),
    "local_shell_call": ("local_shell", "action"),
    "shell_call": ("shell", "action"),
    "apply_patch_call": ("apply_patch", "operation"),
    "computer_call": ("computer", "action"),
    "web_search_call": ("web_search", "action"),
    "file_search_call": ("file_search", "queries"),
    "code_interpreter_call": ("code_interpreter", "code"),
    "image_generation_call": ("image_generation", "prompt"),
    "mcp_call": ("", "arguments"),
    "tool_search_call": ("tool_search", "arguments"),
}
"""What the tool is called where the item does not name it, and the field that says what it is to do."""
INSIDE = {"file_search_call": "results", "code_interpreter_call": "outputs", "mcp_call": "output"}
"""Calls that the server runs: what came of them stands in the call itself."""
OUTPUTS = frozenset(f"{name}_output" for name in CALLS)
OWN = frozenset([*CALLS, *OUTPUTS, "reasoning"])
_OBJECTS = frozenset(["action", "operation"])
_KNOWN = frozenset(["type", "role", "content", "summary", "id", "call_id", "name", "status", "output"])
_MOST_PARSED = 1 << 20


class Said(Struct):
    """The items of one reply, as far as they came."""

    texts: list[str] = field(default_factory=list)
    thoughts: list[str] = field(default_factory=list)
    calls: list[ToolCall] = field(default_factory=list)
    results: list[tuple[str, str, StepStatus]] = field(default_factory=list)
    kept: list[tuple[str, object]] = field(default_factory=list)
    has_begun: bool = False


def is_item(value: object) -> bool:
    """Whether this is an item, and nothing that the chat protocol has too."""
    data = mapping(value)
    if word(data.get("type")) in OWN:
        return True
    kinds = [word(mapping(part).get("type")) for part in items(data.get("content"))[:5]]
    return data.get("type") == "message" and any(kind in ("input_text", "output_text") for kind in kinds)


class ItemTalk:
    """Takes items in order. What the model gives in one go is one turn."""

    def __init__(self, builder: Builder, where: str = "output") -> None:
        self.builder, self.where = builder, where
        self._talk = Talk(builder, where)
        self._said = Said()

    def take_all(self, values: Iterable[tuple[str, object]]) -> None:
        """Take items, each with its place in the file."""
        for place, item in values:
            if isinstance(item, dict):
                self.take(place, item)
            else:
                self.builder.problem(place, "is no item")

    def take(self, place: str, item: Json) -> None:
        """Take one item."""
        kind, role = word(item.get("type")), word(item.get("role"))
        if kind in OUTPUTS:
            self.close()
            self._observe(place, item)
        elif kind in CALLS or kind == "reasoning" or (kind in ("", "message") and role == "assistant"):
            self._said.has_begun = True
            self._add(place, kind, item)
        elif role and kind in ("", "message"):
            self.close()
            self._talk.take(place, item)
        else:
            self.builder.problem(place, f"the type is {kind!r}" if kind else "has no type")
            self.builder.keep(f"{self.where}.{kind or 'item'}", item, StepAddress(self.builder.turn))

    def close(self, *, usage: Usage | None = None, finish_reason: str = "", at: float = 0.0) -> None:
        """The reply is whole."""
        said, self._said = self._said, Said()
        if not said.has_begun:
            return
        turn = self.builder.reply(
            text="\n".join(said.texts),
            reasoning="\n\n".join(said.thoughts),
            calls=said.calls,
            usage=usage,
            finish_reason=finish_reason,
            at=at,
        )
        for call_id, came, status in said.results:
            self.builder.observe(came, call_id=call_id, status=status)
        for where, value in said.kept:
            self.builder.keep(where, value, StepAddress(turn))

    # ---- what the model gives

    def _add(self, place: str, kind: str, item: Json) -> None:
        said = self._said
        if kind == "reasoning":
            thoughts = [content_of(item.get(key)).text for key in ("summary", "content")]
            said.thoughts += [thought for thought in thoughts if thought]
        elif kind in CALLS:
            self._call(place, kind, item)
        else:
            content = content_of(item.get("content"))
            said.texts.append(content.text)
            said.kept += [(f"{self.where}.content", part) for part in content.rest]
        field_ = CALLS.get(kind, ("", ""))[1]
        for key, value in unknown(item, _KNOWN | {field_, INSIDE.get(kind, "")}):
            said.kept.append((f"{self.where}.{key}", value))

    def _call(self, place: str, kind: str, item: Json) -> None:
        named, field_ = CALLS[kind]
        name, call_id = named or word(item.get("name")), text(item.get("call_id") or item.get("id"))
        if not name:
            self.builder.problem(place, "names no tool")
            self._said.kept.append((f"{self.where}.{kind}", item))
            return
        given = item.get(field_)
        call = ToolCall(call_id, name, _arguments(field_, given))
        self._said.calls.append(call)
        came = item.get(INSIDE.get(kind, ""))
        if came is not None:
            failed = bool(item.get("error")) or item.get("status") == "failed"
            self._said.results.append((call_id, _logs(came), "failed" if failed else "unknown"))

    # ---- what came of it

    def _observe(self, place: str, item: Json) -> None:
        call_id, output = text(item.get("call_id") or item.get("id")), item.get("output")
        seen, exit_code, inner = told_by(output)
        status: StepStatus = "failed" if item.get("status") == "failed" else "unknown"
        address = self.builder.observe(
            seen, call_id=call_id, exit_code=exit_code, output=inner, status=status
        )
        if address is None:
            self.builder.problem(place, f"answers a call {call_id!r} that nobody made")
        if address is None or _has_more(output):
            self.builder.keep(f"{self.where}.output", output, address)
        for key, value in unknown(item, _KNOWN):
            self.builder.keep(f"{self.where}.{key}", value, address)


def told_by(output: object) -> tuple[str, int | None, str | None]:
    """What the model saw, the exit code where the output says it, and what the command wrote."""
    if isinstance(output, str):
        return (text(output), *_packed(output))
    results = [mapping(one) for one in items(output)]
    if not any("stdout" in one or "outcome" in one for one in results):
        return content_of(output).text, None, None
    written = "\n".join(text(one.get("stdout")) + text(one.get("stderr")) for one in results)
    return written, whole(mapping(results[-1].get("outcome")).get("exit_code")), None


def _has_more(output: object) -> bool:
    """Whether there is something in it that the text does not say."""
    return not isinstance(output, str) and (bool(content_of(output).rest) or isinstance(output, dict))


def _packed(output: str) -> tuple[int | None, str | None]:
    """A shell's result as JSON text: `{"output": …, "metadata": {"exit_code": …}}`."""
    if not output.startswith("{") or len(output) > _MOST_PARSED:
        return None, None
    data = mapping(decoded(output.encode(errors="replace"))[0])
    code = whole(mapping(data.get("metadata")).get("exit_code"))
    inner = data.get("output")
    return (code, inner) if code is not None and isinstance(inner, str) else (None, None)


def _arguments(name: str, given: object) -> str:
    if name in _OBJECTS or name == "arguments":
        return arguments(given)
    return encoded({name: given})


def _logs(came: object) -> str:
    if not isinstance(came, list):
        return text(came)
    return "\n".join(text(mapping(one).get("logs") or mapping(one).get("text") or one) for one in came)
