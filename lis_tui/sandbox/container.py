"""The docker home of a sandbox: one hardened container a run, found again and removed if its run is dead."""

import asyncio
import contextlib
import os
import secrets
import socket
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

import docker
import msgspec
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from docker.models.containers import Container
from docker.models.images import Image

from lis_tui.core.bus import spawn
from lis_tui.core.command import Reins
from lis_tui.core.errors import ImageMissing, LisError, SandboxFailed, ShellLost
from lis_tui.core.events import CheckpointTaken, FileEntry, SandboxStarted, StepAddress
from lis_tui.core.manifest import Manifest
from lis_tui.core.ports import CommandEnd, Contents, ManifestKeeper, OnProgress, Restored, SavedOutputs
from lis_tui.core.spec import SandboxSpec
from lis_tui.core.text import one_line
from lis_tui.sandbox.channel import Channel, SocketChannel
from lis_tui.sandbox.checkpoints import Checkpointer
from lis_tui.sandbox.files import Files
from lis_tui.sandbox.image import DEFAULT_IMAGE, connect
from lis_tui.sandbox.marks import quote
from lis_tui.sandbox.restoring import NeedsFresh, restore
from lis_tui.sandbox.service import Service
from lis_tui.sandbox.shell import Shell
from lis_tui.sandbox.transfer import extract, pack
from lis_tui.sandbox.veil import Veil
from lis_tui.sandbox.watch import Watch

PRIVATE_FOLDER = "/run/lis"
OUTPUTS_PATH = f"{PRIVATE_FOLDER}/outputs"
OWN_FOLDER = f"{PRIVATE_FOLDER}/own"

_RUN_LABEL = "lis-tui.run"
_HOST_LABEL = "lis-tui.host"
_BOOT_LABEL = "lis-tui.boot"
_CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETUID", "SETGID")
_DEFAULTS = {"LANG": "C.UTF-8", "PAGER": "cat", "GIT_PAGER": "cat", "DEBIAN_FRONTEND": "noninteractive"}
_ENGINE_ERRORS = (DockerException, OSError)
T = TypeVar("T")


class Carriage(Protocol):
    """What of the host's settings goes into the sandbox."""

    def variables(self) -> Mapping[str, str]:
        """Give variables."""
        ...

    def files(self) -> Mapping[str, bytes]:
        """Give absolute container paths and contents."""
        ...

    def secrets(self) -> Sequence[str]:
        """Give the credentials among the values."""
        ...


class DockerSandbox:
    """A container with a lasting shell; everything in it is done as its root, nothing on the host."""

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
        self.workdir = spec.workdir
        self.outputs_path: str | None = None
        self._spec = spec
        self._labels = {_RUN_LABEL: run, _HOST_LABEL: host_id, _BOOT_LABEL: boot_id()}
        self._worktree = worktree
        self._outputs_dir = outputs_dir
        self._env = env
        self._carried = carried
        self._client: docker.DockerClient | None = None
        self._container: Container | None = None
        self._is_bound = False
        self._has_moved = False
        """The work tree lies elsewhere than at the container's start."""
        self._owner = ""
        self._watch: Watch | None = None
        self._on_change: Callable[[], None] | None = None
        self._was_up = False
        self._image_id = image_id
        self._contents = contents
        self._manifests = manifests
        self._checkpointer: Checkpointer | None = None
        self._beginning: asyncio.Task[None] | None = None
        self._furnish()

    def _furnish(self) -> None:
        self._service = Service(self)
        self._shell = Shell(self, self._service, folder=PRIVATE_FOLDER, workdir=self.workdir)
        self._own_service = Service(self)
        self._own = Shell(self, self._own_service, folder=OWN_FOLDER, workdir=self.workdir)
        """The person's own; its bash comes up with the first command."""
        self._files = Files(self._service, self.workdir)
        self._aside = Service(self)
        """Another bash, so that what takes long there delays nothing here."""

    # -- life --------------------------------------------------------------------------------------

    async def start(self) -> SandboxStarted:
        """Bring it up, again too after `stop`. Raises EngineMissing, ImageMissing, SandboxFailed."""
        began = time.monotonic()
        self._has_moved = False
        self._furnish()
        try:
            image_id = await _to_its_end(asyncio.to_thread(self._create))
            if not await self._is_seen_inside():
                self._service.close()
                await _to_its_end(asyncio.to_thread(self._create_apart))
                await self._is_seen_inside()
            await self._shell.start()
            notes = self._circumstances()
            capabilities, more = await self._probe()
            self._image_id = image_id
            more += self._begin_checkpoints(capabilities)
        except BaseException as error:
            await asyncio.shield(self.stop())
            if isinstance(error, _ENGINE_ERRORS):
                raise SandboxFailed(f"The sandbox did not start: {_said(error)}") from error
            raise
        self._was_up = True
        self._started = SandboxStarted(
            kind="docker",
            image=self._spec.image,
            image_id=image_id,
            container=self._inside().short_id,
            network=self._spec.network,
            took_s=time.monotonic() - began,
            capabilities=capabilities,
            notes=(*notes, *more),
        )
        return self._started

    def _circumstances(self) -> list[str]:
        notes = [] if self._is_bound else ["the engine is remote: files are copied, not shared"]
        if self._was_up:
            kept = f"{self.workdir} is as it was" if self._is_bound else "all files are gone"
            notes.append(
                f"a new sandbox: {kept}; processes, variables and what was installed elsewhere are gone"
            )
        return notes

    async def stop(self) -> None:
        """Give the work tree back to its user and remove the container; safe to call twice."""
        if self._watch is not None:
            self._watch.close()
            self._watch = None
        container, self._container = self._container, None
        if container is not None:
            if self._is_bound and os.geteuid() != 0:
                with contextlib.suppress(LisError):
                    await self._give_back(container)
            await self._end_beginning()
            await self._shell.close()
            await self._own.close()
            self._service.close()
            self._own_service.close()
            self._aside.close()
            await asyncio.to_thread(_remove, container)
        client, self._client = self._client, None
        if client is not None:
            client.close()

    async def hand_over(
        self, run: str, worktree: Path, outputs_dir: Path, manifests: ManifestKeeper | None
    ) -> None:
        """Belong to another run, whose folders are those it had, by other names. Raises SandboxFailed."""
        container = self._inside()
        name = _name_of(run, self._labels[_HOST_LABEL])
        try:
            await asyncio.to_thread(container.rename, name)
        except _ENGINE_ERRORS as error:
            raise SandboxFailed(f"The sandbox cannot be handed over: {_said(error)}") from error
        self._has_moved = True
        self._labels = {**self._labels, _RUN_LABEL: run}
        self._worktree, self._outputs_dir, self._manifests = worktree, outputs_dir, manifests
        if self._checkpointer is not None and manifests is not None:
            self._checkpointer.keep_in(manifests)

    async def _give_back(self, container: Container) -> None:
        self._container = container
        try:
            await self._service.ask(_chown_script(self.workdir, self._owner), timeout_s=60)
        finally:
            self._container = None

    def _create(self) -> str:
        """Create and start the container, with the work tree bound; gives the image's id."""
        self._client = client = connect()
        name = self._image_id or self._spec.image  # once up, it is for ever a computer of that very image
        try:
            image = client.images.get(name)
        except ImageNotFound as error:
            raise ImageMissing(_no_image(name, self._spec.image)) from error
        self._is_bound = True
        binds = [
            docker.types.Mount(self.workdir, str(self._worktree), type="bind"),
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
        _remove(self._inside())
        self._is_bound = False
        self._container = self._launch(self._engine().images.get(self._image_id or self._spec.image), [])

    def _launch(self, image: Image, binds: list[docker.types.Mount]) -> Container:
        defaults = {n: v for n, v in _DEFAULTS.items() if not _has_variable(image, n)}
        container = self._engine().containers.create(
            str(image.id),
            entrypoint=["sleep"],
            command=["2147483647"],
            user="0:0",
            working_dir="/",
            environment={**defaults, **self._carried.variables(), **self._env},
            labels=self._labels,
            init=True,
            cap_drop=["ALL"],
            cap_add=list(_CAPABILITIES),
            security_opt=["no-new-privileges"],
            pids_limit=self._spec.pids,
            mem_limit=f"{self._spec.memory_mb}m",
            memswap_limit=f"{self._spec.memory_mb}m",
            nano_cpus=_cpus(self._engine(), self._spec.cpus),
            network_mode=self._spec.network,
            mounts=binds,
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
            stream = _archive(source, f"{self.workdir}/.")
            if stream is not None:
                self._inside().put_archive(self.workdir, stream)
        finally:
            _remove(source)

    async def _is_seen_inside(self) -> bool:
        """Tell whether a file made here is there, and learn who owns it inside."""
        if not self._is_bound:
            await self._service.ask(b"mkdir -p " + quote(self.workdir))
            return True
        mine = quote(f"{self.workdir}/{self._nonce}")
        answer = await self._service.ask(b"stat -c %u:%g " + mine + b" && rm -f " + mine)
        (self._worktree / self._nonce).unlink(missing_ok=True)
        if answer.code == 0:
            self._owner = answer.output.decode().strip()
            self.outputs_path = OUTPUTS_PATH
        return answer.code == 0

    async def _probe(self) -> tuple[tuple[str, ...], list[str]]:
        answer = await self._service.ask(_PROBE)
        found = tuple(one_line(line) for line in answer.output.decode(errors="replace").splitlines() if line)
        names = {line.split(" ", 1)[0] for line in found}
        notes = []
        if not {"find", "tar"} <= names:
            notes.append("the image has no GNU find or tar: no checkpoints")
        return found, notes

    # -- checkpoints -------------------------------------------------------------------------------

    def _begin_checkpoints(self, capabilities: Sequence[str]) -> list[str]:
        """Look at the fresh computer, beside what follows; the first command waits for it."""
        self._checkpointer = None
        if self._contents is None or self._manifests is None or not self._spec.checkpoints:
            return []
        if not {"find", "tar"} <= set(capabilities):
            return []
        self._checkpointer = Checkpointer(
            self._aside,
            self._shell,
            self._contents,
            self._manifests,
            workdir=self.workdir,
            folder=PRIVATE_FOLDER,
            skip=self._spec.checkpoint_skip,
            own=self._own,
            veil=Veil(self._env, self._carried.secrets()),
        )
        self._beginning = spawn(
            self._checkpointer.begin(self._image_id), "checkpoints", self._have_no_checkpoints
        )
        skipped = ", ".join(self._spec.checkpoint_skip)
        return [f"checkpoints leave out: {skipped}"] if skipped else []

    def _have_no_checkpoints(self, _: Exception) -> None:
        self._checkpointer = None

    async def _end_beginning(self) -> None:
        beginning, self._beginning = self._beginning, None
        if beginning is not None and not beginning.done():
            beginning.cancel()
            await asyncio.wait([beginning])

    async def _begun(self) -> None:
        if self._beginning is not None:
            await asyncio.wait([self._beginning])

    @property
    def can_checkpoint(self) -> bool:
        """Whether it was given a place to keep things, and has the tools."""
        return self._checkpointer is not None

    async def checkpoint(self, address: StepAddress) -> CheckpointTaken:
        """Keep it as it is now. Raises SandboxFailed, StorageFailed."""
        self._inside()
        await self._begun()
        if self._checkpointer is None:
            raise SandboxFailed("This sandbox cannot be kept as it is.")
        return await self._checkpointer.take(address)

    async def restore(self, manifest: Manifest, on_progress: OnProgress | None = None) -> Restored:
        """Make it as it was, in a new container where only the image can help. Raises LisError."""
        began = time.monotonic()
        started = None
        try:
            restored = await self._restore(manifest, on_progress)
        except NeedsFresh:
            on_change = self._on_change
            await self.stop()
            started = await self.start()
            restored = await self._restore(manifest, on_progress)
            if on_change is not None:
                self.watch(on_change)
        return msgspec.structs.replace(restored, started=started, took_s=time.monotonic() - began)

    async def _restore(self, manifest: Manifest, on_progress: OnProgress | None) -> Restored:
        self._inside()
        await self._begun()
        if self._checkpointer is None:
            raise SandboxFailed("Nothing can be brought back in this sandbox.")
        return await restore(self._checkpointer, manifest, on_progress)

    def _engine(self) -> docker.DockerClient:
        if self._client is None:
            raise ShellLost("The sandbox is stopped.")
        return self._client

    def _inside(self) -> Container:
        if self._container is None:
            raise ShellLost("The sandbox is stopped.")
        return self._container

    # -- processes (the Door of shell and service) -------------------------------------------------

    async def open(self, arguments: Sequence[str]) -> Channel:
        """Start a process inside, as its root. Raises ShellLost."""
        container = self._inside()
        try:
            return await asyncio.to_thread(_open, self._engine().api, container, arguments)
        except _ENGINE_ERRORS as error:
            raise ShellLost(f"The sandbox is gone: {_said(error)}") from error

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
        self._inside()
        await self._begun()
        return await self._shell.run(
            command,
            timeout_s=timeout_s,
            on_output=on_output,
            on_input_wait=on_input_wait,
            eof_after_s=eof_after_s,
            reins=reins,
        )

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
        self._inside()
        await self._begun()
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
        await self._begun()
        await self._files.write(path, data)

    async def stat(self, path: str) -> FileEntry | None:
        """Describe what the path leads to, or None."""
        return await self._files.stat(path)

    async def list_folder(self, path: str, depth: int) -> list[FileEntry]:
        """List a folder, sorted."""
        return await self._files.list_folder(path, depth)

    async def walk(self) -> list[FileEntry]:
        """List the whole work folder."""
        return await self._files.walk()

    def watch(self, on_change: Callable[[], None]) -> None:
        """Call back soon after something in the work folder changed."""
        if self._watch is not None:
            self._watch.close()
        self._on_change = on_change
        folder = self._worktree if self._is_bound else None
        self._watch = Watch(folder, self._files.fingerprint, on_change)

    async def put_inputs(self, sources: Sequence[Path]) -> list[str]:
        """Copy host files and folders to `documents/`; gives the paths inside."""
        return await self._files.put_inputs(sources)

    async def save_outputs(self, folder: Path) -> SavedOutputs:
        """Copy `output/` and `answer.txt` to a host folder; regular files and folders only."""
        container = self._inside()
        files: list[str] = []
        problems: list[str] = []
        for name in ("output", "answer.txt"):
            try:
                read = partial(_tarred, self._engine().api) if self._has_moved else _archive
                saved = await asyncio.to_thread(_save, read, container, f"{self.workdir}/{name}", folder)
            except _ENGINE_ERRORS as error:
                raise SandboxFailed(f"The outputs could not be copied: {_said(error)}") from error
            files += saved.files
            problems += saved.problems
        return SavedOutputs(tuple(files), tuple(problems))

    async def load(self) -> tuple[int | None, int | None, int | None]:
        """Measure memory used, memory limit and processes."""
        container = self._inside()
        try:
            stats = await asyncio.to_thread(_stats, self._engine().api, str(container.id))
        except _ENGINE_ERRORS as error:
            raise ShellLost(f"The sandbox is gone: {_said(error)}") from error
        memory = stats.get("memory_stats", {})
        details = memory.get("stats", {})
        used = memory.get("usage")
        if used is not None:
            used -= details.get("inactive_file", details.get("total_inactive_file", 0))
        return used, memory.get("limit"), stats.get("pids_stats", {}).get("current")


_PROBE = b"""echo "bash $BASH_VERSION"
find --version 2>/dev/null | grep -q GNU && echo find
tar --version 2>/dev/null | grep -q GNU && echo tar
for p in apt-get pip python3 node git curl; do type -P "$p" >/dev/null && echo "$p"; done
:"""


async def _to_its_end(work: Coroutine[object, object, T]) -> T:
    """Await a thread's work; a cancelled caller waits for it too, so that no container appears behind it."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


def _open(api: docker.APIClient, container: Container, arguments: Sequence[str]) -> Channel:
    try:
        name, stream = _execute(api, container, arguments)
    except APIError as error:
        if "is not running" not in str(error):
            raise
        container.wait(timeout=10)
        container.start()  # a command killed all processes; the files are as they were
        name, stream = _execute(api, container, arguments)

    async def exit_code() -> int | None:
        try:
            state = await asyncio.to_thread(api.exec_inspect, name)
        except _ENGINE_ERRORS:
            return None
        return None if state["Running"] else state["ExitCode"]

    def let_go() -> None:
        stream.close()
        getattr(stream, "_response", stream).close()

    return SocketChannel(cast("socket.socket", getattr(stream, "_sock", stream)), exit_code, let_go)


def _execute(api: docker.APIClient, container: Container, arguments: Sequence[str]) -> tuple[str, Any]:
    made = api.exec_create(
        str(container.id), list(arguments), stdin=True, stdout=True, stderr=True, user="0:0"
    )
    return made["Id"], api.exec_start(made["Id"], socket=True)


def _stats(api: docker.APIClient, container: str) -> dict[str, Any]:
    found: dict[str, Any] = api.stats(container, stream=False, one_shot=True)
    return found


def _save(
    read: Callable[[Container, str], Iterator[bytes] | None], container: Container, path: str, folder: Path
) -> SavedOutputs:
    stream = read(container, path)
    return SavedOutputs(()) if stream is None else extract(stream, folder)


def _archive(container: Container, path: str) -> Iterator[bytes] | None:
    """Give a path as a tar stream, None where there is no such thing."""
    try:
        stream, _ = container.get_archive(path, chunk_size=1 << 18)
    except NotFound as error:
        if error.response is not None:
            error.response.close()
        return None
    return iter(stream)


def _tarred(api: docker.APIClient, container: Container, path: str) -> Iterator[bytes]:
    """The same by the container's own tar: the engine looks for the work tree where it was at the start."""
    folder, _, name = path.rpartition("/")
    command = ["tar", "-C", folder or "/", "-cf", "-", "--", name]
    made = api.exec_create(str(container.id), command, stderr=False, user="0:0")
    return iter(api.exec_start(made["Id"], stream=True))


def _remove(container: Container) -> None:
    with contextlib.suppress(*_ENGINE_ERRORS):
        container.remove(force=True, v=True)


def _chown_script(folder: str, owner: str) -> bytes:
    name, user = quote(folder), owner.split(":")[0].encode()
    return b"find %s -xdev ! -uid %s -exec chown -h %s {} +; " % (name, user, owner.encode()) + (
        b"find %s -xdev -type d ! -perm -700 -exec chmod u+rwx {} +; :" % name
    )


def _has_variable(image: Image, name: str) -> bool:
    return any(line.startswith(f"{name}=") for line in image.attrs["Config"].get("Env") or ())


def _cpus(client: docker.DockerClient, wished: float) -> int:
    """More than the engine's machine has would be refused."""
    return int(min(wished, client.info().get("NCPU") or wished) * 1e9)


def _no_image(name: str, wished: str = "") -> str:
    if name.startswith("sha256:"):
        return (
            f"The image that the run had ({wished}, {name[7:19]}) is not in the engine any more, and what "
            "the run changed fits no other: load that very image again, or begin anew with `lis-tui run`."
        )
    if name == DEFAULT_IMAGE:
        return f"The sandbox image {name} is not built yet: run `lis-tui image build`."
    return f"The engine has no image {name}: get it with `docker pull {name}`, or build it."


def _said(error: BaseException) -> str:
    return one_line(str(getattr(error, "explanation", None) or error))


def boot_id() -> str:
    """Name this boot of this machine, as far as the system has a name for it."""
    with contextlib.suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return ""


# -- what dead runs left ---------------------------------------------------------------------------


async def remove_orphans(is_live: Callable[[str], bool], host_id: str) -> list[str]:
    """Remove this host's containers whose run is dead; gives the names of their runs."""
    return await asyncio.to_thread(_remove_orphans, is_live, host_id)


def _remove_orphans(is_live: Callable[[str], bool], host_id: str) -> list[str]:
    with _engine_errors("Old containers could not be removed"):
        client = connect()
        try:
            mine = client.containers.list(
                all=True, filters={"label": f"{_HOST_LABEL}={host_id}"}, ignore_removed=True
            )
            owners = [(container, _owner(container, host_id)) for container in mine]
            dead = [(container, run) for container, run in owners if run and not is_live(run)]
            for container, _ in dead:
                _remove(container)
        finally:
            client.close()
    return list(dict.fromkeys(run for _, run in dead))


def _owner(container: Container, host_id: str) -> str:
    """Name the run that has this container: labels never change, so a handed over one has a name."""
    prefix = _name_of("", host_id)
    name = str(container.name or "")
    return name.removeprefix(prefix) if name.startswith(prefix) else container.labels.get(_RUN_LABEL, "")


def _name_of(run: str, host_id: str) -> str:
    return f"lis-tui-{host_id}-{run}"


async def reclaim(worktree: Path, image: str) -> None:
    """Give all of a work tree to this user, by a short helper container. Raises SandboxFailed."""
    await asyncio.to_thread(_reclaim, worktree, image)


def _reclaim(worktree: Path, image: str) -> None:
    with _engine_errors(f"{worktree} could not be given back to you"):
        client = connect()
        try:
            is_mapped = any("rootless" in option for option in client.info().get("SecurityOptions") or ())
            owner = "0:0" if is_mapped else f"{os.geteuid()}:{os.getegid()}"
            client.images.get(image)  # a missing one would be pulled by `run`
            client.containers.run(
                image,
                entrypoint=["bash"],
                command=["-c", _chown_script("/tree", owner).decode()],
                user="0:0",
                network_mode="none",
                cap_drop=["ALL"],
                cap_add=["CHOWN", "DAC_OVERRIDE", "FOWNER"],
                security_opt=["no-new-privileges"],
                mounts=[docker.types.Mount("/tree", str(worktree), type="bind")],
                remove=True,
            )
        except ImageNotFound as error:
            raise ImageMissing(_no_image(image)) from error
        finally:
            client.close()


@contextlib.contextmanager
def _engine_errors(what: str) -> Iterator[None]:
    try:
        yield
    except _ENGINE_ERRORS as error:
        raise SandboxFailed(f"{what}: {_said(error)}") from error
