"""What the `.gitignore` files of the tree on screen leave out; each is read when its folder is laid out."""

from collections.abc import Mapping, Sequence

from lis_tui.core.events import FileEntry
from lis_tui.core.ignore import NAME, Ignore

MOST_READ = 200
"""So many files of rules count; a tree has few."""


class Ignoring:
    """Knows the rules by folder. `version` differs when others are known."""

    def __init__(self) -> None:
        self.version = 0
        self._rules: dict[str, tuple[tuple[int, float], Ignore | None]] = {}
        self._met: dict[str, FileEntry] = {}

    def meet(self, folder: str, files: Mapping[str, FileEntry]) -> None:
        """A folder is laid out; its rules are wanted, where it has any."""
        entry = files.get(f"{folder}/{NAME}" if folder else NAME)
        if entry is not None and entry.kind == "file" and len(self._rules) < MOST_READ:
            known = self._rules.get(folder)
            if known is None or known[0] != _stamp(entry):
                self._met[folder] = entry
        elif entry is None and self._rules.pop(folder, None) is not None:
            self.version += 1

    def unread(self) -> list[FileEntry]:
        """Give the files whose rules are wanted, each once."""
        found, self._met = list(self._met.values()), {}
        return found

    def take(self, entry: FileEntry, data: bytes) -> None:
        """Know the rules of a file."""
        self._rules[entry.path.rpartition("/")[0]] = (_stamp(entry), Ignore(data) if data else None)
        self.version += 1

    def without(self, folder: str, names: Sequence[str], files: Mapping[str, FileEntry]) -> list[str]:
        """Leave out of the paths that are right in a folder those that are ignored."""
        if not self._rules:
            return list(names)
        rules = self._rules_of(folder)
        return [path for path in names if not _is_left_out(path, rules, files.get(path))]

    def _rules_of(self, folder: str) -> list[tuple[str, Ignore]]:
        """Give the rules that count in a folder, the nearest first."""
        found = []
        while True:
            _, ignore = self._rules.get(folder, (None, None))
            if ignore is not None:
                found.append((f"{folder}/" if folder else "", ignore))
            if not folder:
                return found
            folder = folder.rpartition("/")[0]


def _is_left_out(path: str, rules: Sequence[tuple[str, Ignore]], entry: FileEntry | None) -> bool:
    is_folder = entry is None or entry.kind == "folder"
    for top, ignore in rules:
        said = ignore.leaves_out(path.removeprefix(top), is_folder=is_folder)
        if said is not None:
            return said
    return False


def _stamp(entry: FileEntry) -> tuple[int, float]:
    return entry.size_bytes, entry.mtime_s
