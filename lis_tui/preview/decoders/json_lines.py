"""A JSON value a line: each line an item, from any line on."""

from collections.abc import Iterator

from lis_tui.preview.decoders import cells
from lis_tui.preview.decoders.branches import Branches
from lis_tui.preview.encoding import Encoding, decoded, encoding_of
from lis_tui.preview.file import File
from lis_tui.preview.parts import Item, Outline, Preview, Wanted

_BLOCK_BYTES = 1 << 20
_HEAD_BYTES = 65_536
_MOST_BYTES = 1 << 29
"""So far goes the way to a line."""
_SHOWN_BYTES = 4_000_000
"""Lines that are shown have so many bytes in all, at most; one at least is always shown."""
_LINE_BYTES = 65_536
"""So much of one line is read."""
_COUNTED_BYTES = 8_000_000
_MOST_ITEMS = 2000
_ITEMS_A_LINE = 200


def decode(file: File, wanted: Wanted) -> Preview:
    """Show the lines that are asked for."""
    lines = _Lines(file)
    first, count = max(0, wanted.first), min(max(1, wanted.count), cells.MOST_ROWS)
    shown = lines.shown(first, count)
    items: list[Item] = []
    broken = 0
    for taken, (number, line, is_cut) in enumerate(shown):
        # The line itself always is an item; what is in it, as long as there is room.
        room = max(1, min(_ITEMS_A_LINE, _MOST_ITEMS - len(items) - (len(shown) - taken)))
        inside = Branches(line, is_cut=is_cut, first=0, count=room, label=f"{number + 1:,}")
        broken += inside.broken is not None
        items.extend(_items(inside, number, line))
    return Preview(
        kind="jsonl",
        called="JSON lines",
        facts=(lines.counted(first, len(shown)),),
        parts=(Outline(tuple(items)),),
        note=cells.sentences(
            lines.trouble,
            f"{cells.counted(broken, 'line')} of these {'is' if broken == 1 else 'are'} no valid JSON."
            if broken
            else "",
        ),
        has_more=lines.has_more,
        next_first=first + len(shown) if lines.has_more else None,
    )


def _items(inside: Branches, number: int, line: str) -> list[Item]:
    label = f"{number + 1:,}"
    items = inside.items or [Item(0, label, cells.cut(line.strip(), 1000), "")]
    if inside.broken is not None and items[0].tone == "muted":
        items[0] = Item(0, label, f"{items[0].value} {inside.broken.trouble}", "muted")
    left_out = inside.total - len(items)
    if left_out > 0:
        items.append(Item(1, "…", f"{cells.counted(left_out, 'more value')}", "muted"))
    return items


class _Lines:
    """The lines of a file, and what is known of their number."""

    def __init__(self, file: File) -> None:
        self._file = file
        self._encoding: Encoding = encoding_of(file.read_at(0, _HEAD_BYTES))
        self._end = "\n".encode(self._encoding.codec)
        self.has_more = False
        self.trouble = ""

    def shown(self, first: int, count: int) -> list[tuple[int, str, bool]]:
        """Give the number, the text, and whether it is cut, of so many lines; empty ones are none."""
        found: list[tuple[int, str, bool]] = []
        size = 0
        for number, (line, is_cut) in enumerate(self._walk()):
            if number < first:
                continue
            if len(found) == count or (found and size > _SHOWN_BYTES):
                self.has_more = True
                break
            size += len(line)
            text = decoded(line, self._encoding)
            found.append((number, text.rstrip("\ufffd") if is_cut else text, is_cut))
        return found

    def counted(self, first: int, shown: int) -> str:
        """Say how many lines there are, at least about."""
        if not self.has_more and not self.trouble:
            return cells.counted(first + shown, "line")
        if self._file.size_bytes <= _COUNTED_BYTES:
            return cells.counted(sum(1 for _ in self._walk()), "line")
        size = self._file.size_bytes
        places = (0, size // 2, max(0, size - _BLOCK_BYTES))
        read = [self._file.read_at(place, _BLOCK_BYTES) for place in places]
        share = sum(part.count(self._end) for part in read) / max(1, sum(len(part) for part in read))
        return f"about {cells.about(max(1, share * size))} lines"

    def _walk(self) -> Iterator[tuple[bytes, bool]]:
        """Give the beginning of each line that is not empty, and whether it is longer."""
        place, rest, is_cut = self._encoding.bom_bytes, b"", False
        while place < _MOST_BYTES and (block := self._file.read_at(place, _BLOCK_BYTES)):
            place += len(block)
            first, *others = self._split(rest + block)
            for line in (first, *others)[:-1] if others else ():
                if line.strip():
                    yield line[:_LINE_BYTES], is_cut or len(line) > _LINE_BYTES
                is_cut = False
            rest = others[-1] if others else first
            if len(rest) > _LINE_BYTES:
                rest, is_cut = rest[:_LINE_BYTES], True
        if place < self._file.size_bytes:
            self.trouble = "It is not looked through any further: lines behind this place are not reached."
        elif rest.strip():
            yield rest[:_LINE_BYTES], is_cut

    def _split(self, data: bytes) -> list[bytes]:
        if not self._encoding.is_wide:
            return data.split(b"\n")
        # A line end is a whole letter, never the half of two others.
        width = len(self._end)
        whole = len(data) - len(data) % width
        text = data[:whole].decode(self._encoding.codec, "replace")
        lines = [line.encode(self._encoding.codec, "replace") for line in text.split("\n")]
        lines[-1] += data[whole:]
        return lines
