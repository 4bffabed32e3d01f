"""Whether two texts say the same: exactly, or but for what differs each time something runs."""

import re
from typing import Literal

import msgspec

from lis_tui.core.normalising import MOST_NORMALISED, cautious

Sign = Literal["=", "≈", "≠", "←", "→"]
"""Same, same after normalising, changed, only on the left, only on the right."""
_RANK: dict[Sign, int] = {"=": 0, "≈": 1, "≠": 2, "←": 3, "→": 3}
_REMARK = re.compile(r"\n?\[turn \d+ of \d+: [^\]\n]*\](?: (?:No turn is|Few turns are) left[^\n]*)?")
"""What the engine adds about turns left."""


def normalised(line: str) -> str:
    """Give a line without times, numbers of processes, names of temporary files and memory addresses."""
    return cautious().line(line)


def sameness(left: str, right: str) -> Sign:
    """Compare two texts."""
    if left == right:
        return "="
    sign = cautious().compare(without_remark(left), without_remark(right)).sign
    return "≈" if sign == "=" else sign


def without_remark(text: str) -> str:
    """Give what was observed without what the engine says of turns left."""
    return _REMARK.sub("", text) if "[turn " in text else text


def call_sameness(left: tuple[str, str], right: tuple[str, str]) -> Sign:
    """Compare two calls, each a tool and its arguments; how their JSON is written makes no difference."""
    if left[0] != right[0]:
        return "≠"
    if left[1] == right[1] or _plain(left[1]) == _plain(right[1]):
        return "="
    return sameness(_plain(left[1]), _plain(right[1]))


def worst(*signs: Sign) -> Sign:
    """Give the sign that says most about a difference."""
    return max(signs, key=_RANK.__getitem__)


def call_key(call: tuple[str, str]) -> tuple[str, str]:
    """Give what two calls that are as good as the same have in common."""
    arguments = _plain(call[1])
    if len(arguments) > MOST_NORMALISED:
        return call[0], arguments
    return call[0], "\n".join(map(normalised, arguments.split("\n")))


def _plain(arguments: str) -> str:
    """Write arguments as one line a value, in the order of their names."""
    try:
        found = msgspec.json.decode(arguments.encode("utf-8", "replace"), type=dict[str, object])
    except msgspec.DecodeError:
        return arguments
    lines = []
    for name, value in sorted(found.items()):
        text = value if isinstance(value, str) else msgspec.json.encode(value, order="sorted").decode()
        lines.append(f"{name}: {text}")
    return "\n".join(lines)
