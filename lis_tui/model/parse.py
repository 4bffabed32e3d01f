"""Reads what models write as plain text: thinking between tags, and tool calls. Pure; repairs nothing.

When text counts as a call (`ToolStyle`):

- `native`, `none`: never. A reply that carries native calls is never searched either.
- tagged calls (`<tool_call>{…}</tool_call>`, `<function=NAME><parameter=KEY>…`) and a reply that is nothing
  but one JSON object naming a known tool: in `auto` and `text`. In `auto` a tag that names no known tool and
  holds no JSON is prose about tags, not a call.
- a fenced bash block: only where no tagged call was found. In `auto` it must be the only such block and the
  end of the reply, because an answer that quotes a command goes on after it. In `text` one block may stand
  anywhere; of several only one that ends the reply counts.
- a call whose arguments cannot be read stays a call with its text as arguments, so that the model is told.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec
from msgspec import Struct

from lis_tui.core.messages import ToolSchema
from lis_tui.core.spec import ToolStyle

Kind = Literal["reasoning", "text"]

_TAGS = {"<think>": "</think>", "<thinking>": "</thinking>", "[THINK]": "[/THINK]"}
_FUNCTION = re.compile(
    r"<function=([^>\s]+)\s*>(.*?)(?:</function>(?=\s*(?:</?tool_call>|<function=|\Z))|\Z)", re.DOTALL
)
_PARAMETER = re.compile(
    r"<parameter=([^>\s]+)\s*>(.*?)</parameter>(?=\s*(?:<parameter=|</function>|</tool_call>|\Z))", re.DOTALL
)
_FENCE = re.compile(r"^```(?:bash|sh|shell)[ \t]*\n(.*?)^```[ \t]*$", re.DOTALL | re.MULTILINE)
_NAME = re.compile(r'"name"\s*:\s*"([^"\\]+)"')
_JSON = json.JSONDecoder()


class TextCall(Struct, frozen=True):
    """A call found in text; `arguments` is a JSON object, or what was written where that cannot be read."""

    name: str
    arguments: str


class ThinkSplitter:
    """Splits a stream into reasoning and text. Thinking opens only where no text came before it."""

    def __init__(self) -> None:
        self._held = ""
        self._close = ""
        self._has_text = False

    def feed(self, text: str) -> list[tuple[Kind, str]]:
        """Take more of the stream; a tag that may be cut in two is held back."""
        self._held += text
        pieces: list[tuple[Kind, str]] = []
        while self._held and self._step(pieces):
            pass
        return pieces

    def finish(self) -> list[tuple[Kind, str]]:
        """Give what was held back."""
        held, self._held = self._held, ""
        if not held:
            return []
        return [("reasoning" if self._close else "text", held)]

    def _step(self, pieces: list[tuple[Kind, str]]) -> bool:
        if self._close:
            return self._inside(pieces)
        if self._has_text:
            pieces.append(("text", self._held))
            self._held = ""
            return False
        return self._before()

    def _inside(self, pieces: list[tuple[Kind, str]]) -> bool:
        before, tag, after = self._held.partition(self._close)
        if tag:
            if before:
                pieces.append(("reasoning", before))
            self._held, self._close = after.lstrip("\n"), ""
            return True
        keep = _overlap(self._held, self._close)
        if ready := self._held[: len(self._held) - keep]:
            pieces.append(("reasoning", ready))
        self._held = self._held[len(self._held) - keep :]
        return False

    def _before(self) -> bool:
        start = self._held.lstrip()
        for tag, close in _TAGS.items():
            if start.startswith(tag):
                self._held, self._close = start[len(tag) :].lstrip("\n"), close
                return True
        if any(tag.startswith(start) for tag in _TAGS):
            return False
        self._has_text = True
        return True


def split_unopened(text: str) -> tuple[str, str]:
    """Split off reasoning whose opening tag was part of the prompt, as some chat templates do."""
    for tag, close in _TAGS.items():
        before, found, after = text.partition(close)
        if found and tag not in before:
            return before.strip(), after.lstrip()
    return "", text


def find_calls(text: str, tools: Sequence[ToolSchema], style: ToolStyle) -> tuple[TextCall, ...]:
    """Find the calls that a reply's text makes, in order."""
    if style in ("native", "none") or not tools:
        return ()
    known = {tool.name: tool for tool in tools}
    if calls := _tagged(text, known, style):
        return calls
    if call := _bare_json(text, known):
        return (call,)
    return _fenced(text, known, style)


def _tagged(text: str, known: Mapping[str, ToolSchema], style: ToolStyle) -> tuple[TextCall, ...]:
    calls: list[TextCall] = []
    place = 0
    while (start := _next_tag(text, place)) is not None:
        call, place = _read_tag(text, start, known)
        is_readable = call is not None and (call.name in known or _is_object(call.arguments))
        if call is not None and (is_readable or style == "text"):
            calls.append(call)
    return tuple(calls)


def _next_tag(text: str, place: int) -> int | None:
    found = [text.find(tag, place) for tag in ("<tool_call>", "<function=")]
    return min((start for start in found if start >= 0), default=None)


def _read_tag(text: str, start: int, known: Mapping[str, ToolSchema]) -> tuple[TextCall | None, int]:
    if text.startswith("<function=", start):
        return _read_function(text, start, known)
    inside = start + len("<tool_call>")
    body = text[inside:]
    lead = len(body) - len(body.lstrip())
    if body[lead:].startswith("<function="):
        return _read_function(text, inside + lead, known)
    return _read_hermes(text, inside + lead)


def _read_hermes(text: str, start: int) -> tuple[TextCall | None, int]:
    end = text.find("</tool_call>", start)
    rest = end if end >= 0 else len(text)
    if not text.startswith("{", start):
        return None, rest
    try:
        value, stop = _JSON.raw_decode(text, start)
    except (ValueError, RecursionError):
        return _unreadable(text[start:rest].strip()), rest
    return _call_of(value) or _unreadable(text[start:stop]), stop


def _unreadable(body: str) -> TextCall | None:
    """Keep a call that cannot be read under the name that it seems to have."""
    name = _NAME.search(body)
    return TextCall(name.group(1), body) if name else None


def _call_of(value: object) -> TextCall | None:
    if not isinstance(value, dict) or not isinstance(name := value.get("name"), str):
        return None
    arguments = value.get("arguments", value.get("parameters", {}))
    return TextCall(name, arguments if isinstance(arguments, str) else _encode(arguments))


def _read_function(text: str, start: int, known: Mapping[str, ToolSchema]) -> tuple[TextCall | None, int]:
    match = _FUNCTION.match(text, start)
    if match is None:
        return None, start + len("<function=")
    name, body = match.group(1), match.group(2)
    types = _types(known.get(name))
    values: dict[str, object] = {}
    for parameter in _PARAMETER.finditer(body):
        key = parameter.group(1)
        values[key] = _typed(_trim(parameter.group(2)), types.get(key, ""))
    if body.count("<parameter=") and not values:
        return TextCall(name, body.strip()), match.end()
    if "<parameter=" in _PARAMETER.sub("", body):
        return TextCall(name, body.strip()), match.end()
    return TextCall(name, _encode(values)), match.end()


def _types(tool: ToolSchema | None) -> dict[str, object]:
    if tool is None:
        return {}
    try:
        schema = msgspec.json.decode(tool.parameters_json, type=dict[str, object])
        properties = msgspec.convert(schema.get("properties", {}), dict[str, dict[str, object]])
    except (msgspec.DecodeError, msgspec.ValidationError):
        return {}
    return {key: value.get("type", "") for key, value in properties.items()}


def _typed(text: str, kind: object) -> object:
    """Read a parameter as its schema says; text stays text."""
    if kind in ("", "string"):
        return text
    try:
        value: object = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text
    return value


def _trim(text: str) -> str:
    """Take away the one line break that the form adds on each side, never the text's own."""
    return text.removeprefix("\n").removesuffix("\n")


def _bare_json(text: str, known: Mapping[str, ToolSchema]) -> TextCall | None:
    stripped = text.strip()
    if not (stripped.startswith("{") and stripped.endswith("}")):
        return None
    try:
        call = _call_of(json.loads(stripped))
    except (ValueError, RecursionError):
        return None
    return call if call is not None and call.name in known else None


def _fenced(text: str, known: Mapping[str, ToolSchema], style: ToolStyle) -> tuple[TextCall, ...]:
    blocks = list(_FENCE.finditer(text))
    if not blocks or "execute_bash" not in known:
        return ()
    is_at_end = not text[blocks[-1].end() :].strip()
    is_only = len(blocks) == 1
    if not (is_at_end and is_only if style == "auto" else is_at_end or is_only):
        return ()
    command = blocks[-1].group(1).rstrip("\n")
    if command.strip() == "submit" and "submit" in known:
        return (TextCall("submit", "{}"),)
    return (TextCall("execute_bash", _encode({"command": command})),) if command.strip() else ()


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _encode(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _overlap(text: str, tag: str) -> int:
    """How many characters at the end of the text may be the tag's beginning."""
    for size in range(min(len(tag) - 1, len(text)), 0, -1):
        if tag.startswith(text[-size:]):
            return size
    return 0
