"""The list of models comes from the endpoint itself."""

import pytest

from lis_tui.core.errors import ModelUnreachable
from lis_tui.model.catalogue import list_models
from tests.server import FakeServer


async def test_an_endpoint_names_its_models() -> None:
    with FakeServer(models=("qwen", "llama")) as server:
        assert await list_models(server.url, "sk-1") == ("llama", "qwen")
        assert server.seen[0].headers["authorization"] == "Bearer sk-1"


async def test_an_endpoint_that_is_gone_is_a_sentence() -> None:
    with FakeServer() as server:
        gone = server.url
    with pytest.raises(ModelUnreachable, match="cannot be reached"):
        await list_models(gone)
