"""What a message holds: text, reasoning, calls and results, in the ways in which servers write them."""

from msgspec import Struct, field

from lis_tui.core.messages import ToolCall, ToolSchema
from lis_tui.trajectory.foreign.fields import items, mapping, text, word
from lis_tui.trajectory.foreign.material import Json
from lis_tui.trajectory.foreign.translating import encoded

_TEXTS = {"text", "input_text", "output_text", "summary_text", "reasoning_text"}
_THOUGHTS = {"thinking", "reasoning"}
_CALLS = {"tool_use", "tool_call", "toolCall"}
_RESULTS = {"tool_result"}


class Result(Struct):
    """What came of a call, inside a message."""

    call_id: str
    text: str
    is_error: bool | None = None
    """None: the message does not say."""


class Content(Struct):
    """The parts of one message, sorted. `rest` has no place as text; `text` names it where it stood."""

    text: str = ""
    reasoning: str = ""
    calls: list[ToolCall] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    rest: list[object] = field(default_factory=list)


def content_of(value: object) -> Content:
    """Sort a message's content: a text, one part, or a list of parts."""
    if not isinstance(value, list | dict):
        return Content(text=text(value))
    content, texts, thoughts = Content(), [], []
    for part in value if isinstance(value, list) else [value]:
        said, thought = _take(content, part)
        texts += [said] if said is not None else []
        thoughts += [thought] if thought is not None else []
    content.text, content.reasoning = "\n".join(texts), "\n".join(thoughts)
    return content


def _take(content: Content, part: object) -> tuple[str | None, str | None]:
    """Take one part; gives what it adds to the text and to the reasoning."""
    data, kind = mapping(part), word(mapping(part).get("type"))
    if not isinstance(part, dict):
        return text(part), None
    if kind in _TEXTS or (not kind and "text" in data):
        return text(data.get("text")), None
    if kind in _THOUGHTS:
        return None, text(data.get("thinking") or data.get("text") or data.get("reasoning"))
    if kind == "refusal":
        return text(data.get("refusal")), None
    if kind in _CALLS:
        content.calls.append(_call_in_part(data))
    elif kind in _RESULTS:
        content.results.append(_result_in_part(data))
    else:
        content.rest.append(part)
        return f"[{kind or 'part'}]", None
    return None, None


def _call_in_part(data: Json) -> ToolCall:
    given = next((data[key] for key in ("input", "arguments", "args") if key in data), {})
    return ToolCall(word(data.get("id")), word(data.get("name")), arguments(given))


def _result_in_part(data: Json) -> Result:
    is_error = data.get("is_error")
    return Result(
        word(data.get("tool_use_id")),
        content_of(data.get("content")).text,
        is_error if isinstance(is_error, bool) else None,
    )


def arguments(value: object) -> str:
    """A call's arguments as the model wrote them; an object as its JSON."""
    return text(value) if isinstance(value, str) else encoded({} if value is None else value)


def call_of(value: object) -> ToolCall | None:
    """Read one of a message's `tool_calls`; None where it names no tool."""
    data = mapping(value)
    inner = mapping(data.get("function")) or mapping(data.get("custom")) or data
    name = word(inner.get("name"))
    given = next((inner[key] for key in ("arguments", "input", "args", "parameters") if key in inner), None)
    return ToolCall(text(data.get("id")), name, arguments(given)) if name else None


def tools_of(value: object) -> list[ToolSchema]:
    """Read what the model was told of its tools."""
    found = []
    for one in items(value):
        inner = mapping(mapping(one).get("function")) or mapping(one)
        name = word(inner.get("name")) or word(inner.get("type"))
        schema = inner.get("parameters", inner.get("input_schema", {}))
        if name:
            found.append(ToolSchema(name, text(inner.get("description")), encoded(schema)))
    return found
