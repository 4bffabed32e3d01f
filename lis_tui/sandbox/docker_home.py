"""The docker home of a sandbox: one hardened container a run."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Literal

from lis_tui.core.errors import SandboxFailed, ShellLost
from lis_tui.core.ports import Contents, Door, Load, ManifestKeeper, SavedOutputs, Space
from lis_tui.core.spec import Network, SandboxSpec
from lis_tui.sandbox.channel import Channel, Handover
from lis_tui.sandbox.computer import Computer
from lis_tui.sandbox.container import Vessel
from lis_tui.sandbox.engine import (
    BOOT_LABEL,
    ENGINE_ERRORS,
    HOST_LABEL,
    RUN_LABEL,
    archive,
    boot_id,
    counts_of,
    name_of,
    notes_of,
    open_channel,
    said,
    saved,
    tarred,
    to_its_end,
)
from lis_tui.sandbox.gauge import Gauge
from lis_tui.sandbox.home import Carriage
from lis_tui.sandbox.marks import quote
from lis_tui.sandbox.meters import Counts, Strikes
from lis_tui.sandbox.orphans import chown_script
from lis_tui.sandbox.passage import Passage
from lis_tui.sandbox.proxy import Proxy
from lis_tui.sandbox.service import Service
from lis_tui.sandbox.sidecar import ContainerWay


class DockerSandbox(Computer):
    """A computer in a container."""

    def __init__(
        self,
        spec: SandboxSpec,
        *,
        run: str,
        host_id: str,
        worktree: Path,
        outputs_dir: Path,
        env: Mapping[str, str],
        carried: Carriage,
        contents: Contents | None = None,
        manifests: ManifestKeeper | None = None,
        image_id: str = "",
    ) -> None:
        home = DockerHome(
            spec, run, host_id, worktree, outputs_dir, env=env, carried=carried, image_id=image_id
        )
        super().__init__(
            spec, home, env=env, secrets=carried.secrets(), contents=contents, manifests=manifests
        )


class DockerHome:
    """Makes one container, of one image for ever, and removes it."""

    kind: Literal["docker"] = "docker"

    def __init__(
        self,
        spec: SandboxSpec,
        run: str,
        host_id: str,
        worktree: Path,
        outputs_dir: Path,
        *,
        env: Mapping[str, str],
        carried: Carriage,
        image_id: str = "",
    ) -> None:
        self.image_id = image_id
        self.has_outputs = False
        self._spec = spec
        self._workdir = spec.workdir
        labels = {RUN_LABEL: run, HOST_LABEL: host_id, BOOT_LABEL: boot_id()}
        self._vessel = Vessel(spec, labels, carried)
        self._worktree = worktree
        self._outputs_dir = outputs_dir
        self._env = env
        self._carried = carried
        self._has_moved = False
        """The work tree lies elsewhere than at the container's start."""
        self._owner = ""
        self._proxy = Proxy(os.environ)
        self._gauge = Gauge(self, spec, self._counts)
        self._passage = Passage(spec.network, "bridge", self._proxy)

    @property
    def lower(self) -> None:
        """Its image is the engine's: nothing of it is looked up on this machine."""
        return None

    @property
    def name(self) -> str:
        """The container's id, in short."""
        return str(self._vessel.inside().short_id)

    @property
    def worktree(self) -> Path | None:
        """The work folder, where the engine sees this machine's folders."""
        return self._worktree if self._vessel.is_bound else None

    def guard(self, door: Door) -> None:
        """Have its proxy ask this door."""
        self._proxy.guard(door)

    @property
    def notes(self) -> Sequence[str]:
        """Which engine it is, where it is not Docker's usual one, and which runtime."""
        return notes_of(self._vessel.answering, self._spec.runtime)

    @property
    def network(self) -> Network:
        """Which network it has."""
        return self._passage.network

    async def create(self) -> None:
        """Create and start the container. Raises EngineMissing, ImageMissing, SandboxFailed."""
        self._has_moved = self.has_outputs = False
        try:
            self.image_id = await to_its_end(
                asyncio.to_thread(
                    self._vessel.create, self.image_id, self.network, self._worktree, self._outputs_dir
                )
            )
        except ENGINE_ERRORS as error:
            how = f" with the runtime {self._spec.runtime}" if self._spec.runtime else ""
            raise SandboxFailed(f"The sandbox did not start{how}: {said(error)}") from error
        self._gauge.is_blind = self._vessel.has_no_groups
        self._gauge.cpus = self._vessel.cpus

    async def settle(self, service: Service) -> None:
        """Find out whether the work tree is seen inside; where it is not, have one inside alone."""
        if not await self._is_seen_inside(service):
            service.close()
            try:
                await to_its_end(asyncio.to_thread(self._vessel.create_apart, self.image_id, self.network))
            except ENGINE_ERRORS as error:
                raise SandboxFailed(f"The sandbox did not start: {said(error)}") from error
            await self._is_seen_inside(service)
        self._passage.begin(self._way())
        await self._gauge.begin(service)

    def _way(self) -> ContainerWay:
        folder = self._outputs_dir.parent if self._vessel.is_bound else None
        return ContainerWay(self._vessel.engine(), self._vessel.inside(), self._vessel.labels, folder)

    async def connected(self, service: Service) -> Sequence[str]:
        """Wait for its network. Raises SandboxFailed."""
        return await self._passage.tried(service)

    async def hand_over(self, run: str, worktree: Path, outputs_dir: Path) -> None:
        """Have the name of another run. Raises SandboxFailed."""
        container = self._vessel.inside()
        name = name_of(run, self._vessel.labels[HOST_LABEL])
        try:
            await asyncio.to_thread(container.rename, name)
        except ENGINE_ERRORS as error:
            raise SandboxFailed(f"The sandbox cannot be handed over: {said(error)}") from error
        self._has_moved = True
        self._vessel.labels = {**self._vessel.labels, RUN_LABEL: run}
        self._worktree, self._outputs_dir = worktree, outputs_dir

    async def give_back(self, service: Service) -> None:
        """Have the files belong to whoever owned the work tree."""
        await service.ask(chown_script(self._workdir, self._owner), timeout_s=60)

    async def remove(self) -> None:
        """Remove the container and forget the engine."""
        self._gauge.close()
        await self._passage.close()
        await asyncio.to_thread(self._vessel.remove)

    async def _is_seen_inside(self, service: Service) -> bool:
        """Tell whether a file made here is there, and learn who owns it inside."""
        if not self._vessel.is_bound:
            await service.ask(b"mkdir -p " + quote(self._workdir))
            return True
        mine = quote(f"{self._workdir}/{self._vessel.nonce}")
        answer = await service.ask(b"stat -c %u:%g " + mine + b" && rm -f " + mine)
        await asyncio.to_thread(self._vessel.delete_nonce)
        if answer.code == 0:
            self._owner = answer.output.decode().strip()
            self.has_outputs = True
        return answer.code == 0

    def _variables(self) -> Mapping[str, str]:
        """What may be secret is told to each process: of a container's own, engines keep and show a list."""
        return {**self._carried.variables(), **self._passage.variables, **self._env}

    async def open(self, arguments: Sequence[str]) -> Channel:
        """Start a process inside, as its root. Raises ShellLost."""
        container = self._vessel.inside()
        started: list[bool] = []
        note = partial(started.append, True)
        api, handover = self._vessel.engine().api, Handover[Channel]()

        def opened() -> Channel:
            return handover.put(open_channel(api, container, arguments, self._variables(), note))

        try:
            channel = await asyncio.to_thread(opened)
            if started:  # its network is another one now
                self._passage.begin(self._way())
                await self._passage.ready()
        except ENGINE_ERRORS as error:
            handover.give_up()
            raise ShellLost(f"The sandbox is gone: {said(error)}") from error
        except BaseException:
            handover.give_up()
            raise
        return channel

    async def save_outputs(self, folder: Path) -> SavedOutputs:
        """Copy `output/` and `answer.txt` to a host folder; regular files and folders only."""
        container = self._vessel.inside()
        files: list[str] = []
        problems: list[str] = []
        for name in ("output", "answer.txt"):
            try:
                # Podman's own copy follows a link, inside
                is_by_tar = self._has_moved or self._vessel.is_podman
                read = partial(tarred, self._vessel.engine().api) if is_by_tar else archive
                part = await asyncio.to_thread(saved, read, container, f"{self._workdir}/{name}", folder)
            except ENGINE_ERRORS as error:
                raise SandboxFailed(f"The outputs could not be copied: {said(error)}") from error
            files += part.files
            problems += part.problems
        return SavedOutputs(tuple(files), tuple(problems))

    async def load(self) -> Load:
        """Measure what it uses."""
        self._vessel.inside()
        return await self._gauge.load(
            [self._worktree, self._vessel.engine_folder] if self._vessel.is_bound else []
        )

    async def space(self) -> Space | None:
        """Measure what it has written."""
        self._vessel.inside()
        return await self._gauge.space()

    async def _counts(self) -> Counts:
        container = self._vessel.inside()
        try:
            return await asyncio.to_thread(counts_of, self._vessel.engine().api, str(container.id))
        except ENGINE_ERRORS as error:
            raise ShellLost(f"The sandbox is gone: {said(error)}") from error

    async def strikes(self) -> Strikes:
        """Tell how often the kernel enforced a limit."""
        return await self._gauge.strikes()
