"""Patches as Codex's `apply_patch` takes them: files added, changed, moved and deleted, told by context.

The format: https://github.com/openai/codex, codex-rs/apply-patch. Read strictly: what could be meant in two
ways is not known, though the program itself would find a place for it.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Literal

from msgspec import Struct

_BEGIN, _END = "*** Begin Patch", "*** End Patch"
_HEAD = re.compile(r"\*\*\* (Add|Update|Delete) File: (.+)")
_MOVE = "*** Move to: "
_END_OF_FILE = "*** End of File"
_COMMAND = re.compile(r"\s*(?:cd\s+(?P<folder>[^\s;&|'\"]+)\s*&&\s*)?apply_?patch\b(?P<rest>.*)", re.DOTALL)
MOST_LINES = 100_000
Kind = Literal["add", "update", "delete"]
_KINDS: dict[str, Kind] = {"Add": "add", "Update": "update", "Delete": "delete"}


class Hunk(Struct, frozen=True):
    """Lines that stand together, and what stands there afterwards; `below`: a line somewhere above them."""

    old: tuple[str, ...]
    new: tuple[str, ...]
    below: str = ""
    is_at_end: bool = False


class FileChange(Struct, frozen=True):
    """What a patch does to one file."""

    kind: Kind
    path: str
    text: str = ""
    """Of a file that is added: all of it."""
    hunks: tuple[Hunk, ...] = ()
    moved_to: str = ""


def patch_in(command: str) -> tuple[str, str]:
    """Give the patch that a shell applies, empty where it does not; and the folder it goes to first."""
    found = _COMMAND.match(command)
    if found is None or command.count(_BEGIN) != 1:
        return "", ""
    rest = found["rest"]
    start, end = rest.find(_BEGIN), rest.find(_END)
    return (rest[start : end + len(_END)], found["folder"] or "") if 0 <= start < end else ("", "")


def changes_of(patch: str) -> tuple[FileChange, ...]:
    """Read a patch; none where it is not one."""
    lines = patch.strip().split("\n")[:MOST_LINES]
    if len(lines) < 2 or lines[0].strip() != _BEGIN or lines[-1].strip() != _END:
        return ()
    heads = [n for n, line in enumerate(lines) if _HEAD.fullmatch(line.rstrip())]
    ends = [*heads[1:], len(lines) - 1]
    return tuple(_change(lines[head], lines[head + 1 : end]) for head, end in zip(heads, ends, strict=False))


def _change(head: str, body: Sequence[str]) -> FileChange:
    found = _HEAD.fullmatch(head.rstrip())
    assert found is not None  # it was chosen by this
    kind, path = _KINDS[found[1]], found[2].strip()
    if kind == "add":
        return FileChange(kind, path, "".join(f"{line[1:]}\n" for line in body if line.startswith("+")))
    moved_to = next((line[len(_MOVE) :].strip() for line in body[:1] if line.startswith(_MOVE)), "")
    return FileChange(kind, path, hunks=tuple(_hunks(body[bool(moved_to) :])), moved_to=moved_to)


def _hunks(lines: Sequence[str]) -> Iterator[Hunk]:
    below, old, new = "", list[str](), list[str]()
    for line in lines:
        if line.startswith("@@"):
            if old or new:
                yield Hunk(tuple(old), tuple(new), below)
            below, old, new = line[2:].strip(), [], []
        elif line.startswith(_END_OF_FILE):
            yield Hunk(tuple(old), tuple(new), below, is_at_end=True)
            below, old, new = "", [], []
        else:
            sign, text = line[:1] or " ", line[1:]
            old += [text] if sign in " -" else []
            new += [text] if sign in " +" else []
    if old or new:
        yield Hunk(tuple(old), tuple(new), below)


def patched(text: str, hunks: Sequence[Hunk]) -> str | None:
    """Carry the hunks out, one below the other; None where a place is not there, or is there twice."""
    has_end = text.endswith("\n")
    lines = text.removesuffix("\n").split("\n") if text else []
    start = 0
    for hunk in hunks:
        place = _place(lines, hunk, start)
        if place is None:
            return None
        lines[place : place + len(hunk.old)] = hunk.new
        start = place + len(hunk.new)
    return "\n".join(lines) + ("\n" if has_end or not text else "") if lines else ""


def _place(lines: list[str], hunk: Hunk, start: int) -> int | None:
    if hunk.below:
        start = next((n + 1 for n in range(start, len(lines)) if lines[n].strip() == hunk.below), -1)
        if start < 0:
            return None
    old = list(hunk.old)
    if not old:
        return len(lines) if not hunk.below else start
    if hunk.is_at_end:
        last = len(lines) - len(old)
        return last if last >= start and lines[last:] == old else None
    found = [n for n in range(start, len(lines) - len(old) + 1) if lines[n : n + len(old)] == old]
    return found[0] if len(found) == 1 else None
