import socket
from collections.abc import Sequence

import pytest

from lis_tui.core.errors import SandboxFailed
from lis_tui.core.network import METADATA
from lis_tui.sandbox.passage import NOWHERE, Passage


class Answering:
    """A proxy that keeps what it was given."""

    def __init__(self) -> None:
        self.serving: socket.socket | None = None

    async def serve(self, listening: socket.socket) -> None:
        """Keep it."""
        await self.close()
        self.serving = listening

    async def close(self) -> None:
        """Let go of it."""
        if self.serving is not None:
            self.serving.close()
            self.serving = None


class OneWay:
    """A way in that is there, or not."""

    def __init__(self, why_not: str = "") -> None:
        self._why_not = why_not
        self.shut_off: Sequence[str] = ()

    async def listen(self) -> tuple[socket.socket, str]:
        """Give a socket. Raises OSError."""
        if self._why_not:
            raise OSError(self._why_not)
        return socket.socket(), "somehow"

    async def shut(self, networks: tuple[str, ...]) -> None:
        """Take them down. Raises OSError."""
        if self._why_not:
            raise OSError(self._why_not)
        self.shut_off = networks


async def test_auto_is_what_is_usual_in_the_home_and_only_allow_names_a_proxy() -> None:
    assert Passage("auto", "bridge", Answering()).network == "bridge"
    assert Passage("auto", "allow", Answering()).network == "allow"
    assert Passage("none", "allow", Answering()).variables == {}
    assert "http_proxy" in Passage("auto", "allow", Answering()).variables


async def test_with_allow_the_proxy_answers_on_the_socket_and_the_way_is_told() -> None:
    proxy = Answering()
    passage = Passage("allow", "bridge", proxy)
    passage.begin(OneWay())
    assert "somehow" in " ".join(await passage.ready())
    assert proxy.serving is not None
    await passage.close()
    assert proxy.serving is None


async def test_where_there_is_no_way_in_the_error_says_what_to_choose() -> None:
    passage = Passage("allow", "bridge", Answering())
    passage.begin(OneWay("the engine is on another machine"))
    with pytest.raises(SandboxFailed, match=r"another machine.*network=bridge"):
        await passage.ready()
    passage.begin(OneWay())
    await passage.ready()
    await passage.close()


async def test_with_bridge_metadata_is_shut_off_or_a_note_says_why_not() -> None:
    passage, way = Passage("bridge", "bridge", Answering()), OneWay()
    passage.begin(way)
    assert await passage.ready() == []
    assert "169.254.0.0/16" in way.shut_off
    assert {f"{one}/{one.max_prefixlen}" for one in METADATA} <= set(NOWHERE)
    passage.begin(OneWay("not permitted"))
    assert "not permitted" in " ".join(await passage.ready())
    await passage.close()


async def test_with_none_nobody_enters() -> None:
    passage = Passage("none", "bridge", Answering())
    passage.begin(OneWay("nobody asks for this"))
    assert await passage.ready() == []
    await passage.close()
