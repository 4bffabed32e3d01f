"""Every entry of a sandbox's file systems, counted once whole and then only where something changed.

What changed is told by `ctime`, which nobody inside can set. A folder that changed is listed again: so
deletions show, and what was moved in with its old times.

Where the root is an overlay, nothing of the image can change without its folder's `ctime`, because it is
copied to the upper layer first: there only folders are looked at, and those files that are known to differ.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence

from lis_tui.core.errors import SandboxFailed
from lis_tui.core.events import FileKind
from lis_tui.core.manifest import Node
from lis_tui.core.paths import escape_path, unescape_path
from lis_tui.sandbox.marks import quote
from lis_tui.sandbox.service import Data, Service

RACY_S = 0.02
"""A time stamp so close to the look does not prove that nothing was written after it."""
_SLOW_S = 600.0
_CLOCK_SLACK_S = 0.01
_FORMAT = quote(rb"%p\0>%l\0%y %m %U:%G %s %T@ %C@ %i %n\0\0")
_KINDS: dict[str, FileKind] = {"f": "file", "d": "folder", "l": "link", "p": "fifo", "s": "socket"}
_CLOCK = b'read -r __u _ </proc/uptime; printf \'%s %s\\0\\0\' "$EPOCHREALTIME" "$__u"\n'


class Census:
    """All nodes by path, kept true by `look`; without our `folder`, mounts and what fits a `skip` pattern."""

    def __init__(
        self, service: Service, workdir: str, folder: str, mounts: Mapping[bytes, bytes], skip: Sequence[str]
    ) -> None:
        self.nodes: dict[str, Node] = {}
        self.is_overlay = mounts.get(b"/") == b"overlay"
        """Whether the file system outside the work folder is an overlay over the image."""
        self.gone: set[str] = set()
        """What the last look found missing."""
        self.fresh: set[str] = set()
        """What the last look found new or changed, or cannot tell from changed."""
        self._service = service
        self._note = f"{folder}/census".encode()
        self._workdir = workdir.encode()
        # `-xdev` stops at mounts; a test for each of them would cost more than the walk
        tests = [b"-path " + quote(pattern) for pattern in skip]
        self._inside = _prune(tests)
        is_mounted = self._workdir in mounts
        self._outside = _prune(tests if is_mounted else [*tests, b"-path " + quote(_pattern(self._workdir))])
        self._left_out = {_escaped(path) for path in mounts if path not in (b"/", self._workdir)} | {folder}
        self._below = tuple(f"{path}/" for path in self._left_out)
        self._children: dict[str, set[str]] = {}
        self._newest = 0.0
        self._clock_gap = 0.0
        self._has_clock_moved = False
        self.counted_at = 0.0
        self.racy: set[str] = set()
        """What was so new at the last look that it may have been written to after it."""

    async def count(self) -> None:
        """Count everything anew. Raises SandboxFailed."""
        known, self.nodes, self._children = self.nodes, {}, {}
        self._newest = 0.0
        now, found = await self._find(b"", b"", [])
        for node in found:
            self._take(node)
        self.fresh = {path for path, node in self.nodes.items() if known.get(path) != node}
        self.gone = {path for path in known if path not in self.nodes}
        self._note_time(now, self.nodes.values())
        self.counted_at = now

    async def look(self, changed_outside: Iterable[str]) -> None:
        """Find what changed; what is known not to be as in the image is named. Raises SandboxFailed."""
        if not self._newest:
            await self.count()
            return
        newer = b"-newerct @%.9f" % (self._newest - RACY_S)
        if self.is_overlay:
            now, found = await self._find(b"-type d " + newer, newer, list(changed_outside))
        else:
            now, found = await self._find(newer, newer, [])
        if self._has_clock_moved:
            await self.count()
            return
        self.fresh, self.gone = set(), set()
        changed = {node.path: node for node in found}
        folders = [node for node in changed.values() if node.kind == "folder"]
        moved = [node.path for node in folders if self._is_other(node)]
        for node in changed.values():
            if node.kind != "folder":
                self._forget_below(node.path)
            self._take(node)
        await self._look_into([node.path for node in folders])
        await self._look_below(moved)
        self.gone -= self.nodes.keys()
        self._note_time(now, [self.nodes[path] for path in self.fresh if path in self.nodes])

    async def stat(self, paths: Iterable[str]) -> dict[str, Node]:
        """Describe these as they are at this moment; what is gone is left out. Raises SandboxFailed."""
        found = await self._listed(list(paths), b"-maxdepth 0")
        return {node.path: node for node in found}

    # -- looking -----------------------------------------------------------------------------------

    async def _look_into(self, folders: list[str]) -> None:
        """List changed folders: what is missing is gone; a folder not known is walked."""
        strange = []
        present: dict[str, set[str]] = {folder: set() for folder in folders}
        for node in await self._listed(folders, b"-mindepth 1 -maxdepth 1"):
            present.setdefault(_parent(node.path), set()).add(node.path)
            if self._is_other(node):
                if node.kind == "folder":
                    strange.append(node.path)
                else:
                    self._forget_below(node.path)
            if self.nodes.get(node.path) != node:
                self._take(node)
        for folder, names in present.items():
            for path in self._children.get(folder, set()) - names:
                self._forget(path)
        await self._look_below(strange)

    async def _look_below(self, folders: list[str]) -> None:
        """Walk folders that came from elsewhere, whatever times their contents have."""
        if not folders:
            return
        for folder in folders:
            self._forget_below(folder)
        for node in await self._listed(folders, b"-mindepth 1"):
            self._take(node)

    def _is_other(self, node: Node) -> bool:
        """Tell whether another thing now has the name."""
        known = self.nodes.get(node.path)
        return known is None or known.inode != node.inode or known.kind != node.kind

    async def _find(self, outside: bytes, inside: bytes, more: list[str]) -> tuple[float, list[Node]]:
        """Walk both parts, side by side, and look at more."""
        names = b"".join(unescape_path(path) + b"\0" for path in more)
        at_more = b'xargs -0 sh -c \'exec find "$@" -maxdepth 0 -printf "$0"\' %s 2>/dev/null\n' % _FORMAT
        script = (
            _CLOCK
            + b"find / -xdev %s %s -printf %s >|%s 2>/dev/null &\n"
            % (self._outside, outside, _FORMAT, self._note)
            + b"find %s -xdev %s %s -printf %s 2>/dev/null\nwait $!\ncat %s; rm -f %s\n"
            % (quote(self._workdir), self._inside, inside, _FORMAT, self._note, self._note)
            + (at_more if more else b"")
        )
        data = Data(len(names), [names]) if more else Data()
        answer = await self._service.ask(script, data=data, timeout_s=_SLOW_S)
        clock, _, rest = answer.output.partition(b"\0\0")
        try:
            now, uptime = (float(word) for word in clock.replace(b",", b".").split())
        except ValueError as error:
            raise SandboxFailed("The files of the sandbox cannot be listed.") from error
        gap = now - uptime
        self._has_clock_moved = self._clock_gap != 0 and gap < self._clock_gap - _CLOCK_SLACK_S
        self._clock_gap = gap
        return now, await asyncio.to_thread(lambda: list(self._parsed(rest)))

    async def _listed(self, paths: list[str], depth: bytes) -> list[Node]:
        if not paths:
            return []
        names = b"\0".join(unescape_path(path) for path in paths) + b"\0"
        script = b'xargs -0 sh -c \'exec find "$@" -xdev %s %s -printf "$0"\' %s 2>/dev/null; :' % (
            depth,
            self._inside.replace(b"'", b"'\\''"),
            _FORMAT,
        )
        answer = await self._service.ask(script, data=Data(len(names), [names]), timeout_s=_SLOW_S)
        return list(self._parsed(answer.output))

    def _parsed(self, data: bytes) -> Iterator[Node]:
        for node in _parse(data):
            if node.path not in self._left_out and not node.path.startswith(self._below):
                yield node

    # -- keeping -----------------------------------------------------------------------------------

    def _note_time(self, now: float, nodes: Iterable[Node]) -> None:
        newest = max((float(node.ctime) for node in nodes), default=0.0)
        self._newest = min(max(newest, self._newest), now)
        racy = now - RACY_S
        self.racy = {node.path for node in nodes if float(node.ctime) >= racy}

    def _take(self, node: Node) -> None:
        self.nodes[node.path] = node
        self._children.setdefault(_parent(node.path), set()).add(node.path)
        self.fresh.add(node.path)

    def _forget(self, path: str) -> None:
        self._children.get(_parent(path), set()).discard(path)
        todo = [path]
        while todo:
            one = todo.pop()
            todo += self._children.pop(one, ())
            if self.nodes.pop(one, None) is not None:
                self.gone.add(one)
                self.fresh.discard(one)

    def _forget_below(self, path: str) -> None:
        for child in self._children.pop(path, set()):
            self._forget(child)


def _parse(data: bytes) -> Iterator[Node]:
    for record in data.split(b"\0\0"):
        if not record:
            continue
        path, target, facts = record.split(b"\0")
        kind, mode, owner, size, mtime, ctime, inode, links = facts.decode("ascii").split(" ")
        yield Node(
            path=_escaped(path),
            kind=_KINDS.get(kind, "device"),
            mode=int(mode, 8),
            owner=owner,
            size_bytes=int(size),
            mtime=mtime,
            ctime=ctime,
            inode=int(inode),
            links=int(links),
            target=_escaped(target[1:]),
        )


def _escaped(name: bytes) -> str:
    # most names need nothing, and there are many
    return name.decode("ascii") if name.isascii() and b"\\" not in name else escape_path(name)


def _parent(path: str) -> str:
    return "" if path == "/" else path.rpartition("/")[0] or "/"


def _pattern(path: bytes) -> bytes:
    """Give a pattern of `find -path` that fits this very path."""
    return b"".join(b"\\" + bytes([sign]) if sign in b"\\*?[" else bytes([sign]) for sign in path)


def _prune(tests: list[bytes]) -> bytes:
    return b"\\( " + b" -o ".join(tests) + b" \\) -prune -o" if tests else b""
