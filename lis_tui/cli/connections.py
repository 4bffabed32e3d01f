"""What a sandbox reached, was refused or asks for, each in one line for the printer."""

from lis_tui.core.events import (
    AllowedHostsChanged,
    ConnectionAnswered,
    ConnectionAsked,
    ConnectionEnded,
    Event,
)
from lis_tui.core.reached import HostSum, amount
from lis_tui.core.text import one_line

_ANSWERS = {"once": "let pass for this step", "always": "allowed from now on", "no": "refused"}


def host_sentence(event: Event) -> str:
    """Say it; empty where the event is none of these."""
    match event:
        case ConnectionEnded():
            return _ended(event)
        case ConnectionAsked():
            then = f" for {event.timeout_s:g} s" if event.timeout_s is not None else ""
            place = _place(event.host, event.port)
            return f"asked{then}: may the sandbox reach {place}? (question {event.number})"
        case ConnectionAnswered():
            return f"question {event.number}: {_ANSWERS[event.verdict]}, by a {event.by}"
        case AllowedHostsChanged(hosts, by):
            named = one_line(", ".join(hosts), 300) or "none"
            return f"hosts that may be reached, set by a {by}: {named}"
        case _:
            return ""


def _ended(event: ConnectionEnded) -> str:
    times = f" ×{event.count:,}" if event.count > 1 else ""
    place = f"{_place(event.host, event.port)}{times}"
    if not event.is_allowed:
        return f"refused: {place}: {one_line(event.why, 300)}"
    if event.why:
        return f"not reached: {place}: {one_line(event.why, 300)}"
    return f"reached {place}: {amount(event.sent)} sent, {amount(event.received)} received"


def _place(host: str, port: int) -> str:
    return HostSum(host=host, port=port).place
