"""Keys and passwords masked in records, wherever they stand, with an account of where that was."""

from collections.abc import Iterable

import msgspec

from lis_tui.core.events import DECODER, Event, InputSent, Record, UnknownEvent
from lis_tui.core.text import Secrets

_ENCODER = msgspec.json.Encoder()


def masked(records: Iterable[Record], secrets: Secrets) -> tuple[list[Record], dict[str, int]]:
    """Mask what `secrets` knows; give also how many texts were masked, by where they stood."""
    found: dict[str, int] = {}
    return [Record(record.n, record.at, _masked(record.event, secrets, found)) for record in records], found


def _masked(event: Event, secrets: Secrets, found: dict[str, int]) -> Event:
    if isinstance(event, InputSent):
        return _typed(event, secrets, found)
    if isinstance(event, UnknownEvent):
        text = bytes(event.raw).decode(errors="replace")
        hidden = secrets.hide(text)
        if hidden == text:
            return event
        _count(found, "what this version cannot read")
        return UnknownEvent(msgspec.Raw(hidden.encode()))
    plain = msgspec.json.decode(_ENCODER.encode(event))
    place = _place(plain)
    changed = _hide(plain, secrets)
    if changed == plain:
        return event
    _count(found, place)
    return DECODER.decode(_ENCODER.encode(changed))


def _hide(value: object, secrets: Secrets) -> object:
    if isinstance(value, str):
        return secrets.hide(value)
    if isinstance(value, dict):
        return {key: _hide(one, secrets) for key, one in value.items()}
    if isinstance(value, list):
        return [_hide(one, secrets) for one in value]
    return value


def _typed(event: InputSent, secrets: Secrets, found: dict[str, int]) -> Event:
    text = event.data.decode(errors="replace")
    hidden = secrets.hide(text)
    if hidden == text:
        return event
    _count(found, f"step {event.address}")
    return msgspec.structs.replace(event, data=hidden.encode())


def _place(plain: object) -> str:
    """Say where an event belongs."""
    if isinstance(plain, dict):
        address = plain.get("address")
        if isinstance(address, list) and address:
            return f"step {'.'.join(str(part) for part in address[:2])}"
        if "turn" in plain:
            return f"turn {plain['turn']}"
    return "the beginning of the run"


def _count(found: dict[str, int], place: str) -> None:
    found[place] = found.get(place, 0) + 1
