"""A tree of any size told in pieces, so that whoever reads one does little else meanwhile."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from lis_tui.core.events import FilesChanged

MOST_ENTRIES = 2000
MOST_CHARS = 250_000
T = TypeVar("T")


def sliced(event: FilesChanged) -> Iterator[FilesChanged]:
    """Give the same in small events; what is whole begins whole and goes on in parts."""
    entries = list(_pieces(event.changed, [len(entry.path) + len(entry.target) for entry in event.changed]))
    gone = list(_pieces(event.gone, [len(path) for path in event.gone]))
    if len(entries) <= 1 and len(gone) <= 1:
        yield event
        return
    for paths in gone:
        yield FilesChanged((), paths)
    for number, piece in enumerate(entries):
        is_first = event.is_whole and not number
        yield FilesChanged(piece, (), is_first, event.is_part or (event.is_whole and not is_first))


def _pieces(things: tuple[T, ...], lengths: Iterable[int]) -> Iterator[tuple[T, ...]]:
    first = chars = 0
    for number, length in enumerate(lengths):
        if number - first >= MOST_ENTRIES or (chars + length > MOST_CHARS and number > first):
            yield things[first:number]
            first, chars = number, 0
        chars += length
    if things:
        yield things[first:]
