"""JSON as programs really write it: with half surrogate pairs, NaN, raw control codes and bad UTF-8."""

import json
import re

import msgspec

_TRAILING = "trailing characters"
_SURROGATES = re.compile("[\ud800-\udfff]")
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
