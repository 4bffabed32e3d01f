"""Checkpoints of very many files, read a piece at a time: only the tree that is shown takes memory."""

from collections.abc import Collection, Iterator
from pathlib import Path

import msgspec

from lis_tui.core.differing import differing_files
from lis_tui.core.errors import StorageFailed
from lis_tui.core.events import FileEntry, StepAddress
from lis_tui.core.manifest import Difference, Manifest, Node, shown, told
from lis_tui.trajectory.manifests import LONGEST_CHAIN, Described, Manifests, manifest_of, unreadable

LARGE_BYTES = 4 << 20
"""What was written of some twenty thousand files takes as much."""
_PIECE = 1 << 20
_FEW = 50
"""So many names are sooner looked for than all nodes read."""
_BETWEEN = b'"],["/'
"""Between two nodes; within one it cannot stand, because quotes in texts are escaped."""
_BEGIN = b'"nodes":['
_NODES: msgspec.json.Decoder[list[Node]] = msgspec.json.Decoder(list[Node])


class LargeTrees:
    """The large checkpoints of a run. One tree is kept at a time: that of the step last asked for."""

    def __init__(self, manifests: Manifests) -> None:
        self._manifests = manifests
        self._abouts: dict[StepAddress, Described] = {}
        self._at: StepAddress | None = None
        self._tree: dict[str, FileEntry] = {}

    def has(self, address: StepAddress) -> bool:
        """Tell whether a checkpoint is so large that it should be read here. Raises StorageFailed."""
        path = self._manifests.path(self._chain(address)[-1])
        try:
            return path.stat().st_size > LARGE_BYTES
        except OSError as error:
            raise unreadable(path, error) from error

    def tree(self, address: StepAddress) -> tuple[FileEntry, ...]:
        """List the work folder as a screen shows it: sorted, relative. Raises StorageFailed."""
        changed = self._between(self._at, address) if self._at is not None else None
        if changed is None:
            self._tree = {}
            top = _top(self._about(address))
            for node in self._nodes(address):
                if node.path.startswith(top):
                    entry = shown(node, node.path.removeprefix(top))
                    self._tree[entry.path] = entry
        else:
            self._bring_up_to(self.part(address, changed), changed)
        self._at = address
        return tuple(self._tree[path] for path in sorted(self._tree))

    def part(self, address: StepAddress, paths: Collection[str]) -> Manifest:
        """Give a checkpoint with only these absolute paths in it. Raises StorageFailed."""
        wanted = set(paths)
        found = self._nodes(address, wanted) if wanted else ()
        nodes = {node.path: node for node in found if node.path in wanted}
        return manifest_of(self._about(address), nodes)

    def workdir(self, address: StepAddress) -> str:
        """Name the work folder of a checkpoint. Raises StorageFailed."""
        return self._about(address).workdir

    def changes(self, left: StepAddress, right: StepAddress) -> dict[str, Difference]:
        """Tell which paths of the work folder differ between two checkpoints. Raises StorageFailed."""
        paths = self._between(left, right)
        if paths is None:
            paths = self._differing(left, right)
        found = differing_files(self.part(left, paths), self.part(right, paths))
        return {file.path: file.kind for file in found}

    def _bring_up_to(self, part: Manifest, changed: Collection[str]) -> None:
        top = f"{part.workdir.rstrip('/')}/"
        for path in changed:
            node, name = part.nodes.get(path), path.removeprefix(top)
            if node is None:
                self._tree.pop(name, None)
            elif path.startswith(top):
                self._tree[name] = shown(node, name)

    def _chain(self, address: StepAddress) -> list[StepAddress]:
        """Give the checkpoint and those that it is a difference to, down to a whole one."""
        chain = [address]
        while len(chain) <= LONGEST_CHAIN + 2:
            parent = self._about(chain[-1]).parent
            if parent is None:
                return chain
            chain.append(parent)
        raise StorageFailed(f"The checkpoint {address} cannot be read: its parents lead in a circle.")

    def _between(self, left: StepAddress, right: StepAddress) -> set[str] | None:
        """Give all paths that may differ, where one of the two is a difference to the other; else None."""
        older, newer = sorted((left, right))
        chain = self._chain(newer)
        if older not in chain:
            return None
        found: set[str] = set()
        for link in chain[: chain.index(older)]:
            found.update(self._about(link).removed)
            found.update(node.path for node in self._own(link))
        return found

    def _differing(self, left: StepAddress, right: StepAddress) -> set[str]:
        """Compare two that have nothing in common: what of each node a person is told of, as a number."""
        before = {node.path: hash(told(node)) for node in self._nodes(left)}
        found = set()
        for node in self._nodes(right):
            if before.pop(node.path, None) != hash(told(node)):
                found.add(node.path)
        return found | before.keys()

    def _nodes(self, address: StepAddress, wanted: Collection[str] = ()) -> Iterator[Node]:
        """Give all nodes of a checkpoint, or at least those that are wanted, in no order."""
        known: set[str] = set()
        *links, last = self._chain(address)
        for link in links:
            for node in self._own(link):
                if node.path not in known:
                    yield node
            known.update(node.path for node in self._own(link))
            known.update(self._about(link).removed)
        for node in self._own(last, wanted):
            if node.path not in known:
                yield node

    def _own(self, link: StepAddress, wanted: Collection[str] = ()) -> Iterator[Node]:
        """Give the nodes that were written with this one; pieces with none that is wanted are left out."""
        path = self._manifests.path(link)
        written = [msgspec.json.encode(one) for one in wanted] if len(wanted) <= _FEW else []
        for piece in _pieces(path):
            if isinstance(piece, bytes) and (not written or any(one in piece for one in written)):
                try:
                    yield from _NODES.decode(piece)
                except msgspec.MsgspecError as error:
                    raise unreadable(path, error) from error

    def _about(self, address: StepAddress) -> Described:
        about = self._abouts.get(address)
        if about is None:
            *_, last = _pieces(self._manifests.path(address))
            assert isinstance(last, Described)
            about = self._abouts[address] = last
        return about


def _top(about: Described) -> str:
    return f"{about.workdir.rstrip('/')}/"


class _Rest(Described, frozen=True, kw_only=True, omit_defaults=True):
    nodes: msgspec.Raw = msgspec.Raw(b"[]")


_RESTS: msgspec.json.Decoder[_Rest] = msgspec.json.Decoder(_Rest)


def _pieces(path: Path) -> Iterator[bytes | Described]:
    """Give the nodes of a checkpoint's file some at a time, as they were written, and last what else it says.

    The file is never in memory whole: what the allocator got for that, it would keep. Raises StorageFailed.
    """
    try:
        with path.open("rb") as file:
            head, data, is_first = b"", file.read(_PIECE), True
            while more := file.read(_PIECE):
                if is_first:
                    head, sign, data = data.partition(_BEGIN)
                    head, is_first = head + sign, False
                data += more
                cut = data.rfind(_BETWEEN)
                if cut >= 0:
                    yield b"[" + data[: cut + 2] + b"]"
                    data = data[cut + 3 :]
        rest = _RESTS.decode(head + data)
    except (OSError, msgspec.MsgspecError) as error:
        raise unreadable(path, error) from error
    yield bytes(rest.nodes)
    yield rest
