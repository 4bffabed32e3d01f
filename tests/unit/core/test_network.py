"""Which hosts a rule means, and which addresses no `*` ever means."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lis_tui.core.addresses import is_own_address, is_private, why_local
from lis_tui.core.errors import SettingsInvalid
from lis_tui.core.network import Rules, check_rules, host_of, rule_of

PUBLIC = "93.184.216.34"
LOCAL = ["127.0.0.1", "127.9.9.9", "::1", "0.0.0.0", "::", "169.254.0.1", "fe80::1", "224.0.0.1", "ff02::1"]
METADATA = ["169.254.169.254", "fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192"]
IN_DISGUISE = [
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "::127.0.0.1",
    "0.1.2.3",
    "255.255.255.255",
    "fec0::1",
]
PRIVATE = ["10.0.0.5", "172.16.0.1", "192.168.1.1", "100.64.0.1", "fd12::1", "::ffff:10.0.0.5", "240.0.0.1"]
STAND_INS = ["203.0.113.7", "198.18.0.1", "2001:db8::1", "::ffff:198.18.0.1"]


def may(rules: Rules, host: str, port: int = 443, address: str = PUBLIC) -> bool:
    """Whether a host that stands for this address is reached."""
    name = host_of(host)
    try:
        ipaddress.ip_address(name)
        address = name
    except ValueError:
        pass
    return not (rules.why_not(name, port) or rules.why_not_there(name, port, address))


@pytest.mark.parametrize(
    ("rule", "host", "port", "is_meant"),
    [
        ("example.org", "example.org", 443, True),
        ("example.org", "EXAMPLE.org.", 80, True),
        ("example.org", "example.org", 8080, False),
        ("example.org", "www.example.org", 443, False),
        ("example.org", "example.org.evil.net", 443, False),
        ("example.org", "notexample.org", 443, False),
        ("example.org:8080", "example.org", 8080, True),
        ("example.org:8080", "example.org", 443, False),
        ("example.org:*", "example.org", 22, True),
        ("*.example.org", "a.b.example.org", 443, True),
        ("*.example.org", "example.org", 443, False),
        ("*.example.org", "evilexample.org", 443, False),
        ("*", "anything.net", 443, True),
        ("*", "anything.net", 22, False),
        ("*:*", "anything.net", 22, True),
        ("*", PUBLIC, 443, True),
        (" Example.ORG. ", "example.org", 443, True),
        ("bücher.example", "xn--bcher-kva.example", 443, True),
        ("xn--bcher-kva.example", "bücher.example", 443, True),
        ("10.0.0.5", "10.0.0.5", 443, True),
        ("10.0.0.0/8", "10.9.9.9", 443, True),
        ("10.0.0.0/8", "11.0.0.1", 443, False),
        ("[fd12::1]:8080", "[fd12::1]", 8080, True),
        ("[fd12::1]:8080", "fd12::1", 443, False),
        ("fd12::0001", "fd12::1", 443, True),
        ("::ffff:10.0.0.5", "10.0.0.5", 443, True),
    ],
)
def test_a_rule_means_what_it_says(rule: str, host: str, port: int, is_meant: bool) -> None:
    assert may(Rules([rule]), host, port) is is_meant


@pytest.mark.parametrize(
    "rule",
    ["", "http://example.org", "example.org/path", "a b", "exa_mple..org", "-a.org", "127.1", "0x7f000001",
     "2130706433", "example.org:0", "example.org:65536", "example.org:http", "*.10.0.0.1", "*.*", "[::1",
     "fe80::1%eth0", "a" * 64, "10.0.0.1/8", "user@example.org", "example.org:80:80", "*example.org",
     "\x00", "a\n.org"],
)  # fmt: skip
def test_what_is_no_rule_is_refused_with_a_sentence(rule: str) -> None:
    with pytest.raises(SettingsInvalid, match=r"^The sandbox cannot be allowed “.*”: .+\.$"):
        check_rules([rule])


@pytest.mark.parametrize("address", [*LOCAL, *METADATA, *IN_DISGUISE])
def test_no_name_leads_to_a_local_address_and_neither_does_a_network(address: str) -> None:
    every = Rules(["*:*", "evil.example:*", "*.example:*", "0.0.0.0/0", "::/0"])
    assert why_local(address)
    assert every.why_not_there("evil.example", 80, host_of(address))
    assert not may(every, address, 80)


@pytest.mark.parametrize("address", [*LOCAL, *METADATA, *IN_DISGUISE])
def test_a_local_address_is_reached_where_this_very_one_is_listed(address: str) -> None:
    listed = Rules([f"[{address}]:8000" if ":" in address else f"{address}:8000"])
    assert may(listed, address, 8000)
    assert not may(listed, address, 80)


def test_localhost_is_reached_only_where_it_is_listed_and_only_as_loopback() -> None:
    assert not may(Rules(["*:*"]), "localhost", 80, "127.0.0.1")
    assert not may(Rules(["*:*"]), "a.localhost", 80, "127.0.0.1")
    listed = Rules(["localhost:8000"])
    assert may(listed, "localhost", 8000, "127.0.0.1")
    assert may(listed, "LOCALHOST.", 8000, "::1")
    assert not may(listed, "localhost", 8000, "169.254.169.254")
    assert not may(listed, "evil.example", 8000, "127.0.0.1")


@pytest.mark.parametrize("address", PRIVATE)
def test_a_private_address_is_reached_by_who_was_named_not_by_a_star(address: str) -> None:
    assert is_private(address)
    assert not may(Rules(["*"]), address)
    assert not may(Rules(["*"]), "mirror.example", 443, address)
    assert may(Rules(["mirror.example"]), "mirror.example", 443, address)
    assert may(Rules(["*.example"]), "mirror.example", 443, address)
    assert may(Rules([address]), address)
    assert may(Rules(["*", address]), "mirror.example", 443, host_of(address))


@pytest.mark.parametrize("address", STAND_INS)
def test_an_address_that_a_gateway_gives_public_names_is_public(address: str) -> None:
    assert may(Rules(["*"]), "example.org", 443, host_of(address))


def test_a_star_means_the_package_indexes_of_the_persons_own_settings() -> None:
    mirrors = ["mirror.corp:3141"]
    assert may(Rules(["*"], mirrors), "mirror.corp", 3141, "10.0.0.5")
    assert not may(Rules(["*"], mirrors), "mirror.corp", 22, "10.0.0.5")
    assert not may(Rules(["example.org"], mirrors), "mirror.corp", 3141, "10.0.0.5")


def test_an_address_of_this_machine_is_not_meant_by_a_star() -> None:
    own = Rules(["*"], is_own=lambda address: address == PUBLIC)
    assert not may(own, "me.example")
    assert may(Rules(["me.example"], is_own=lambda _: True), "me.example")


def test_this_machine_knows_its_own_addresses() -> None:
    assert is_own_address("127.0.0.1")
    assert not is_own_address("192.0.2.1")
    assert not is_own_address("no address")


def test_the_sentences_say_what_is_in_the_way() -> None:
    assert "not among the hosts" in Rules(["a.org"]).why_not("b.org", 443)
    assert Rules(["a.org"]).why_not("a.org", 22).endswith("port 443 and 80 only, not 22.")
    assert "private network" in Rules(["*"]).why_not_there("b.org", 443, "10.0.0.1")
    assert "metadata" in Rules(["*"]).why_not_there("b.org", 443, "169.254.169.254")


NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,8}[a-z](\.[a-z]{2,5}){1,2}", fullmatch=True)
ADDRESSES = st.ip_addresses().map(str)


@given(st.text(max_size=40))
def test_any_text_is_a_rule_or_refused(text: str) -> None:
    try:
        rule = rule_of(text)
    except SettingsInvalid:
        return
    assert rule_of(str(rule)) == rule


@given(st.text(max_size=40))
def test_a_host_has_one_way_to_be_written(text: str) -> None:
    try:
        host = host_of(text)
    except ValueError:
        return
    assert host_of(host) == host
    assert host.isascii()


@given(NAMES, NAMES, st.integers(1, 65535))
def test_a_name_is_reached_exactly_where_it_is_listed(listed: str, asked: str, port: int) -> None:
    assert may(Rules([f"{listed}:{port}"]), asked, port) is (listed == asked)
    assert may(Rules([f"*.{listed}:*"]), asked, port) is asked.endswith(f".{listed}")


@given(NAMES, ADDRESSES, st.integers(1, 65535))
def test_a_star_leads_to_global_addresses_alone(name: str, address: str, port: int) -> None:
    if may(Rules(["*:*"]), name, port, host_of(address)):
        assert not why_local(address)
        assert not is_private(address)
        plain = ipaddress.ip_address(address)
        private = [
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "fc00::/7",
        ]
        assert not any(plain in ipaddress.ip_network(one) for one in private)


@given(st.ip_addresses(v=4), st.sampled_from(["::ffff:{}", "::{}", "64:ff9b::{}"]))
def test_an_address_in_disguise_is_what_it_carries(address: ipaddress.IPv4Address, disguise: str) -> None:
    dressed = disguise.format(address)
    if why_local(str(address)):
        assert why_local(dressed)
    if is_private(str(address)):
        assert is_private(dressed) or why_local(dressed)
