"""A call's arguments, read without trust."""

import msgspec


def arguments_of(text: str) -> dict[str, object] | None:
    """Read the arguments of a call; None where they are no JSON object."""
    try:
        return msgspec.json.decode((text or "{}").encode(errors="replace"), type=dict[str, object])
    except (msgspec.DecodeError, RecursionError):
        return None
