"""A file that is looked at while the model still writes to it."""

from collections.abc import Callable

from lis_tui.core.events import FileEntry

EVERY_S = 1.0
"""Between two looks, so that one can read what is there."""
Newest = Callable[[], FileEntry | None]
"""Gives the file as it is known now; None: it is gone, or not of this moment."""


class Growing:
    """Tells when the file that is looked at is another than the one that was read."""

    def __init__(self, entry: FileEntry, newest: Newest | None) -> None:
        self._read = entry
        self._newest = newest

    def look(self) -> FileEntry | None:
        """Give the file where it was written to since it was last given."""
        entry = self._newest() if self._newest is not None else None
        if entry is None or entry.kind != "file" or _stamp(entry) == _stamp(self._read):
            return None
        self._read = entry
        return entry


def _stamp(entry: FileEntry) -> tuple[int, float]:
    return entry.size_bytes, entry.mtime_s
