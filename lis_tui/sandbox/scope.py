"""What of a sandbox's file systems is looked at: our own folder, mounts and what is skipped are left out."""

from collections.abc import Iterator, Mapping, Sequence

from lis_tui.core.manifest import Node
from lis_tui.core.paths import unescape_path
from lis_tui.sandbox.lower import Lower
from lis_tui.sandbox.marks import quote
from lis_tui.sandbox.records import FORM, escaped, parse, pattern, prune

_LAYERED = b"overlay"
_SURE = frozenset((_LAYERED, b"ext2", b"ext3", b"ext4", b"xfs", b"btrfs", b"f2fs", b"tmpfs"))
"""Where a thing that is renamed or linked gets a new `ctime`; others may see that otherwise."""


class Scope:
    """Knows the mounts, by path with the kinds of their file systems, and so what must be looked at how."""

    def __init__(self, workdir: str, folder: str, mounts: Mapping[bytes, bytes], skip: Sequence[str]) -> None:
        top = workdir.encode()
        self.workdir = workdir
        parts = {path: kind for path, kind in mounts.items() if path != top and kind == _LAYERED}
        parts[b"/"] = mounts.get(b"/", b"")
        self._parts = parts
        self._layered = {escaped(path): kind == _LAYERED for path, kind in parts.items()}
        self.has_sure_times = {*parts.values(), mounts.get(top, b"overlay")} <= _SURE
        """Whether nothing can come into a folder without a new `ctime`, but with a folder it is in."""
        # `-xdev` stops at mounts; a test for each of them would cost more than the walk
        tests = [b"-path " + quote(pattern) for pattern in skip]
        self.inside = prune(tests)
        """The words that have `find` leave out in the work folder what fits a pattern."""
        self.outside = prune(tests if top in mounts else [*tests, b"-path " + quote(pattern(top))])
        """The same for all else."""
        self.left_out = {escaped(path) for path in mounts if path not in parts and path != top} | {folder}
        self._below = tuple(f"{path}/" for path in self.left_out)
        self._in_work = workdir.rstrip("/") + "/"

    def finds(self, lower: Lower | None) -> bytes:
        """Give what lists all that the computer consists of beside the work folder.

        That is its root, and what is layered over in it; of what is in a `lower` layer, only folders.
        """
        lower = lower or Lower({})
        here = {path for path in self._parts if self.is_in(escaped(path), lower)}
        over = [unescape_path(path) for path in lower.over if self.is_in(path, lower)]
        walks = (
            (self._parts.keys() - here, b"-xdev %s -printf %s"),
            (here, b"-xdev %s -type d -printf %s"),
            (over, b"-mindepth 1 -maxdepth 1 -xdev %s ! -type d -printf %s"),
        )
        return b"; ".join(
            b"find %s " % b" ".join(map(quote, sorted(paths))) + words % (self.outside, FORM)
            for paths, words in walks
            if paths
        )

    def is_in(self, path: str, lower: Lower) -> bool:
        """Tell whether it is in a part whose untouched side this machine has."""
        part = self.part_of(path)
        return part in lower.parts and self._layered.get(part, False)

    def is_in_work(self, path: str) -> bool:
        """Tell whether it is the work folder or in it."""
        return path == self.workdir or path.startswith(self._in_work)

    def is_deep(self, folder: str) -> bool:
        """Tell whether something in the folder can change without the folder's time."""
        return self.is_in_work(folder) or not self.is_layered(folder)

    def part_of(self, path: str) -> str:
        """Give the mount that a path is in; the work folder is one of its own."""
        if self.is_in_work(path):
            return self.workdir
        while path not in self._layered:
            path = path.rpartition("/")[0] or "/"
        return path

    def is_layered(self, path: str) -> bool:
        """Tell whether it is in an overlay over what the image has."""
        return self._layered.get(self.part_of(path), False)

    def is_looked_at(self, path: str) -> bool:
        """Tell whether it is neither left out nor below what is."""
        return path not in self.left_out and not path.startswith(self._below)

    def nodes(self, data: bytes) -> Iterator[Node]:
        """Give what was printed and is looked at."""
        for node in parse(data):
            if self.is_looked_at(node.path):
                yield node
