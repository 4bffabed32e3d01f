"""Keeps the values that were passed into a sandbox out of the shell state that is written down."""

import re
from collections.abc import Iterator, Mapping, Sequence

LEAST = 6
"""A shorter value is hidden only where its own variable is set: it would be found in ordinary words."""
_MARK = re.compile(rb"__lis_given_(\w+?)_([0-4])__")
_DOUBLE = re.compile(rb'([\\"$`])')


class Veil:
    """Puts marks in the place of values, as bash writes them, and the values in again.

    `given` are variables by name; `parts` are credentials in other settings, in an order that stays.
    """

    def __init__(self, given: Mapping[str, str], parts: Sequence[str] = ()) -> None:
        values = {name: _bytes(value) for name, value in given.items()}
        values |= {f"part{number}": _bytes(value) for number, value in enumerate(parts)}
        self._forms = {name: list(_forms(value)) for name, value in values.items() if value}
        found = [
            (form, _mark(name, number))
            for name, forms in self._forms.items()
            for number, form in enumerate(forms)
            if len(values[name]) >= LEAST
        ]
        self._found = sorted(found, key=lambda pair: -len(pair[0]))
        self._short = {
            _declared(name, value): _declared(name, _mark(name, 0))
            for name, value in values.items()
            if 0 < len(value) < LEAST
        }

    def hide(self, data: bytes) -> bytes:
        """Put marks in the place of the values."""
        for form, mark in self._found:
            data = data.replace(form, mark)
        for line, hidden in self._short.items():
            data = data.replace(line, hidden)
        return data

    def show(self, data: bytes) -> tuple[bytes, list[str]]:
        """Put the values in again; gives the names of those that are not known here, too."""
        unknown: dict[str, None] = {}

        def value(match: re.Match[bytes]) -> bytes:
            name, number = match[1].decode(), int(match[2])
            forms = self._forms.get(name)
            if forms is None:
                unknown[name] = None
                return b""
            return forms[number]

        return _MARK.sub(value, data), list(unknown)


def _bytes(value: str) -> bytes:
    return value.encode("utf-8", "surrogateescape")


def _mark(name: str, number: int) -> bytes:
    return b"__lis_given_%s_%d__" % (name.encode(), number)


def _declared(name: str, value: bytes) -> bytes:
    return b' %s="%s"\n' % (name.encode(), value)


def _forms(value: bytes) -> Iterator[bytes]:
    """Give how bash writes it: as it is, and inside the quotes of `declare -p`, of `alias` and of `$''`."""
    yield value
    yield _DOUBLE.sub(rb"\\\1", value)
    yield value.replace(b"'", b"'\\''")
    yield _ansi(value)
    yield _ansi(value, has_bytes=True)


_NAMED = {7: b"a", 8: b"b", 9: b"t", 10: b"n", 11: b"v", 12: b"f", 13: b"r", 27: b"E", 39: b"'", 92: b"\\"}


def _ansi(value: bytes, *, has_bytes: bool = False) -> bytes:
    """Write it as bash does inside `$'…'`; `has_bytes`: with everything beyond ASCII as numbers."""
    return b"".join(
        b"\\" + _NAMED[byte]
        if byte in _NAMED
        else b"\\%03o" % byte
        if byte < 32 or byte == 127 or (has_bytes and byte > 127)
        else bytes([byte])
        for byte in value
    )
