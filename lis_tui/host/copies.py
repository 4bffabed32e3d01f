"""Throw-away copies of a run's sandbox as it was after a step, for a person to look around in."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from lis_tui.core.events import StepAddress
from lis_tui.core.manifest import Manifest
from lis_tui.core.ports import OnProgress, Sandbox
from lis_tui.core.removal import remove_tree
from lis_tui.sandbox.computer import Computer
from lis_tui.trajectory.blobs import Blobs
from lis_tui.trajectory.manifests import Manifests
from lis_tui.trajectory.store import RunFolder

Make = Callable[[Path, Manifests, str], Computer]
"""Makes a sandbox with this work tree, this place for checkpoints, of this image."""


def copy_of(folder: RunFolder) -> Path:
    """Give the place of a run's copy."""
    return folder.copy_dir


class Copies:
    """One copy at a time; it is removed when another one is asked for, and with the run."""

    def __init__(self, folder: RunFolder, blobs: Blobs, make: Make) -> None:
        self._folder = folder
        self._blobs = blobs
        self._make = make
        self._place = copy_of(folder)
        self._copy: Computer | None = None
        self._address: StepAddress | None = None

    async def at(self, address: StepAddress, on_progress: OnProgress) -> Sandbox:
        """Give the sandbox as it was after this step; changed only by who uses it. Raises LisError."""
        if self._copy is None or self._address != address:
            await self.close()
            manifest = await asyncio.to_thread(Manifests(self._folder.path, self._blobs).load, address)
            self._copy, self._address = await self._fresh(manifest, on_progress), address
        return self._copy

    async def close(self) -> None:
        """Remove the copy; safe to call twice. Raises StorageFailed."""
        copy, self._copy, self._address = self._copy, None, None
        if copy is not None:
            await copy.stop()
            await asyncio.to_thread(remove_tree, self._place)

    async def _fresh(self, manifest: Manifest, on_progress: OnProgress) -> Computer:
        worktree = self._place / "worktree"
        await asyncio.to_thread(remove_tree, self._place)
        await asyncio.to_thread(worktree.mkdir, 0o700, parents=True)
        manifests = Manifests(self._place, self._blobs)
        copy = self._make(worktree, manifests, manifest.image_id)
        await copy.start()
        try:
            await copy.restore(manifest, on_progress)
        except BaseException:
            await copy.stop()
            await asyncio.to_thread(remove_tree, self._place)
            raise
        return copy
