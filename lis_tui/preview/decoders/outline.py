"""JSON as an outline that can be folded; of a huge one the beginning."""

from lis_tui.preview.decoders import cells
from lis_tui.preview.decoders.branches import MOST_DEPTH, Branches
from lis_tui.preview.encoding import decoded, encoding_of
from lis_tui.preview.file import File
from lis_tui.preview.parts import Outline, Preview, Wanted

_HEAD_BYTES = 1 << 18
_MOST_BYTES = 1 << 22
"""So far goes the way to items further on."""
_MOST_ITEMS = 2000


def decode(file: File, wanted: Wanted) -> Preview:
    """Show the values from the first one that is asked for on, in the order of the text."""
    first, count = max(0, wanted.first), min(max(1, wanted.count), _MOST_ITEMS)
    head_bytes = _HEAD_BYTES
    found, read = _read(file, head_bytes, first, count)
    while _may_be_behind(found, first) and read < min(file.size_bytes, _MOST_BYTES):
        head_bytes *= 4
        found, read = _read(file, head_bytes, first, count)
    is_cut = read < file.size_bytes
    is_read_on = is_cut and read < _MOST_BYTES and found.broken is None and not found.is_deep
    has_more = bool(found.items) and (found.total > first + len(found.items) or is_read_on)
    return Preview(
        kind="json",
        called="JSON",
        facts=(_root(found),) if found.root else (),
        parts=(Outline(tuple(found.items)),),
        note=cells.sentences(
            found.broken.said() if found.broken is not None else "",
            f"Only its first {cells.size(read)} are read." if is_cut and found.broken is None else "",
            f"What is nested deeper than {MOST_DEPTH} levels is not shown." if found.is_deep else "",
        ),
        has_more=has_more,
        next_first=first + len(found.items) if has_more else None,
    )


def _read(file: File, most: int, first: int, count: int) -> tuple[Branches, int]:
    data = file.read_at(0, min(most, _MOST_BYTES))
    is_cut = len(data) < file.size_bytes
    text = decoded(data, encoding_of(data[:65_536]))
    if is_cut:
        text = text.rstrip("\ufffd")  # the last letter may be cut in the middle
    return Branches(text, is_cut=is_cut, first=first, count=count), len(data)


def _may_be_behind(found: Branches, first: int) -> bool:
    """Whether what is asked for was not reached, and may be where nobody read yet."""
    return first > 0 and found.total <= first and found.broken is None and not found.is_deep


def _root(found: Branches) -> str:
    """Say what the whole of it is: `object, 3 keys`."""
    inside = found.root[1:-1]
    if found.root.startswith("{"):
        return f"object, {inside or '0 keys'}"
    return f"array, {inside or '0 items'}" if found.root else ""
