"""What a fresh computer has outside the work folder, as far as somebody asked.

Where this machine has the untouched side of the layers, only folders are known at first. What else was in one
is read on this side as soon as something in it changed.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping

from lis_tui.core.manifest import Node
from lis_tui.sandbox.lower import Lower
from lis_tui.sandbox.scope import Scope

_YOUNG_S = 60.0


class Originals:
    """Nodes of the fresh computer by path; `unseen` are the folders of which only the folders are in it."""

    def __init__(self, lower: Lower | None, scope: Scope) -> None:
        self.nodes: dict[str, Node] = {}
        self.unseen: set[str] = set()
        self.young: frozenset[str] = frozenset()
        """What lay over the layers before anything ran: no folder tells when that is written to."""
        self._lower = lower
        self._scope = scope
        self._lost: list[str] = []

    def leave_out(self, folders: Iterable[Node]) -> list[str]:
        """Take it that of these nothing but folders was listed; gives those that must be listed inside."""
        lower = self._lower
        if lower is None:
            return []
        known = [
            node for node in folders if node.path not in lower.over and self._scope.is_in(node.path, lower)
        ]
        self.unseen = {node.path for node in known if not lower.is_closed(node)}
        return [node.path for node in known if lower.is_closed(node)]

    def begin(self, nodes: Iterable[Node], now: float) -> None:
        """Have what was listed before anything ran."""
        self.nodes = {node.path: node for node in nodes if not self._scope.is_in_work(node.path)}
        young = (node for node in self.nodes.values() if float(node.ctime) > now - _YOUNG_S)
        self.young = frozenset(
            node.path for node in young if node.kind != "folder" and self._scope.is_layered(node.path)
        )

    def lose(self, folder: str) -> None:
        """Take it that a folder is gone, or another: what was in it is told by `recall_lost`."""
        if folder in self.unseen:
            self._lost.append(folder)

    async def recall_lost(self, now: Mapping[str, Node]) -> list[Node]:
        """Give what was in unseen folders that were lost since this was last asked."""
        lost, self._lost = self._lost, []
        return await self.recall(lost, now)

    async def recall(self, folders: Collection[str], now: Mapping[str, Node]) -> list[Node]:
        """Give what was in folders as far as they are unseen, and know it from then on.

        What is there `now`, and untouched, is taken as it shows there.
        """
        unseen = self.unseen.intersection(folders)
        if not unseen:
            return []
        found = await asyncio.to_thread(self._read, unseen, now)
        self.unseen -= unseen
        self.nodes.update((node.path, node) for node in found)
        return found

    def _read(self, folders: set[str], now: Mapping[str, Node]) -> list[Node]:
        found = []
        for folder in folders:
            for node in self._lower.nodes(folder) if self._lower is not None else ():
                seen = now.get(node.path)
                is_untouched = seen is not None and _is_untouched(node, seen)
                found.append(seen if seen is not None and is_untouched else node)
        return [node for node in found if self._scope.is_looked_at(node.path)]


def _is_untouched(node: Node, seen: Node) -> bool:
    """Nobody inside can set a `ctime`; users and inodes have other numbers on this side in some places."""
    return (node.kind, node.size_bytes, node.mtime, node.ctime) == (
        seen.kind,
        seen.size_bytes,
        seen.mtime,
        seen.ctime,
    )
