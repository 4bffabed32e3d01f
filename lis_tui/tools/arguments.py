"""Arguments as models write them, checked first: a sentence for each that cannot be used."""

from collections.abc import Mapping, Sequence

Arguments = Mapping[str, object]


def problem_with(
    arguments: Arguments,
    *,
    texts: Sequence[str] = (),
    numbers: Sequence[str] = (),
    required: Sequence[str] = (),
) -> str:
    """Name the first argument that is missing or of the wrong kind; empty where all can be used."""
    for name in required:
        if arguments.get(name) is None:
            return f"The argument `{name}` is missing."
    for name in texts:
        value = arguments.get(name)
        if value is not None and not isinstance(value, str):
            return f"The argument `{name}` must be text, not {_kind(value)}."
    for name in numbers:
        value = arguments.get(name)
        if value is not None and number(value) is None:
            return f"The argument `{name}` must be a number, not {_kind(value)}."
    return ""


def number(value: object) -> float | None:
    """Read a number, also one that was written as text; None where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if abs(found) < 1e15 else None


def whole_number(value: object) -> int | None:
    """Read a whole number, also one that was written as text."""
    found = number(value)
    return int(found) if found is not None and found == int(found) else None


def _kind(value: object) -> str:
    match value:
        case bool():
            return "true or false"
        case int() | float():
            return f"the number {value}"
        case str():
            return f"the text {value[:40]!r}"
        case list():
            return "a list"
        case dict():
            return "an object"
        case _:
            return "null"
