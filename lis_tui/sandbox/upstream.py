"""The proxies through which this machine itself reaches others, as its environment names them."""

import base64
import ipaddress
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from msgspec import Struct

USABLE = ("http", "https")
_PORTS = {"http": 80, "https": 443}


class Upstream(Struct, frozen=True):
    """A proxy of the person's; `authorization` is a secret."""

    scheme: str
    host: str
    port: int
    authorization: str = ""

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Give what it wants to be told."""
        if not self.authorization:
            return []
        return [(b"Proxy-Authorization", f"Basic {self.authorization}".encode("ascii"))]

    def __repr__(self) -> str:
        """Show no credentials."""
        return f"Upstream({self.scheme}://{self.host}:{self.port})"


class Upstreams:
    """Which proxy leads to a host, and to which hosts none does."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        every = _value(environ, "all_proxy")
        self._plain = _upstream(_value(environ, "http_proxy") or every)
        self._secure = _upstream(_value(environ, "https_proxy") or every)
        self._direct = tuple(
            word.strip().lower() for word in _value(environ, "no_proxy").split(",") if word.strip()
        )

    def to(self, host: str, port: int, *, is_tunnel: bool) -> Upstream | None:
        """Give the proxy that leads to this host; None: one goes there directly."""
        found = self._secure if is_tunnel else self._plain
        if found is None or any(_means(word, host, port) for word in self._direct):
            return None
        return found


def _value(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name) or environ.get(name.upper()) or ""


def _upstream(url: str) -> Upstream | None:
    if not url.strip():
        return None
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if not host:
        return None
    account = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}" if parts.username else ""
    authorization = base64.b64encode(account.encode()).decode("ascii") if account else ""
    return Upstream(parts.scheme.lower(), host, port or _PORTS.get(parts.scheme.lower(), 1080), authorization)


def _means(word: str, host: str, port: int) -> bool:
    """Whether a word of `no_proxy` is about this host: a name and all below it, an address, a network."""
    if word.count(":") == 1:  # more of them: an address of version 6
        word, _, meant = word.partition(":")
        if meant != str(port):
            return False
    name = word.lstrip("*.")
    return word == "*" or _is_in_network(word, host) or host == name or host.endswith(f".{name}")


def _is_in_network(word: str, host: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(word.strip("[]"), strict=False)
    except ValueError:
        return False
