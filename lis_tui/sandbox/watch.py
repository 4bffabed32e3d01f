"""Notices changes in the work folder by the kernel's word, and says where that does not reach."""

import asyncio
import os
import threading
from collections.abc import AsyncGenerator, Callable, Collection
from pathlib import Path
from typing import Protocol

from watchfiles import Change, awatch, watch
from watchfiles._rust_notify import WatchfilesRustInternalError

from lis_tui.core.bus import spawn
from lis_tui.core.paths import escape_path
from lis_tui.core.ports import OnChange

ELSEWHERE = "the engine is elsewhere"
NO_WATCHES = "the system has no watches left"
CLOSED = "a folder may not be read from outside"
MOST_NAMED = 10_000
"""Of more changes at a time it is only told that there are some."""
LONGEST_NAME = 3500
_DEBOUNCE_MS = 50
_STEP_MS = 15
_REST_S = 0.7
_Changes = AsyncGenerator[set[tuple[Change, str]], None]


class Watching(Protocol):
    """Follows a folder until the event is set. Raises OSError where the system cannot."""

    def __call__(self, folder: Path, stop: asyncio.Event) -> _Changes:
        """Give what changed, again and again."""
        ...


def by_kernel(folder: Path, stop: asyncio.Event) -> _Changes:
    """Follow it by the kernel's word."""
    return awatch(
        folder,
        watch_filter=None,
        debounce=_DEBOUNCE_MS,
        step=_STEP_MS,
        stop_event=stop,
        rust_timeout=500,
        force_polling=False,
        ignore_permission_denied=True,
    )


def blindness(folder: Path) -> str:
    """Say why the kernel cannot tell of all changes in a tree, if that is so."""
    if not _has_watch(folder):
        return NO_WATCHES
    return CLOSED if os.geteuid() != 0 and _has_closed_folder(folder) else ""


class Watch:
    """Calls back soon after a change until closed; never for the content, only which paths it is about.

    `folder` is the work tree on this machine, None where it is not here. `on_blind` gets a reason, once.
    """

    def __init__(
        self,
        folder: Path | None,
        on_change: OnChange,
        on_blind: Callable[[str], None],
        watching: Watching = by_kernel,
        blindness: Callable[[Path], str] = blindness,
    ) -> None:
        self._on_change = on_change
        self._on_blind = on_blind
        self._watching = watching
        self._blindness = blindness
        self._is_blind = False
        self._stop = asyncio.Event()
        self._changed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        if folder is None:
            self._be_blind(ELSEWHERE)
            return
        self._tasks.append(spawn(self._listen(folder), "watching files"))
        self._tasks.append(spawn(self._doubt(folder), "doubting the watch"))

    def close(self) -> None:
        """End it."""
        self._stop.set()
        for task in self._tasks[1:]:
            task.cancel()

    def _be_blind(self, why: str) -> None:
        if not self._is_blind:
            self._is_blind = True
            self._on_blind(why)

    async def _listen(self, folder: Path) -> None:
        try:
            async for changes in self._watching(folder, self._stop):
                if self._stop.is_set():
                    return
                self._changed.set()
                self._on_change(_named(folder, [path for _, path in changes]))
        except (OSError, WatchfilesRustInternalError):
            if not self._stop.is_set():
                self._be_blind(NO_WATCHES)

    async def _doubt(self, folder: Path) -> None:
        """Find out oneself what the kernel cannot tell of: the library says nothing of watches it lacks."""
        while not (why := await asyncio.to_thread(self._blindness, folder)):
            await asyncio.sleep(_REST_S)
            await self._changed.wait()
            self._changed.clear()
        self._be_blind(why)


def _named(folder: Path, paths: Collection[str]) -> Collection[str] | None:
    """Give them relative to the folder; None where that would be too many, or some cannot be named."""
    top = f"{folder}/"
    if len(paths) > MOST_NAMED:
        return None
    inner = [path[len(top) :] for path in paths if path.startswith(top)]
    # Other bytes than UTF-8 come as a sign that stands for all of them.
    if any("\N{REPLACEMENT CHARACTER}" in path or len(path) > LONGEST_NAME for path in inner):
        return None
    return [escape_path(path.encode()) for path in inner]


def _has_watch(folder: Path) -> bool:
    """Tell whether one more watch could be had."""
    stop = threading.Event()
    stop.set()
    try:
        for _ in watch(folder, stop_event=stop, recursive=False, force_polling=False, step=1, debounce=1):
            break
    except (OSError, WatchfilesRustInternalError):
        return False
    return True


def _has_closed_folder(folder: Path) -> bool:
    """Tell whether a folder in the tree may not be read by this user, or is too deep to be looked at."""
    closed: list[OSError] = []
    try:
        for _ in os.walk(folder, onerror=closed.append):
            if closed:
                break
    except RecursionError:  # before Python 3.12
        return True
    return any(isinstance(error, PermissionError) for error in closed)
