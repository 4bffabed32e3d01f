"""What is in each folder of a tree, found once and kept true change by change."""

from collections.abc import Collection, Iterable

from lis_tui.core.events import FileEntry, FilesChanged
from lis_tui.core.parts import fresh_version


class Total:
    """Of a folder and all below: how many entries, how many bytes of files, of how many that is not known."""

    __slots__ = ("count", "size_bytes", "unknown")

    def __init__(self, count: int, size_bytes: int, unknown: int) -> None:
        self.count = count
        self.size_bytes = size_bytes
        self.unknown = unknown


class Folder:
    """What is right in one folder; `version` differs when an entry came, went or changed."""

    __slots__ = (
        *("entries", "folders", "size_bytes", "total", "unknown", "version"),
        *("_has_lost", "_is_grown", "_names"),
    )

    def __init__(self) -> None:
        self.entries: dict[str, FileEntry] = {}
        self.folders: set[str] = set()
        """Those of them that are folders, and those in which something lies."""
        self._names: list[str] | None = None
        self._is_grown = self._has_lost = False
        self.size_bytes = 0
        self.unknown = 0
        self.total: Total | None = None
        """Known once somebody asked, until something below changes."""
        self.version = fresh_version()

    def count(self, entry: FileEntry, sign: int) -> None:
        """Add an entry's size, or take it off."""
        if entry.kind == "file":
            self.size_bytes += sign * max(entry.size_bytes, 0)
            self.unknown += sign * (entry.size_bytes < 0)

    def names(self) -> list[str]:
        """Give the paths of all that is right in it, in order; not to be changed."""
        if self._names is None:
            self._names = sorted(self.entries.keys() | self.folders)
        elif self._has_lost:
            there = (path for path in self._names if path in self.entries or path in self.folders)
            self._names = list(dict.fromkeys(there))  # what went may have come again
        if self._is_grown:
            self._names.sort()  # two runs that are in order are merged
        self._has_lost = self._is_grown = False
        return self._names

    def expect(self, path: str) -> None:
        """Note a name that is about to come, or that is there already."""
        if self._names is not None and path not in self.entries and path not in self.folders:
            self._names.append(path)
            self._is_grown = True

    def note_loss(self) -> None:
        """Note that a name may have gone."""
        self._has_lost = True


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
            folder.expect(path)
            old = folder.entries.get(path)
            folder.entries[path] = entry
            if old is not None:
                folder.count(old, -1)
            folder.count(entry, 1)
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
            folder.count(old, -1)
            if path not in self._folders:
                folder.folders.discard(path)
            folder.note_loss()
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
            for each in reversed(self._uncounted(folder)):
                inner = [total for name in each.folders if (total := self.at(name).total) is not None]
                each.total = Total(
                    len(each.entries) + sum(total.count for total in inner),
                    each.size_bytes + sum(total.size_bytes for total in inner),
                    each.unknown + sum(total.unknown for total in inner),
                )
        return folder.total or Total(0, 0, 0)

    def _uncounted(self, folder: Folder) -> list[Folder]:
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
            upper.expect(parent)
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
                upper.note_loss()
                upper.version = fresh_version()
            path = above
