"""The container of a docker sandbox, as the engine has it: made of an image, started, removed."""

import secrets
from pathlib import Path

import docker
from docker.errors import APIError, ImageNotFound
from docker.models.containers import Container
from docker.models.images import Image

from lis_tui.core.errors import ImageMissing, ShellLost
from lis_tui.core.spec import Network, SandboxSpec
from lis_tui.sandbox import procfiles
from lis_tui.sandbox.engine import (
    archive,
    created,
    has_variable,
    machine_of,
    no_image,
    remove_container,
    runtime_of,
)
from lis_tui.sandbox.engines import Engine, connect, engine_of
from lis_tui.sandbox.home import OUTPUTS_PATH, VARIABLES, Carriage
from lis_tui.sandbox.podman import security_options
from lis_tui.sandbox.transfer import pack
from lis_tui.sandbox.ulimits import shared_mb

_CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETUID", "SETGID")


class Vessel:
    """One hardened container, with the work tree bound where the engine sees this machine's folders.

    Everything here waits for the engine, and is called in a thread. Raises what docker's client raises.
    """

    def __init__(self, spec: SandboxSpec, labels: dict[str, str], carried: Carriage) -> None:
        self.is_bound = False
        """The work folder inside is the work tree."""
        self.engine_folder = Path("/")
        """Where the engine keeps what containers write."""
        self.cpus = spec.cpus
        """How many it may use, of those there are."""
        self.answering: Engine | None = None
        self.labels = labels
        """What the next container is marked with."""
        self._spec = spec
        self._carried = carried
        self._client: docker.DockerClient | None = None
        self._container: Container | None = None
        self._nonce: Path | None = None

    def create(self, image_id: str, network: Network, worktree: Path, outputs_dir: Path) -> str:
        """Create and start it, with the work tree bound; gives the image's id. Raises ImageMissing too."""
        self._client = client = connect()
        self.answering = engine_of(client)
        name = image_id or self._spec.image  # once up, it is for ever a computer of that very image
        try:
            image = client.images.get(name)
        except ImageNotFound as error:
            raise ImageMissing(no_image(name, self._spec.image)) from error
        self.is_bound = True
        binds = [
            docker.types.Mount(self._spec.workdir, str(worktree), type="bind"),
            docker.types.Mount(OUTPUTS_PATH, str(outputs_dir), type="bind", read_only=True),
        ]
        is_fresh = not any(worktree.iterdir())
        self._nonce = worktree / f".lis-{secrets.token_hex(8)}"
        self._nonce.touch()
        try:
            self._launch(image, network, binds)
        except APIError as error:
            if "bind source path does not exist" not in str(error):
                raise
            self.is_bound = False
            self._launch(image, network, [])
            return str(image.id)
        if is_fresh:
            self._copy_from_image(image)
        return str(image.id)

    def create_apart(self, image_id: str, network: Network) -> None:
        """The engine does not see this machine's folders: have the work folder inside the container."""
        remove_container(self.inside())
        self.is_bound = False
        self._launch(self.engine().images.get(image_id or self._spec.image), network, [])

    def _launch(self, image: Image, network: Network, binds: list[docker.types.Mount]) -> None:
        defaults = {n: v for n, v in VARIABLES.items() if not has_variable(image, n)}
        self.engine_folder, self.cpus = machine_of(self.engine(), self._spec.cpus)
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
                "nano_cpus": int(self.cpus * 1e9),
                "runtime": runtime_of(self._which(), self._spec.runtime),
                "network_mode": "bridge" if network == "bridge" else "none",
                "mounts": binds,
            }
            self._container = container = created(
                self.engine(),
                str(image.id),
                ["2147483647"],
                read_only=procfiles.paths_of(self._which(), self._spec.runtime),
                host=host,
                entrypoint=["sleep"],
                user="0:0",
                working_dir="/",
                environment=defaults,
                labels=self.labels,
            )
            if files := self._carried.files():
                container.put_archive("/", pack(files))
            container.start()

    def _copy_from_image(self, image: Image) -> None:
        """Put what the image has in the work folder into the work tree, by the engine, as its root."""
        workdir = self._spec.workdir
        source = self.engine().containers.create(
            str(image.id), command=["true"], entrypoint=["true"], labels=self.labels
        )
        try:
            stream = archive(source, f"{workdir}/.")
            if stream is not None:
                self.inside().put_archive(workdir, stream)
        finally:
            remove_container(source)

    @property
    def nonce(self) -> str:
        """The name of a file made in the work tree, by which that is known inside; empty without one."""
        return self._nonce.name if self._nonce is not None else ""

    def delete_nonce(self) -> None:
        """It is there still where the container did not start."""
        nonce, self._nonce = self._nonce, None
        if nonce is not None:
            nonce.unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove it, and forget the engine; safe to call twice."""
        self.delete_nonce()
        container, self._container = self._container, None
        if container is not None:
            remove_container(container)
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def engine(self) -> docker.DockerClient:
        """Give the client. Raises ShellLost."""
        if self._client is None:
            raise ShellLost("The sandbox is stopped.")
        return self._client

    @property
    def is_podman(self) -> bool:
        """Its engine is Podman. Raises ShellLost."""
        return self._which().is_podman

    @property
    def has_no_groups(self) -> bool:
        """Its engine limits nothing by control groups. Raises ShellLost."""
        return self._which().has_no_groups

    def _which(self) -> Engine:
        if self.answering is None:
            raise ShellLost("The sandbox is stopped.")
        return self.answering

    def inside(self) -> Container:
        """Give the container. Raises ShellLost."""
        if self._container is None:
            raise ShellLost("The sandbox is stopped.")
        return self._container
