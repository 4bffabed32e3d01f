"""What is in each folder of a tree, found once and kept true change by change."""

from collections.abc import Collection, Iterable

from lis_tui.core.events import FileEntry, FilesChanged
from lis_tui.core.parts import fresh_version


class Total:
    """Of a folder and all below: how many entries, how many bytes of files."""

    __slots__ = ("count", "size_bytes")

    def __init__(self, count: int, size_bytes: int) -> None:
        self.count = count
        self.size_bytes = size_bytes


class Folder:
    """What is right in one folder; `version` differs when an entry came, went or changed."""

    __slots__ = ("entries", "folders", "size_bytes", "total", "version")

    def __init__(self) -> None:
        self.entries: dict[str, FileEntry] = {}
        self.folders: set[str] = set()
        """Those of them that are folders, and those in which something lies."""
        self.size_bytes = 0
        self.total: Total | None = None
        """Known once somebody asked, until something below changes."""
        self.version = fresh_version()


_EMPTY = Folder()


class Folders:
    """Entries by folder; the root's name is empty. What something lies in is a folder, told of or not."""

    def __init__(self, entries: Iterable[FileEntry] = ()) -> None:
        self._folders: dict[str, Folder] = {"": Folder()}
        self.add(entries)

    def at(self, path: str) -> Folder:
        """Give a folder; of what is none, an empty one."""
        return self._folders.get(path, _EMPTY)

    def is_folder(self, path: str) -> bool:
        """Tell whether something lies in it."""
        return path in self._folders

    def add(self, entries: Iterable[FileEntry]) -> None:
        """Take in entries, new ones and changed ones."""
        for entry in entries:
            path = entry.path
            folder = self._parent(path)
            old = folder.entries.get(path)
            folder.entries[path] = entry
            if old is not None:
                folder.size_bytes -= _size(old)
            folder.size_bytes += _size(entry)
            if entry.kind == "folder":
                folder.folders.add(path)
            elif path not in self._folders:
                folder.folders.discard(path)
            folder.version = fresh_version()
            self._outdate(path.rpartition("/")[0])

    def drop(self, paths: Collection[str]) -> None:
        """Take out entries; a folder goes with the last of what is in it."""
        for path in paths:
            parent = path.rpartition("/")[0]
            folder = self._folders.get(parent)
            old = folder.entries.pop(path, None) if folder is not None else None
            if folder is None or old is None:
                continue
            folder.size_bytes -= _size(old)
            if path not in self._folders:
                folder.folders.discard(path)
            folder.version = fresh_version()
            self._outdate(parent)
            self._prune(path)
            self._prune(parent)

    def change(self, event: FilesChanged) -> None:
        """Take in what changed."""
        self.drop(event.gone)
        self.add(event.changed)

    def total(self, path: str) -> Total:
        """Count what is in a folder and below."""
        folder = self.at(path)
        if folder.total is None:
            for each in reversed(self._unknown(folder)):
                totals = [found.total for name in each.folders if (found := self.at(name)).total is not None]
                # What was never told of itself is no entry.
                each.total = Total(
                    len(each.entries) + sum(total.count for total in totals if total is not None),
                    each.size_bytes + sum(total.size_bytes for total in totals if total is not None),
                )
        return folder.total or Total(0, 0)

    def _unknown(self, folder: Folder) -> list[Folder]:
        """Give the folders below whose totals are not known, each before what is in it."""
        found = [folder]
        for each in found:
            found += [inner for name in each.folders if (inner := self.at(name)).total is None]
        return found

    def _parent(self, path: str) -> Folder:
        """Give the folder of a path, and make it and those above it where they are new."""
        parent = path.rpartition("/")[0]
        found = self._folders.get(parent)
        if found is not None:
            return found
        found = self._folders[parent] = Folder()
        while True:
            above = parent.rpartition("/")[0]
            upper = self._folders.get(above)
            is_new = upper is None
            if upper is None:
                upper = self._folders[above] = Folder()
            upper.folders.add(parent)
            upper.version = fresh_version()
            if not is_new:
                self._outdate(above)
                return found
            parent = above

    def _outdate(self, path: str) -> None:
        """What was counted of the folder, and of those above it, holds no longer.

        Where a folder is not counted, none above it is.
        """
        while (folder := self._folders[path]).total is not None:
            folder.total = None
            path = path.rpartition("/")[0]

    def _prune(self, path: str) -> None:
        """Forget a folder in which nothing is any more, and those above that held only it."""
        while path and (folder := self._folders.get(path)) is not None:
            if folder.entries or folder.folders:
                return
            del self._folders[path]
            above = path.rpartition("/")[0]
            upper = self._folders[above]
            entry = upper.entries.get(path)
            if entry is None or entry.kind != "folder":
                upper.folders.discard(path)
                upper.version = fresh_version()
            path = above


def _size(entry: FileEntry) -> int:
    return max(entry.size_bytes, 0) if entry.kind == "file" else 0
