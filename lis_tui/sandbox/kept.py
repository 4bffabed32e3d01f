"""The nodes of the last checkpoint, with the digests of their contents."""

from collections.abc import Callable, Iterator

from lis_tui.core.manifest import Node

_NAMED = ("socket", "device")


class Kept:
    """Nodes by path, and which of them are not in the work folder, so that nobody must go through all."""

    def __init__(self, is_inside: Callable[[str], bool], nodes: dict[str, Node]) -> None:
        self._is_inside = is_inside
        self._nodes = nodes
        self._outside = {path for path, node in nodes.items() if self._is_counted(node)}
        self.named: set[str] = {path for path, node in nodes.items() if node.kind in _NAMED}
        """What is only named: it cannot be made again."""
        self.touched: set[str] | None = None
        """What was put or dropped since this was last made empty; None: all may be otherwise."""

    def __contains__(self, path: str) -> bool:
        return path in self._nodes

    def __iter__(self) -> Iterator[str]:
        return iter(self._nodes)

    def get(self, path: str) -> Node | None:
        """Give a node, or None."""
        return self._nodes.get(path)

    def put(self, node: Node) -> None:
        """Keep a node, in the place of an older one."""
        self._nodes[node.path] = node
        self._touch(node.path)
        if node.kind in _NAMED:
            self.named.add(node.path)
        else:
            self.named.discard(node.path)
        if self._is_counted(node):
            self._outside.add(node.path)
        else:
            self._outside.discard(node.path)

    def drop(self, path: str) -> None:
        """Keep nothing of a path."""
        self._nodes.pop(path, None)
        self._touch(path)
        self.named.discard(path)
        self._outside.discard(path)

    def copy(self) -> dict[str, Node]:
        """Give all as they are now."""
        return dict(self._nodes)

    def outside(self) -> frozenset[str]:
        """Give what outside the work folder is not as in the image, but folders."""
        return frozenset(self._outside)

    def _touch(self, path: str) -> None:
        if self.touched is not None:
            self.touched.add(path)

    def _is_counted(self, node: Node) -> bool:
        return node.kind != "folder" and not self._is_inside(node.path)
