"""Whether a sandbox can be kept as it is: that begins when it is up, and the first command waits for it."""

import asyncio
from collections.abc import Collection

from lis_tui.core.bus import spawn
from lis_tui.core.errors import SandboxFailed
from lis_tui.core.events import CheckpointTaken, StepAddress
from lis_tui.core.manifest import Manifest
from lis_tui.core.ports import Contents, ManifestKeeper, OnProgress, Restored
from lis_tui.core.spec import SandboxSpec
from lis_tui.sandbox.checkpoints import Checkpointer
from lis_tui.sandbox.home import PRIVATE_FOLDER, Home
from lis_tui.sandbox.restoring import restore
from lis_tui.sandbox.service import Service
from lis_tui.sandbox.shell import Shell
from lis_tui.sandbox.veil import Veil

_TOOLS = frozenset(("find", "tar"))


class Keeping:
    """The checkpoints of one sandbox, over all its lives; none without a place for them, or without tools."""

    def __init__(
        self, spec: SandboxSpec, contents: Contents | None, manifests: ManifestKeeper | None, veil: Veil
    ) -> None:
        self._spec = spec
        self._contents = contents
        self._manifests = manifests
        self._veil = veil
        self._checkpointer: Checkpointer | None = None
        self._beginning: asyncio.Task[None] | None = None

    def begin(
        self, home: Home, capabilities: Collection[str], *, aside: Service, shell: Shell, own: Shell
    ) -> list[str]:
        """Look at the fresh sandbox, beside what follows; gives what is to be told of it."""
        self._checkpointer = None
        if self._contents is None or self._manifests is None or not self._spec.checkpoints:
            return []
        if not _TOOLS.issubset(capabilities):
            return ["the image has no GNU find or tar: no checkpoints"]
        self._checkpointer = Checkpointer(
            aside,
            shell,
            self._contents,
            self._manifests,
            workdir=self._spec.workdir,
            folder=PRIVATE_FOLDER,
            skip=self._spec.checkpoint_skip,
            own=own,
            veil=self._veil,
            lower=home.lower,
        )
        self._beginning = spawn(self._checkpointer.begin(home.image_id), "checkpoints", self._have_none)
        skipped = ", ".join(self._spec.checkpoint_skip)
        return [f"checkpoints leave out: {skipped}"] if skipped else []

    def _have_none(self, _: Exception) -> None:
        self._checkpointer = None

    async def begun(self) -> None:
        """Wait until the beginning is over."""
        if self._beginning is not None:
            await asyncio.wait([self._beginning])

    async def end(self) -> None:
        """Look no further: the sandbox is being stopped."""
        beginning, self._beginning = self._beginning, None
        if beginning is not None and not beginning.done():
            beginning.cancel()
            await asyncio.wait([beginning])

    def keep_in(self, manifests: ManifestKeeper | None) -> None:
        """Write what is kept from now on to another place."""
        self._manifests = manifests
        if self._checkpointer is not None and manifests is not None:
            self._checkpointer.keep_in(manifests)

    @property
    def is_possible(self) -> bool:
        """Whether it has a place to keep things, and the tools."""
        return self._checkpointer is not None

    async def take(self, address: StepAddress) -> CheckpointTaken:
        """Keep it as it is now. Raises SandboxFailed, StorageFailed."""
        await self.begun()
        if self._checkpointer is None:
            raise SandboxFailed("This sandbox cannot be kept as it is.")
        return await self._checkpointer.take(address)

    async def restore(self, manifest: Manifest, on_progress: OnProgress | None) -> Restored:
        """Make it as it was. Raises NeedsFresh where only a new sandbox can be that, LisError."""
        await self.begun()
        if self._checkpointer is None:
            raise SandboxFailed("Nothing can be brought back in this sandbox.")
        return await restore(self._checkpointer, manifest, on_progress)
