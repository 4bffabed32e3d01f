"""Finds the container engine that answers and says which it is, or what to do where none does."""

import os
import shutil
import socket
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import docker
from docker.errors import DockerException
from docker.utils import kwargs_from_env
from msgspec import Struct

from lis_tui.core.errors import EngineMissing
from lis_tui.core.text import one_line
from lis_tui.sandbox.ssh import SCHEME, Tunnel, TunnelFailed

_KNOCK_S = 10.0
_LIMITS = {"MemoryLimit": "memory", "PidsLimit": "processes", "CpuCfsQuota": "processors"}
_PROFILES = ("name=apparmor", "name=selinux")
_CONTROLLERS = {"memory": "memory", "pids": "processes", "cpu": "processors"}


def connect(
    environ: Mapping[str, str] | None = None, home: Path | None = None, *, timeout_s: int = 60
) -> docker.DockerClient:
    """Find an engine that answers: DOCKER_HOST, the context, then Docker's and Podman's usual sockets.

    Raises EngineMissing with one sentence that says what to do next.
    """
    environ = os.environ if environ is None else environ
    problems: list[tuple[str, Exception]] = []
    try:
        found = tuple(_addresses(environ, home or Path.home()))
    except (DockerException, ValueError) as problem:
        raise EngineMissing(f"Docker's settings cannot be used: {one_line(str(problem))}") from problem
    for address, tls in found:
        try:
            return _reach(address, tls, timeout_s)
        except (OSError, DockerException, ValueError) as problem:
            problems.append((address, problem))
    sentence = _refused(problems, environ) or _next_step(environ)
    raise EngineMissing(sentence) from (problems[-1][1] if problems else None)


def _reach(address: str, tls: Any, timeout_s: int) -> docker.DockerClient:  # noqa: ANN401 - docker's own
    if address.startswith(SCHEME):
        return _Tunnelled(Tunnel(address), timeout_s)
    _knock(address)
    return docker.DockerClient(base_url=address, tls=tls, version="auto", timeout=timeout_s)


class _Tunnelled(docker.DockerClient):
    """An engine at the other end of ssh, which ends with it."""

    def __init__(self, tunnel: Tunnel, timeout_s: int) -> None:
        self._tunnel = tunnel
        try:
            _knock(tunnel.address)  # docker's own client loses the socket that finds nobody
            super().__init__(base_url=tunnel.address, version="auto", timeout=timeout_s)
        except (DockerException, OSError) as error:
            said = tunnel.said()
            tunnel.close()
            raise TunnelFailed(f"no engine has {tunnel.remote} there ({said or error})") from error

    def close(self) -> None:
        super().close()
        self._tunnel.close()


def _addresses(environ: Mapping[str, str], home: Path) -> Iterator[tuple[str, Any]]:
    """Give engine addresses with their TLS settings; what a person chose is the only one tried."""
    if environ.get("DOCKER_HOST"):
        chosen = kwargs_from_env(environment=dict(environ))
        # docker's own reading of it loses the path that an ssh address may have
        is_ssh = environ["DOCKER_HOST"].startswith(SCHEME)
        yield environ["DOCKER_HOST"] if is_ssh else chosen["base_url"], chosen.get("tls", False)
        return
    context = docker.ContextAPI.get_context(environ.get("DOCKER_CONTEXT") or None)
    if context is not None and context.name != "default" and context.Host:
        yield context.Host, context.TLSConfig or False
        return
    mine = environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.geteuid()}"
    yield "unix:///var/run/docker.sock", False
    yield f"unix://{home}/.docker/run/docker.sock", False
    yield f"unix://{mine}/docker.sock", False
    yield f"unix://{mine}/podman/podman.sock", False
    yield "unix:///run/podman/podman.sock", False


def _knock(address: str) -> None:
    """Open and close the door, because its plain OSError says why better than the client does."""
    for scheme in ("unix://", "http+unix://"):
        if address.startswith(scheme):
            with socket.socket(socket.AF_UNIX) as door:
                door.settimeout(_KNOCK_S)
                door.connect(address.removeprefix(scheme))
            return
    parts = urlsplit(address)
    if parts.hostname and parts.port:
        socket.create_connection((parts.hostname, parts.port), timeout=_KNOCK_S).close()


# -- which it is -----------------------------------------------------------------------------------


class Engine(Struct, frozen=True, kw_only=True):
    """Which engine answers."""

    name: str
    version: str
    is_rootless: bool = False
    is_elsewhere: bool = False
    """It is not spoken to through a socket of this machine's."""
    unlimited: tuple[str, ...] = ()
    """What it cannot limit, as where an ordinary user has no control groups."""
    runtimes: tuple[str, ...] = ()
    is_confined: bool = False
    """AppArmor or SELinux holds what runs in it."""

    @property
    def has_modes(self) -> bool:
        """Whether root inside could set those of the machine's files in `/proc`."""
        return not (self.is_rootless or self.is_confined)

    @property
    def has_no_groups(self) -> bool:
        """Whether it can limit nothing at all."""
        return set(self.unlimited) == set(_LIMITS.values())

    @property
    def is_podman(self) -> bool:
        """Whether it only speaks as Docker does."""
        return self.name == "Podman"

    @property
    def title(self) -> str:
        """Name it for a person."""
        return f"{self.name} {self.version}{', rootless' if self.is_rootless else ''}"


def engine_of(client: docker.DockerClient) -> Engine:
    """Ask which engine it is. Raises DockerException, OSError."""
    version, info = client.version(), client.info()
    options = info.get("SecurityOptions") or ()
    parts = [str(part.get("Name", "")) for part in version.get("Components") or ()]
    is_podman = any(part.startswith("Podman") for part in parts)
    if is_podman:
        is_rootless, unlimited = _of_podman(client)
    else:
        is_rootless = any("rootless" in str(option) for option in options)
        unlimited = tuple(what for flag, what in _LIMITS.items() if info.get(flag) is False)
    return Engine(
        name="Podman" if is_podman else "Docker",
        version=one_line(str(version.get("Version", "?")), 40),
        is_rootless=is_rootless,
        unlimited=unlimited,
        is_elsewhere=isinstance(client, _Tunnelled) or not client.api.base_url.startswith("http+docker"),
        runtimes=tuple(sorted(map(str, info.get("Runtimes") or ()))),
        is_confined=any(name in str(option) for option in options for name in _PROFILES),
    )


def _of_podman(client: docker.DockerClient) -> tuple[bool, tuple[str, ...]]:
    """Ask in its own words whether it is an ordinary user's, and what it cannot limit."""
    answer = client.api.get(f"{client.api.base_url}/v4.0.0/libpod/info", timeout=_KNOCK_S)
    answer.raise_for_status()
    host = answer.json().get("host", {})
    if not host.get("security", {}).get("rootless"):
        return False, ()
    has = host.get("cgroupControllers") or () if host.get("cgroupVersion") != "v1" else ()
    return True, tuple(what for controller, what in _CONTROLLERS.items() if controller not in has)


# -- why there is none -----------------------------------------------------------------------------


def _refused(problems: list[tuple[str, Exception]], environ: Mapping[str, str]) -> str:
    """Say what to do about an engine that is there and refuses; empty where none is known to be."""
    for address, problem in problems:
        if isinstance(problem, PermissionError):
            return (
                f"You may not use the container engine at {address}: run `sudo usermod -aG docker $USER` and "
                "log in again, or use one of your own (`systemctl --user start podman.socket`)."
            )
        if isinstance(problem, TunnelFailed):
            return f"The engine at {address} is not reached: {problem}. {_by_hand(address, str(problem))}"
    chosen = environ.get("DOCKER_HOST")
    if not chosen:
        return ""
    said = one_line(str(problems[-1][1]), 200) if problems else ""
    if "HTTP request to an HTTPS server" in said:
        return f"The engine at {chosen} wants TLS: set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH=FOLDER."
    if any(word in said for word in ("CERTIFICATE", "certificate", "SSL")):
        return f"The engine at {chosen} and DOCKER_CERT_PATH do not fit each other: {said}"
    return (
        f"No container engine answers at DOCKER_HOST={chosen} ({said}): start it there, or unset DOCKER_HOST."
    )


def _by_hand(address: str, said: str) -> str:
    host = urlsplit(address).hostname or address
    if "there is no ssh" in said:
        return "Install it, then try once more."
    if said.startswith("no engine has"):
        return f"Start the engine there, or name its socket, as in ssh://{host}/run/user/1000/docker.sock."
    return f"Make `ssh {host} true` work without a question (a key in ssh-agent), then try once more."


def _next_step(environ: Mapping[str, str]) -> str:
    if sys.platform == "darwin":
        return "No container engine answers: start Docker Desktop (or Colima), then try once more."
    if shutil.which("dockerd", path=environ.get("PATH")):
        return "Docker is installed but does not run: start it with `sudo systemctl start docker`."
    if shutil.which("podman", path=environ.get("PATH")):
        return "Podman is installed but does not listen: run `systemctl --user start podman.socket`."
    return (
        "No container engine is installed: on Debian and Ubuntu run `sudo apt-get install docker.io` (or "
        "podman), elsewhere install Docker, then try once more."
    )
