"""What an address tells of a model server: its name for people, and whether it is one's own machine."""

from urllib.parse import urlsplit

from lis_tui.core.hosts import is_private_address
from lis_tui.core.openai import routed_name
from lis_tui.core.spec import ModelSpec

_LOCAL_WIRES = ("hosted_vllm", "llamafile", "lm_studio", "ollama", "ollama_chat")
"""Providers whose own default address is this machine."""


def server_name(model: ModelSpec) -> str:
    """Give the server a name that fits into a sentence."""
    if model.api_base:
        parts = urlsplit(model.api_base)
        return f"the model server {parts.netloc.rpartition('@')[2] or model.api_base}"
    wire, _, rest = routed_name(model).partition("/")
    return f"the provider {wire}" if rest else "the model's provider"


def is_private(model: ModelSpec) -> bool:
    """Whether the server is this machine or one of a private network, judged by its address alone."""
    if not model.api_base:
        return routed_name(model).partition("/")[0] in _LOCAL_WIRES
    return is_private_address(model.api_base)
