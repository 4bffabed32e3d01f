"""The docker home of a sandbox: one hardened container a run."""

import asyncio
import os
import secrets
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Literal

import docker
from docker.errors import APIError, ImageNotFound
from docker.models.containers import Container
from docker.models.images import Image

from lis_tui.core.errors import ImageMissing, SandboxFailed, ShellLost
from lis_tui.core.ports import Contents, Door, Load, ManifestKeeper, SavedOutputs, Space
from lis_tui.core.spec import Network, SandboxSpec
from lis_tui.sandbox import procfiles
from lis_tui.sandbox.channel import Channel, Handover
from lis_tui.sandbox.computer import Computer
from lis_tui.sandbox.engine import (
    BOOT_LABEL,
    ENGINE_ERRORS,
    HOST_LABEL,
    RUN_LABEL,
    archive,
    boot_id,
    counts_of,
    created,
    has_variable,
    machine_of,
    name_of,
    no_image,
    notes_of,
    open_channel,
    remove_container,
    runtime_of,
    said,
    saved,
    tarred,
    to_its_end,
)
from lis_tui.sandbox.engines import Engine, connect, engine_of
from lis_tui.sandbox.gauge import Gauge
from lis_tui.sandbox.home import OUTPUTS_PATH, VARIABLES, Carriage
from lis_tui.sandbox.marks import quote
from lis_tui.sandbox.meters import Counts, Strikes
from lis_tui.sandbox.orphans import chown_script
from lis_tui.sandbox.passage import Passage
from lis_tui.sandbox.podman import security_options
from lis_tui.sandbox.proxy import Proxy
from lis_tui.sandbox.service import Service
from lis_tui.sandbox.sidecar import ContainerWay
from lis_tui.sandbox.transfer import pack
from lis_tui.sandbox.ulimits import shared_mb

_CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETUID", "SETGID")


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
        self._labels = {RUN_LABEL: run, HOST_LABEL: host_id, BOOT_LABEL: boot_id()}
        self._worktree = worktree
        self._outputs_dir = outputs_dir
        self._env = env
        self._carried = carried
        self._client: docker.DockerClient | None = None
        self._container: Container | None = None
        self._is_bound = False
        self._has_moved = False
        """The work tree lies elsewhere than at the container's start."""
        self._nonce = ""
        self._owner = ""
        self._proxy = Proxy(os.environ)
        self._engine_folder = Path("/")
        self._gauge = Gauge(self, spec, self._counts)
        self._answering: Engine | None = None
        self._passage = Passage(spec.network, "bridge", self._proxy)

    @property
    def lower(self) -> None:
        """Its image is the engine's: nothing of it is looked up on this machine."""
        return None

    @property
    def name(self) -> str:
        """The container's id, in short."""
        return str(self._inside().short_id)

    @property
    def worktree(self) -> Path | None:
        """The work folder, where the engine sees this machine's folders."""
        return self._worktree if self._is_bound else None

    def guard(self, door: Door) -> None:
        """Have its proxy ask this door."""
        self._proxy.guard(door)

    @property
    def notes(self) -> Sequence[str]:
        """Which engine it is, where it is not Docker's usual one, and which runtime."""
        return notes_of(self._answering, self._spec.runtime)

    @property
    def network(self) -> Network:
        """Which network it has."""
        return self._passage.network

    async def create(self) -> None:
        """Create and start the container. Raises EngineMissing, ImageMissing, SandboxFailed."""
        self._has_moved = self.has_outputs = False
        try:
            self.image_id = await to_its_end(asyncio.to_thread(self._create))
        except ENGINE_ERRORS as error:
            how = f" with the runtime {self._spec.runtime}" if self._spec.runtime else ""
            raise SandboxFailed(f"The sandbox did not start{how}: {said(error)}") from error

    async def settle(self, service: Service) -> None:
        """Find out whether the work tree is seen inside; where it is not, have one inside alone."""
        if not await self._is_seen_inside(service):
            service.close()
            try:
                await to_its_end(asyncio.to_thread(self._create_apart))
            except ENGINE_ERRORS as error:
                raise SandboxFailed(f"The sandbox did not start: {said(error)}") from error
            await self._is_seen_inside(service)
        self._passage.begin(self._way())
        await self._gauge.begin(service)

    def _way(self) -> ContainerWay:
        folder = self._outputs_dir.parent if self._is_bound else None
        return ContainerWay(self._engine(), self._inside(), self._labels, folder)

    async def connected(self, service: Service) -> Sequence[str]:
        """Wait for its network. Raises SandboxFailed."""
        return await self._passage.tried(service)

    async def hand_over(self, run: str, worktree: Path, outputs_dir: Path) -> None:
        """Have the name of another run. Raises SandboxFailed."""
        container = self._inside()
        name = name_of(run, self._labels[HOST_LABEL])
        try:
            await asyncio.to_thread(container.rename, name)
        except ENGINE_ERRORS as error:
            raise SandboxFailed(f"The sandbox cannot be handed over: {said(error)}") from error
        self._has_moved = True
        self._labels = {**self._labels, RUN_LABEL: run}
        self._worktree, self._outputs_dir = worktree, outputs_dir

    async def give_back(self, service: Service) -> None:
        """Have the files belong to whoever owned the work tree."""
        await service.ask(chown_script(self._workdir, self._owner), timeout_s=60)

    async def remove(self) -> None:
        """Remove the container and forget the engine."""
        self._gauge.close()
        await self._passage.close()
        self._delete_nonce()
        container, self._container = self._container, None
        if container is not None:
            await asyncio.to_thread(remove_container, container)
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def _create(self) -> str:
        """Create and start the container, with the work tree bound; gives the image's id."""
        self._client = client = connect()
        self._answering = engine_of(client)
        self._gauge.is_blind = self._answering.has_no_groups
        name = self.image_id or self._spec.image  # once up, it is for ever a computer of that very image
        try:
            image = client.images.get(name)
        except ImageNotFound as error:
            raise ImageMissing(no_image(name, self._spec.image)) from error
        self._is_bound = True
        binds = [
            docker.types.Mount(self._workdir, str(self._worktree), type="bind"),
            docker.types.Mount(OUTPUTS_PATH, str(self._outputs_dir), type="bind", read_only=True),
        ]
        self._nonce = f".lis-{secrets.token_hex(8)}"
        is_fresh = not any(self._worktree.iterdir())
        (self._worktree / self._nonce).touch()
        try:
            self._container = self._launch(image, binds)
        except APIError as error:
            if "bind source path does not exist" not in str(error):
                raise
            self._is_bound = False
            self._container = self._launch(image, [])
            return str(image.id)
        if is_fresh:
            self._copy_from_image(image)
        return str(image.id)

    def _create_apart(self) -> None:
        """The engine does not see this machine's folders: have the work folder inside the container."""
        remove_container(self._inside())
        self._is_bound = False
        self._container = self._launch(self._engine().images.get(self.image_id or self._spec.image), [])

    def _launch(self, image: Image, binds: list[docker.types.Mount]) -> Container:
        defaults = {n: v for n, v in VARIABLES.items() if not has_variable(image, n)}
        self._engine_folder, self._gauge.cpus = machine_of(self._engine(), self._spec.cpus)
        with security_options(self._which()) as options:
            host = {
                "init": True,
                "cap_drop": ["ALL"],
                "cap_add": list(_CAPABILITIES),
                "security_opt": [*options, *procfiles.options_of(self._which())],
                "pids_limit": self._spec.pids,
                "mem_limit": f"{self._spec.memory_mb}m",
                "memswap_limit": f"{self._spec.memory_mb}m",
                "shm_size": f"{shared_mb(self._spec)}m",
                "nano_cpus": int(self._gauge.cpus * 1e9),
                "runtime": runtime_of(self._which(), self._spec.runtime),
                "network_mode": "bridge" if self.network == "bridge" else "none",
                "mounts": binds,
            }
            container = created(
                self._engine(),
                str(image.id),
                ["2147483647"],
                read_only=procfiles.paths_of(self._which(), self._spec.runtime),
                host=host,
                entrypoint=["sleep"],
                user="0:0",
                working_dir="/",
                environment=defaults,
                labels=self._labels,
            )
            self._container = container
            if files := self._carried.files():
                container.put_archive("/", pack(files))
            container.start()
        return container

    def _copy_from_image(self, image: Image) -> None:
        """Put what the image has in the work folder into the work tree, by the engine, as its root."""
        source = self._engine().containers.create(
            str(image.id), command=["true"], entrypoint=["true"], labels=self._labels
        )
        try:
            stream = archive(source, f"{self._workdir}/.")
            if stream is not None:
                self._inside().put_archive(self._workdir, stream)
        finally:
            remove_container(source)

    async def _is_seen_inside(self, service: Service) -> bool:
        """Tell whether a file made here is there, and learn who owns it inside."""
        if not self._is_bound:
            await service.ask(b"mkdir -p " + quote(self._workdir))
            return True
        mine = quote(f"{self._workdir}/{self._nonce}")
        answer = await service.ask(b"stat -c %u:%g " + mine + b" && rm -f " + mine)
        self._delete_nonce()
        if answer.code == 0:
            self._owner = answer.output.decode().strip()
            self.has_outputs = True
        return answer.code == 0

    def _delete_nonce(self) -> None:
        """It is there still where the container did not start."""
        nonce, self._nonce = self._nonce, ""
        if nonce:
            (self._worktree / nonce).unlink(missing_ok=True)

    def _engine(self) -> docker.DockerClient:
        if self._client is None:
            raise ShellLost("The sandbox is stopped.")
        return self._client

    def _which(self) -> Engine:
        if self._answering is None:
            raise ShellLost("The sandbox is stopped.")
        return self._answering

    def _inside(self) -> Container:
        if self._container is None:
            raise ShellLost("The sandbox is stopped.")
        return self._container

    def _variables(self) -> Mapping[str, str]:
        """What may be secret is told to each process: of a container's own, engines keep and show a list."""
        return {**self._carried.variables(), **self._passage.variables, **self._env}

    async def open(self, arguments: Sequence[str]) -> Channel:
        """Start a process inside, as its root. Raises ShellLost."""
        container = self._inside()
        started: list[bool] = []
        note = partial(started.append, True)
        api, handover = self._engine().api, Handover[Channel]()

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
        container = self._inside()
        files: list[str] = []
        problems: list[str] = []
        for name in ("output", "answer.txt"):
            try:
                # Podman's own copy follows a link, inside
                is_by_tar = self._has_moved or self._which().is_podman
                read = partial(tarred, self._engine().api) if is_by_tar else archive
                part = await asyncio.to_thread(saved, read, container, f"{self._workdir}/{name}", folder)
            except ENGINE_ERRORS as error:
                raise SandboxFailed(f"The outputs could not be copied: {said(error)}") from error
            files += part.files
            problems += part.problems
        return SavedOutputs(tuple(files), tuple(problems))

    async def load(self) -> Load:
        """Measure what it uses."""
        self._inside()
        return await self._gauge.load([self._worktree, self._engine_folder] if self._is_bound else [])

    async def space(self) -> Space | None:
        """Measure what it has written."""
        self._inside()
        return await self._gauge.space()

    async def _counts(self) -> Counts:
        container = self._inside()
        try:
            return await asyncio.to_thread(counts_of, self._engine().api, str(container.id))
        except ENGINE_ERRORS as error:
            raise ShellLost(f"The sandbox is gone: {said(error)}") from error

    async def strikes(self) -> Strikes:
        """Tell how often the kernel enforced a limit."""
        return await self._gauge.strikes()
