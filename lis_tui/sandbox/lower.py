"""The untouched side of a computer's layers, where that is on this machine: nothing inside changes it."""

import os
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from lis_tui.core.events import FileKind
from lis_tui.core.manifest import Node
from lis_tui.core.paths import escape_path, unescape_path
from lis_tui.sandbox.records import escaped

_NOBODY = 65534
_KINDS: dict[int, FileKind] = {
    stat.S_IFREG: "file",
    stat.S_IFLNK: "link",
    stat.S_IFIFO: "fifo",
    stat.S_IFSOCK: "socket",
}


class Lower(Struct, frozen=True):
    """The untouched side of a computer's layers: where on this machine each part has it."""

    parts: Mapping[str, Path]
    """Paths inside; none is in another."""
    over: frozenset[str] = frozenset()
    """Folders over which something lay before anything ran; what is in them must be asked inside."""
    has_owners: bool = True
    """Users inside are those of this machine; else there is one, and the others are nobody."""

    def is_closed(self, folder: Node) -> bool:
        """Tell whether root inside may look into a folder that its owner out here may not."""
        return not self.has_owners and folder.owner.startswith("0:") and folder.mode & 0o500 != 0o500

    def nodes(self, folder: str) -> Iterator[Node]:
        """Give what was in a folder beside folders; nothing where not everybody may read it."""
        place = self._place(folder)
        if place is None:
            return
        try:
            with os.scandir(place) as entries:
                names = [entry.name for entry in entries if not entry.is_dir(follow_symlinks=False)]
        except OSError:
            return
        top = unescape_path(folder).rstrip(b"/") + b"/"
        for name in names:
            if (node := self._node(place + b"/" + name, escaped(top + name))) is not None:
                yield node

    def _place(self, folder: str) -> bytes | None:
        part = folder
        while part not in self.parts:
            if part in ("", "/"):
                return None
            part = part.rpartition("/")[0] or "/"
        return (
            os.fsencode(self.parts[part]).rstrip(b"/")
            + b"/"
            + unescape_path(folder[len(part) :]).lstrip(b"/")
        )

    def _node(self, place: bytes, path: str) -> Node | None:
        try:
            seen = os.lstat(place)
            target = os.readlink(place) if stat.S_ISLNK(seen.st_mode) else b""  # noqa: PTH115 - bytes
        except OSError:
            return None
        if stat.S_ISCHR(seen.st_mode) and not seen.st_rdev:
            return None  # a layer below has it that nothing is there
        return Node(
            path=path,
            kind=_KINDS.get(stat.S_IFMT(seen.st_mode), "device"),
            mode=stat.S_IMODE(seen.st_mode),
            owner=self._owner(seen),
            size_bytes=seen.st_size,
            mtime=_printed(seen.st_mtime_ns),
            ctime=_printed(seen.st_ctime_ns),
            inode=seen.st_ino,
            links=seen.st_nlink,
            target=escaped(target),
        )

    def _owner(self, seen: os.stat_result) -> str:
        if self.has_owners:
            return f"{seen.st_uid}:{seen.st_gid}"
        user = 0 if seen.st_uid == os.geteuid() else _NOBODY
        group = 0 if seen.st_gid == os.getegid() else _NOBODY
        return f"{user}:{group}"


def find_lower(parts: Mapping[str, tuple[Path, Path]]) -> Lower:
    """Say where the untouched sides are, of parts that are given with the layer over each.

    Nothing may have run in the computer yet. Raises OSError.
    """
    mounts = _mounts()
    # what is mounted below a part hides here what the layer shows
    whole = {
        path: side for path, (side, _) in parts.items() if not _has_below(os.path.realpath(side), mounts)
    }
    over = {_inside(path, upper, folder) for path, (_, upper) in parts.items() for folder in _folders(upper)}
    return Lower(whole, frozenset(over), has_owners=os.geteuid() == 0)


def _mounts() -> list[str]:
    lines = Path("/proc/self/mountinfo").read_bytes().splitlines()
    names = (line.split(b" ")[4].decode(errors="surrogateescape") for line in lines)
    return [re.sub(r"\\(\d{3})", lambda code: chr(int(code[1], 8)), name) for name in names]


def _has_below(folder: str, mounts: list[str]) -> bool:
    return any(mount.startswith(folder.rstrip("/") + "/") for mount in mounts)


def _folders(upper: Path) -> Iterator[bytes]:
    return (folder for folder, _, _ in os.walk(os.fsencode(upper)))


def _inside(part: str, upper: Path, folder: bytes) -> str:
    rest = folder[len(os.fsencode(upper)) :]
    return escape_path(os.fsencode(part).rstrip(b"/") + rest or b"/")


def _printed(time_ns: int) -> str:
    """Give a time as `find` prints it."""
    seconds, rest = divmod(time_ns, 1_000_000_000)
    return f"{seconds}.{rest:09d}0"
