"""Every entry of a sandbox's file systems, counted once and then only where something changed.

What changed is told by `ctime`, which nobody inside can set. On file systems that we know what was renamed
has a new one too, so that all but deletions show by themselves, and deletions by the number of entries. Where
that is not what was expected, folders that changed are listed again.

Where the root is an overlay, nothing of the image can change without its folder's `ctime`, because it is
copied to the upper layer first: there only folders are looked at, and those files that are known to differ.
Where this machine has the lower layer, files are not even counted before something in their folder changed.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence

from lis_tui.core.errors import SandboxFailed
from lis_tui.core.manifest import Node
from lis_tui.core.paths import unescape_path
from lis_tui.sandbox.inventory import Inventory, parent_of
from lis_tui.sandbox.lower import Lower
from lis_tui.sandbox.marks import quote
from lis_tui.sandbox.names import Entry, Names
from lis_tui.sandbox.originals import Originals
from lis_tui.sandbox.records import FORM, escaped, kind_of, letter_of
from lis_tui.sandbox.rounds import MOST_WALKS, Rounds
from lis_tui.sandbox.scope import Scope
from lis_tui.sandbox.service import Data, Service

RACY_S = 0.02
"""A time stamp so close to the look does not prove that nothing was written after it."""
MANY = 1000
"""A folder with more in it is listed by names first."""
_SLOW_S = 600.0
_CLOCK_SLACK_S = 0.01
_CLOCK = b'read -r __u _ </proc/uptime; printf \'%s %s\\0\\0\' "$EPOCHREALTIME" "$__u"\n'


class Census:
    """All nodes by path, kept true by `look`; without our `folder`, mounts and what fits a `skip` pattern.

    Of a folder that is unseen, and as it was in the fresh computer, there are only the folders in it.
    """

    def __init__(
        self,
        service: Service,
        workdir: str,
        folder: str,
        mounts: Mapping[bytes, bytes],
        skip: Sequence[str],
        walks: int = MOST_WALKS,
        lower: Lower | None = None,
    ) -> None:
        self._service = service
        self._note = f"{folder}/census".encode()
        self._scope = Scope(workdir, folder, mounts, skip)
        # patterns are matched inside: where one may fit a file of a layer, all of them are asked there
        self._lower = lower if all(one.startswith(f"{workdir}/") for one in skip) else None
        self._originals = Originals(self._lower, self._scope)
        self._rounds = Rounds(service, folder, self._scope.inside, FORM, walks)
        self._names = Names(service, self._scope.inside)
        self._tree = Inventory(self._forget)
        self._newest = 0.0
        self._clock_gap = 0.0
        self._has_clock_moved = False
        self.counted_at = 0.0
        self.racy: set[str] = set()
        """What was so new at the last look that it may have been written to after it."""

    @property
    def nodes(self) -> dict[str, Node]:
        """Give all that there is, by path."""
        return self._tree.nodes

    @property
    def original(self) -> dict[str, Node]:
        """Give what was outside the work folder when it was first counted, as far as that is known."""
        return self._originals.nodes

    @property
    def fresh(self) -> set[str]:
        """Give what the last look found new or changed, or cannot tell from changed."""
        return self._tree.fresh

    @property
    def gone(self) -> set[str]:
        """Give what the last look found missing."""
        return self._tree.gone

    async def begin(self) -> None:
        """Count what a fresh computer has; what is in a lower layer of this machine's is left for later.

        Raises SandboxFailed.
        """
        await self._count(self._lower)
        closed = self._originals.leave_out(self.nodes[path] for path in self._tree.folders)
        for node in await self._listed(closed, b"-mindepth 1 -maxdepth 1"):
            self._tree.take(node)
        self._originals.begin(self.nodes.values(), self.counted_at)

    async def _count(self, lower: Lower | None = None) -> None:
        """Count everything anew; of what is in a lower layer here, only folders."""
        now, found = await self._timed(await self._find(lower))
        await self._remember(self._originals.unseen, found)
        known = self._tree.clear()
        self._names.clear()
        self._newest = 0.0
        for node in found:
            self._tree.take(node)
        self._tree.fresh = {path for path, node in self.nodes.items() if known.get(path) != node}
        self._tree.gone = {path for path in known if path not in self.nodes}
        self._note_time(now, self.nodes.values())
        self.counted_at = now

    async def know(self, paths: Iterable[str]) -> None:
        """Have what the fresh computer had in the folders of these. Raises SandboxFailed."""
        await self._look_into(sorted(self._originals.unseen.intersection(map(parent_of, paths))))

    async def look(self, changed_outside: Collection[str]) -> None:
        """Find what changed; what is known not to be as in the image is named. Raises SandboxFailed."""
        newer = b"-newerct @%.9f" % (self._newest - RACY_S)
        layered = frozenset(path for path in changed_outside if self._scope.is_layered(path))
        await self._plan(layered | self._originals.young)
        walked = await self._rounds.walk(_CLOCK, newer)
        now, found = await self._timed(walked.data)
        if self._has_clock_moved:
            await self._count()
            return
        self._tree.fresh, self._tree.gone = set(), set()
        # the mark stays where nothing is newer, and what it found then is found again
        changed = {
            node.path: node for node in found if node.path in self.racy or self.nodes.get(node.path) != node
        }
        await self._meet_changed(changed, walked.met)
        self._tree.forget_strays()
        self._tree.gone.update(node.path for node in await self._originals.recall_lost(self.nodes))
        self._tree.gone.difference_update(self.nodes)
        self._note_time(now, [self.nodes[path] for path in self.fresh if path in self.nodes])

    def part_of(self, path: str) -> str:
        """Give the mount that a path is in: inodes are told apart within one alone."""
        return self._scope.part_of(path)

    async def stat(self, paths: Iterable[str]) -> dict[str, Node]:
        """Describe these as they are at this moment; what is gone is left out. Raises SandboxFailed."""
        found = await self._listed(list(paths), b"-maxdepth 0")
        return {node.path: node for node in found}

    # -- looking -----------------------------------------------------------------------------------

    async def _meet_changed(self, changed: Mapping[str, Node], met: int) -> None:
        """Take what a round found; folders are listed where that may not be all, new ones walked."""
        folders = [node for node in changed.values() if node.kind == "folder"]
        moved = [node.path for node in folders if self._tree.is_other(node)]
        is_upset = any(
            path in self._tree.folders and self._tree.is_other(node) for path, node in changed.items()
        )
        for node in changed.values():
            if node.kind != "folder":
                self._tree.forget_below(node.path)
            self._note_name(node)
            self._tree.take(node)
        is_all_told = not is_upset and self._scope.has_sure_times and met == self._expected()
        await self._look_into(
            [one.path for one in folders if not (is_all_told and self._scope.is_deep(one.path))]
        )
        await self._look_below(moved)

    def _note_name(self, node: Node) -> None:
        if self._tree.is_other(node):
            known = self.nodes.get(node.path)
            self._names.replace(parent_of(node.path), _entry(known) if known else None, _entry(node))

    def _expected(self) -> int:
        """How many entries a round meets where nothing is gone."""
        deep = self._rounds.deep
        unlisted = sum(parent_of(path) in deep for path in self._scope.left_out)
        return len(deep) + unlisted + sum(len(self._tree.children(path)) for path in deep)

    async def _look_into(self, folders: list[str]) -> None:
        """List changed folders: what is missing is gone; a folder not known is walked."""
        large = {
            path for path in folders if len(self._tree.children(path)) > MANY and self._scope.is_deep(path)
        }
        small = [path for path in folders if path not in large]
        present: dict[str, set[str]] = {folder: set() for folder in small}
        listed = await self._listed(small, b"-mindepth 1 -maxdepth 1")
        await self._remember(small, listed)
        for node in listed:
            present.setdefault(parent_of(node.path), set()).add(node.path)
        for folder, names in present.items():
            for path in self._tree.children(folder) - names:
                self._tree.forget(path)
        await self._meet(listed)
        for folder in large:
            await self._look_into_large(folder)

    async def _look_into_large(self, folder: str) -> None:
        """List a folder whose entries were looked at already: the names tell what came and went."""
        is_first = not self._names.knows(folder)
        entries, gone = await self._names.changes(folder)
        fresh = {escaped(entry.path): entry for entry in entries}
        missing = {escaped(path) for path in gone}
        children = self._tree.children(folder)
        if is_first:
            missing |= children - fresh.keys()
        others = {path for path, entry in fresh.items() if self._is_news(path, entry)}
        # what was just found may be gone again, and was in no listing then
        others |= children & self.fresh
        listed = await self._listed(list(others), b"-maxdepth 0")
        for path in missing | (others - {node.path for node in listed}):
            self._tree.forget(path)
        await self._meet(listed)

    def _is_news(self, path: str, entry: Entry) -> bool:
        known = self.nodes.get(path)
        return known is None or known.inode != entry.inode or known.kind != kind_of(entry.kind)

    async def _meet(self, listed: list[Node]) -> None:
        """Take what folders list; what was not there before is walked."""
        strange = []
        for node in listed:
            if self._tree.is_other(node):
                if node.kind == "folder":
                    strange.append(node.path)
                else:
                    self._tree.forget_below(node.path)
            if self.nodes.get(node.path) != node:
                self._tree.take(node)
        await self._look_below(strange)

    async def _look_below(self, folders: list[str]) -> None:
        """Walk folders that came from elsewhere, whatever times their contents have."""
        if not folders:
            return
        for folder in folders:
            self._tree.forget_below(folder)
        for node in await self._listed(folders, b"-mindepth 1"):
            self._tree.take(node)

    async def _plan(self, more: frozenset[str]) -> None:
        """Have the lists of what must be looked at true; `more` are files that have no folder in them."""
        if self._rounds.is_true(self._tree.shape, more, len(self.nodes)):
            return
        folders = await asyncio.to_thread(
            lambda: {path: len(self._tree.children(path)) for path in self._tree.folders}
        )
        deep = {path: count for path, count in folders.items() if self._scope.is_deep(path)}
        await asyncio.to_thread(
            self._rounds.plan, self._tree.shape, deep, folders.keys() - deep.keys(), more, len(self.nodes)
        )

    async def _find(self, lower: Lower | None) -> bytes:
        """Walk the work folder and all else, side by side."""
        script = (
            _CLOCK
            + b"export LC_ALL=C\n{ %s; } >|%s 2>/dev/null &\n" % (self._scope.finds(lower), self._note)
            + b"find %s -xdev %s -printf %s 2>/dev/null\nwait $!\ncat %s; rm -f %s\n"
            % (quote(self._scope.workdir), self._scope.inside, FORM, self._note, self._note)
        )
        return (await self._service.ask(script, timeout_s=_SLOW_S)).output

    async def _timed(self, data: bytes) -> tuple[float, list[Node]]:
        """Take the clock off the beginning of an answer."""
        clock, _, rest = data.partition(b"\0\0")
        try:
            now, uptime = (float(word) for word in clock.replace(b",", b".").split())
        except ValueError as error:
            raise SandboxFailed("The files of the sandbox cannot be listed.") from error
        gap = now - uptime
        self._has_clock_moved = self._clock_gap != 0 and gap < self._clock_gap - _CLOCK_SLACK_S
        self._clock_gap = gap
        return now, await asyncio.to_thread(lambda: list(self._scope.nodes(rest)))

    async def _listed(self, paths: list[str], depth: bytes) -> list[Node]:
        if not paths:
            return []
        names = b"\0".join(unescape_path(path) for path in paths) + b"\0"
        find = b'exec find "$@" -xdev %s %s -printf %s' % (depth, self._scope.inside, FORM)
        script = b"LC_ALL=C xargs -0 sh -c %s sh 2>/dev/null; :" % quote(find)
        answer = await self._service.ask(script, data=Data(len(names), [names]), timeout_s=_SLOW_S)
        return await asyncio.to_thread(lambda: list(self._scope.nodes(answer.output)))

    def _forget(self, folder: str) -> None:
        self._names.forget(folder)
        self._originals.lose(folder)

    async def _remember(self, folders: Collection[str], listed: Iterable[Node]) -> None:
        """Have what was in unseen folders at first, as if it had been listed then."""
        if not self._originals.unseen.isdisjoint(folders):
            for node in await self._originals.recall(folders, {node.path: node for node in listed}):
                self._tree.put(node)

    # -- keeping -----------------------------------------------------------------------------------

    def _note_time(self, now: float, nodes: Iterable[Node]) -> None:
        newest = max((float(node.ctime) for node in nodes), default=0.0)
        self._newest = min(max(newest, self._newest), now)
        racy = now - RACY_S
        self.racy = {node.path for node in nodes if float(node.ctime) >= racy}


def _entry(node: Node) -> Entry:
    return Entry(unescape_path(node.path), node.inode, letter_of(node.kind))
