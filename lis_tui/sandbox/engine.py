"""What a container engine is asked, call by call, and its refusals in words; it blocks: threads call it."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Coroutine, Generator, Iterator, Mapping, Sequence
from functools import partial
from inspect import getgeneratorlocals, isgenerator
from pathlib import Path
from typing import Any, TypeVar, cast

import docker
from docker.errors import APIError, DockerException, NotFound
from docker.models.containers import Container
from docker.models.images import Image

from lis_tui.core.errors import SandboxFailed
from lis_tui.core.ports import SavedOutputs
from lis_tui.core.text import one_line
from lis_tui.sandbox.channel import Channel, Frames, SocketChannel
from lis_tui.sandbox.engines import Engine
from lis_tui.sandbox.image import DEFAULT_IMAGE
from lis_tui.sandbox.meters import Counts
from lis_tui.sandbox.podman import keeps_filter
from lis_tui.sandbox.transfer import extract

RUN_LABEL = "lis-tui.run"
HOST_LABEL = "lis-tui.host"
BOOT_LABEL = "lis-tui.boot"
ENGINE_ERRORS = (DockerException, OSError)
_PIECE = 1 << 18
T = TypeVar("T")
Pieces = Generator[bytes, None, None]


def created(
    client: docker.DockerClient,
    image: str,
    command: list[str],
    *,
    read_only: Sequence[str],
    host: Mapping[str, Any],
    **own: Any,  # noqa: ANN401 - docker's own words
) -> Container:
    """Create a container in which paths are read-only; docker's own client has no word for these."""
    settings = client.api.create_host_config(**host)
    if read_only:
        settings["ReadonlyPaths"] = list(read_only)
    made = client.api.create_container(image, command, host_config=settings, **own)
    return client.containers.get(made["Id"])


def open_channel(
    api: docker.APIClient,
    container: Container,
    arguments: Sequence[str],
    variables: Mapping[str, str],
    on_start: Callable[[], None],
) -> Channel:
    """Start a process and give its streams; `on_start` is told where the container had to be started."""
    try:
        name, stream = _execute(api, container, arguments, variables)
    except APIError as error:
        if "running" not in str(error):  # "is not running", "only on running containers", as engines have it
            raise
        container.wait(timeout=10)
        container.start()  # a command killed all processes; the files are as they were
        on_start()
        name, stream = _execute(api, container, arguments, variables)

    async def exit_code() -> int | None:
        try:
            state = await asyncio.to_thread(api.exec_inspect, name)
        except ENGINE_ERRORS:
            return None
        return None if state["Running"] else state["ExitCode"]

    plain = cast("socket.socket", getattr(stream, "_sock", stream))
    return SocketChannel(plain, exit_code, partial(_let_go, stream))


def _let_go(stream: Any) -> None:  # noqa: ANN401 - docker's own
    stream.close()
    getattr(stream, "_response", stream).close()


def _execute(
    api: docker.APIClient, container: Container, arguments: Sequence[str], variables: Mapping[str, str]
) -> tuple[str, Any]:
    words, own = list(arguments), dict(variables)
    made = api.exec_create(
        str(container.id), words, stdin=True, stdout=True, stderr=True, user="0:0", environment=own
    )
    return made["Id"], api.exec_start(made["Id"], socket=True)


def counts_of(api: docker.APIClient, container: str) -> Counts:
    """Have the engine measure a container once; it takes a second with some."""
    found: dict[str, Any] = api.stats(container, stream=False, one_shot=True)
    memory = found.get("memory_stats", {})
    used, details = memory.get("usage"), memory.get("stats", {})
    if used is not None:
        used -= details.get("inactive_file", details.get("total_inactive_file", 0))
    nanoseconds = found.get("cpu_stats", {}).get("cpu_usage", {}).get("total_usage")
    return Counts(
        memory_bytes=used,
        pids=found.get("pids_stats", {}).get("current"),
        cpu_s=None if nanoseconds is None else nanoseconds / 1e9,
    )


def saved(
    read: Callable[[Container, str], Pieces | None], container: Container, path: str, folder: Path
) -> SavedOutputs:
    """Copy what a path holds to a host folder."""
    stream = read(container, path)
    if stream is None:
        return SavedOutputs(())
    with contextlib.closing(stream):
        return extract(stream, folder)


def archive(container: Container, path: str) -> Pieces | None:
    """Give a path as a tar stream, None where there is no such thing."""
    try:
        stream, _ = container.get_archive(path, chunk_size=1 << 18)
    except NotFound as error:
        if error.response is not None:
            error.response.close()
        return None
    return _closed_after(stream)


def _closed_after(stream: Iterator[bytes]) -> Pieces:
    """Read what docker streams; it keeps the response to itself, and leaves it open where a part is read."""
    response = getgeneratorlocals(stream).get("response") if isgenerator(stream) else None
    try:
        yield from stream
    finally:
        if response is not None:
            response.close()


def tarred(api: docker.APIClient, container: Container, path: str) -> Pieces:
    """The same by the container's own tar: the engine looks for the work tree where it was at the start."""
    folder, _, name = path.rpartition("/")
    command = ["tar", "-C", folder or "/", "-cf", "-", "--", name]
    made = api.exec_create(str(container.id), command, stderr=False, user="0:0")
    stream = api.exec_start(made["Id"], socket=True)
    plain, frames = cast("socket.socket", getattr(stream, "_sock", stream)), Frames()
    plain.settimeout(None)
    try:
        while data := plain.recv(_PIECE):
            yield from (piece for _, piece in frames.feed(data))
    finally:  # an engine may leave it open
        with contextlib.suppress(OSError, ValueError):
            plain.close()
            _let_go(stream)


def remove_container(container: Container) -> None:
    """Remove it and what it used, as far as that is there."""
    with contextlib.suppress(*ENGINE_ERRORS):
        container.remove(force=True, v=True)


def has_variable(image: Image, name: str) -> bool:
    """Whether the image sets a variable."""
    return any(line.startswith(f"{name}=") for line in image.attrs["Config"].get("Env") or ())


def machine_of(client: docker.DockerClient, wished: float) -> tuple[Path, float]:
    """Tell where the engine keeps its things, and how many of the `wished` processors its machine has."""
    told = client.info()
    return Path(told.get("DockerRootDir") or "/"), min(wished, told.get("NCPU") or wished)


def runtime_of(engine: Engine, wished: str) -> str | None:
    """Give the runtime to ask for, None for the engine's own. Raises SandboxFailed."""
    if not wished or wished in engine.runtimes:
        return wished or None
    raise SandboxFailed(
        f"The engine has no runtime {wished}: it has {', '.join(engine.runtimes) or 'none to choose from'}."
    )


def notes_of(engine: Engine | None, runtime: str) -> list[str]:
    """Say which engine it is, where it is not the usual one, and which runtime was asked for."""
    notes = [f"runtime {runtime}"] if runtime else []
    if engine is None or not (engine.is_podman or engine.is_rootless):
        return notes
    if engine.is_podman and not keeps_filter(engine):
        notes.append("Podman's own filter of system calls lets namespaces and keys be made inside")
    if engine.unlimited:
        notes.append(f"not limited: {', '.join(engine.unlimited)}")
    return [engine.title, *notes]


def no_image(name: str, wished: str = "") -> str:
    """Say what to do about an image that is not there."""
    if name.startswith("sha256:"):
        return (
            f"The image that the run had ({wished}, {name[7:19]}) is not in the engine any more, and what "
            "the run changed fits no other: load that very image again, or begin anew with `lis-tui run`."
        )
    if name == DEFAULT_IMAGE:
        return f"The sandbox image {name} is not built yet: run `lis-tui image build`."
    return f"The engine has no image {name}: get it with `docker pull {name}`, or build it."


def said(error: BaseException) -> str:
    """Give an engine's error in one line."""
    return one_line(str(getattr(error, "explanation", None) or error))


def boot_id() -> str:
    """Name this boot of this machine, as far as the system has a name for it."""
    with contextlib.suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return ""


def name_of(run: str, host_id: str) -> str:
    """Name a run's container that was handed over."""
    return f"lis-tui-{host_id}-{run}"


@contextlib.contextmanager
def told_as(what: str) -> Iterator[None]:
    """Raise SandboxFailed for what an engine refuses."""
    try:
        yield
    except ENGINE_ERRORS as error:
        raise SandboxFailed(f"{what}: {said(error)}") from error


async def to_its_end(work: Coroutine[object, object, T], undo: Callable[[T], object] | None = None) -> T:
    """Await a thread's work; a cancelled caller waits for it too, so that no container appears behind it."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        if undo is not None and task.exception() is None:
            undo(task.result())
        raise
