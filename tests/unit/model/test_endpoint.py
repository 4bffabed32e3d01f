"""Whether a server is one's own is judged by its address alone."""

import pytest

from lis_tui.core.spec import ModelSpec
from lis_tui.model.endpoint import is_private, server_name


@pytest.mark.parametrize(
    "base",
    [
        "http://127.0.0.1:8000/v1",
        "http://[::1]:8000/v1",
        "http://localhost:11434",
        "http://192.168.1.5/v1",
        "http://10.0.0.7:8000",
        "http://gpu-box:8000/v1",
        "http://model.internal/v1",
    ],
)
def test_loopback_and_private_addresses_are_ones_own(base: str) -> None:
    assert is_private(ModelSpec(name="m", api_base=base))


@pytest.mark.parametrize(
    "base", ["https://api.openai.com/v1", "http://8.8.8.8/v1", "https://localhost.evil.example"]
)
def test_other_addresses_are_not(base: str) -> None:
    assert not is_private(ModelSpec(name="m", api_base=base))


def test_without_an_address_the_provider_decides() -> None:
    assert is_private(ModelSpec(name="ollama/qwen3"))
    assert not is_private(ModelSpec(name="openai/gpt-4o"))


def test_a_password_in_the_address_is_not_repeated() -> None:
    assert server_name(ModelSpec(name="m", api_base="http://me:pw@box:1/v1")) == "the model server box:1"
