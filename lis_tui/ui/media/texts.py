"""Texts: program code in colours, Markdown made readable, anything else as it stands."""

import re
from collections.abc import Iterator
from typing import Protocol

from lis_tui.core.text import clean
from lis_tui.ui.highlight import Highlighted, highlight
from lis_tui.ui.media.sheet import LEAD, Drawn
from lis_tui.ui.rows import Ink, Row

_AT_ONCE = 200
"""So many lines are coloured before a text is shown, the others as one comes to them."""
MOST_FOLDED = 40
"""A line of prose takes at most so many lines of the screen."""
PROSE = ("", "text", "markdown", "md", "restructuredtext", "rst")
_FENCE = re.compile(r"\s{0,3}(```+|~~~+)\s*([\w+-]*)")
_HEADING = re.compile(r"\s{0,3}(#{1,6})\s+(.*?)\s*#*\s*$")
_RULE = re.compile(r"\s{0,3}([-*_])(\s*\1){2,}\s*$")
_ITEM = re.compile(r"(\s*)(?:[-*+]|(\d{1,9})[.)])\s+(\[[ xX]\]\s+)?")
_SPAN = re.compile(
    r"(?P<code>`[^`]+`)|\*\*(?P<bold>[^*]+)\*\*|__(?P<strong>[^_]+)__"
    r"|(?<![\w*])[*_](?P<italic>[^*_\s][^*_]*)[*_](?!\w)|!?\[(?P<text>[^\]]*)\]\([^)]*\)"
)


class Inked(Protocol):
    """Lines of inks."""

    def __len__(self) -> int: ...

    def __getitem__(self, number: int, /) -> list[Ink]: ...


class TextSheet:
    """Lines of inks; those of prose are folded at words. `numbered` counts them from a first one on."""

    def __init__(
        self,
        lines: Inked,
        *,
        is_prose: bool,
        numbered: int | None = None,
        leads: dict[int, int] | None = None,
    ) -> None:
        self._lines = lines
        self._is_prose = is_prose
        self._numbered = numbered
        self._leads = leads or {}
        self._digits = len(f"{(numbered or 0) + len(lines):,}")

    def __len__(self) -> int:
        return len(self._lines)

    def line(self, number: int, width: int) -> Drawn:
        """Give a line."""
        lead = LEAD
        if self._numbered is not None:
            lead = [(f"{self._numbered + number + 1:>{self._digits},} ", "muted")]
        hang = [(" " * (1 + self._leads[number]), "")] if number in self._leads else []
        most = MOST_FOLDED if self._is_prose else 1
        return Row(self._lines[number], lead=lead, most=most, is_prose=True, hang=hang)


def code_sheet(text: str, language: str, *, numbered: int | None = None) -> TextSheet:
    """Give a program's text, or another that is shown as it stands; slow, for a thread."""
    is_prose = language in PROSE
    lines = Highlighted(text, language, "output")
    lines.color(_AT_ONCE)
    return TextSheet(lines, is_prose=is_prose, numbered=None if is_prose else numbered)


def prose_sheet(text: str) -> TextSheet:
    """Give Markdown without most of its marks; slow, for a thread."""
    lines: list[list[Ink]] = []
    leads: dict[int, int] = {}
    for block, language in _blocks(clean(text).expandtabs(4)):
        if language is not None:
            lines += [[("  ", ""), *inks] for inks in highlight("\n".join(block), language, "output")]
            continue
        for line in block:
            inks, hang = _prose(line)
            if hang:
                leads[len(lines)] = hang
            lines.append(inks)
    return TextSheet(lines, is_prose=True, leads=leads)


def _blocks(text: str) -> Iterator[tuple[list[str], str | None]]:
    """Part prose from program text between fences, which comes with its language."""
    fence, language = "", None
    block: list[str] = []
    for line in text.split("\n"):
        found = _FENCE.match(line)
        is_end = found is not None and (not fence or found[1].startswith(fence))
        if found is None or not is_end:
            block.append(line)
            continue
        if block:
            yield block, language
        block = []
        fence, language = ("", None) if fence else (found[1], found[2])
    if block:
        yield block, language


def _prose(line: str) -> tuple[list[Ink], int]:
    """Give a line's inks, and how far its second line of the screen is indented."""
    if heading := _HEADING.match(line):
        return [(heading[2], "accent bold" if len(heading[1]) < 3 else "command bold")], 0
    if _RULE.match(line):
        return [("─" * 24, "rule")], 0
    if line.lstrip().startswith(">"):
        return [("│ ", "rule"), *_spans(line.lstrip().lstrip("> "), "muted")], 2
    if item := _ITEM.match(line):
        mark = f"{item[2]}." if item[2] else "•"
        if item[3]:
            mark = "☑" if "x" in item[3].lower() else "☐"
        lead = f"{item[1]}{mark} "
        return [(lead, "muted"), *_spans(line[item.end() :], "output")], len(lead)
    return _spans(line, "output"), 0


def _spans(text: str, tone: str) -> list[Ink]:
    inks: list[Ink] = []
    place = 0
    for found in _SPAN.finditer(text):
        inks.append((text[place : found.start()], tone))
        if found["code"] is not None:
            inks.append((found["code"][1:-1], "syntax-string"))
        elif found["text"] is not None:
            inks.append((found["text"], f"{tone} underline"))
        else:
            kind = "italic" if found["italic"] is not None else "bold"
            inks.append((found[found.lastgroup or 0], f"{tone} {kind}"))
        place = found.end()
    inks.append((text[place:], tone))
    return [ink for ink in inks if ink[0]]
