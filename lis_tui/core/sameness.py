"""Whether two texts say the same: exactly, or but for what differs each time something runs."""

import re
from typing import Literal

import msgspec

Sign = Literal["=", "≈", "≠", "←", "→"]
"""Same, same after normalising, changed, only on the left, only on the right."""
MOST_NORMALISED = 256 * 1024
"""Longer texts are only compared as they are."""
_RANK: dict[Sign, int] = {"=": 0, "≈": 1, "≠": 2, "←": 3, "→": 3}
_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_REMARK = re.compile(r"\n?\[turn \d+ of \d+: [^\]\n]*\](?: (?:No turn is|Few turns are) left[^\n]*)?")
"""What the engine adds about turns left."""
_MAY_DIFFER = re.compile(r"\d|/tmp/")
_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    # Times of day, dates, and how long something took.
    (
        re.compile(r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?(?: ?(?:Z|[+-]\d\d:?\d\d))?)?"),
        "‹time›",
    ),
    (
        re.compile(
            rf"\b(?:{_MONTHS}) [ \d]\d (?:\d\d:\d\d(?::\d\d)?(?: [A-Z]{{3,4}})?(?: \d{{4}})?| \d{{4}})"
        ),
        "‹time›",
    ),
    (re.compile(r"\b\d\d:\d\d:\d\d(?:[.,]\d+)?\b"), "‹time›"),
    (
        re.compile(
            r"\b\d+m\d+[.,]\d+s\b|(?<![\w.])\d+(?:[.,]\d+)?(?:e-\d+)? ?"
            r"(?:ns|µs|us|ms|s|sec|secs|seconds?|minutes?)\b"
        ),
        "‹time›",
    ),
    # Numbers of processes.
    (re.compile(r"\b(p?pid|process|job)(\W{1,3})\d+", re.IGNORECASE), r"\1\2‹pid›"),
    (re.compile(r"^\[(\d+)\] \d+$"), r"[\1] ‹pid›"),
    (re.compile(r"/proc/\d+"), "/proc/‹pid›"),
    # Files that get a new name each time.
    (re.compile(r"(?:/var)?/tmp/[^\s'\":;,)\]}]+"), "‹temp›"),
    # Places in memory.
    (re.compile(r"\b0x[0-9a-fA-F]{4,16}\b"), "‹address›"),
)


def normalised(line: str) -> str:
    """Give a line without times, numbers of processes, names of temporary files and memory addresses."""
    if _MAY_DIFFER.search(line) is None:
        return line
    for pattern, instead in _RULES:
        line = pattern.sub(instead, line)
    return line


def sameness(left: str, right: str) -> Sign:
    """Compare two texts."""
    if left == right:
        return "="
    if max(len(left), len(right)) > MOST_NORMALISED:
        return "≠"
    lines = [_without_remark(text).split("\n") for text in (left, right)]
    if len(lines[0]) != len(lines[1]):
        return "≠"
    pairs = zip(*lines, strict=True)
    return "≈" if all(one == other or normalised(one) == normalised(other) for one, other in pairs) else "≠"


def _without_remark(text: str) -> str:
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
