"""What a sandbox reached and was refused, summed up by host and port: for tables of a few lines."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from lis_tui.core.events import ConnectionEnded
from lis_tui.core.text import one_line, plural

MOST_ROWS = 200
_UNITS = ("B", "kB", "MB", "GB")


class HostSum(Struct, frozen=True, kw_only=True):
    """All connections to one port of one host."""

    host: str
    port: int
    connections: int = 0
    refused: int = 0
    sent: int = 0
    received: int = 0
    why: str = ""
    """Why the last one that was refused, or did not come about, was."""

    @property
    def place(self) -> str:
        """Host and port on one safe line; port 0: several are meant."""
        host = one_line(self.host, 100)
        host = f"[{host}]" if ":" in host else host
        return f"{host}:{self.port}" if self.port else host


def sums_of(connections: Iterable[ConnectionEnded]) -> tuple[HostSum, ...]:
    """Sum up, in the order in which hosts were first asked for."""
    found: dict[tuple[str, int], HostSum] = {}
    for one in connections:
        before = found.get((one.host, one.port), HostSum(host=one.host, port=one.port))
        found[(one.host, one.port)] = HostSum(
            host=one.host,
            port=one.port,
            connections=before.connections + one.count,
            refused=before.refused + (0 if one.is_allowed else one.count),
            sent=before.sent + one.sent,
            received=before.received + one.received,
            why=one.why or before.why,
        )
    return tuple(found.values())


def table(sums: Sequence[HostSum]) -> list[str]:
    """Give aligned lines of safe text: a head, then one a host; none where nothing was reached."""
    if not sums:
        return []
    rows = [("host", "connections", "refused", "sent", "received", "")]
    rows += [
        (
            one.place,
            f"{one.connections:,}",
            f"{one.refused:,}",
            amount(one.sent),
            amount(one.received),
            one_line(one.why, 160),
        )
        for one in sums[:MOST_ROWS]
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = ["  ".join([row[0].ljust(widths[0]), *_aligned(row, widths), row[5]]).rstrip() for row in rows]
    more = len(sums) - MOST_ROWS
    return lines if more <= 0 else [*lines, f"… and {plural(more, 'more host')}"]


def _aligned(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    return [row[column].rjust(widths[column]) for column in range(1, 5)]


def amount(count: float) -> str:
    """Say a number of bytes in three or four signs."""
    unit = 0
    while count >= 1000 and unit < len(_UNITS) - 1:
        count, unit = count / 1000, unit + 1
    return f"{count:.0f} {_UNITS[unit]}" if unit == 0 or count >= 100 else f"{count:.1f} {_UNITS[unit]}"
