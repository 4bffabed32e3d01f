"""The file tree while a run lives: walked when something changed, told as the difference."""

import asyncio
from contextlib import suppress

from lis_tui.core.bus import Bus, spawn
from lis_tui.core.errors import SandboxFailed
from lis_tui.core.events import FileEntry, FilesChanged, NoticeGiven
from lis_tui.core.ports import Sandbox

GAP_S = 0.2
"""Least time between two walks."""


class Tree:
    """Follows the work folder; two walks never overlap."""

    def __init__(self, sandbox: Sandbox, bus: Bus, gap_s: float = GAP_S) -> None:
        self._sandbox = sandbox
        self._bus = bus
        self._gap_s = gap_s
        self._entries: dict[str, FileEntry] | None = None
        self._changed = asyncio.Event()
        self._walking = asyncio.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None

    def whole(self) -> FilesChanged:
        """Give the tree as last announced, for a reader that comes late."""
        return FilesChanged(tuple((self._entries or {}).values()), (), is_whole=True)

    def start(self) -> None:
        """Follow the sandbox until `stop`."""
        self._entries = None
        self._loop = asyncio.get_running_loop()
        self._changed.set()
        self._task = spawn(self._follow(), "file tree", self._failed)
        self._sandbox.watch(self.note_change)

    def note_change(self) -> None:
        """Have the folder walked soon; may be called from any thread."""
        if self._loop is not None and self._task is not None:
            self._loop.call_soon_threadsafe(self._changed.set)

    async def look(self) -> None:
        """Walk at once, where the tree is followed."""
        if self._task is not None and not self._task.done():
            with suppress(SandboxFailed):
                await self._walk()

    async def stop(self) -> None:
        """Follow no more."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def _follow(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                await self._walk()
            except SandboxFailed:
                return
            await asyncio.sleep(self._gap_s)

    async def _walk(self) -> None:
        async with self._walking:
            entries = await self._sandbox.walk()
            self._announce({entry.path: entry for entry in entries})

    def _announce(self, entries: dict[str, FileEntry]) -> None:
        known, self._entries = self._entries, entries
        if known is None:
            self._bus.publish(FilesChanged(tuple(entries.values()), (), is_whole=True))
            return
        changed = tuple(entry for path, entry in entries.items() if known.get(path) != entry)
        gone = tuple(path for path in known if path not in entries)
        if changed or gone:
            self._bus.publish(FilesChanged(changed, gone))

    def _failed(self, error: Exception) -> None:
        self._bus.publish(NoticeGiven(f"The file tree is no longer followed: {error}", "warning"))
