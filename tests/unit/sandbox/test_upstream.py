"""Which proxy of the person's own leads to a host."""

import pytest

from lis_tui.sandbox.upstream import Upstream, Upstreams

ENVIRON = {"http_proxy": "http://plain.corp:3128", "HTTPS_PROXY": "me:p%40ss@secure.corp:8080"}


def test_tunnels_and_plain_requests_have_a_proxy_each() -> None:
    found = Upstreams(ENVIRON)
    assert found.to("a.example", 80, is_tunnel=False) == Upstream("http", "plain.corp", 3128)
    secure = found.to("a.example", 443, is_tunnel=True)
    assert secure == Upstream("http", "secure.corp", 8080, "bWU6cEBzcw==")
    assert secure is not None
    assert secure.headers() == [(b"Proxy-Authorization", b"Basic bWU6cEBzcw==")]
    assert "bWU6" not in repr(secure)


def test_one_for_all_counts_where_none_is_named() -> None:
    found = Upstreams({"ALL_PROXY": "https://all.corp", "http_proxy": ""})
    assert found.to("a.example", 80, is_tunnel=False) == Upstream("https", "all.corp", 443)
    assert Upstreams({}).to("a.example", 443, is_tunnel=True) is None
    assert Upstreams({"http_proxy": "http://[broken"}).to("a.example", 80, is_tunnel=False) is None
    assert Upstreams({"http_proxy": "http://:80"}).to("a.example", 80, is_tunnel=False) is None


@pytest.mark.parametrize(
    ("words", "host", "is_direct"),
    [
        ("a.example", "a.example", True),
        (".example", "b.a.example", True),
        ("*.example", "a.example", True),
        ("a.example", "not-a.example", False),
        ("A.Example , b", "a.example", True),
        ("a.example:443", "a.example", True),
        ("a.example:8080", "a.example", False),
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.0.0.1", "10.1.2.3", False),
        ("fd00::/8", "fd12::1", True),
        ("*", "a.example", True),
        ("", "a.example", False),
    ],
)
def test_hosts_that_need_none_are_reached_directly(words: str, host: str, is_direct: bool) -> None:
    found = Upstreams({**ENVIRON, "NO_PROXY": words})
    assert (found.to(host, 443, is_tunnel=True) is None) is is_direct
