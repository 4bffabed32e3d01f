"""Everything about the entries of a tree, as GNU find prints it inside a sandbox."""

from collections.abc import Iterator
from operator import attrgetter

from msgspec import Struct

from lis_tui.core.events import FileEntry, FileKind
from lis_tui.core.paths import escape_path

FORMAT = b"%y %m %U:%G %s %T@ %C@ %i\\0%p\\0%l\\0"
RELATIVE_FORMAT = b"%y %m %U:%G %s %T@ %C@ %i\\0%P\\0%l\\0"

_KINDS: dict[str, FileKind] = {
    "f": "file",
    "d": "folder",
    "l": "link",
    "p": "fifo",
    "s": "socket",
    "b": "device",
    "c": "device",
}


class Entry(Struct, frozen=True, kw_only=True):
    """One entry as its file system has it; times as decimal text, so that equality is exact."""

    path: bytes
    kind: FileKind
    mode: int
    owner: str
    size_bytes: int
    mtime: str
    ctime: str
    inode: int
    target: bytes = b""

    def is_unchanged_from(self, old: "Entry") -> bool:
        """Tell whether nothing was written to it since."""
        return (self.size_bytes, self.mtime, self.ctime, self.inode) == (
            old.size_bytes,
            old.mtime,
            old.ctime,
            old.inode,
        )

    def shown(self) -> FileEntry:
        """Give what a person is shown of it."""
        return FileEntry(
            path=escape_path(self.path),
            kind=self.kind,
            size_bytes=self.size_bytes if self.kind == "file" else 0,
            mtime_s=float(self.mtime),
            mode=self.mode,
            target=escape_path(self.target),
        )


LISTED = b"%y %m %s %T@ %P\\0%l\\0"
"""What a person is shown of each."""
NAMED = b"%y %m %s %T@ %p\\0%l\\0"
"""The same of entries that were named; each name begins with `./`."""


def listed(data: bytes) -> list[FileEntry]:
    """Read what find printed as LISTED or NAMED, sorted; what was cut off at the end is left out."""
    fields = data.decode("utf-8", "surrogateescape").split("\0")
    is_plain = data.isascii() and b"\\" not in data
    fix = str if is_plain else _escaped
    found: list[FileEntry] = []
    for facts, target in zip(fields[: len(fields) - 1 : 2], fields[1:-1:2], strict=False):
        kind, mode, size, mtime, path = facts.split(" ", 4)
        path = path.removeprefix("./")
        if kind == "f":
            found.append(FileEntry(fix(path), "file", int(size), float(mtime), int(mode, 8)))
        else:
            what = _KINDS.get(kind, "device")
            found.append(FileEntry(fix(path), what, 0, float(mtime), int(mode, 8), fix(target)))
    found.sort(key=attrgetter("path"))
    return found


def _escaped(text: str) -> str:
    return escape_path(text.encode("utf-8", "surrogateescape"))


def parse(data: bytes) -> Iterator[Entry]:
    """Read what find printed in one of the formats."""
    fields = data.split(b"\0")
    for facts, path, target in zip(fields[::3], fields[1::3], fields[2::3], strict=False):
        kind, mode, owner, size, mtime, ctime, inode = facts.decode("ascii").split(" ")
        yield Entry(
            path=path,
            kind=_KINDS.get(kind, "device"),
            mode=int(mode, 8),
            owner=owner,
            size_bytes=int(size),
            mtime=mtime,
            ctime=ctime,
            inode=int(inode),
            target=target,
        )
