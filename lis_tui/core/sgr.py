"""What a terminal's colour codes say, as data of our own."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import Struct

Colour = int | tuple[int, int, int]
"""One of the terminal's 256 colours, or red, green and blue."""


class Style(Struct, frozen=True):
    """How a piece of text looks; None is the colour of the surroundings."""

    fg: Colour | None = None
    bg: Colour | None = None
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: bool = False
    reverse: bool = False
    strike: bool = False


PLAIN = Style()
_CHANGES: dict[int, dict[str, Any]] = {  # Any: the values of several fields of Style
    1: {"bold": True},
    2: {"dim": True},
    3: {"italic": True},
    4: {"underline": True},
    7: {"reverse": True},
    9: {"strike": True},
    21: {"underline": True},
    22: {"bold": False, "dim": False},
    23: {"italic": False},
    24: {"underline": False},
    27: {"reverse": False},
    29: {"strike": False},
    39: {"fg": None},
    49: {"bg": None},
}


@lru_cache(maxsize=4096)
def styled(style: Style, codes: str) -> Style:
    """Give the style after `CSI codes m`; what is not known (concealed text) changes nothing."""
    groups = iter(codes.split(";"))
    for group in groups:
        head, _, rest = group.partition(":")
        code = _number(head)
        if code == 0:
            style = PLAIN
        elif code in (38, 48):
            colour = _colour(iter(rest.split(":")) if rest else groups, is_list=bool(rest))
            if colour is None:
                break
            style = msgspec.structs.replace(style, **{"fg" if code == 38 else "bg": colour})
        elif code == 4 and rest:
            style = msgspec.structs.replace(style, underline=rest != "0")
        else:
            style = msgspec.structs.replace(style, **_change(code))
    return PLAIN if style == PLAIN else style


def _change(code: int) -> dict[str, Any]:  # Any: see _CHANGES
    for first, name, base in ((30, "fg", 0), (40, "bg", 0), (90, "fg", 8), (100, "bg", 8)):
        if first <= code <= first + 7:
            return {name: base + code - first}
    return _CHANGES.get(code, {})


def _number(text: str) -> int:
    """Read a parameter; nothing is 0, nonsense is a code that means nothing."""
    if not text:
        return 0
    return int(text) if len(text) <= 4 and text.isascii() and text.isdigit() else 9999


def _colour(parts: Iterator[str], *, is_list: bool) -> Colour | None:
    kind = _number(next(parts, ""))
    if kind == 5:
        index = _number(next(parts, ""))
        return index if index < 256 else None
    if kind != 2:
        return None
    numbers = list(parts) if is_list else [next(parts, "?") for _ in range(3)]
    # With colons a colour space may stand before the three numbers.
    values = [_number(part) for part in (numbers[1:4] if is_list and len(numbers) > 3 else numbers[:3])]
    if len(values) < 3 or max(values) > 255:
        return None
    return values[0], values[1], values[2]
