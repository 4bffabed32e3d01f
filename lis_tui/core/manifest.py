"""A checkpoint as data: every entry of the work folder, what differs outside it, and the shell's state."""

from collections.abc import Iterator, Mapping
from typing import Literal

from msgspec import Struct, field

from lis_tui.core.events import FileEntry, FileKind, StepAddress

MANIFEST_VERSION = 1

Difference = Literal["new", "changed", "gone"]


class Node(Struct, frozen=True, array_like=True, gc=False):
    """One entry as the sandbox's root sees it: an absolute path, escaped by `core.paths`.

    Times are decimal text, so that equality is exact. `digest` names the content of a regular file, and is
    empty where that is not kept: it is then what the image has, or the manifest says why not.
    """

    path: str
    kind: FileKind
    mode: int
    owner: str
    size_bytes: int
    mtime: str
    ctime: str
    inode: int
    links: int = 1
    target: str = ""
    digest: str = ""

    @property
    def stamp(self) -> tuple[int, str, str, int]:
        """What differs as soon as somebody wrote to it."""
        return self.size_bytes, self.mtime, self.ctime, self.inode

    @property
    def look(self) -> tuple[object, ...]:
        """What a restored one must have in common with it, besides the content."""
        size = self.size_bytes if self.kind == "file" else 0
        mtime = "" if self.kind == "socket" else self.mtime
        return self.kind, self.mode, self.owner, size, mtime, self.target


class ShellState(Struct, frozen=True):
    """What the lasting shell had saved: where it stood, and the digests of its parts."""

    cwd: str = ""
    parts: dict[str, str] = {}


class Manifest(Struct, frozen=True, kw_only=True):
    """The sandbox as it was after a step; nothing must be restored to look into it."""

    address: StepAddress
    at: float
    workdir: str
    nodes: dict[str, Node]
    """The work folder whole, and what outside it is not as the image has it, by path."""
    gone: frozenset[str] = frozenset()
    """What the image has and the sandbox had not."""
    shell: ShellState = field(default_factory=ShellState)
    image_id: str = ""
    jobs: tuple[str, ...] = ()
    """The commands that ran meanwhile: the checkpoint was taken while jobs ran, and they are not in it."""
    skipped: tuple[str, ...] = ()
    """The patterns of the paths that were left out on purpose."""
    problems: dict[str, str] = {}
    """Paths whose content is not kept, and why."""

    def is_inside(self, path: str) -> bool:
        """Tell whether the path is the work folder or in it."""
        return path == self.workdir or path.startswith(self.workdir.rstrip("/") + "/")

    def digests(self) -> Iterator[str]:
        """Give all contents that it needs."""
        yield from self.shell.parts.values()
        for node in self.nodes.values():
            if node.digest:
                yield node.digest

    def tree(self) -> list[FileEntry]:
        """List the work folder as a screen shows it: sorted, relative."""
        top = self.workdir.rstrip("/") + "/"
        return [
            shown(self.nodes[path], path.removeprefix(top))
            for path in sorted(self.nodes)
            if path.startswith(top)
        ]


def shown(node: Node, path: str) -> FileEntry:
    """Give what a screen shows of it, by this name."""
    return FileEntry(
        path=path,
        kind=node.kind,
        size_bytes=node.size_bytes if node.kind == "file" else 0,
        mtime_s=float(node.mtime),
        mode=node.mode,
        target=node.target,
    )


def differences(old: Manifest, new: Manifest) -> dict[str, Difference]:
    """Tell which paths differ between two checkpoints: their content, kind, mode, owner or link target.

    A time alone makes no difference to a person.
    """
    found: dict[str, Difference] = {}
    _compare(old.nodes, new.nodes, found)
    for path in old.gone ^ new.gone:
        found[path] = "gone" if path in new.gone else "new"
    return dict(sorted(found.items()))


def _compare(old: Mapping[str, Node], new: Mapping[str, Node], found: dict[str, Difference]) -> None:
    for path, node in new.items():
        before = old.get(path)
        if before is None:
            found[path] = "new"
        elif before is not node and told(before) != told(node):
            found[path] = "changed"
    found.update((path, "gone") for path in old if path not in new)


def told(node: Node) -> tuple[object, ...]:
    """Give what makes a difference to a person."""
    content = node.digest or node.stamp if node.kind == "file" else None
    return node.kind, node.mode, node.owner, node.target, content
