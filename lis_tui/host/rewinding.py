"""A rewind: a run stands still, its sandbox is taken back and becomes that of a new run, and it ends."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol, runtime_checkable

from msgspec import structs

from lis_tui.core.bus import spawn
from lis_tui.core.errors import DecisionRefused, LisError, SandboxFailed
from lis_tui.core.events import RestoreProgressed, StepAddress
from lis_tui.core.manifest import Manifest
from lis_tui.core.ports import Checkpoints, ManifestKeeper, Restored, Sandbox
from lis_tui.engine.past import Past
from lis_tui.host.origin import Origin
from lis_tui.host.runs import LiveRun, Movable
from lis_tui.host.wiring import Home
from lis_tui.trajectory.blobs import Blobs
from lis_tui.trajectory.forking import Point, swap_outputs
from lis_tui.trajectory.manifests import Manifests


@runtime_checkable
class Transferable(Checkpoints, Sandbox, Protocol):
    """A sandbox that can go back, and become another run's."""

    async def hand_over(
        self, run: str, worktree: Path, outputs_dir: Path, manifests: ManifestKeeper | None
    ) -> None:
        """Belong to another run. Raises SandboxFailed."""
        ...


class Rewind:
    """One rewind of a run that goes on here; a failure half-way leaves that run as it was, held."""

    def __init__(self, data: Path, origin: Origin, point: Point, parent: LiveRun, run: Movable) -> None:
        self._blobs = Blobs(data)
        self._origin = origin
        self._point = point
        self._parent = parent
        self._run = run

    async def carry_out(self, make: Callable[[], tuple[Home, Past]]) -> tuple[Home, Past, Sandbox]:
        """Take the sandbox back and hand it over to the run that `make` makes. Raises LisError."""
        if self._origin.manifest is None:
            raise DecisionRefused(
                f"No checkpoint was kept up to {self._point.address}, so the sandbox cannot go back: "
                "fork there instead, with a new sandbox."
            )
        was_held = self._run.is_held
        sandbox = await self._run.hold_still()
        try:
            if not isinstance(sandbox, Transferable) or not sandbox.can_checkpoint:
                raise DecisionRefused("This sandbox cannot go back.")
            last = await self._keep_last(sandbox)
            home, past = await asyncio.to_thread(make)
            restored = await self._take_back(sandbox, self._origin.manifest, last, home)
        except BaseException:
            self._run.stay()
            raise
        is_held = was_held or past.is_held
        return home, replace(past, restored=restored, is_up=True, is_held=is_held), sandbox

    async def finish(self, heir: str) -> None:
        """Have the old run end: its sandbox is the heir's now."""
        await self._run.give_away(f"It goes on as {heir}, from {self._point}.")
        spawn(self._parent.close(), f"close {self._parent.name}")

    async def _keep_last(self, sandbox: Transferable) -> Manifest:
        """Keep the sandbox as it is now, so that a failure can be made good. Raises LisError."""
        manifests = Manifests(self._origin.folder.path, self._blobs)
        newest = max(manifests.addresses(), default=StepAddress(0))
        address = StepAddress(newest.turn, newest.step, newest.extra + 1)
        await sandbox.checkpoint(address)
        return await asyncio.to_thread(manifests.load, address)

    async def _take_back(
        self, sandbox: Transferable, target: Manifest, last: Manifest, home: Home
    ) -> Restored:
        try:
            restored = await sandbox.restore(target, self._tell)
            await self._hand_over(sandbox, home)
        except (LisError, OSError) as error:
            raise SandboxFailed(await self._undo(sandbox, last, home, error)) from error
        finally:
            self._tell(0, 0)
        started = restored.started or self._origin.sandbox
        return structs.replace(restored, started=started)

    async def _hand_over(self, sandbox: Transferable, home: Home) -> None:
        old, new = self._origin.folder, home.folder
        manifests = Manifests(new.path, self._blobs)
        await sandbox.hand_over(new.name, new.worktree, new.outputs_dir, manifests)
        try:
            old.worktree.rename(new.worktree)
            try:
                await asyncio.to_thread(swap_outputs, old, new, self._point)
            except OSError:
                new.worktree.rename(old.worktree)
                raise
        except OSError:
            manifests = Manifests(old.path, self._blobs)
            await sandbox.hand_over(old.name, old.worktree, old.outputs_dir, manifests)
            raise

    async def _undo(self, sandbox: Transferable, last: Manifest, home: Home, error: Exception) -> str:
        """Make the sandbox again what it was before; gives the sentence that tells all."""
        said = error.sentence if isinstance(error, LisError) else str(error)
        try:
            await sandbox.restore(last)
        except LisError as second:
            after = f"What the sandbox was could not be brought back either: {second.sentence}"
        else:
            after = f"The sandbox of {self._parent.name} is as it was, and the run holds."
        await asyncio.to_thread(home.remove)
        return f"The rewind failed: {said} {after}"

    def _tell(self, done: int, total: int) -> None:
        self._parent.wired.bus.publish(RestoreProgressed(done, total))
