"""Tells of a sandbox's connections in the run: each where they are few, as sums where they come in floods.

A program may try a thousand times a second; the journal gets a bounded number of facts a minute, and none
of the connections is left out of them.
"""

import asyncio
from collections.abc import Callable

from msgspec import Struct

from lis_tui.core.bus import Bus
from lis_tui.core.events import ConnectionEnded, StepAddress
from lis_tui.core.ports import Connection
from lis_tui.core.text import safe_str

WINDOW_S = 60.0
MOST_AT_ONCE = 40
"""Facts in one window that are told when they happen."""
MOST_SUMS = 60
"""Different sums at the window's end; what is beyond them is told as one."""
OTHERS = "other hosts"
_LONGEST_HOST, _LONGEST_WHY = 255, 500


class _Key(Struct, frozen=True):
    host: str
    port: int
    is_allowed: bool
    why: str
    address: StepAddress | None


class Listing:
    """Takes connections down; `later` has something called after a while."""

    def __init__(
        self, bus: Bus, later: Callable[[float, Callable[[], None]], asyncio.TimerHandle | None]
    ) -> None:
        self._bus = bus
        self._later = later
        self._told = 0
        self._failed: set[_Key] = set()
        """Refused, or not reached: told of in this window."""
        self._sums: dict[_Key, ConnectionEnded] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._is_open = False

    def add(self, connection: Connection, address: StepAddress | None) -> None:
        """Tell of a connection, now or in a sum."""
        key = _Key(
            safe_str(connection.host[:_LONGEST_HOST]),
            connection.port,
            connection.is_allowed,
            safe_str(connection.why[:_LONGEST_WHY]),
            address,
        )
        told = _told(key, connection)
        self._begin()
        is_again = key in self._failed or key in self._sums
        if is_again or self._told >= MOST_AT_ONCE:
            self._sum(key, told)
            return
        self._told += 1
        if key.why:
            self._failed.add(key)
        self._bus.publish(told)

    @property
    def has_sums(self) -> bool:
        """Something is not told yet."""
        return bool(self._sums)

    def flush(self) -> None:
        """Tell of all that waits in sums."""
        sums, self._sums = self._sums, {}
        for told in sums.values():
            self._bus.publish(told)

    def close(self) -> None:
        """Tell of the rest; no window is open any more."""
        if self._timer is not None:
            self._timer.cancel()
        self._end()

    def _begin(self) -> None:
        if not self._is_open:
            self._is_open = True
            self._timer = self._later(WINDOW_S, self._end)

    def _end(self) -> None:
        self._is_open, self._timer = False, None
        self._told = 0
        self._failed.clear()
        self.flush()

    def _sum(self, key: _Key, told: ConnectionEnded) -> None:
        if key not in self._sums and len(self._sums) >= MOST_SUMS:
            key = _Key(OTHERS, 0, key.is_allowed, "", None)
            told = _sum_of(None, told, key)
        self._sums[key] = _sum_of(self._sums.get(key), told, key)


def _told(key: _Key, connection: Connection) -> ConnectionEnded:
    return ConnectionEnded(
        host=key.host,
        port=key.port,
        is_allowed=key.is_allowed,
        why=key.why,
        sent=connection.sent,
        received=connection.received,
        took_s=connection.took_s,
        address=key.address,
    )


def _sum_of(one: ConnectionEnded | None, other: ConnectionEnded, key: _Key) -> ConnectionEnded:
    return ConnectionEnded(
        host=key.host,
        port=key.port,
        is_allowed=key.is_allowed,
        why=key.why,
        sent=other.sent + (one.sent if one else 0),
        received=other.received + (one.received if one else 0),
        took_s=other.took_s + (one.took_s if one else 0.0),
        count=other.count + (one.count if one else 0),
        address=key.address,
    )
