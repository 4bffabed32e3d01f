"""A request as the OpenAI protocol writes it: pure, so that what was sent can be shown without a model."""

import json
import shlex
from collections.abc import Iterable

import msgspec

from lis_tui.core.messages import (
    AssistantMessage,
    Message,
    Request,
    SystemMessage,
    ToolCall,
    ToolMessage,
    ToolSchema,
    UserMessage,
)
from lis_tui.core.spec import ModelSpec

Json = dict[str, object]

_OBJECT: msgspec.json.Decoder[Json] = msgspec.json.Decoder(Json)

OPENAI_WIRES = ("openai", "hosted_vllm", "lm_studio", "llamafile", "litellm_proxy", "custom_openai")
"""Prefixes of a model name whose servers speak the OpenAI protocol as it is."""
OTHER_WIRES = (
    "anthropic",
    "azure",
    "bedrock",
    "gemini",
    "huggingface",
    "ollama",
    "ollama_chat",
    "openrouter",
    "vertex_ai",
)
"""Prefixes that keep their meaning beside an `api_base`; any other is part of the model's name there."""

CONTINUE_FIELD = "continue_final_message"
"""In a profile's `extra_body`: the server takes vLLM's parameters to go on from the beginning of a reply."""

_RESERVE_TOKENS = 1024
_LEAST_TOKENS = 256


def routed_name(model: ModelSpec) -> str:
    """Give the model's name with its wire: a bare name beside an `api_base` means the OpenAI protocol."""
    wire, _, rest = model.name.partition("/")
    if not model.api_base or (rest and wire in OPENAI_WIRES + OTHER_WIRES):
        return model.name
    return f"openai/{model.name}"


def is_openai_wire(model: ModelSpec) -> bool:
    """Whether the server is asked in the OpenAI protocol as it is."""
    return routed_name(model).partition("/")[0] in OPENAI_WIRES


def request_json(request: Request) -> Json:
    """Give the body of the request."""
    model = request.model
    wire, _, rest = routed_name(model).partition("/")
    body: Json = {
        "model": rest if wire in OPENAI_WIRES + OTHER_WIRES and rest else routed_name(model),
        "messages": messages_json(request),
        **options_json(request),
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if tools := tools_json(request):
        body["tools"] = tools
        body["tool_choice"] = tool_choice_json(request)
    return {**body, **extra_json(request)}


def options_json(request: Request) -> Json:
    """Give the parameters that every server knows."""
    model = request.model
    named: Json = {
        "max_tokens": reply_tokens(request),
        "temperature": model.temperature,
        "top_p": model.top_p,
    }
    return {name: value for name, value in named.items() if value is not None}


def extra_json(request: Request) -> Json:
    """Give the parameters that only some servers know, and the profile's own."""
    model = request.model
    named: Json = {
        "top_k": model.top_k,
        "min_p": model.min_p,
        "repetition_penalty": model.repetition_penalty,
        "reasoning_effort": model.reasoning_effort,
    }
    extra = {name: value for name, value in named.items() if value is not None} | _object(
        model.extra_body_json
    )
    # Said of the server; it is asked for only where there is a beginning to go on from.
    if extra.pop(CONTINUE_FIELD, False) is True and request.begun is not None:
        extra |= {CONTINUE_FIELD: True, "add_generation_prompt": False}
    return extra


def reply_tokens(request: Request) -> int:
    """How many tokens the reply may have: the profile's number, or what is left of a known window."""
    model = request.model
    if model.context_tokens is None:
        return model.max_tokens
    left = model.context_tokens - estimate_tokens(request) - _RESERVE_TOKENS
    return max(min(model.max_tokens, left), _LEAST_TOKENS)


def estimate_tokens(request: Request) -> int:
    """Guess the request's tokens from its length: four bytes make one, each message costs four."""
    size = sum(_message_bytes(message) for message in request.messages)
    size += sum(len(tool.name) + len(tool.description) + len(tool.parameters_json) for tool in request.tools)
    size += 0 if request.begun is None else _message_bytes(request.begun)
    return size // 4 + 4 * len(request.messages)


def estimate_text(*texts: str) -> int:
    """Guess the tokens of a text."""
    return sum(len(text.encode("utf-8", errors="replace")) for text in texts) // 4


def tools_json(request: Request) -> list[Json]:
    """Give the tools as the protocol names them; none where the model is told of them in text."""
    if request.model.tool_style in ("text", "none"):
        return []
    return [_tool_json(tool) for tool in request.tools]


def tool_choice_json(request: Request) -> str | Json:
    """Give the choice: a word of the protocol, or one tool by its name."""
    choice = request.model.tool_choice
    if choice in ("auto", "required", "none"):
        return choice
    return {"type": "function", "function": {"name": choice}}


def messages_json(request: Request) -> list[Json]:
    """Give the conversation, and the beginning of the reply; what was called in text is answered in text."""
    written: list[Json] = []
    in_text: set[str] = set()
    for said in request.messages:
        message = _spelled_out(said) if request.model.tool_style == "text" else said
        if isinstance(message, AssistantMessage) and message.calls_in_text:
            in_text.update(call.id for call in message.calls)
        if isinstance(message, ToolMessage) and message.call_id in in_text:
            _add_response(written, message.text)
        else:
            written.append(_message_json(message))
    if request.model.tool_style == "text" and request.tools:
        _tell_tools(written, request.tools)
    if request.begun is not None:
        written.append({"role": "assistant", "content": request.begun.text})
    return written


def as_curl(request: Request, url: str | None = None) -> str:
    """Give the request as a command for a POSIX shell; the key stays a variable's name."""
    base = (url or request.model.api_base or "https://api.openai.com/v1").rstrip("/")
    body = json.dumps(request_json(request), ensure_ascii=False, indent=2)
    return (
        f"curl -N {shlex.quote(base + '/chat/completions')} \\\n"
        "  -H 'Content-Type: application/json' \\\n"
        '  -H "Authorization: Bearer $API_KEY" \\\n'
        f"  --data-binary {shlex.quote(body)}"
    )


def _message_json(message: Message) -> Json:
    match message:
        case SystemMessage(text):
            return {"role": "system", "content": text}
        case UserMessage(text):
            return {"role": "user", "content": text}
        case ToolMessage(call_id, _, text):
            return {"role": "tool", "tool_call_id": call_id, "content": text}
        case AssistantMessage():
            return _assistant_json(message)


def _spelled_out(message: Message) -> Message:
    """Write calls of an earlier model as text for one that knows no other way."""
    if not isinstance(message, AssistantMessage) or message.calls_in_text or not message.calls:
        return message
    calls = [
        f'<tool_call>\n{{"name": {json.dumps(call.name)}, "arguments": {call.arguments}}}\n</tool_call>'
        for call in message.calls
    ]
    text = "\n".join([message.text, *calls] if message.text else calls)
    return AssistantMessage(text, message.reasoning, message.calls, message.thinking_json, calls_in_text=True)


def _assistant_json(message: AssistantMessage) -> Json:
    calls = () if message.calls_in_text else message.calls
    # local servers' templates read `content` also beside calls, and fail where there is none
    written: Json = {"role": "assistant", "content": message.text}
    if calls:
        written["tool_calls"] = [_call_json(call) for call in calls]
    return written | _object(message.thinking_json)


def _call_json(call: ToolCall) -> Json:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def _tool_json(tool: ToolSchema) -> Json:
    parameters = _object(tool.parameters_json)
    function = {"name": tool.name, "description": tool.description, "parameters": parameters}
    return {"type": "function", "function": function}


def _add_response(written: list[Json], text: str) -> None:
    """Answer a call that was text; several answers in a row are one message, as chat templates want it."""
    response = f"<tool_response>\n{text}\n</tool_response>"
    last = written[-1]
    content = last.get("content")
    if last["role"] == "user" and isinstance(content, str) and content.startswith("<tool_response>"):
        written[-1] = {"role": "user", "content": f"{content}\n{response}"}
    else:
        written.append({"role": "user", "content": response})


def _tell_tools(written: list[Json], tools: Iterable[ToolSchema]) -> None:
    listed = "\n".join(json.dumps(_tool_json(tool), ensure_ascii=False) for tool in tools)
    told = (
        "# Tools\n\nYou may call these functions:\n<tools>\n"
        f"{listed}\n</tools>\n\nFor each call write a JSON object with the name and the arguments:\n"
        '<tool_call>\n{"name": "NAME", "arguments": {"ARGUMENT": "VALUE"}}\n</tool_call>'
    )
    first = written[0] if written else None
    if first is not None and first["role"] == "system":
        written[0] = {"role": "system", "content": f"{first['content']}\n\n{told}"}
    else:
        written.insert(0, {"role": "system", "content": told})


def _message_bytes(message: Message) -> int:
    size = len(message.text.encode("utf-8", errors="replace"))
    if isinstance(message, AssistantMessage) and not message.calls_in_text:
        size += sum(len(call.name) + len(call.arguments) + 16 for call in message.calls)
        size += len(message.thinking_json)
    return size


def _object(text: str) -> Json:
    """Read a JSON object; what is none counts as empty."""
    try:
        return _OBJECT.decode(text.encode("utf-8", errors="replace")) if text else {}
    except msgspec.DecodeError:
        return {}
