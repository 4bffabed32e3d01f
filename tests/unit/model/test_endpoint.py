"""Whether a server is one's own is judged by its address alone."""

from lis_tui.core.spec import ModelSpec
from lis_tui.model.endpoint import is_private, server_name


def test_an_address_decides_by_itself() -> None:
    assert is_private(ModelSpec(name="openai/gpt-4o", api_base="http://gpu-box:8000/v1"))
    assert not is_private(ModelSpec(name="ollama/qwen3", api_base="https://api.openai.com/v1"))


def test_without_an_address_the_provider_decides() -> None:
    assert is_private(ModelSpec(name="ollama/qwen3"))
    assert not is_private(ModelSpec(name="openai/gpt-4o"))


def test_a_password_in_the_address_is_not_repeated() -> None:
    assert server_name(ModelSpec(name="m", api_base="http://me:pw@box:1/v1")) == "the model server box:1"
