"""What an address tells of a model server: its name for people, and whether it is one's own machine."""

import ipaddress
from urllib.parse import urlsplit

from lis_tui.core.openai import routed_name
from lis_tui.core.spec import ModelSpec

_LOCAL_WIRES = ("hosted_vllm", "llamafile", "lm_studio", "ollama", "ollama_chat")
"""Providers whose own default address is this machine."""
_PRIVATE_ENDINGS = (".local", ".internal", ".lan", ".home.arpa", ".localhost")


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
    host = (urlsplit(model.api_base).hostname or "").rstrip(".").lower()
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.endswith(_PRIVATE_ENDINGS)
    return address.is_private or address.is_loopback or address.is_link_local
