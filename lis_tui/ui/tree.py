"""Which lines of a tree of files are shown, in which order, and what is said of those that are not."""

import fnmatch
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from lis_tui.core.events import FileEntry
from lis_tui.core.folders import Folders
from lis_tui.core.parts import FileMark
from lis_tui.ui.ignoring import Ignoring

Order = Literal["name", "size", "time", "change"]
ORDERS: tuple[Order, ...] = ("name", "size", "time", "change")
ORDER_WORDS: Mapping[Order, str] = {
    "name": "by name",
    "size": "largest first",
    "time": "newest first",
    "change": "changed first",
}
QUIET = frozenset({"node_modules", "__pycache__", "venv", "site-packages"})
"""Folders that nobody looks for, besides those whose name begins with a dot."""
MOST_UNASKED = 200
"""A folder with more entries than this stays folded until a person opens it."""
DEEPEST_UNASKED = 20
MOST_FOUND = 2000
"""So many of the entries that a filter finds are shown; all are counted."""
MOST_MARKS = 20_000
"""Where more is marked, folders do not tell of what is marked below them."""
_HIDDEN = re.compile(r"(?:^|/)(?:\.|(?:" + "|".join(sorted(QUIET)) + r")(?:/|$))")
_NO_MARKS: Mapping[str, FileMark] = {}


class Look(Struct, frozen=True):
    """How a person wants the tree."""

    order: Order = "name"
    has_hidden: bool = False
    is_since_start: bool = False
    """Marked is what differs from the start, not from what the newest step found."""
    wanted: str = ""
    """Words that a path must have, or patterns for a name."""


class Shown(Struct, frozen=True):
    """The lines, by path; how many entries are left out because they are hidden, and what was found."""

    rows: list[str]
    hidden: int = 0
    hidden_changes: int = 0
    found: int = 0
    total: int = 0


class Files(Struct, frozen=True):
    """A tree as it is: its entries, what is in each folder, how they are marked."""

    entries: Mapping[str, FileEntry]
    folders: Folders
    marks: Mapping[str, FileMark] = _NO_MARKS


def is_hidden(path: str) -> bool:
    """Tell whether it, or a folder it is in, is hidden or of no interest."""
    return _HIDDEN.search(path) is not None


class Finder:
    """Finds what a filter means; while one types on, only what was found is looked through again."""

    def __init__(self) -> None:
        self._key: tuple[object, str, bool] | None = None
        self._found: list[str] = []

    def find(self, files: Files, look: Look, version: object) -> list[str]:
        """Give the paths, in the tree's order. `version` differs when other files are there."""
        key = (version, look.wanted, look.has_hidden)
        if self._key != key:
            old = self._key
            is_narrower = (
                old is not None and (old[0], old[2]) == (key[0], key[2]) and _narrows(look.wanted, old[1])
            )
            pool: Iterable[str] = self._found if is_narrower else _all_paths(files)
            self._found = [*filter(_test(look.wanted), pool)]
            if not look.has_hidden and not is_narrower:
                self._found = [path for path in self._found if not is_hidden(path)]
            self._key = key
        return self._found


def _all_paths(files: Files) -> Iterable[str]:
    gone = [path for path in files.marks if path not in files.entries]
    return [*files.entries, *gone] if gone else files.entries


def _narrows(wanted: str, before: str) -> bool:
    """Tell whether less fits: every word is at least as long, and none is a pattern."""
    return bool(before) and wanted.startswith(before) and not any(sign in wanted for sign in "*?")


def _test(wanted: str) -> Callable[[str], bool]:
    """Make a test of words and patterns; case does not count."""
    words = wanted.lower().split()
    plain = [word for word in words if not any(sign in word for sign in "*?")]
    patterns = [re.compile(fnmatch.translate(word)) for word in words if word not in plain]
    if len(words) == 1 and plain:
        only = plain[0]
        return lambda path: only in path.lower()

    def fits(path: str) -> bool:
        low = path.lower()
        if not all(word in low for word in plain):
            return False
        name = low.rpartition("/")[2]
        return all(pattern.fullmatch(name) for pattern in patterns)

    return fits


class Tree:
    """Lays out the lines of a tree; what is folded is neither sorted nor built."""

    def __init__(self) -> None:
        self.look = Look()
        self.ignoring = Ignoring()
        self._wished: dict[str, bool] = {}
        self._files = Files({}, Folders())
        self._gone = Folders()
        self._folders = Folders()
        self._below: Counter[str] = Counter()
        self._finder = Finder()
        self._hidden = 0
        self._parted: dict[str, tuple[tuple[int, int, int], list[str], set[str]]] = {}
        """Of folders that were laid out: for which state, what is shown in them and what is hidden."""

    def show(self, files: Files, version: object) -> Shown:
        """Give the lines of a tree. `version` differs when other files are there."""
        if files.folders is not self._files.folders:
            self._parted.clear()
        self._files, self._folders = files, files.folders
        self._gone = Folders(FileEntry(path) for path in files.marks if path not in files.entries)
        is_countable = len(files.marks) <= MOST_MARKS
        self._below = _below(files.marks) if is_countable else Counter()
        self._hidden = 0
        if not self.look.wanted.strip():
            rows = self._laid_out()
            changes = sum(map(is_hidden, files.marks)) if self._hidden and is_countable else 0
            return Shown(rows, self._hidden, changes)
        found = self._finder.find(files, self.look, version)
        first = sorted(found)[:MOST_FOUND] if len(found) > MOST_FOUND else found
        self._folders, self._gone = Folders(self.entry(path) for path in first), Folders()
        return Shown(self._laid_out(), found=len(found), total=len(files.entries))

    # ---- what a line shows

    def entry(self, path: str) -> FileEntry:
        """Give an entry; a folder that was never told of is one, because something is in it."""
        found = self._files.entries.get(path)
        if found is not None:
            return found
        is_folder = self._files.folders.is_folder(path) or self._gone.is_folder(path)
        return FileEntry(path, "folder" if is_folder else "file")

    def mark(self, path: str) -> FileMark | None:
        """Tell how an entry is marked; a folded folder also by what is below."""
        found = self._files.marks.get(path)
        if found is None and path in self._below and not self.is_open(path):
            return "changed"
        return found

    def is_open(self, path: str) -> bool:
        """Tell whether a folder is unfolded."""
        if path in self._wished:
            return self._wished[path]
        if self.look.wanted.strip():
            return True
        name = path.rpartition("/")[2]
        is_quiet = name in QUIET or name.startswith(".")
        few = len(self._folders.at(path).entries) <= MOST_UNASKED
        return few and not is_quiet and path.count("/") < DEEPEST_UNASKED

    # ---- folding

    def toggle(self, path: str) -> None:
        """Fold or unfold a folder."""
        self._wished[path] = not self.is_open(path)

    def toggle_below(self, path: str) -> int:
        """Unfold a folder and all below, or fold them where it is open; gives how many that are."""
        is_open = not self.is_open(path)
        waiting = [path]
        for folder in waiting:
            waiting += self._folders.at(folder).folders
        self._wished.update(dict.fromkeys(waiting, is_open))
        return len(waiting)

    def reveal(self, path: str) -> None:
        """Unfold what an entry is in."""
        while "/" in path.lstrip("/"):
            path = path.rpartition("/")[0]
            self._wished[path] = True

    # ---- laying out

    def _laid_out(self) -> list[str]:
        rows: list[str] = []
        waiting = [iter(self._children(""))]
        while waiting:
            for path in waiting[-1]:
                rows.append(path)
                if self._is_folder(path) and self.is_open(path):
                    inner = self._children(path)
                    if self._has_folders(path):
                        waiting.append(iter(inner))
                        break
                    rows += inner
            else:
                waiting.pop()
        return rows

    def _is_folder(self, path: str) -> bool:
        return self._folders.is_folder(path) or self._gone.is_folder(path)

    def _has_folders(self, path: str) -> bool:
        return bool(self._folders.at(path).folders or self._gone.at(path).folders)

    def _children(self, folder: str) -> Sequence[str]:
        """Give what is shown right in a folder, in order."""
        names: Sequence[str] = self._folders.at(folder).names()
        if gone := self._gone.at(folder).names():
            names = sorted({*names, *gone})
        if not self.look.has_hidden and not self.look.wanted.strip():
            names = self._without_hidden(folder, names)
        return names if self.look.order == "name" else sorted(names, key=self._keys()[self.look.order])

    def _without_hidden(self, folder: str, names: Sequence[str]) -> Sequence[str]:
        known = self._parted.get(folder)
        self.ignoring.meet(folder, self._files.entries)
        version = (self._folders.at(folder).version, len(names), self.ignoring.version)
        if known is None or known[0] != version:
            shown = [path for path in names if not _is_quiet(path.rpartition("/")[2])]
            shown = self.ignoring.without(folder, shown, self._files.entries)
            hidden = set(names).difference(shown) if len(shown) < len(names) else set[str]()
            known = self._parted[folder] = (version, shown, hidden)
        _, shown, hidden = known
        self._hidden += sum(1 + self._files.folders.total(path).count for path in hidden)
        return shown

    def _keys(self) -> Mapping[str, Callable[[str], tuple[float, str]]]:
        return {"size": self._by_size, "time": self._by_time, "change": self._by_change}

    def _by_size(self, path: str) -> tuple[float, str]:
        folder = self._files.folders
        size = folder.total(path).size_bytes if folder.is_folder(path) else self.entry(path).size_bytes
        return -size, path

    def _by_time(self, path: str) -> tuple[float, str]:
        return -self.entry(path).mtime_s, path

    def _by_change(self, path: str) -> tuple[float, str]:
        return path not in self._files.marks and path not in self._below, path


def _is_quiet(name: str) -> bool:
    return name.startswith(".") or name in QUIET


def _below(marks: Iterable[str]) -> Counter[str]:
    """Count what is marked below each folder."""
    found: Counter[str] = Counter(path.rpartition("/")[0] for path in marks)
    for folder, count in [*found.items()]:
        while folder := folder.rpartition("/")[0]:
            found[folder] += count
    return found
