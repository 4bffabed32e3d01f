"""What is known of a sandbox's files: all entries by path, and what the last look has changed of that."""

from collections.abc import Callable

from lis_tui.core.manifest import Node


class Inventory:
    """A tree of nodes; whoever takes and forgets them is told afterwards what came and what went."""

    def __init__(self, on_forgotten: Callable[[str], None]) -> None:
        self._on_forgotten = on_forgotten
        self.nodes: dict[str, Node] = {}
        self.folders: set[str] = set()
        self.shape = 0
        """Another number whenever there are other folders."""
        self.gone: set[str] = set()
        """What the last look found missing."""
        self.fresh: set[str] = set()
        """What the last look found new or changed, or cannot tell from changed."""
        self._children: dict[str, set[str]] = {}

    def clear(self) -> dict[str, Node]:
        """Know nothing any more; gives the nodes there were."""
        known, self.nodes = self.nodes, {}
        self._children = {}
        self.folders = set()
        self.shape += 1
        return known

    def children(self, folder: str) -> set[str]:
        """Give the paths that are in a folder."""
        return self._children.get(folder, set())

    def is_other(self, node: Node) -> bool:
        """Tell whether another thing now has the name."""
        known = self.nodes.get(node.path)
        return known is None or known.inode != node.inode or known.kind != node.kind

    def take(self, node: Node) -> None:
        """Have a node in the place of what had its name."""
        is_folder = node.kind == "folder"
        if is_folder != (node.path in self.folders):
            self.shape += 1
            if is_folder:
                self.folders.add(node.path)
            else:
                self.folders.discard(node.path)
        self.nodes[node.path] = node
        self._children.setdefault(parent_of(node.path), set()).add(node.path)
        self.fresh.add(node.path)

    def put(self, node: Node) -> None:
        """Have a node that was there all the time, unless its name is taken."""
        if node.path not in self.nodes:
            self.nodes[node.path] = node
            self._children.setdefault(parent_of(node.path), set()).add(node.path)

    def forget(self, path: str) -> None:
        """Have neither this nor what is below it."""
        self.children(parent_of(path)).discard(path)
        todo = [path]
        while todo:
            one = todo.pop()
            self._on_forgotten(one)
            todo += self._children.pop(one, ())
            if one in self.folders:
                self.folders.discard(one)
                self.shape += 1
            if self.nodes.pop(one, None) is not None:
                self.gone.add(one)
                self.fresh.discard(one)

    def forget_below(self, path: str) -> None:
        """Have nothing that is below it."""
        self._on_forgotten(path)
        for child in self._children.pop(path, set()):
            self.forget(child)

    def forget_strays(self) -> None:
        """Have nothing that is in no folder: it was seen through a link that has taken a folder's place."""
        for path in sorted(self.fresh, key=len):
            if path != "/" and parent_of(path) not in self.folders:
                self.forget(path)


def parent_of(path: str) -> str:
    """Give the folder that a path is in; the root is in none."""
    return "" if path == "/" else path.rpartition("/")[0] or "/"
