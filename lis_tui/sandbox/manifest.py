"""Everything about the entries of a tree, as GNU find prints it inside a sandbox."""

from collections.abc import Iterator

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
