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
_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    # What the engine adds about turns left.
    (re.compile(r"\n?\[turn \d+ of \d+: [^\]\n]*\](?: (?:No turn is|Few turns are) left[^\n]*)?"), ""),
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
    (re.compile(r"^\[(\d+)\] \d+$", re.MULTILINE), r"[\1] ‹pid›"),
    (re.compile(r"/proc/\d+"), "/proc/‹pid›"),
    # Files that get a new name each time.
    (re.compile(r"(?:/var)?/tmp/[^\s'\":;,)\]}]+"), "‹temp›"),
    # Places in memory.
    (re.compile(r"\b0x[0-9a-fA-F]{4,16}\b"), "‹address›"),
)


def normalised(text: str) -> str:
    """Give the text without times, numbers of processes, names of temporary files and memory addresses."""
    for pattern, instead in _RULES:
        text = pattern.sub(instead, text)
    return text


def sameness(left: str, right: str) -> Sign:
    """Compare two texts."""
    if left == right:
        return "="
    if max(len(left), len(right)) > MOST_NORMALISED:
        return "≠"
    return "≈" if normalised(left) == normalised(right) else "≠"


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
    return call[0], normalised(arguments) if len(arguments) <= MOST_NORMALISED else arguments


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
