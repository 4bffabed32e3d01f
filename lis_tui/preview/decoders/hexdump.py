"""Files that nothing else reads, byte by byte."""

from lis_tui.preview.file import File
from lis_tui.preview.kinds import called
from lis_tui.preview.parts import Hex, Preview, Wanted

_ROW = 16
_MOST_ROWS = 4096


def decode(file: File, wanted: Wanted) -> Preview:
    """Give as many rows of 16 bytes as are wanted, from the wanted byte on."""
    first = min(max(wanted.first, 0), file.size_bytes)
    data = file.read_at(first, max(min(wanted.count, _MOST_ROWS), 1) * _ROW)
    return Preview(
        kind="binary",
        called=called(file, wanted.name),
        facts=(f"{file.size_bytes:,} bytes",),
        parts=(Hex(data, first),),
        has_more=first + len(data) < file.size_bytes,
    )
