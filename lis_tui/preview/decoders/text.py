"""Texts, some lines at a time; a large file is read only as far as these lines are."""

import codecs
from collections.abc import Iterator
from itertools import islice

from pygments.lexers import find_lexer_class_for_filename

from lis_tui.preview.encoding import Encoding, encoding_of
from lis_tui.preview.file import File
from lis_tui.preview.kinds import format_of
from lis_tui.preview.parts import MOST_TEXT, Lines, Preview, Wanted

_BLOCK = 1 << 20
_HEAD = 65536
_MOST_LINES = 5000


def decode(file: File, wanted: Wanted) -> Preview:
    """Give the wanted lines."""
    found = format_of(file, wanted.name)
    encoding = encoding_of(file.read_at(0, _HEAD))
    first = max(wanted.first, 0)
    count = max(min(wanted.count, _MOST_LINES), 1)
    lines = list(islice(_lines(file, encoding), first, first + count + 1))
    shown = tuple(line for line, _ in lines[:count])
    is_cut = any(cut for _, cut in lines[:count])
    return Preview(
        kind="markdown" if found.kind == "markdown" else "text",
        called=found.called,
        facts=(encoding.called,) if encoding.called else (),
        parts=(Lines(shown, _language(found.kind, wanted.name), first),),
        note=f"Lines are cut after {MOST_TEXT:,} letters." if is_cut else "",
        has_more=len(lines) > count,
    )


def _language(kind: str, name: str) -> str:
    if kind == "markdown":
        return "markdown"
    lexer = find_lexer_class_for_filename(name) if name else None
    return lexer.aliases[0] if lexer is not None and lexer.aliases else ""


def _lines(file: File, encoding: Encoding) -> Iterator[tuple[str, bool]]:
    """Give each line and whether it was cut; what is cut off is passed by without being kept."""
    decoder = codecs.getincrementaldecoder(encoding.codec)("replace")
    rest, is_cut = "", False
    for place in range(encoding.bom_bytes, max(file.size_bytes, 1), _BLOCK):
        data = file.read_at(place, _BLOCK)
        *lines, last = (rest + decoder.decode(data)).split("\n")
        for line in lines:
            yield line[:MOST_TEXT].removesuffix("\r"), is_cut or len(line) > MOST_TEXT
            is_cut = False
        rest, is_cut = last[:MOST_TEXT], is_cut or len(last) > MOST_TEXT
        if len(data) < _BLOCK:
            break
    if rest:
        yield rest, is_cut
