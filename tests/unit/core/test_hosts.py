import pytest

from lis_tui.core.hosts import is_private_address


@pytest.mark.parametrize(
    ("url", "is_private"),
    [
        ("http://localhost:8000/v1", True),
        ("http://127.0.0.1/v1", True),
        ("http://[::1]:80/", True),
        ("http://10.1.2.3", True),
        ("http://192.168.1.5/v1", True),
        ("http://gpu-box:8000", True),
        ("http://nas.local./v1", True),
        ("http://host.docker.internal/v1", True),
        ("https://api.openai.com/v1", False),
        ("https://localhost.example.org", False),
        ("https://8.8.8.8/v1", False),
        ("", False),
        ("nonsense", False),
        ("http://[broken", False),
    ],
)
def test_an_address_says_whether_it_is_ours(url: str, is_private: bool) -> None:
    assert is_private_address(url) is is_private
