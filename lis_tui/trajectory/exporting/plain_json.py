"""JSON that may be printed: what a terminal could act on is escaped, as JSON can say it."""

import json
import re

import msgspec

from lis_tui.core.hostile import HOSTILE


def as_bytes(value: object, *, indent: int = -1) -> bytes:
    """Write a value and a line end, over many lines where an indent is given."""
    data = msgspec.json.encode(value)
    if indent >= 0:
        data = msgspec.json.format(data, indent=indent)
    return HOSTILE.sub(_escaped, data.decode()).encode() + b"\n"


def _escaped(found: re.Match[str]) -> str:
    return json.dumps(found.group())[1:-1]
