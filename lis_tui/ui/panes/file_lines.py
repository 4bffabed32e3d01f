"""How the lines of the files pane look: an entry with its fold, sign, kind and size; what is not shown."""

import textwrap

from msgspec import Struct

from lis_tui.core.events import FileEntry
from lis_tui.core.folders import Total
from lis_tui.core.parts import FileMark
from lis_tui.core.text import one_line
from lis_tui.core.view import RunView
from lis_tui.ui import words
from lis_tui.ui.listing import Listing
from lis_tui.ui.rows import Ink, Row
from lis_tui.ui.tree import MOST_FOUND, Look, Shown

_MARKS = {"new": ("+", "file-new"), "changed": ("~", "file-changed"), "gone": ("−", "file-gone")}
_KINDS = {"link": "", "fifo": "pipe", "socket": "socket", "device": "device"}
_DEEPEST = 12
"""Deeper entries stand no further to the right."""


class FileLine(Struct, frozen=True):
    """What there is to draw of an entry; `total` is given for a folded folder."""

    entry: FileEntry
    mark: FileMark | None = None
    is_open: bool = False
    total: Total | None = None
    is_flashing: bool = False


def row_of(line: FileLine) -> Row:
    """Draw an entry."""
    entry = line.entry
    sign, tone = _MARKS[line.mark] if line.mark is not None else ("", "output")
    name_tone = tone + (" strike" if line.mark == "gone" else "")
    name_tone += " reverse" if line.mark is not None and line.is_flashing else ""
    if entry.kind == "folder":
        fold = "▾ " if line.is_open else "▸ "
        right: list[Ink] = [(f"{sign} {_told(line)}".strip() + " ", tone if line.mark else "muted")]
        inks: list[Ink] = [(_indent(entry.path) + fold, "muted"), (_name(entry.path), name_tone)]
        return Row(inks, lead=[(" ", "")], right=right)
    name = _name(entry.path)
    if entry.kind == "link":
        name += f" → {one_line(entry.target, 60)}"
    right = [(f"{sign} " if sign else "", tone), (f"{_told(line):>6} ", "muted")]
    return Row([(f"{_indent(entry.path)}  ", ""), (name, name_tone)], lead=[(" ", "")], right=right)


def sentences(shown: Shown, look: Look, told: RunView | Listing, width: int) -> list[str]:
    """Say what is not shown, in lines that fit."""
    if shown.rows:
        found = [_hidden(shown), _cut(shown, told)]
    elif look.wanted:
        found = ["No file has these words in its path."]
    else:
        found = [told.why_empty if isinstance(told, Listing) else "", _hidden(shown)]
    room = max(width - 2, 20)
    return [line for text in found for line in textwrap.wrap(text, room, break_on_hyphens=False)]


def _hidden(shown: Shown) -> str:
    changes = f", {shown.hidden_changes:,} of them changed" if shown.hidden_changes else ""
    return f"{shown.hidden:,} hidden{changes}: h shows them" if shown.hidden else ""


def _cut(shown: Shown, told: RunView | Listing) -> str:
    """Say which of very many are listed, and why changes come late."""
    if shown.found > MOST_FOUND:
        return f"The first {MOST_FOUND:,} of {shown.found:,} are shown."
    if isinstance(told, Listing):
        return ""
    followed, count = told.followed, len(told.files)
    cut = f"The first {count:,} of {followed.total:,} entries are listed." if followed.total else ""
    seldom = f"Looked through every {followed.every_s:g} s: {followed.why}." if followed.why else ""
    return f"{cut} {seldom}".strip()


def _told(line: FileLine) -> str:
    """Say how much it is: a size, what is in a folded folder, or what kind of thing it is."""
    entry, total = line.entry, line.total
    if entry.kind == "folder":
        if total is None or not total.count:
            return ""
        size = f" {words.size(total.size_bytes)}" if total.size_bytes and not total.unknown else ""
        return f"{total.count:,}{size}"
    if line.mark == "gone":
        return ""
    return words.size(entry.size_bytes) if entry.kind == "file" else _KINDS[entry.kind]


def _indent(path: str) -> str:
    return "  " * min(path.count("/") - path.startswith("/"), _DEEPEST)


def _name(path: str) -> str:
    folder, _, last = path.rpartition("/")
    return one_line(f"/{last}" if path.startswith("/") and not folder else last, 120) or "⎵"
