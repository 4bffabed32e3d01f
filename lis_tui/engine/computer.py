"""The model's computer in the course of a run: started beside the first request, followed, removed."""

import asyncio
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from lis_tui.core.bus import Bus, spawn
from lis_tui.core.errors import LisError, SandboxFailed, StorageFailed
from lis_tui.core.events import FilesChanged, SandboxStarted, SandboxStopped, StepAddress
from lis_tui.core.manifest import Manifest
from lis_tui.core.ports import Checkpoints, OnProgress, Restored, Sandbox
from lis_tui.core.spec import Network
from lis_tui.engine import prompts
from lis_tui.engine.checkpoints import Keeping
from lis_tui.engine.limits import Ending
from lis_tui.engine.load import Load, OnSilent, is_gone
from lis_tui.engine.progress import Progress, RunCut
from lis_tui.engine.room import Room
from lis_tui.engine.tree import Tree

FORESEE_S = 2.0
"""An engine far away may take longer to say that it is there; the model is told then, once it is up."""


class Computer:
    """Starts the sandbox while the model is already thinking; the first step waits for it."""

    def __init__(self, progress: Progress, sandbox: Sandbox, bus: Bus, keeping: Keeping) -> None:
        self.is_up = False
        self.on_lost: Callable[[LisError], None] = lambda _: None
        """Is told where it cannot be started."""
        self.on_silent: OnSilent = is_gone
        self._progress = progress
        self._sandbox = sandbox
        self._bus = bus
        self._keeping = keeping
        self._tree = Tree(sandbox, bus)
        self._room = Room(progress, sandbox)
        self._load = Load(
            sandbox,
            bus,
            self._room.look,
            lambda: progress.limits,
            on_silent=lambda error: self.on_silent(error),
        )
        self._starting: asyncio.Task[object] | None = None
        self._is_network_told = False

    async def foresee(self) -> Network:
        """Say which network it will have, where that shows quickly; what fails now is said at its start."""
        with suppress(LisError, TimeoutError):
            async with asyncio.timeout(FORESEE_S):
                return await self._sandbox.foresee()
        return "auto"

    def start(self) -> None:
        """Begin to bring it up, where it is not."""
        if self.is_up:
            self._load.start()
        else:
            self._starting = spawn(self._start(), "sandbox", self._failed)

    async def wait(self) -> None:
        """Wait until it is up. Raises RunCut where it cannot be had."""
        async with self._progress.cuttable():
            if self._starting is not None:
                await asyncio.wait([self._starting])
        if self._progress.ending is not None and not self.is_up:
            raise RunCut(self._progress.ending.reason)

    async def remove(self, reason: str) -> None:
        """Remove it, so that `start` brings up a new one."""
        await self.rest()
        await self._keeping.stop()
        await self._tree.stop()
        if not self.is_up:
            return
        self.is_up = False
        beside = self._progress.beside
        beside.is_closing = True
        await self._sandbox.stop()
        await beside.settle()
        beside.is_closing = False
        self._bus.publish(SandboxStopped(reason))

    async def bring_back(self, manifest: Manifest | None, on_progress: OnProgress) -> Restored | None:
        """Bring it up and make it what it was; None: it is as fresh as a new one. Raises LisError."""
        started = await self._sandbox.start()
        self._bus.publish(started)
        self._tell_network(started)
        self.is_up = True
        restored = None
        if manifest is not None and isinstance(self._sandbox, Checkpoints):
            restored = await self._sandbox.restore(manifest, on_progress)
        self.adopt(restored)
        return restored

    def adopt(self, restored: Restored | None) -> None:
        """Follow a sandbox that is up and was brought back."""
        self.is_up = True
        if restored is not None and restored.started is not None:
            self._bus.publish(restored.started)
        self._tree.start()
        self._load.start()

    async def follow_again(self) -> None:
        """It did not answer for a while and does again."""
        await self._load.stop()
        await self._tree.stop()
        self.adopt(None)

    async def put_inputs(self) -> str:
        """Have the input files in it, and keep it so; gives what the model must know of their places.

        Raises SandboxFailed, FileRefused, RunCut.
        """
        spec = self._progress.spec
        async with self._progress.cuttable():
            paths = await self._sandbox.put_inputs([Path(source) for source in spec.inputs])
        self.keep_start()
        is_as_told = paths == prompts.input_paths(spec)
        return "" if is_as_told else "The input files stand here:\n" + "\n".join(f"- {one}" for one in paths)

    async def let_go(self) -> None:
        """Have nothing to do with it any more: it goes on as another run's."""
        await self.rest()
        await self._keeping.wait()
        await self._tree.stop()
        with suppress(SandboxFailed):
            await self._sandbox.own_interrupt()
        await self._progress.beside.stop()
        self.is_up = False

    async def rest(self) -> None:
        """Nothing will happen in it for a while: start it no more, measure it no more."""
        await self.give_up_starting()
        await self._load.stop()
        await self._room.close()

    def note_change(self) -> None:
        """Have the work folder looked at soon."""
        self._tree.note_change()

    async def look(self) -> None:
        """Look at the work folder now; all that changed so far is announced then."""
        await self._tree.look()

    def tree(self) -> FilesChanged:
        """Give the file tree as last announced."""
        return self._tree.whole()

    async def give_up_starting(self) -> None:
        """Start no longer what has not started."""
        starting, self._starting = self._starting, None
        if starting is not None and not starting.done():
            starting.cancel()
            await asyncio.wait([starting])

    async def close(self) -> None:
        """Remove it; safe to call twice."""
        await self.remove("The run was closed.")

    async def _start(self) -> None:
        started = await self._sandbox.start()
        self.is_up = True
        self._bus.publish(started)
        self._tell_network(started)
        self._tree.start()
        self._load.start()
        has_inputs = self._progress.turn == 0 and self._progress.spec.inputs
        if not has_inputs:
            self.keep_start()

    def _tell_network(self, started: SandboxStarted) -> None:
        """Have the model told before its next turn what its system prompt could not say."""
        begun = self._progress.view.started
        said = begun.system_prompt if begun is not None else ""
        untold = prompts.untold_network(self._progress.spec, said, started.network)
        if untold and not self._is_network_told:
            self._is_network_told = True
            self._progress.beside.jobs.news.append(f"[{untold}]")

    def keep_start(self) -> None:
        """Keep the computer as it is before the steps that follow."""
        self._keeping.begin(StepAddress(self._progress.turn))

    def _failed(self, error: Exception) -> None:
        if isinstance(error, StorageFailed):
            self._progress.end(Ending("storage_failed", error.sentence))
        elif isinstance(error, LisError):
            self.on_lost(error)
        else:
            traceback.print_exception(error, file=sys.stderr)
            self._progress.end(Ending("bug", f"{type(error).__name__}: {error}"))
