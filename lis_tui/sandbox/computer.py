"""A computer with a lasting shell, files and checkpoints, in whichever home it lives."""

import asyncio
import contextlib
import os
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from operator import attrgetter
from pathlib import Path

import msgspec

from lis_tui.core.beneath import describe_beneath
from lis_tui.core.command import Reins
from lis_tui.core.errors import AllKilled, LisError, SandboxFailed, ShellLost
from lis_tui.core.events import FILES_ARE_COPIED, CheckpointTaken, FileEntry, SandboxStarted, StepAddress
from lis_tui.core.manifest import Manifest
from lis_tui.core.ports import (
    CommandEnd,
    Contents,
    Door,
    Load,
    ManifestKeeper,
    OnChange,
    OnProgress,
    Restored,
    SavedOutputs,
    Space,
    Walked,
)
from lis_tui.core.spec import Network, SandboxSpec
from lis_tui.core.text import one_line
from lis_tui.sandbox.files import Files
from lis_tui.sandbox.hits import Hits
from lis_tui.sandbox.home import OUTPUTS_PATH, OWN_FOLDER, PRIVATE_FOLDER, Home, Undecided
from lis_tui.sandbox.jobs import Jobs
from lis_tui.sandbox.keeping import Keeping
from lis_tui.sandbox.lifetime import Lifetime
from lis_tui.sandbox.restoring import NeedsFresh
from lis_tui.sandbox.service import Service
from lis_tui.sandbox.shell import Shell
from lis_tui.sandbox.veil import Veil
from lis_tui.sandbox.watch import Watch


class Computer:
    """The sandbox of one run; everything in it is done as its root, nothing on the host."""

    def __init__(
        self,
        spec: SandboxSpec,
        home: Home,
        *,
        env: Mapping[str, str],
        secrets: Sequence[str] = (),
        contents: Contents | None = None,
        manifests: ManifestKeeper | None = None,
    ) -> None:
        self.workdir = spec.workdir
        self.outputs_path: str | None = None
        self._spec = spec
        self._home = home
        self._watch: Watch | None = None
        self._told: tuple[OnChange, Callable[[str], None]] | None = None
        """Whom a watch calls back."""
        self._is_up = self._was_up = False
        self._keeping = Keeping(spec, contents, manifests, Veil(env, secrets))
        self._file_mb: int | None = None
        self._furnish()

    def _furnish(self) -> None:
        self._hits = Hits(self._home, self._spec)
        self._service = Service(self._home)
        self._shell = Shell(self._home, self._service, folder=PRIVATE_FOLDER, workdir=self.workdir)
        self._lifetime = Lifetime(self._service)
        self._own_service = Service(self._home)
        self._own = Shell(self._home, self._own_service, folder=OWN_FOLDER, workdir=self.workdir)
        """The person's own; its bash comes up with the first command."""
        self.limit_files(self._file_mb)
        self._rest = Jobs(self._service, self._shell, self._own)
        self._walking = Service(self._home)
        self._files = Files(self._service, self._walking, self.workdir)
        self._aside = Service(self._home)
        """Another bash, so that what takes long there delays nothing here."""

    # -- life --------------------------------------------------------------------------------------

    async def foresee(self) -> Network:
        """Say which network it will have. Raises EngineMissing where no home is to be had."""
        if isinstance(self._home, Undecided):
            await self._home.choose()
        return self._home.network

    def guard(self, door: Door) -> None:
        """Have its proxy ask this door from now on."""
        self._home.guard(door)

    async def start(self) -> SandboxStarted:
        """Bring it up, again too after `stop`. Raises EngineMissing, ImageMissing, SandboxFailed."""
        began = time.monotonic()
        self._furnish()
        try:
            await self._home.create()
            self._is_up = True
            await self._home.settle(self._service)
            self.outputs_path = OUTPUTS_PATH if self._home.has_outputs else None
            await self._shell.start()
            await self._rest.begin()
            notes = self._circumstances()
            capabilities = await self._probe()
            await self._lifetime.has_ended()
            more = self._keeping.begin(
                self._home, capabilities, aside=self._aside, shell=self._shell, own=self._own
            )
            more += await self._home.connected(self._service)
        except BaseException:
            await asyncio.shield(self.stop())
            raise
        self._was_up = True
        return SandboxStarted(
            kind=self._home.kind,
            image=self._spec.image,
            image_id=self._home.image_id,
            container=self._home.name,
            network=self._home.network,
            took_s=time.monotonic() - began,
            capabilities=capabilities,
            notes=(*notes, *more),
        )

    @property
    def is_shared(self) -> bool:
        """Whether the work folder inside is a folder of this machine's."""
        return self._home.worktree is not None

    def _circumstances(self) -> list[str]:
        is_shared = self.is_shared
        notes = list(self._home.notes)
        if not is_shared:
            notes.append(FILES_ARE_COPIED)
        if self._was_up:
            kept = f"{self.workdir} is as it was" if is_shared else "all files are gone"
            notes.append(
                f"a new sandbox: {kept}; processes, variables and what was installed elsewhere are gone"
            )
        return notes

    async def stop(self) -> None:
        """Give the work tree back to its user and remove the computer; safe to call twice."""
        if self._watch is not None:
            self._watch.close()
            self._watch = None
        is_up, self._is_up = self._is_up, False
        if is_up:
            if self._home.worktree is not None and os.geteuid() != 0:
                with contextlib.suppress(LisError):
                    await self._home.give_back(self._service)
            await self._keeping.end()
            await self._shell.close()
            await self._own.close()
            for service in (self._service, self._own_service, self._aside, self._walking):
                service.close()
        await self._home.remove()

    async def hand_over(
        self, run: str, worktree: Path, outputs_dir: Path, manifests: ManifestKeeper | None
    ) -> None:
        """Belong to another run, whose folders are those it had, by other names. Raises SandboxFailed."""
        await self._home.hand_over(run, worktree, outputs_dir)
        self._keeping.keep_in(manifests)

    def _check(self) -> None:
        if not self._is_up:
            raise ShellLost("The sandbox is stopped.")

    async def _probe(self) -> tuple[str, ...]:
        answer = await self._service.ask(_PROBE)
        return tuple(one_line(line) for line in answer.output.decode(errors="replace").splitlines() if line)

    # -- checkpoints -------------------------------------------------------------------------------

    @property
    def can_checkpoint(self) -> bool:
        """Whether it was given a place to keep things, and has the tools."""
        return self._keeping.is_possible

    async def checkpoint(self, address: StepAddress) -> CheckpointTaken:
        """Keep it as it is now. Raises SandboxFailed, StorageFailed."""
        self._check()
        return await self._keeping.take(address)

    async def restore(self, manifest: Manifest, on_progress: OnProgress | None = None) -> Restored:
        """Make it as it was, in a new container where only the image can help. Raises LisError."""
        began = time.monotonic()
        started = None
        self._check()
        try:
            restored = await self._keeping.restore(manifest, on_progress)
        except NeedsFresh:
            told = self._told
            await self.stop()
            started = await self.start()
            restored = await self._keeping.restore(manifest, on_progress)
            if told is not None:
                self.watch(*told)
        return msgspec.structs.replace(restored, started=started, took_s=time.monotonic() - began)

    # -- the shell ---------------------------------------------------------------------------------

    async def run(
        self,
        command: str,
        *,
        timeout_s: float,
        on_output: Callable[[bytes], None],
        on_input_wait: Callable[[bool], None] | None = None,
        eof_after_s: float | None = None,
        reins: Reins | None = None,
    ) -> CommandEnd:
        """Run a command in the lasting shell."""
        self._check()
        await self._keeping.begun()
        end = await self._shell.run(
            command,
            timeout_s=timeout_s,
            on_output=on_output,
            on_input_wait=on_input_wait,
            eof_after_s=eof_after_s,
            reins=reins,
        )
        if end.ended_by == "shell lost" or end.notes:  # the command's end tells of it
            with contextlib.suppress(SandboxFailed):
                await self._lifetime.has_ended()
        return await self._hits.told(end)

    async def interrupt(self) -> None:
        """Stop the running command."""
        await self._shell.interrupt()

    async def own_run(
        self,
        command: str,
        *,
        timeout_s: float,
        on_output: Callable[[bytes], None],
        on_input_wait: Callable[[bool], None] | None = None,
        eof_after_s: float | None = None,
    ) -> CommandEnd:
        """Run a command in the person's own lasting shell."""
        self._check()
        await self._keeping.begun()
        return await self._own.run(
            command,
            timeout_s=timeout_s,
            on_output=on_output,
            on_input_wait=on_input_wait,
            eof_after_s=eof_after_s,
        )

    async def own_interrupt(self) -> None:
        """Stop the command that runs in the person's own shell."""
        await self._own.interrupt()

    def limit_files(self, most_mb: int | None) -> None:
        """Let no file be larger that is written by what is run from now on."""
        self._file_mb = self._hits.file_mb = most_mb
        self._shell.limit_files(most_mb)
        self._own.limit_files(most_mb)

    async def stop_rest(self) -> None:
        """Kill all that commands left behind, also one that is being stopped, and what the person runs."""
        self._check()
        await self._shell.until_stopped()
        await self._rest.stop(is_sparing=True)

    async def send_input(self, data: bytes) -> None:
        """Type into the running command."""
        await self._shell.send_input(data)

    async def close_input(self) -> None:
        """End the running command's standard input."""
        await self._shell.close_input()

    # -- files -------------------------------------------------------------------------------------

    async def read_file(self, path: str, max_bytes: int | None = None) -> bytes:
        """Read a regular file, at most its first `max_bytes`. Raises FileRefused."""
        return await self._files.read(path, max_bytes)

    async def write_file(self, path: str, data: bytes) -> None:
        """Write a file whole. Raises FileRefused."""
        await self._keeping.begun()
        await self._files.write(path, data)

    async def stat(self, path: str) -> FileEntry | None:
        """Describe what the path leads to, or None."""
        return await self._files.stat(path)

    async def list_folder(self, path: str, depth: int) -> list[FileEntry]:
        """List a folder, sorted."""
        return await self._files.list_folder(path, depth)

    async def walk(self) -> Walked:
        """List the work folder."""
        return await self._files.walk()

    async def look_at(self, paths: Collection[str], *, is_deep: bool = False) -> list[FileEntry]:
        """Describe some entries of the work folder."""
        worktree = self._home.worktree
        if worktree is None or is_deep:
            return await self._files.look_at(paths, is_deep=is_deep)
        found, shut = await asyncio.to_thread(describe_beneath, worktree, paths)
        found += await self._files.look_at(shut, is_deep=False)
        return sorted(found, key=attrgetter("path"))

    def watch(self, on_change: OnChange, on_blind: Callable[[str], None]) -> None:
        """Call back soon after something in the work folder changed."""
        if self._watch is not None:
            self._watch.close()
        self._told = (on_change, on_blind)
        self._watch = Watch(self._home.worktree, on_change, on_blind)

    async def put_inputs(self, sources: Sequence[Path]) -> list[str]:
        """Copy host files and folders to `documents/`; gives the paths inside."""
        return await self._files.put_inputs(sources)

    async def save_outputs(self, folder: Path) -> SavedOutputs:
        """Copy `output/` and `answer.txt` to a host folder; regular files and folders only."""
        self._check()
        return await self._home.save_outputs(folder)

    async def load(self) -> Load:
        """Measure what it uses. Raises AllKilled, once, where that was done while no command ran."""
        self._check()
        if self._shell.has_died and await self._lifetime.has_ended():
            raise AllKilled("All that ran in it was killed, though no command ran.")
        load = await self._home.load()
        return load if self._shell.is_busy else await self._hits.added(load)

    async def space(self) -> Space | None:
        """Measure what it has written."""
        self._check()
        return await self._home.space()


_PROBE = b"""echo "bash $BASH_VERSION"
find --version 2>/dev/null | grep -q GNU && echo find
tar --version 2>/dev/null | grep -q GNU && echo tar
for p in apt-get pip python3 node git curl; do type -P "$p" >/dev/null && echo "$p"; done
:"""
