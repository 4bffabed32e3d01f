"""Markdown as rows: headings, lists, emphasis, code; what is not understood stays as it was written."""

import re

from lis_tui.core.text import clean
from lis_tui.ui.highlight import highlight
from lis_tui.ui.rows import Ink, Row

_INLINE = re.compile(r"(`[^`\n]+`)|(\*\*[^*\n]+\*\*|__[^_\n]+__)|(?<![\w*])(\*[^*\s][^*\n]*\*)(?![\w*])")
_FENCE = re.compile(r"^\s*(```+|~~~+)\s*([\w+-]*)")
_HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*$")
_ITEM = re.compile(r"^(\s*)([-*+]|\d{1,3}[.)])\s+(.*)$")
_LONGEST = 200


def markdown_rows(text: str, tone: str, lead: list[Ink]) -> list[Row]:
    """Give the text's rows in `tone`."""
    rows: list[Row] = []
    lines = clean(text).expandtabs(4).split("\n")
    place = 0
    while place < len(lines):
        line = lines[place]
        fence = _FENCE.match(line)
        if fence:
            end = _end_of(lines, place + 1, fence.group(1))
            code = "\n".join(lines[place + 1 : end])
            rows += [
                Row(inks, lead=[*lead, ("  ", "")], most=8) for inks in highlight(code, fence.group(2), tone)
            ]
            place = end + 1
        else:
            rows.append(_row(line, tone, lead))
            place += 1
    return rows


def _end_of(lines: list[str], start: int, fence: str) -> int:
    for place in range(start, len(lines)):
        if lines[place].strip().startswith(fence):
            return place
    return len(lines)


def _row(line: str, tone: str, lead: list[Ink]) -> Row:
    if heading := _HEADING.match(line):
        return Row([(heading.group(2), f"{tone} bold")], lead=lead, most=_LONGEST, is_prose=True)
    if item := _ITEM.match(line):
        sign = "•" if item.group(2) in "-*+" else item.group(2)
        first: list[Ink] = [*lead, (f"{item.group(1)}{sign} ", "muted")]
        return Row(_inline(item.group(3), tone), lead=first, most=_LONGEST, is_prose=True)
    return Row(_inline(line, tone), lead=lead, most=_LONGEST, is_prose=True)


def _inline(text: str, tone: str) -> list[Ink]:
    inks: list[Ink] = []
    place = 0
    for found in _INLINE.finditer(text):
        if found.start() > place:
            inks.append((text[place : found.start()], tone))
        code, strong, weak = found.groups()
        if code:
            inks.append((code[1:-1], "command"))
        elif strong:
            inks.append((strong[2:-2], f"{tone} bold"))
        else:
            inks.append((weak[1:-1], f"{tone} italic"))
        place = found.end()
    if place < len(text):
        inks.append((text[place:], tone))
    return inks
