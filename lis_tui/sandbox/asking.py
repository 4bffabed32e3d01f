"""What a program asks a proxy for, read strictly: what could mean two things is refused."""

import re

import h11
from msgspec import Struct

from lis_tui.core.network import host_of
from lis_tui.sandbox.line import Turned

_AUTHORITY = re.compile(rb"(\[[0-9A-Fa-f:.]+\]|[^\s:/?#@\[\]]+)(?::([0-9]{0,5}))?")
_WHOLE = re.compile(rb"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)([/?][^#]*)?")
_HOP_BY_HOP = frozenset(
    {
        b"connection", b"keep-alive", b"proxy-connection", b"proxy-authenticate", b"proxy-authorization",
        b"te", b"trailer", b"transfer-encoding", b"upgrade", b"http2-settings",
    }
)  # fmt: skip
_FRAMING = frozenset({b"host", b"content-length", b"transfer-encoding", b"expect"})
Headers = list[tuple[bytes, bytes]]


class Asked(Struct, frozen=True):
    """One request: a tunnel to a host, or something to be passed on to it."""

    method: bytes
    host: str
    port: int
    target: bytes = b""
    """Path and query, as the host is asked for them."""
    headers: Headers = []
    """Those that are for the host; Host and what frames the body are its own affair."""
    framing: Headers = []

    @property
    def is_tunnel(self) -> bool:
        """Bytes both ways, of which nothing is understood here."""
        return self.method == b"CONNECT"

    @property
    def can_be_repeated(self) -> bool:
        """Whether to ask twice is as good as once."""
        return not self.framing and self.method in (b"GET", b"HEAD", b"OPTIONS")

    @property
    def authority(self) -> bytes:
        """The host as a Host header says it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (host if self.port == 80 else f"{host}:{self.port}").encode()


def asked(request: h11.Request) -> Asked:
    """Understand a request. Raises Turned."""
    if request.method == b"CONNECT":
        host, port = _authority(request.target, None)
        return Asked(request.method, host, port)
    whole = _WHOLE.fullmatch(request.target)
    if whole is None:
        raise Turned(400, "This is a proxy: ask it for a whole address (http://host/path) or to CONNECT.")
    scheme, authority, rest = whole.groups()
    if scheme.lower() != b"http":
        known = scheme.decode("ascii").lower()
        raise Turned(
            501, f"This proxy asks no host by {known}:// for you; use CONNECT for what is encrypted."
        )
    host, port = _authority(authority, 80)
    headers = request.headers.raw_items()
    _check(request, headers)
    target = rest or b"/"
    if request.method == b"OPTIONS" and rest is None:
        target = b"*"
    elif target.startswith(b"?"):
        target = b"/" + target
    framing = [one for one in headers if one[0].lower() in (b"content-length", b"transfer-encoding")]
    return Asked(request.method, host, port, target, passed_on(headers), framing)


def passed_on(headers: Headers) -> Headers:
    """Give the headers that are meant for the other end: neither this connection's own nor the framing."""
    named = {
        word.strip().lower()
        for name, value in headers
        if name.lower() == b"connection"
        for word in value.split(b",")
    }
    left_out = _HOP_BY_HOP | {b"host", b"content-length"} | (named - _FRAMING)
    return [(name, value) for name, value in headers if name.lower() not in left_out]


def _authority(text: bytes, usual: int | None) -> tuple[str, int]:
    found = _AUTHORITY.fullmatch(text)
    if b"@" in text:
        raise Turned(400, "Names and passwords do not belong into an address; send them as a header.")
    if found is None:
        raise Turned(400, "The address names no host that can be understood.")
    try:
        host = host_of(found[1].decode("ascii"))
    except ValueError as error:
        raise Turned(400, f"{found[1].decode()[:200]} cannot be reached: {error}.") from error
    port = int(found[2]) if found[2] else usual
    if port is None or not 0 < port < 65_536:
        raise Turned(400, f"{host} is asked for without a port, or with one that does not exist.")
    return host, port


def _check(request: h11.Request, headers: Headers) -> None:
    names = [name.lower() for name, _ in headers]
    if b"transfer-encoding" in names and b"content-length" in names:
        raise Turned(400, "The request says in two ways how long it is.")
    if b"transfer-encoding" in names and request.http_version < b"1.1":
        raise Turned(400, "A request of this version cannot come in chunks.")
    upgrade = b",".join(value for name, value in headers if name.lower() == b"upgrade").lower()
    if b"websocket" in upgrade:
        raise Turned(501, "A plain request cannot become a websocket here; CONNECT to the host instead.")
