"""Which hosts a sandbox may reach: rules, what a name means, and which addresses `*` never means."""

import re
from collections.abc import Callable, Iterable
from ipaddress import IPv6Address, ip_network

from msgspec import Struct

from lis_tui.core.addresses import METADATA as METADATA
from lis_tui.core.addresses import address_of, is_loopback, is_private, why_local
from lis_tui.core.errors import SettingsInvalid
from lis_tui.core.text import one_line

WEB = (80, 443)
"""What a rule without a port means."""
EVERY = "*"
LOCALHOST = "localhost"

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*")
_RULE = re.compile(
    r"(?:\[(?P<six>[^\]]*)\]|(?P<host>[^:\[\]]*))(?::(?P<port>[^:]*))?|(?P<bare>[0-9a-fA-F:.]*:[0-9a-fA-F:.]*)"
)
_SHOWN = 80


class Rule(Struct, frozen=True):
    """One line of the list. `port` None: the web's; 0: any."""

    host: str
    """`*`, `*.name`, a name, an address, or a network."""
    port: int | None = None

    def fits_port(self, port: int) -> bool:
        """Whether it is about this port."""
        return port in WEB if self.port is None else self.port in (0, port)

    def names(self, host: str) -> bool:
        """Whether it means this very host, or one of a listed domain or network; `*` does not."""
        if self.host.startswith("*."):
            return host.endswith(self.host[1:])
        return self.host == host or ("/" in self.host and _is_within(host, self.host))

    def __str__(self) -> str:
        """Write it as a person would."""
        host = f"[{self.host}]" if ":" in self.host and self.port is not None else self.host
        port = "" if self.port is None else f":{self.port or EVERY}"
        return host + port


class Rules:
    """A list of rules.

    `mirrors`: hosts that the person's own settings send the sandbox to; `*` means them wherever they are.
    `is_own`: says whether an address is this machine's.
    """

    def __init__(
        self,
        texts: Iterable[str],
        mirrors: Iterable[str] = (),
        is_own: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._rules = tuple(map(rule_of, texts))
        self._is_own = is_own
        is_open = any(rule.host == EVERY for rule in self._rules)
        self._named = (*self._rules, *(map(rule_of, mirrors) if is_open else ()))

    def why_not(self, host: str, port: int) -> str:
        """Say why this host (as `host_of` gives it) is not among them, before anything is looked up."""
        about = [
            rule for rule in self._named if rule.names(host) or (rule.host == EVERY and not _is_kept(host))
        ]
        if any(rule.fits_port(port) for rule in about):
            return ""
        if about:
            ports = sorted(
                {str(one) for rule in about for one in (WEB if rule.port is None else (rule.port,))}
            )
            return f"Of {host} this sandbox may reach port {' and '.join(ports)} only, not {port}."
        if any(rule.host == EVERY for rule in self._rules):
            return _kept(host)
        return f"{host} is not among the hosts that this sandbox may reach."

    def why_not_there(self, host: str, port: int, address: str) -> str:
        """Say why it may not be reached at this address, for which its name stands."""
        if self._lists(address, port) or (host == LOCALHOST and is_loopback(address)):
            return ""
        if kind := why_local(address):
            return _local(host, address, kind)
        if any(rule.names(host) and rule.fits_port(port) for rule in self._named):
            return ""
        if is_private(address):
            return _private(host, address)
        return _own(host, address) if self._is_own(address) else ""

    def _lists(self, address: str, port: int) -> bool:
        """Whether the address itself is listed; a network never means local ones."""
        is_local = bool(why_local(address))
        return any(
            rule.names(address) and rule.fits_port(port) and not (is_local and "/" in rule.host)
            for rule in self._named
        )


def rule_of(text: str) -> Rule:
    """Read a rule. Raises SettingsInvalid."""
    given = text.strip()
    if "/" in given:
        return Rule(_network(given))
    found = _RULE.fullmatch(given)
    if found is None or not given:
        raise _wrong(text, "give a host, *.domain, host:port, an address, or *")
    host = found["six"] or found["host"] or found["bare"] or ""
    port = _port(found["port"], text)
    if host == EVERY:
        return Rule(EVERY, port)
    is_domain = host.startswith("*.")
    try:
        name = host_of(host[2:] if is_domain else host)
    except ValueError as error:
        raise _wrong(text, str(error)) from error
    if is_domain and address_of(name) is not None:
        raise _wrong(text, "an address has no names below it")
    return Rule(f"*.{name}" if is_domain else name, port)


def is_local_name(host: str) -> bool:
    """Whether it is a name for this machine, by what names mean everywhere."""
    return host == LOCALHOST or host.endswith(f".{LOCALHOST}")


def check_rules(texts: Iterable[str]) -> None:
    """Make sure that all can be read. Raises SettingsInvalid."""
    for text in texts:
        rule_of(text)


def host_of(text: str) -> str:
    """Give the one way to write a host: small letters, ASCII, no last dot, no brackets. Raises ValueError."""
    name = text.strip().lower()
    if name.startswith("[") and name.endswith("]"):
        name = name[1:-1]
    address = address_of(name)
    if address is not None:
        return str((isinstance(address, IPv6Address) and address.ipv4_mapped) or address)
    name = _ascii(name).removesuffix(".")
    labels = name.split(".")
    if len(name) > 253 or not all(map(_LABEL.fullmatch, labels)):
        raise ValueError("that is not a host's name")
    if _NUMBER.fullmatch(labels[-1]):
        raise ValueError("that is neither a name nor a whole address")
    return name


def _is_kept(host: str) -> bool:
    """Whether a host as it is written is not meant by `*`: what a name stands for is seen later."""
    if is_local_name(host):
        return True
    return address_of(host) is not None and bool(why_local(host) or is_private(host))


def _kept(host: str) -> str:
    if is_local_name(host):
        return _local(host, host, "this machine itself")
    kind = why_local(host)
    return _local(host, host, kind) if kind else _private(host, host)


def _local(host: str, address: str, kind: str) -> str:
    stands_for = kind if host == address else f"{address}, {kind}"
    return f"{host} is {stands_for}: a sandbox reaches that only where this very address is allowed."


def _private(host: str, address: str) -> str:
    at = "" if host == address else f" ({address})"
    return f"{host}{at} is in a private network: * does not mean it, it must be allowed by name or address."


def _own(host: str, address: str) -> str:
    at = "" if host == address else f" ({address})"
    return f"{host}{at} is this machine itself: * does not mean it, it must be allowed by name or address."


def _is_within(host: str, network: str) -> bool:
    address = address_of(host)
    return address is not None and address in ip_network(network)


def _network(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError as error:
        hint = "give the host alone, without http://" if "://" in text else str(error)
        raise _wrong(text, hint) from error


def _port(text: str | None, rule: str) -> int | None:
    if text is None:
        return None
    if text == EVERY:
        return 0
    if not (text.isascii() and text.isdecimal() and 0 < int(text) < 65_536):
        raise _wrong(rule, "a port is a number from 1 to 65535, or *")
    return int(text)


def _ascii(name: str) -> str:
    if name.isascii():
        return name
    import idna  # its tables are large, and few names need them

    try:
        return idna.encode(name, uts46=True).decode("ascii")
    except UnicodeError as error:
        raise ValueError("that is not a host's name") from error


def _wrong(text: str, why: str) -> SettingsInvalid:
    return SettingsInvalid(f"The sandbox cannot be allowed “{one_line(text)[:_SHOWN]}”: {why}.")
