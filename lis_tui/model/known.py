"""What litellm's own list says of a model, read from its file: no import, no network."""

import functools
from importlib import util
from pathlib import Path

import msgspec
from msgspec import Struct, structs

from lis_tui.core.openai import routed_name
from lis_tui.core.spec import ModelSpec
from lis_tui.model.endpoint import is_private

_FILE = "model_prices_and_context_window_backup.json"


class Known(Struct, frozen=True):
    """One model: its window, the most that one reply can have, and what it can do."""

    max_input_tokens: object = None
    max_output_tokens: object = None
    supports_assistant_prefill: object = None
    litellm_provider: object = None


def resolve(model: ModelSpec) -> ModelSpec:
    """Fill in the window of a known model, and ask for no more reply tokens than it can give.

    A run that starts from the resolved spec has in its journal exactly what is sent.
    """
    known = describe(model)
    if known is None:
        return model
    if model.context_tokens is None and isinstance(known.max_input_tokens, int):
        model = structs.replace(model, context_tokens=known.max_input_tokens)
    if isinstance(known.max_output_tokens, int):
        model = structs.replace(model, max_tokens=min(model.max_tokens, known.max_output_tokens))
    return model


def describe(model: ModelSpec) -> Known | None:
    """Look the model up; a server of one's own may call anything by any name, so nothing is known of it."""
    if model.api_base and is_private(model):
        return None
    name = routed_name(model)
    known = _list()
    return known.get(name) or known.get(name.partition("/")[2])


@functools.cache
def _list() -> dict[str, Known]:
    found = util.find_spec("litellm")
    if found is None or found.origin is None:
        return {}
    try:
        return msgspec.json.decode((Path(found.origin).parent / _FILE).read_bytes(), type=dict[str, Known])
    except (OSError, msgspec.DecodeError):
        return {}
