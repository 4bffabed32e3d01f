"""What a sandbox may reach and what it reached, in words: network, connections, a host it asks for."""

from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct, structs

from lis_tui.core.events import ConnectionAsked, ConnectionEnded, Record, StepAddress
from lis_tui.core.text import one_line
from lis_tui.core.view import RunView
from lis_tui.ui import words
from lis_tui.ui.rows import Ink

ALL = "*"
ALL_HOSTS = "all hosts"
State = Literal["allowed", "refused", "failed"]
Column = Literal["when", "host", "sent", "received", "count", "step"]
COLUMNS: tuple[Column, ...] = ("when", "host", "sent", "received", "count", "step")


class Reached(Struct, frozen=True):
    """Connections to one place: each by itself, or all of a host together."""

    host: str
    port: int | None
    """None: several."""
    is_allowed: bool
    why: str
    sent: int
    received: int
    count: int
    refused: int
    """How many of them were refused."""
    took_s: float
    address: StepAddress | None
    """The step that ran when the last of them began."""
    number: int
    """Their place in time: that of the last of them."""
    is_total: bool = False

    @property
    def place(self) -> str:
        """Where they led, as it was asked for."""
        return place(self.host, self.port)

    @property
    def state(self) -> State:
        """Whether it was refused, or allowed and came to nothing."""
        if self.refused:
            return "refused"
        return "failed" if self.why and not self.received else "allowed"

    def is_same(self, other: "Reached") -> bool:
        """Whether it is the same connection, or the same host's, as it was told before."""
        return (self.host, self.is_total or self.number) == (other.host, other.is_total or other.number)

    @property
    def text(self) -> str:
        """What a filter looks at."""
        return f"{self.place} {self.state} {self.why} {self.address or ''}".casefold()


def place(host: str, port: int | None) -> str:
    """Give host and port; both are what the sandbox said they are."""
    name = one_line(host, 253)
    name = f"[{name}]" if ":" in name else name
    return name if port is None else f"{name}:{port}"


def each(connections: Sequence[ConnectionEnded]) -> list[Reached]:
    """Give the connections as they were."""
    return [
        Reached(
            one.host,
            one.port,
            one.is_allowed,
            one_line(one.why, 300),
            one.sent,
            one.received,
            one.count,
            0 if one.is_allowed else one.count,
            one.took_s,
            one.address,
            number,
        )
        for number, one in enumerate(connections)
    ]


def by_host(connections: Sequence[ConnectionEnded]) -> list[Reached]:
    """Give what each host came to."""
    found: dict[str, Reached] = {}
    for one in each(connections):
        before = found.get(one.host)
        found[one.host] = structs.replace(one, is_total=True) if before is None else _both(before, one)
    return list(found.values())


def _both(a: Reached, b: Reached) -> Reached:
    return Reached(
        a.host,
        a.port if a.port == b.port else None,
        a.is_allowed or b.is_allowed,
        b.why or a.why,
        a.sent + b.sent,
        a.received + b.received,
        a.count + b.count,
        a.refused + b.refused,
        a.took_s + b.took_s,
        b.address or a.address,
        b.number,
        is_total=True,
    )


def arranged(found: Sequence[Reached], by: Column, *, is_down: bool, wanted: str = "") -> list[Reached]:
    """Give those that have every wanted word, in an order."""
    sought = wanted.casefold().split()
    fitting = [one for one in found if all(word in one.text for word in sought)]
    fitting.sort(key=lambda one: one.number)
    if by != "when":
        fitting.sort(key=_KEYS[by], reverse=is_down)
    elif is_down:
        fitting.reverse()
    return fitting


_NOWHERE = StepAddress(0)
_KEYS = {
    "host": lambda one: (one.host, one.port or 0),
    "sent": lambda one: one.sent,
    "received": lambda one: one.received,
    "count": lambda one: one.count,
    "step": lambda one: one.address or _NOWHERE,
}


def total_words(connections: Sequence[ConnectionEnded]) -> str:
    """Say what all of them came to."""
    hosts = len({one.host for one in connections if one.is_allowed})
    count = sum(one.count for one in connections)
    refused = sum(one.count for one in connections if not one.is_allowed)
    sent, received = sum(one.sent for one in connections), sum(one.received for one in connections)
    told = [words.plural(hosts, "host"), words.plural(count, "connection")]
    told.append(f"{words.size(sent)} ↑ {words.size(received)} ↓")
    return " · ".join([*told, *([f"{refused} refused"] if refused else [])])


# ---- the network


def network_of(view: RunView) -> str:
    """Give which network the run's sandbox has: `none`, `allow`, `bridge`; empty where that is not known."""
    if view.sandbox is None or view.imported is not None:
        return ""
    network = view.sandbox.network
    if network == "auto":  # an early journal names the wish
        network = "allow" if view.sandbox.kind == "embedded" else "bridge"
    return network


def network_words(view: RunView) -> Ink:
    """Say in two or three words what the sandbox may reach."""
    network = network_of(view)
    if network == "none":
        return "no network", "output"
    if network == "allow":
        if ALL in view.allowed_hosts:
            return ALL_HOSTS, "output"
        return words.plural(len(view.allowed_hosts), "host"), "output"
    if network == "bridge" and view.sandbox is not None and view.sandbox.kind == "embedded":
        return "this machine's network", "warning"
    return (ALL_HOSTS, "output") if network else ("", "")


def allowed_words(view: RunView) -> str:
    """Say in a sentence what the sandbox may reach."""
    network = network_of(view)
    if network == "none":
        return "It has no network."
    if network == "allow" and ALL in view.allowed_hosts:
        return "It may reach all hosts but local ones."
    if network == "allow" and view.allowed_hosts:
        return f"It may reach {', '.join(one_line(host, 100) for host in view.allowed_hosts)}."
    if network == "allow":
        return "It may reach no host."
    return "It may reach all hosts; only connections through a proxy (network=allow) are listed."


# ---- a host it asks for


def asked_host(view: RunView) -> ConnectionAsked | None:
    """Give the question that was asked first of those that nobody answered."""
    return view.asked_hosts[min(view.asked_hosts)] if view.asked_hosts else None


def time_left(view: RunView, asked: ConnectionAsked, now: float) -> str:
    """Say when the question answers itself."""
    at = view.hosts_asked_at.get(asked.number)
    if asked.timeout_s is None or at is None:
        return ""
    spec = view.started.spec if view.started is not None else None
    default = "once" if spec is not None and spec.gate.default == "approve" else "no"
    return f" · {default} in {words.clock(at + asked.timeout_s - now)}"


# ---- what was refused

NEWS_S = 30.0
"""What is older when it arrives is no news."""


class Refusals:
    """Tells of each host once that it was refused."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def news(self, records: Iterable[Record], now: float) -> str:
        """Say which hosts were refused for the first time; empty where none was."""
        fresh: list[str] = []
        for record in records:
            event = record.event
            if not isinstance(event, ConnectionEnded) or event.is_allowed or event.host in self._told:
                continue
            self._told.add(event.host)
            if now - record.at <= NEWS_S:
                fresh.append(place(event.host, event.port))
        if not fresh:
            return ""
        others = f" and {words.plural(len(fresh) - 1, 'other')}" if len(fresh) > 1 else ""
        return f"refused: {one_line(fresh[0], 80)}{others} · S lists connections"
