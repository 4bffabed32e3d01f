"""The way into a container's network: by its process where that is this machine's, else by a container.

That container is a short one, of the shipped image. It has the network of the sandbox and nothing else of it,
no capability but the one it is started for, and it has ended before the first command runs.
"""

import asyncio
import os
import secrets
import shutil
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import docker
from docker.errors import ImageNotFound
from docker.models.containers import Container

from lis_tui.core.errors import SandboxFailed
from lis_tui.core.text import one_line
from lis_tui.sandbox import inlet
from lis_tui.sandbox.engine import ENGINE_ERRORS, remove_container, said, to_its_end
from lis_tui.sandbox.entry import listen_in, received, shut_in
from lis_tui.sandbox.image import DEFAULT_IMAGE

_THERE = "/run/lis-tui"
_LONGEST_S = 30


class ContainerWay:
    """Into one container. `folder`: where a socket can be that the engine sees too; None: nowhere."""

    def __init__(
        self,
        client: docker.DockerClient,
        container: Container,
        labels: Mapping[str, str],
        folder: Path | None,
    ) -> None:
        self._client = client
        self._container = container
        self._labels = labels
        self._folder = folder

    async def listen(self) -> tuple[socket.socket, str]:
        """Have a socket there. Raises OSError, SandboxFailed."""
        if self._folder is None:
            raise OSError("the engine is on another machine, from where nothing leads to the proxy here")
        with suppress(OSError):
            if pid := await asyncio.to_thread(self._pid):
                return await listen_in(pid), "from here"
        try:
            made = await to_its_end(
                asyncio.to_thread(self._listen_by_container, self._folder), socket.socket.close
            )
        except OSError as error:
            raise OSError(f"nothing leads from this engine's containers to here ({error})") from error
        return made, "by a short container"

    async def shut(self, networks: tuple[str, ...]) -> None:
        """Have addresses lead nowhere from there. Raises OSError, SandboxFailed."""
        with suppress(OSError):
            if self._folder is not None and (pid := await asyncio.to_thread(self._pid)):
                return await shut_in(pid, networks)
        await to_its_end(asyncio.to_thread(self._run, ("-", "shut", *networks), [], ["NET_ADMIN"]))
        return None

    def _pid(self) -> int:
        """Give its process, where that is one of this machine's; 0: the engine's numbers are not ours."""
        try:
            self._container.reload()
        except ENGINE_ERRORS as error:
            raise SandboxFailed(f"The sandbox is gone: {said(error)}") from error
        pid = int(self._container.attrs["State"]["Pid"])
        return pid if pid and _is_of(pid, str(self._container.id)) else 0

    def _listen_by_container(self, parent: Path) -> socket.socket:
        with meeting_in(parent) as (folder, meeting):
            bind = docker.types.Mount(_THERE, str(folder), type="bind", read_only=True)
            self._run(("-", "listen", f"{_THERE}/{_NAME}"), [bind], [])
            meeting.setblocking(False)  # whoever came has been and gone
            stream, _ = meeting.accept()
            with stream:
                return received(stream)

    def _run(self, words: Sequence[str], binds: list[docker.types.Mount], capabilities: list[str]) -> None:
        """Run a container to its end. Raises OSError, SandboxFailed."""
        try:
            made = self._client.containers.create(
                self._image(),
                entrypoint=["python3", "-I", "-S", "-c", Path(inlet.__file__).read_text(encoding="utf-8")],
                command=list(words),
                user="0:0",
                working_dir="/",
                labels=dict(self._labels),
                network_mode=f"container:{self._container.id}",
                cap_drop=["ALL"],
                cap_add=capabilities,
                security_opt=["no-new-privileges", "label=disable"],
                read_only=True,
                mounts=binds,
            )
        except ENGINE_ERRORS as error:
            raise OSError(said(error)) from error
        try:
            made.start()
            if made.wait(timeout=_LONGEST_S)["StatusCode"]:
                raise OSError(one_line(made.logs(tail=1).decode(errors="replace").strip(), 200))
        except ENGINE_ERRORS as error:
            raise OSError(said(error)) from error
        finally:
            remove_container(made)

    def _image(self) -> str:
        try:
            return str(self._client.images.get(DEFAULT_IMAGE).id)
        except ImageNotFound:
            return str(self._container.attrs["Image"])


_NAME, _PREFIX = "socket", "passage-"


def delete_meetings(parent: Path) -> None:
    """Delete the folders that a killed process left of its meetings."""
    for folder in parent.glob(f"{_PREFIX}*"):
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def meeting_in(parent: Path) -> Iterator[tuple[Path, socket.socket]]:
    """Give a folder with a socket in it that whoever sees the folder may come to: nobody sees the parent."""
    folder = parent / f"{_PREFIX}{secrets.token_hex(4)}"
    folder.mkdir(mode=0o700)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as meeting:
            meeting.bind(f"/proc/self/fd/{descriptor}/{_NAME}")  # its own name may be too long
            (folder / _NAME).chmod(0o666)
            folder.chmod(0o711)
            meeting.listen(1)
            yield folder, meeting
    finally:
        os.close(descriptor)
        shutil.rmtree(folder, ignore_errors=True)


def _is_of(pid: int, container: str) -> bool:
    """Whether our process of that number is in the container: another machine has other numbers."""
    for name in ("cgroup", "mountinfo"):
        with suppress(OSError):
            if container in Path(f"/proc/{pid}/{name}").read_text(encoding="utf-8", errors="replace"):
                return True
    return False
