"""Notices changes in the work folder: by the kernel's word where it gives one, by looking where not."""

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

from watchfiles import awatch

from lis_tui.core.bus import spawn
from lis_tui.core.errors import LisError

_DEBOUNCE_MS = 50
_STEP_MS = 20
_LOOK_S = 0.7


class Watch:
    """Calls back soon after a change until closed; never for the content, only that there is one.

    `folder` is the work tree on this machine, None where it is not here; `fingerprint` is asked inside.
    """

    def __init__(
        self, folder: Path | None, fingerprint: Callable[[], Awaitable[bytes]], on_change: Callable[[], None]
    ) -> None:
        self._folder = folder
        self._fingerprint = fingerprint
        self._on_change = on_change
        self._stop = asyncio.Event()
        self._tasks = [spawn(self._look(), "looking at files")]
        if folder is not None:
            self._tasks.append(spawn(self._listen(folder), "watching files"))

    def close(self) -> None:
        """End it."""
        self._stop.set()
        for task in self._tasks[:1]:
            task.cancel()

    async def _listen(self, folder: Path) -> None:
        async for _ in awatch(
            folder,
            watch_filter=None,
            debounce=_DEBOUNCE_MS,
            step=_STEP_MS,
            stop_event=self._stop,
            rust_timeout=500,
            ignore_permission_denied=True,
        ):
            if not self._stop.is_set():
                self._on_change()

    async def _look(self) -> None:
        """Look inside now and then while the kernel cannot tell of everything."""
        old = None
        while not self._stop.is_set():
            if self._folder is None or await asyncio.to_thread(_has_closed_folder, self._folder):
                with contextlib.suppress(LisError):
                    new = await self._fingerprint()
                    if old is not None and new != old:
                        self._on_change()
                    old = new
            await asyncio.sleep(_LOOK_S)


def _has_closed_folder(folder: Path) -> bool:
    """Tell whether a folder in the tree may not be read by this user."""
    if os.geteuid() == 0:
        return False
    closed: list[OSError] = []
    for _ in os.walk(folder, onerror=closed.append):
        if closed:
            break
    return any(isinstance(error, PermissionError) for error in closed)
