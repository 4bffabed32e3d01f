"""Reads fields of which nothing is certain: each function gives its type, or says that there is none."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from lis_tui.core.errors import NoTrajectory
from lis_tui.core.messages import Usage
from lis_tui.trajectory.foreign.decoding import decoded
from lis_tui.trajectory.foreign.material import Json, Material
from lis_tui.trajectory.foreign.recording import Entry, Imported
from lis_tui.trajectory.foreign.translating import encoded

MOST_TASK = 500
"""Characters of a task that a table shows."""
_MOST_WHOLE = 1 << 53
_MOST_SECONDS = 32_503_680_000
"""The year 3000: what is later counts milliseconds."""
_LOOKED_AT = 20
_EMPTY: tuple[object, ...] = (None, "", [], {})


@dataclass(frozen=True)
class Found:
    """A recording whose entries are known; each is read when it is asked for."""

    format: str
    version: str
    entries: tuple[Entry, ...]
    reader: Callable[[int], Imported]

    def read(self, index: int = 0) -> Imported:
        """Read one whole. Raises NoTrajectory."""
        if not 0 <= index < len(self.entries):
            raise NoTrajectory(f"There is no trajectory {index + 1} here: there are {len(self.entries)}.")
        return self.reader(index)


def mapping(value: object) -> Json:
    """Give an object; an empty one where there is none."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[object]:
    """Give a list; an empty one where there is none."""
    return value if isinstance(value, list) else []


def text(value: object) -> str:
    """Give text; of anything else its JSON, and nothing of nothing."""
    if isinstance(value, str):
        return value  # half a surrogate pair was replaced when the file was read
    return "" if value is None else encoded(value)


def word(value: object) -> str:
    """Give text where it is text."""
    return value if isinstance(value, str) else ""


def number(value: object) -> float | None:
    """Give a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def whole(value: object) -> int | None:
    """Give a whole number of a sane size."""
    found = number(value)
    return int(found) if found is not None and found.is_integer() and abs(found) <= _MOST_WHOLE else None


def seconds(value: object) -> float:
    """Give a time as unix seconds, from a number or ISO text; 0.0: not known."""
    found = number(value)
    if found is not None:
        found = found / 1000 if found > _MOST_SECONDS else found
        return found if 0 < found < _MOST_SECONDS else 0.0
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        if moment is None or moment.tzinfo is None:  # without a zone it says no moment
            return 0.0
        return max(0.0, (moment - datetime.fromtimestamp(0, UTC)).total_seconds())
    except (ValueError, OverflowError):
        return 0.0


def duration(value: object) -> float | None:
    """Give a duration in seconds; None: not known."""
    found = number(value)
    return found if found is not None and 0 <= found < _MOST_SECONDS else None


def usage_of(value: object, cost: object = None) -> Usage | None:
    """Give tokens and price in the words of any of the known servers; None where there is nothing."""
    told = mapping(value)
    prompt, completion = _first(told, "prompt", "input"), _first(told, "completion", "output")
    detail = mapping(told.get("prompt_tokens_details")) or mapping(told.get("input_tokens_details"))
    thought = mapping(told.get("completion_tokens_details")) or mapping(told.get("output_tokens_details"))
    cached = whole(detail.get("cached_tokens"))
    price = number(cost)
    if prompt is None and completion is None and price is None:
        return None
    return Usage(
        prompt_tokens=prompt,
        completion_tokens=completion,
        cached_tokens=cached,
        reasoning_tokens=whole(thought.get("reasoning_tokens")),
        cost_usd=price,
    )


def unknown(record: Json, known: frozenset[str]) -> Iterator[tuple[str, object]]:
    """Give the fields that are not known, without the empty ones."""
    for name, value in record.items():
        if name not in known and value not in _EMPTY:
            yield name, value


def short(task: str) -> str:
    """Cut a task to what a table shows."""
    return task[:MOST_TASK]


def score_of(value: object) -> float | str | None:
    """Give a score as a table shows it: a number, or a word."""
    if isinstance(value, bool):
        return float(value)
    return number(value) if number(value) is not None else word(value) or None


def is_lines(material: Material) -> bool:
    """Whether each line is a JSON value of its own, and there are several."""
    lines = _first_lines(material.data)
    if len(lines) < 2:
        return False
    if _whole(lines[0]):
        return True
    return material.json is None and any(_whole(line) for line in lines[1:])


def firsts_of(material: Material) -> list[object]:
    """Give the first JSON values of a file of lines, without reading the others."""
    return [value for line in _first_lines(material.data) if (value := _value(line)) is not None]


def first_of(material: Material) -> object:
    """Give the first JSON value of a file of lines; None where there is none."""
    return next(iter(firsts_of(material)), None)


def _first_lines(data: bytes) -> list[bytes]:
    """The first lines that are not empty."""
    start = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    found: list[bytes] = []
    while start < len(data) and len(found) < _LOOKED_AT:
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end
        line = data[start:end].strip()
        if line:
            found.append(line)
        start = end + 1
    return found


def _whole(line: bytes) -> bool:
    return _value(line) is not None


def _value(line: bytes) -> object:
    """An object or a list; a number alone is also a line of a document written over many lines."""
    if not line.startswith((b"{", b"[")) or not line.endswith((b"}", b"]")):
        return None
    return decoded(line)[0]


def _first(told: Json, *names: str) -> int | None:
    return next((found for name in names if (found := whole(told.get(f"{name}_tokens"))) is not None), None)
