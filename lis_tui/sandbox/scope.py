"""What of a sandbox's file systems is looked at: our own folder, mounts and what is skipped are left out."""

from collections.abc import Iterator, Mapping, Sequence

from lis_tui.core.manifest import Node
from lis_tui.sandbox.marks import quote
from lis_tui.sandbox.records import escaped, parse, pattern, prune

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
        self.parts = b" ".join(quote(path) for path in sorted(parts))
        """What the computer consists of beside the work folder: its root, and what is layered over in it."""
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

    def is_deep(self, folder: str) -> bool:
        """Tell whether something in the folder can change without the folder's time."""
        return folder == self.workdir or folder.startswith(self._in_work) or not self.is_layered(folder)

    def part_of(self, path: str) -> str:
        """Give the mount that a path is in; the work folder is one of its own."""
        if path == self.workdir or path.startswith(self._in_work):
            return self.workdir
        while path not in self._layered:
            path = path.rpartition("/")[0] or "/"
        return path

    def is_layered(self, path: str) -> bool:
        """Tell whether it is in an overlay over what the image has."""
        return self._layered.get(self.part_of(path), False)

    def nodes(self, data: bytes) -> Iterator[Node]:
        """Give what was printed and is looked at."""
        for node in parse(data):
            if node.path not in self.left_out and not node.path.startswith(self._below):
                yield node
