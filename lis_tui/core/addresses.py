"""What an address is: of this machine's own surroundings, of a private network, or public."""

import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

METADATA = frozenset(
    ip_address(one)
    for one in ("169.254.169.254", "fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192")
)
"""Where clouds tell a machine its secrets."""
_STAND_INS = tuple(
    ip_network(one)
    for one in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "198.18.0.0/15", "2001:db8::/32")
)
"""Nobody's: VPNs and gateways that lead traffic elsewhere give them to the names of public hosts."""
_THIS_NETWORK = IPv4Network("0.0.0.0/8")
_SITE_LOCAL = IPv6Network("fec0::/10")
_NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
_COMPATIBLE = IPv6Network("::/96")

Address = IPv4Address | IPv6Address


def address_of(text: str) -> Address | None:
    """Read an address; one of a single link (`fe80::1%eth0`) is none."""
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return None if isinstance(found, IPv6Address) and found.scope_id is not None else found


def is_address(host: str) -> bool:
    """Whether it is an address and stands for itself."""
    return address_of(host) is not None


def why_local(address: str) -> str:
    """Say what makes this address one of the machine's own surroundings; empty where nothing does."""
    found = address_of(address)
    if found is None:
        return "no address"
    for one in (found, _embedded(found)):
        if one is not None and (kind := _local_kind(one)):
            return kind
    return ""


def is_private(address: str) -> bool:
    """Whether it is in a home's or a company's own network, or nowhere."""
    found = address_of(address)
    if found is None:
        return True
    meant = _embedded(found) or found
    return not (meant.is_global or any(meant in network for network in _STAND_INS))


def is_own_address(address: str) -> bool:
    """Whether it is one of this machine's own: what is sent there would come from there. Nothing is sent."""
    found = address_of(address)
    if found is None:
        return False
    family = socket.AF_INET if isinstance(found, IPv4Address) else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as asked:
            asked.connect((address, 9))
            return str(asked.getsockname()[0]) == str(found)
    except OSError:
        return False  # no way leads there


def is_loopback(address: str) -> bool:
    """Whether it is a loopback address."""
    found = address_of(address)
    return found is not None and found.is_loopback


def _local_kind(address: Address) -> str:
    kinds = {
        "a cloud's metadata address": address in METADATA,
        "a loopback address": address.is_loopback,
        "a link-local address": address.is_link_local or address in _SITE_LOCAL,
        "no host's address": address.is_unspecified or address in _THIS_NETWORK,
        "a multicast address": address.is_multicast or str(address) == "255.255.255.255",
    }
    return next((kind for kind, is_so in kinds.items() if is_so), "")


def _embedded(address: Address) -> IPv4Address | None:
    """Give the address of version 4 that one of version 6 carries, to which its packets would go."""
    if isinstance(address, IPv4Address):
        return None
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour
    if address.teredo:
        return address.teredo[1]
    has_tail = any(address in network for network in _NAT64) or (address in _COMPATIBLE and int(address) > 1)
    return IPv4Address(int(address) & 0xFFFFFFFF) if has_tail else None
