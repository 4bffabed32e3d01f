"""Keys and passwords kept out of everything that is written down or shown."""

import re
from collections.abc import Iterable
from urllib.parse import quote

MASK = "[hidden]"
LEAST = 6
"""Shorter values are not hidden: they would be found in ordinary words."""

# A marker that is cheap to look for, and the shape around it. Every repetition is bounded or possessive, so
# that no text makes the search superlinear. A group named `keep` stays.
_SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (marker, re.compile(shape))
    for marker, shape in (
        ("sk-", r"\bsk-(?=[\w-]{0,64}\d)[A-Za-z0-9_-]{16,}+"),
        ("AKIA", r"\bAKIA[0-9A-Z]{16}\b"),
        ("ASIA", r"\bASIA[0-9A-Z]{16}\b"),
        ("gh", r"\bgh[pousr]_[A-Za-z0-9]{30,}+"),
        ("github_pat_", r"\bgithub_pat_[A-Za-z0-9_]{22,}+"),
        ("glpat-", r"\bglpat-[A-Za-z0-9_-]{20,}+"),
        ("xox", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}+"),
        ("AIza", r"\bAIza[0-9A-Za-z_-]{35}"),
        ("hf_", r"\bhf_[A-Za-z0-9]{30,}+"),
        ("gsk_", r"\bgsk_[A-Za-z0-9]{30,}+"),
        ("earer ", r"(?P<keep>\b[Bb]earer )[A-Za-z0-9._~+/=-]{12,}+"),
        (
            "_KEY",
            r"(?P<keep>_(?:API|ACCESS)_KEY['\"]?\s{0,4}[=:]\s{0,4}['\"]?)[A-Za-z0-9_/+=-]{6,}+(?![.(\[])",
        ),
        ("_TOKEN", r"(?P<keep>_TOKEN=['\"]?)[A-Za-z0-9_/+=-]{12,}+(?![.(\[])"),
        (
            " PRIVATE KEY-----",
            r"(?P<keep>-----BEGIN [A-Z ]{0,32}PRIVATE KEY-----)[^-]{1,16384}(?=-----END)",
        ),
    )
)


def _masked(match: re.Match[str]) -> str:
    return match.groupdict().get("keep", "") + MASK


class Secrets:
    """Known values, and shapes that only keys have, masked wherever they stand.

    Without `has_shapes` only the known values are masked: what a model reads must not change for its looks.
    """

    def __init__(self, values: Iterable[str] = (), *, has_shapes: bool = True) -> None:
        self._shapes = _SHAPES if has_shapes else ()
        known = {form for value in values if len(value) >= LEAST for form in (value, quote(value, safe=""))}
        self._values = sorted(known, key=len, reverse=True)
        self._byte_values = [_as_latin(value) for value in self._values]

    @property
    def values(self) -> tuple[bytes, ...]:
        """The known values as they would stand in a stream of bytes, longest first."""
        return tuple(value.encode("latin-1") for value in self._byte_values)

    def hide(self, text: str) -> str:
        """Mask every known value and every shape of a key."""
        return _hide(text, self._values, self._shapes)

    def hide_bytes(self, data: bytes) -> bytes:
        """Mask in raw bytes; what lies across the end of `data` is the matter of SecretStream."""
        return _hide(data.decode("latin-1"), self._byte_values, self._shapes).encode("latin-1")


def _as_latin(value: str) -> str:
    return value.encode("utf-8", "surrogatepass").decode("latin-1")


def _hide(text: str, values: list[str], shapes: tuple[tuple[str, re.Pattern[str]], ...]) -> str:
    for value in values:
        text = text.replace(value, MASK)
    for marker, shape in shapes:
        if marker in text:
            text = shape.sub(_masked, text)
    return text


class SecretStream:
    """Hides secrets in bytes that come in pieces: an end that may be the start of a known value waits."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._values = secrets.values
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """Give what can be shown now."""
        data = self._secrets.hide_bytes(self._held + data)
        keep = max((_overlap(data, value) for value in self._values), default=0)
        self._held = data[len(data) - keep :]
        return data[: len(data) - keep]

    def finish(self) -> bytes:
        """Give what was held back."""
        held, self._held = self._held, b""
        return self._secrets.hide_bytes(held)


def _overlap(data: bytes, value: bytes) -> int:
    """How many bytes at the end of `data` may be the start of `value`."""
    for size in range(min(len(value) - 1, len(data)), 0, -1):
        if data.endswith(value[:size]):
            return size
    return 0
