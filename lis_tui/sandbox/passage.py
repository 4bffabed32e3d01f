"""A sandbox's way out: which network it gets, how that is made for it, and what is to be known of it."""

import asyncio
import socket
from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from lis_tui.core.bus import spawn
from lis_tui.core.errors import SandboxFailed
from lis_tui.core.network import METADATA
from lis_tui.core.spec import Network
from lis_tui.sandbox.inlet import PORT
from lis_tui.sandbox.service import Service

_ADDRESS = f"http://127.0.0.1:{PORT}"
_NAMES = ("http_proxy", "https_proxy", "all_proxy")
_INSIDE = "localhost,127.0.0.1,::1"
PROXIED: Mapping[str, str] = {
    **dict.fromkeys(_NAMES, _ADDRESS),
    **dict.fromkeys(map(str.upper, _NAMES), _ADDRESS),
    **dict.fromkeys(("no_proxy", "NO_PROXY"), _INSIDE),
    "NODE_USE_ENV_PROXY": "1",
}
"""Programs differ in which of these they read; what is carried in of the host's own leads nowhere inside."""
NOWHERE = ("169.254.0.0/16", *(f"{address}/{address.max_prefixlen}" for address in sorted(METADATA, key=str)))
"""Where clouds tell a machine its secrets: none of it is a sandbox's business."""


class Proxy(Protocol):
    """What answers outside, for all that comes through."""

    async def serve(self, listening: socket.socket) -> None:
        """Answer on it, and no longer on another."""
        ...

    async def close(self) -> None:
        """Answer no more; safe to call twice."""
        ...


class Way(Protocol):
    """How one gets into a sandbox's network for a moment. Its methods raise OSError and SandboxFailed."""

    async def listen(self) -> tuple[socket.socket, str]:
        """Give a socket that listens there, and say how it was made."""
        ...

    async def shut(self, networks: tuple[str, ...]) -> None:
        """Have addresses lead nowhere from there."""
        ...


class Passage:
    """One sandbox's network; what it needs is made beside the sandbox's start, and anew for each new one."""

    def __init__(self, wished: Network, usual: Literal["bridge", "allow"], proxy: Proxy) -> None:
        self.network = usual if wished == "auto" else wished
        self._proxy = proxy
        self._making: asyncio.Task[None] | None = None
        self._failure: Exception | None = None
        self._notes: list[str] = []

    @property
    def variables(self) -> Mapping[str, str]:
        """What tells programs of the proxy."""
        return PROXIED if self.network == "allow" else {}

    def begin(self, way: Way) -> None:
        """Make it for a network that is new."""
        self._failure, self._notes = None, []
        if self.network == "allow":
            self._making = spawn(self._lead_out(way), "network", self._failed)
        elif self.network == "bridge":
            self._making = spawn(self._guard(way), "network", self._failed)

    async def ready(self) -> Sequence[str]:
        """Wait until it is as was asked for; tells what is to be known of it. Raises SandboxFailed."""
        if self._making is not None:
            await asyncio.wait([self._making])
        if self._failure is not None:
            raise self._failure
        return self._notes

    async def tried(self, service: Service) -> Sequence[str]:
        """Wait for it, and make sure that it is the inside's own. Raises SandboxFailed."""
        notes = await self.ready()
        if self.network == "allow":
            answer = await service.ask(b"(: 3<>/dev/tcp/127.0.0.1/%d) 2>&1" % PORT)
            if b"refused" in answer.output:
                raise _impossible("its kernel has another network than the one that was entered")
        return notes

    async def close(self) -> None:
        """Have nobody answer any more; safe to call twice."""
        making, self._making = self._making, None
        if making is not None and not making.done():
            making.cancel()
            await asyncio.wait([making])
        await self._proxy.close()

    async def _lead_out(self, way: Way) -> None:
        try:
            listening, how = await way.listen()
        except OSError as error:
            raise _impossible(str(error)) from error
        try:
            await self._proxy.serve(listening)
        except BaseException:
            listening.close()
            raise
        self._notes = [f"the network leads through a proxy that lists every connection (set up {how})"]

    async def _guard(self, way: Way) -> None:
        try:
            await way.shut(NOWHERE)
        except (OSError, SandboxFailed) as error:
            self._notes = [f"metadata addresses of a cloud could not be made unreachable: {error}"]

    def _failed(self, error: Exception) -> None:
        self._failure = error


def _impossible(why: str) -> SandboxFailed:
    return SandboxFailed(
        f"This sandbox cannot have the network `allow`: {why}. Choose network=bridge, which lets it reach "
        "everything, or network=none."
    )
