"""The embedded home of a sandbox: Linux namespaces and layers over this machine's system folders, no engine.

It shares the machine's kernel, programs and libraries. It is weaker than a container: what it lacks is said
when it starts.
"""

import asyncio
import hashlib
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from lis_tui.core.errors import EngineMissing, SandboxFailed, ShellLost
from lis_tui.core.ports import Contents, ManifestKeeper, SavedOutputs
from lis_tui.core.spec import SandboxSpec
from lis_tui.sandbox import keeper, layers
from lis_tui.sandbox.channel import OUTPUT, Channel
from lis_tui.sandbox.computer import Computer
from lis_tui.sandbox.home import PRIVATE_FOLDER, VARIABLES, Carriage, Load
from lis_tui.sandbox.keeper import Keeper
from lis_tui.sandbox.layers import Places
from lis_tui.sandbox.service import Service
from lis_tui.sandbox.transfer import extract

PIPES_PATH = f"{PRIVATE_FOLDER}/pipes"
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_TOOLS = ("bwrap", "unshare", "mount", "bash")


def why_not_here() -> str:
    """Say what an embedded sandbox lacks on this machine; empty where one can be tried."""
    if not sys.platform.startswith("linux"):
        return "it needs Linux"
    missing = [name for name in _TOOLS if shutil.which(name) is None]
    return f"it needs {' and '.join(missing)} (in Debian: bubblewrap, util-linux)" if missing else ""


class EmbeddedSandbox(Computer):
    """A computer in namespaces of this machine."""

    def __init__(
        self,
        spec: SandboxSpec,
        *,
        folder: Path,
        worktree: Path,
        outputs_dir: Path,
        env: Mapping[str, str],
        carried: Carriage,
        base: Path | None = None,
        contents: Contents | None = None,
        manifests: ManifestKeeper | None = None,
    ) -> None:
        home = EmbeddedHome(spec, Places(folder, worktree, outputs_dir), env=env, carried=carried, base=base)
        super().__init__(
            spec, home, env=env, secrets=carried.secrets(), contents=contents, manifests=manifests
        )


class EmbeddedHome:
    """Puts one root together in a mount namespace of its own; with its keeper all of it goes."""

    kind: Literal["embedded"] = "embedded"
    has_outputs = True

    def __init__(
        self,
        spec: SandboxSpec,
        places: Places,
        *,
        env: Mapping[str, str],
        carried: Carriage,
        base: Path | None = None,
    ) -> None:
        self.image_id = ""
        self._spec = spec
        self._places = places
        self._env = env
        self._carried = carried
        self._base = base
        self._keeper: Keeper | None = None
        self._entering = asyncio.Lock()

    @property
    def name(self) -> str:
        """The process at its top."""
        return str(self._keeper.pid) if self._keeper is not None else ""

    @property
    def worktree(self) -> Path | None:
        """The work folder is this machine's own."""
        return self._places.worktree

    async def create(self) -> None:
        """Put a fresh root together and start its keeper. Raises EngineMissing, SandboxFailed."""
        if why := why_not_here():
            raise EngineMissing(f"No embedded sandbox can be made here: {why}.")
        await self.remove()
        try:
            await asyncio.to_thread(self._lay_out)
        except OSError as error:
            raise SandboxFailed(f"The embedded sandbox did not start: {error}") from error
        self.image_id = await asyncio.to_thread(_identity, self._base)
        await self._begin()

    async def _begin(self) -> None:
        self._keeper = made = Keeper(self._places.pipes)
        await made.start(self._command())

    def _lay_out(self) -> None:
        layers.lay_out(self._places, self._base)
        upper = self._places.layers / "upper" if self._base is not None else self._places.root
        for path, data in self._carried.files().items():
            target = upper / path.lstrip("/")
            if self._base is None and path.startswith("/etc/"):
                target = self._places.layers / f"upper{layers.layered().index('/etc')}" / path[len("/etc/") :]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)

    def _command(self) -> list[str]:
        inner = layers.enclosed(
            self._places,
            workdir=self._spec.workdir,
            private=PRIVATE_FOLDER,
            variables={"PATH": _PATH, "HOME": "/root", **VARIABLES, **self._carried.variables(), **self._env},
            has_network=self._spec.network != "none",
            command=[*keeper.LAUNCH, PIPES_PATH],
        )
        user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
        text = layers.script(self._places, self._base, inner)
        return ["unshare", *user, "--mount", "--propagation", "private", "--", "sh", "-c", text]

    async def settle(self, service: Service) -> None:
        """Nothing is elsewhere."""

    async def open(self, arguments: Sequence[str]) -> Channel:
        """Start a process inside, as its root. Raises ShellLost."""
        async with self._entering:
            if self._keeper is None:
                raise ShellLost("The sandbox is stopped.")
            if self._keeper.is_gone:  # a command killed all processes; the files are as they were
                await self._keeper.end()
                await self._begin()
        return await self._keeper.open(arguments)

    async def hand_over(self, run: str, worktree: Path, outputs_dir: Path) -> None:
        """Go by another name. Raises SandboxFailed."""
        folder = self._places.folder.parent / run
        moved = Places(folder, worktree, outputs_dir)
        try:
            await asyncio.to_thread(self._places.folder.rename, folder)
            await asyncio.to_thread(self._places.private.rename, moved.private)
        except OSError as error:
            raise SandboxFailed(f"The sandbox cannot be handed over: {error}") from error
        self._places = moved
        if self._keeper is not None:
            self._keeper.move(moved.pipes)

    async def give_back(self, service: Service) -> None:
        """What the inside's root made is the user's."""

    async def remove(self) -> None:
        """End the keeper and delete the layers."""
        running, self._keeper = self._keeper, None
        if running is not None:
            await running.end()
        for folder in (self._places.private, self._places.folder):
            await asyncio.to_thread(delete, folder)

    async def save_outputs(self, folder: Path) -> SavedOutputs:
        """Copy `output/` and `answer.txt` by the inside's own tar."""
        files: list[str] = []
        problems: list[str] = []
        for name in ("output", "answer.txt"):
            if not await asyncio.to_thread(os.path.lexists, self._places.worktree / name):
                continue
            channel = await self.open(("tar", "-C", self._spec.workdir, "-cf", "-", "--", name))
            pieces = bytearray()
            while came := await channel.read():
                pieces += b"".join(data for side, data in came if side == OUTPUT)
            channel.close()
            part = await asyncio.to_thread(extract, [bytes(pieces)], folder)
            files += part.files
            problems += part.problems
        return SavedOutputs(tuple(files), tuple(problems))

    async def load(self) -> Load:
        """Nothing counts what it uses."""
        return None, None, None


def _identity(base: Path | None) -> str:
    """Name what the root is made of: what a checkpoint does not hold must be the same when it is restored."""
    told = hashlib.sha256()
    root = base or Path("/")
    for name in ("etc/os-release", "var/lib/dpkg/status"):
        path = root / name
        told.update(path.read_bytes() if path.is_file() else b"")
    return f"embedded:{told.hexdigest()[:16]}"


def delete(folder: Path) -> None:
    """Delete a sandbox's folder; overlayfs leaves folders in it that nobody may enter."""
    for parent, folders, _ in os.walk(folder):
        for name in folders:
            inner = Path(parent, name)
            if not inner.is_symlink():
                inner.chmod(0o700)
    if folder.exists():
        shutil.rmtree(folder)
