"""Whether and how a model goes on from the beginning of a reply: what its description or its profile says."""

from typing import Literal

import msgspec

from lis_tui.core.messages import Request
from lis_tui.core.openai import CONTINUE_FIELD, is_openai_wire
from lis_tui.core.spec import ModelSpec
from lis_tui.model.known import describe

Json = dict[str, object]
Way = Literal["message", "prefix", "profile"]
"""message: a last message of the model's own is enough. prefix: it must be marked. profile: by parameters."""

_MARKED = ("mistral", "codestral", "deepseek")
"""Providers that want the beginning marked as one."""


def way_to_continue(model: ModelSpec) -> Way | None:
    """Give how this model is asked to go on; None where nothing is known that lets it."""
    if asks_by_profile(model):
        return "profile"
    known = None if is_openai_wire(model) else describe(model)
    if known is None or known.supports_assistant_prefill is not True:
        return None
    return "prefix" if known.litellm_provider in _MARKED else "message"


def cannot_continue(request: Request) -> str:
    """Say in a sentence why the model cannot go on from `request.begun`; empty where it can."""
    model, begun = request.model, request.begun
    way = way_to_continue(model)
    if way is None:
        return (
            f"Nothing is known that lets {model.name} go on from the beginning of a reply. Of a server that "
            f'can (as vLLM), say so in the profile: extra_body = {{ "{CONTINUE_FIELD}" = true }}.'
        )
    if way == "message" and _thinks(model):
        return f"{model.name} cannot go on from the beginning of a reply while it is asked to think first."
    if begun is not None and not begun.text.strip():
        return "It was cut off while it was thinking: a reply goes on only from its text."
    return ""


def mark_begun(messages: list[Json], model: ModelSpec) -> list[Json]:
    """Mark the last message as the beginning of the reply, where the provider wants that."""
    if way_to_continue(model) != "prefix":
        return messages
    return [*messages[:-1], messages[-1] | {"prefix": True}]


def asks_by_profile(model: ModelSpec) -> bool:
    """Whether the profile says that the server takes vLLM's parameters for it."""
    return is_openai_wire(model) and _settings(model).get(CONTINUE_FIELD) is True


def _thinks(model: ModelSpec) -> bool:
    thinking = _settings(model).get("thinking")
    is_off = isinstance(thinking, dict) and thinking.get("type") == "disabled"
    return bool(thinking and not is_off) or model.reasoning_effort not in (None, "none")


def _settings(model: ModelSpec) -> Json:
    try:
        return msgspec.json.decode(model.extra_body_json.encode(), type=Json)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return {}
