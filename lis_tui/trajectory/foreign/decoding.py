"""JSON as programs really write it: with half surrogate pairs, NaN, raw control codes and bad UTF-8."""

import json
import re

import msgspec

_TRAILING = "trailing characters"
_SURROGATES = re.compile("[\ud800-\udfff]")
_TOKENS = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[][{},"]', re.DOTALL)
_CLOSERS = {"[": "]", "{": "}"}
MOST_OPEN = 200
MOST_TRIED_BYTES = 1 << 28
"""Of what is larger only strict JSON is read."""


def decoded(data: bytes) -> tuple[object, str]:
    """Read one JSON value; None, and why, where there is none. What text cannot hold is replaced."""
    try:
        return msgspec.json.decode(data), ""
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        why = str(error)
    except RecursionError:
        return None, "it is nested too deeply"
    if _TRAILING in why or len(data) > MOST_TRIED_BYTES:
        return None, why
    return _leniently(data)


def _leniently(data: bytes) -> tuple[object, str]:
    text = data.decode(errors="replace")
    try:
        value: object = json.loads(text, strict=False)
        return (_whole(value) if "\\ud" in text or "\\uD" in text else value), ""
    except RecursionError:
        return None, "it is nested too deeply"
    except ValueError as error:
        return None, str(error)


def _whole(value: object) -> object:
    """Replace half surrogate pairs, which no file and no terminal can hold."""
    if isinstance(value, str):
        return value if value.isascii() else _SURROGATES.sub("\ufffd", value)
    if isinstance(value, list):
        return [_whole(one) for one in value]
    if isinstance(value, dict):
        return {_whole(key): _whole(one) for key, one in value.items()}
    return value


def salvaged(data: bytes) -> tuple[object, str]:
    """Read what stands before the place where a JSON document breaks, and say where that is.

    Every object and list that is open there is closed after its last whole value. None: nothing is whole.
    """
    text = data.decode(errors="replace")
    end = _break(text)
    closed = _closed(text, end)
    if not closed:
        return None, ""
    try:
        value: object = json.loads(closed, strict=False)
    except (ValueError, RecursionError):
        return None, ""
    lost = len(text) - end
    return _whole(value), f"breaks off at character {end:,}; {lost:,} characters from there on were not read"


def _break(text: str) -> int:
    """Where it is no JSON any more; 0 where it is whole, and refused for another reason."""
    try:
        json.loads(text, strict=False)
    except json.JSONDecodeError as error:
        return error.pos
    except (ValueError, RecursionError):
        pass
    return 0


def _closed(text: str, end: int) -> str:
    """Cut a document after its last whole value before `end`, and close what is open."""
    opened: list[str] = []
    place, closers = 0, ""
    for found in _TOKENS.finditer(text, 0, end):
        sign = found[0]
        if sign in _CLOSERS:
            opened.append(_CLOSERS[sign])
        elif sign in "]}":
            if not opened or opened.pop() != sign:
                break
            place, closers = found.end(), "".join(reversed(opened))
        elif sign == ",":
            place, closers = found.start(), "".join(reversed(opened))
        elif sign == '"':  # a text that does not end
            break
        if len(opened) > MOST_OPEN:
            return ""
    return text[:place] + closers if closers else ""
