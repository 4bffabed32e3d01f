"""The file tree while a run lives: whole at first, then what changed; walked again where nobody tells."""

import asyncio
import math
import time
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress

from lis_tui.core.bus import Bus, spawn
from lis_tui.core.errors import SandboxFailed
from lis_tui.core.events import FileEntry, FilesChanged, NoticeGiven, TreeFollowed
from lis_tui.core.ports import Sandbox, Walked

GAP_S = 0.02
"""Least time between two looks at what is known to have changed."""
BREATH = 2
"""So many times as long as a look took, one waits before the next."""
REST = 4
"""So many times as long as the last whole walk took, the next one waits while something goes on."""
SETTLE_S = 0.2
"""So long after a folder came everything is walked."""
CALM_S = 0.2
"""Nothing is going on where nothing changed for so long."""
PATIENCE_S = 5.0
"""Longest that a walk which only makes sure waits for that."""
MOST_REST_S = 0.5
"""Longest rest between two looks, and between two walks where nothing goes on."""
POLL_S = 2.0
MOST_FOLDERS = 3
"""When more folders than this went at once, a walk is cheaper than to look for what was in each."""


class Tree:
    """Follows the work folder; two walks never overlap, and many changes are one look."""

    def __init__(
        self,
        sandbox: Sandbox,
        bus: Bus,
        gap_s: float = GAP_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sandbox = sandbox
        self._bus = bus
        self._gap_s = gap_s
        self._monotonic = monotonic
        self._known: dict[str, FileEntry] | None = None
        self._walked: Walked | None = None
        self._followed = TreeFollowed()
        self._blind = ""
        self._told: set[str] = set()
        """The reasons of which a person was told."""
        self._named: set[str] = set()
        self._is_looking = False
        self._is_any = False
        self._touched: set[str] | None = None
        """What was looked at while a walk is under way, which may have seen it before."""
        self._due_at = 0.0
        self._sure_at = math.inf
        """When at the latest everything is walked only to make sure."""
        self._noted_at = 0.0
        self._walked_at = 0.0
        self._took_s = 0.0
        self._changed = asyncio.Event()
        self._walk_wanted = asyncio.Event()
        self._is_urgent = True
        """The walk that is wanted is for more than to make sure."""
        self._walking = asyncio.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: list[asyncio.Task[None]] = []

    def whole(self) -> FilesChanged:
        """Give the tree as last announced, for a reader that comes late."""
        return FilesChanged(tuple((self._known or {}).values()), (), is_whole=True)

    def start(self) -> None:
        """Follow the sandbox until `stop`."""
        self._known = self._walked = None
        self._blind = ""
        self._named.clear()
        self._due_at, self._sure_at = 0.0, math.inf
        self._is_looking = False
        self._loop = asyncio.get_running_loop()
        self._want_walk()
        self._tasks = [
            spawn(self._follow(), "file tree", self._failed),
            spawn(self._walk_on(), "file walks", self._failed),
        ]
        self._sandbox.watch(self.note_change, self._be_blind)

    def note_change(self, paths: Collection[str] | None = None) -> None:
        """Have these paths looked at soon, or everything; may be called from any thread."""
        if self._loop is not None and self._tasks:
            self._loop.call_soon_threadsafe(self._note, paths)

    async def look(self) -> None:
        """Walk at once, where the tree is followed."""
        if self._is_followed:
            with suppress(SandboxFailed):
                await self._walk()

    async def stop(self) -> None:
        """Follow no more."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    @property
    def _is_followed(self) -> bool:
        return bool(self._tasks) and not any(task.done() for task in self._tasks)

    def _note(self, paths: Collection[str] | None) -> None:
        self._noted_at = self._monotonic()
        if paths is None:
            self._want_walk()
        else:
            self._named.update(paths)
            self._changed.set()

    # ---- what is known to have changed

    async def _follow(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            began, self._is_looking = self._monotonic(), True
            named, self._named = self._named, set()
            if self._known is None or len(named) > len(self._known) + 1000:
                self._want_walk()
            else:
                try:
                    await self._look_at(self._known, named)
                except SandboxFailed:
                    return
            self._is_looking = False
            await self._rest(BREATH * (self._monotonic() - began))

    async def _rest(self, wished_s: float) -> None:
        """Wait between two looks; where nothing changes any more the next one is the last, and need not."""
        until = self._monotonic() + min(wished_s, MOST_REST_S)
        await asyncio.sleep(self._gap_s)
        while (now := self._monotonic()) < until and now - self._noted_at < CALM_S:  # noqa: ASYNC110  (as below)
            await asyncio.sleep(min(until - now, CALM_S / 4))

    async def _look_at(self, known: dict[str, FileEntry], named: set[str]) -> None:
        """Look at these and the folders they are in, whose times change with them."""
        named |= {folder for path in named if (folder := path.rpartition("/")[0]) in known}
        found = await self._sandbox.look_at(sorted(named))
        strange = [one.path for one in found if one.kind == "folder" and not _is_folder(known.get(one.path))]
        if strange:  # a folder may have come with all that is in it
            inner = await self._sandbox.look_at(_tops(set(strange)), is_deep=True)
            found = list({entry.path: entry for entry in (*found, *inner)}.values())
        seen = {entry.path for entry in found}
        if self._loop is not None and strange:
            # What came into a new folder before the kernel watched that, nobody tells of.
            self._loop.call_later(SETTLE_S, self._make_sure)
        gone = [path for path in named if path in known and path not in seen]
        folders = [path for path in gone if known[path].kind == "folder"]
        if len(folders) > MOST_FOLDERS:
            self._want_walk()
        elif folders:
            gone += [path for path in known if path.startswith(tuple(f"{folder}/" for folder in folders))]
        if self._touched is not None:
            self._touched.update(seen, gone)
        self._walked = None
        self._announce(known, found, gone)

    # ---- all of it

    def _want_walk(self) -> None:
        self._is_urgent = True
        self._walk_wanted.set()

    def _make_sure(self) -> None:
        """Have everything walked when nothing goes on any more, but not for ever after."""
        self._sure_at = min(self._sure_at, self._monotonic() + PATIENCE_S)
        self._walk_wanted.set()

    async def _walk_on(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self._every_s or None):
                    await self._walk_wanted.wait()
            except TimeoutError:
                self._is_urgent = True
            while not self._is_due:  # noqa: ASYNC110  (it is time that is waited for)
                await asyncio.sleep(min(CALM_S, max(self._due_at - self._monotonic(), self._gap_s)))
            self._walk_wanted.clear()
            try:
                await self._walk()
            except SandboxFailed:
                return

    @property
    def _is_due(self) -> bool:
        """It is time for another walk: a while after the last, the sooner where nothing goes on any more."""
        now = self._monotonic()
        has_rested = now - self._walked_at >= min(self._took_s, MOST_REST_S)
        is_calm = now - self._noted_at >= CALM_S and not self._named and not self._is_looking
        if has_rested and is_calm:
            return True
        return now >= (self._due_at if self._is_urgent else max(self._due_at, self._sure_at))

    async def _walk(self) -> None:
        async with self._walking:
            began, self._touched = self._monotonic(), set()
            self._is_urgent, self._sure_at = False, math.inf
            try:
                walked = await self._sandbox.walk()
                self._take(walked, self._touched)
            finally:
                self._touched = None
            now = self._monotonic()
            self._walked_at = now
            self._took_s = now - began
            self._due_at = now + max(self._gap_s, REST * self._took_s)
        self._tell_how(walked)

    def _take(self, walked: Walked, touched: set[str]) -> None:
        if walked is self._walked and not touched:
            return
        self._walked = walked
        known = self._known
        is_cut = walked.total > len(walked.entries)
        if known is None or is_cut:
            # What is not among the first of very many may be there all the same: nothing is said to be gone.
            self._known = {entry.path: entry for entry in walked.entries}
            if known != self._known:
                self._bus.publish(FilesChanged(tuple(walked.entries), (), is_whole=True))
            return
        found = [entry for entry in walked.entries if entry.path not in touched]
        there = {entry.path for entry in walked.entries}
        self._announce(known, found, [path for path in known.keys() - there if path not in touched])

    def _announce(self, known: dict[str, FileEntry], found: Iterable[FileEntry], gone: Iterable[str]) -> None:
        changed = tuple(entry for entry in found if known.get(entry.path) != entry)
        missing = tuple(path for path in gone if known.pop(path, None) is not None)
        known.update((entry.path, entry) for entry in changed)
        if changed or missing:
            self._bus.publish(FilesChanged(changed, missing))

    # ---- how it is followed

    @property
    def _every_s(self) -> float:
        """How often everything is looked through where nobody tells of changes."""
        return max(POLL_S, float(math.ceil(REST * self._took_s))) if self._blind else 0.0

    def _be_blind(self, why: str) -> None:
        if not self._blind:
            self._blind = why
            self._want_walk()
        if why not in self._told:
            self._told.add(why)
            text = f"The file tree is looked through every {POLL_S:g} s or more seldom: {why}."
            self._bus.publish(NoticeGiven(text))

    def _tell_how(self, walked: Walked) -> None:
        total = walked.total if walked.total > len(walked.entries) else 0
        how = TreeFollowed(every_s=self._every_s, why=self._blind, total=total)
        if how != self._followed:
            self._followed = how
            self._bus.publish(how)

    def _failed(self, error: Exception) -> None:
        self._bus.publish(NoticeGiven(f"The file tree is no longer followed: {error}", "warning"))


def _is_folder(entry: FileEntry | None) -> bool:
    return entry is not None and entry.kind == "folder"


def _tops(paths: Collection[str]) -> list[str]:
    """Leave out what lies in another of them."""
    return [path for path in paths if not any(folder in paths for folder in _folders(path))]


def _folders(path: str) -> Iterable[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path
