"""Collects a stream of chunks into pieces and a whole reply: pure, and wary of what servers really send."""

import json

import msgspec

from lis_tui.core.errors import ReplyUnreadable
from lis_tui.core.messages import (
    CallPiece,
    Piece,
    ReasoningPiece,
    Reply,
    Request,
    TextPiece,
    ToolCall,
    Usage,
)
from lis_tui.core.openai import estimate_text, estimate_tokens
from lis_tui.core.text import safe_str
from lis_tui.model.chunks import CallPart, Choice, Chunk, Delta, FunctionPart, Json, Pairs, UsageTold
from lis_tui.model.parse import ThinkSplitter, find_calls, split_unopened


class _Slot:
    """One call while its pieces arrive."""

    def __init__(self) -> None:
        self.id = ""
        self.name = ""
        self.arguments = ""

    def is_whole(self) -> bool:
        try:
            json.loads(self.arguments)
        except ValueError:
            return False
        return True


class Collector:
    """Takes the chunks of one reply in order; `has_begun` once the model said something."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._splitter = ThinkSplitter()
        self._pairs = Pairs()
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._raw_text: list[str] = []
        self._raw_thought: list[str] = []
        self._slots: list[_Slot] = []
        self._slot_of: dict[int, int] = {}
        self._blocks: list[Json] = []
        self._finish = ""
        self._usage: UsageTold | None = None
        self._field = ""
        self._has_last_word = False
        self.has_begun = False

    @property
    def is_marked_whole(self) -> bool:
        """Whether the server itself said that this was all: a finish, or usage in an event of its own."""
        return bool(self._finish) or self._has_last_word

    def feed(self, raw: object) -> list[Piece]:
        """Take one chunk. Raises ReplyUnreadable."""
        try:
            chunk = msgspec.convert(raw, Chunk, strict=False)
        except msgspec.ValidationError as error:
            raise ReplyUnreadable(
                f"The model server sent a piece that is not of the protocol: {error}."
            ) from error
        self._usage = chunk.usage or self._usage
        self._has_last_word = self._has_last_word or (chunk.usage is not None and not chunk.choices)
        pieces: list[Piece] = []
        for choice in (chunk.choices or [])[:1]:
            if choice.delta is not None:
                pieces += self._delta(choice.delta)
            self._finish = choice.finish_reason or self._finish
        self.has_begun = self.has_begun or any(_says_something(choice) for choice in chunk.choices or [])
        return pieces

    def finish(self) -> list[Piece]:
        """End the stream: give what was held back."""
        return [self._said(kind, text) for kind, text in self._splitter.finish()]

    def reply(self, cost_usd: float | None = None) -> Reply:
        """Give the whole reply."""
        text, reasoning = "".join(self._text), "".join(self._reasoning)
        if not reasoning:
            reasoning, text = split_unopened(text)
        calls = self._calls()
        in_text = () if calls else self._calls_in(text)
        return Reply(
            text=text.strip() if not in_text else text,
            reasoning=reasoning.strip(),
            calls=calls or in_text,
            finish_reason=self._finish,
            usage=self.usage(cost_usd),
            thinking_json=self._thinking_json(),
            calls_in_text=bool(in_text),
            raw_json=self._raw_json(),
        )

    def usage(self, cost_usd: float | None = None) -> Usage:
        """Give the server's count, or our own guess, marked as one."""
        told = self._usage
        if told is None or not told.prompt_tokens or told.completion_tokens is None:
            said = estimate_text(
                *self._raw_text, *self._raw_thought, *(slot.arguments for slot in self._slots)
            )
            return Usage(
                prompt_tokens=estimate_tokens(self._request),
                completion_tokens=said,
                cost_usd=cost_usd,
                is_estimated=True,
            )
        prompt, completion = told.prompt_tokens_details, told.completion_tokens_details
        cached = prompt.cached_tokens if prompt is not None else None
        return Usage(
            prompt_tokens=told.prompt_tokens,
            completion_tokens=told.completion_tokens,
            cached_tokens=cached if cached is not None else told.prompt_cache_hit_tokens,
            reasoning_tokens=completion.reasoning_tokens if completion is not None else None,
            cost_usd=cost_usd if told.cost is None else told.cost,
        )

    def _delta(self, delta: Delta) -> list[Piece]:
        pieces: list[Piece] = []
        blocks = self._take_blocks(delta.thinking_blocks or [])
        if thought := self._pairs.join("reasoning", self._thought(delta) or blocks):
            pieces.append(self._said("reasoning", thought))
            self._raw_thought.append(thought)
        if text := self._pairs.join("content", self._content(delta.content, pieces)):
            self._raw_text.append(text)
            pieces += [self._said(kind, part) for kind, part in self._splitter.feed(text)]
        for call in delta.tool_calls or []:
            pieces += self._call(call)
        return pieces

    def _said(self, kind: str, text: str) -> Piece:
        if kind == "reasoning":
            self._reasoning.append(text)
            return ReasoningPiece(text)
        self._text.append(text)
        return TextPiece(text)

    def _thought(self, delta: Delta) -> str:
        """Read reasoning from the first field that has it; some servers send the same in two."""
        if delta.reasoning_content:
            self._field = self._field or "reasoning_content"
            return delta.reasoning_content
        if isinstance(delta.reasoning, str) and delta.reasoning:
            self._field = self._field or "reasoning"
            return delta.reasoning
        return ""

    def _content(self, content: object, pieces: list[Piece]) -> str:
        """Read content, which is text or, with some providers, a list of parts that may be thinking."""
        if isinstance(content, str):
            return content
        text = ""
        for part in content if isinstance(content, list) else []:
            if not isinstance(part, dict):
                continue
            if part.get("type") == "thinking":
                thought = _text_of(part.get("thinking"))
                self._raw_thought.append(thought)
                pieces.append(self._said("reasoning", thought))
            else:
                text += _text_of(part.get("text"))
        return text

    def _take_blocks(self, blocks: list[Json]) -> str:
        """Put signed thinking together again; gives the new text of it."""
        said = ""
        for block in blocks:
            thought, signature = _text_of(block.get("thinking")), _text_of(block.get("signature"))
            said += thought
            last = self._blocks[-1] if self._blocks else None
            if block.get("type") != "thinking" or last is None or last.get("signature") or "data" in last:
                self._blocks.append(dict(block))
                continue
            last["thinking"] = _text_of(last.get("thinking")) + thought
            last["signature"] = signature
        return said

    def _call(self, call: CallPart) -> list[Piece]:
        function = call.function or FunctionPart()
        place = self._place(call, function)
        arguments = self._pairs.join(f"call {place}", _arguments(function.arguments))
        slot = self._slots[place]
        piece_id = safe_str(call.id or "") if not slot.id else ""
        name = safe_str(function.name or "") if not slot.name else ""
        slot.id, slot.name = slot.id or piece_id, slot.name or name
        slot.arguments += arguments
        return [CallPiece(place, piece_id, name, arguments)] if piece_id or name or arguments else []

    def _place(self, call: CallPart, function: FunctionPart) -> int:
        """Find the call's slot; an index that comes back with another id, or name, means another call."""
        index = call.index if call.index is not None else max(len(self._slots) - 1, 0)
        place = self._slot_of.get(index)
        if place is None or self._is_other(self._slots[place], call, function):
            place = len(self._slots)
            self._slots.append(_Slot())
            self._slot_of[index] = place
        return place

    @staticmethod
    def _is_other(slot: _Slot, call: CallPart, function: FunctionPart) -> bool:
        if call.id:
            return bool(slot.id) and slot.id != call.id
        return bool(function.name and slot.name) and slot.is_whole()

    def _calls(self) -> tuple[ToolCall, ...]:
        calls: list[ToolCall] = []
        taken: set[str] = set()
        for number, slot in enumerate(self._slots, 1):
            if not (slot.name or slot.arguments):
                continue
            name_of = slot.id if slot.id and slot.id not in taken else f"call_{self._request.turn}_{number}"
            taken.add(name_of)
            calls.append(ToolCall(name_of, slot.name, slot.arguments))
        return tuple(calls)

    def _calls_in(self, text: str) -> tuple[ToolCall, ...]:
        request = self._request
        if request.begun is not None:
            text = request.begun.text + text
        found = find_calls(text, request.tools, request.model.tool_style)
        return tuple(
            ToolCall(f"text_{request.turn}_{number}", call.name, call.arguments)
            for number, call in enumerate(found, 1)
        )

    def _thinking_json(self) -> str:
        """Give what the provider wants back: signed blocks, or reasoning beside calls, under its own name."""
        if self._blocks:
            return json.dumps({"thinking_blocks": self._blocks}, ensure_ascii=False)
        if self._field and self._slots:
            return json.dumps({self._field: "".join(self._reasoning)}, ensure_ascii=False)
        return ""

    def _raw_json(self) -> str:
        raw: Json = {"content": "".join(self._raw_text), "finish_reason": self._finish}
        raw["reasoning"] = "".join(self._raw_thought)
        raw["tool_calls"] = [
            {"id": slot.id, "name": slot.name, "arguments": slot.arguments} for slot in self._slots
        ]
        raw["usage"] = None if self._usage is None else msgspec.to_builtins(self._usage)
        return json.dumps(raw, ensure_ascii=False)


def _says_something(choice: Choice) -> bool:
    """Whether more than the role came: also what is held back, because it may become a tag, is a word."""
    delta = choice.delta or Delta()
    said = (delta.content, delta.reasoning_content, delta.reasoning, delta.thinking_blocks, delta.tool_calls)
    return bool(choice.finish_reason) or any(said)


def _text_of(value: object) -> str:
    if isinstance(value, list):
        return "".join(_text_of(part.get("text")) for part in value if isinstance(part, dict))
    return value if isinstance(value, str) else ""


def _arguments(value: object) -> str:
    """Give arguments as text; some servers send the object itself."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
