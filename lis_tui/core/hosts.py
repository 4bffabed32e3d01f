"""What an address says by itself: whether it leads to this machine or into a private network."""

import ipaddress
from urllib.parse import urlsplit

_PRIVATE_ENDINGS = (".local", ".internal", ".lan", ".home.arpa", ".localhost")


def is_private_address(url: str) -> bool:
    """Whether the URL's host is this machine or one of a private network; nothing is looked up."""
    try:
        host = (urlsplit(url).hostname or "").rstrip(".").lower()
    except ValueError:
        return False
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return bool(host) and ("." not in host or host.endswith(_PRIVATE_ENDINGS))
    return address.is_private or address.is_loopback or address.is_link_local
