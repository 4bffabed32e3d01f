"""A container engine of our own beside the machine's: restarted and killed without hurting anybody else."""

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import docker
from docker.errors import DockerException

_BRIDGE = f"lf{os.getpid() % 10**7}"
_UP_S = 60.0
_BARE = "lis-tui-base:bookworm"


def why_no_engine(image: str) -> str:
    """Give the reason why an engine of our own cannot run here; empty where it can."""
    if os.geteuid() != 0:
        return "only root can start an engine"
    for program in ("dockerd", "docker", "ip"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    return "" if image else "there is no image to start sandboxes of"


def smaller(image: str) -> str:
    """Give the bare image that the usual one was built on, where there is one: it is copied in a moment."""
    with contextlib.suppress(DockerException), contextlib.closing(docker.from_env()) as client:
        client.images.get(_BARE)
        return _BARE
    return image


class OwnEngine:
    """A `dockerd` with folders, a socket and a bridge of its own, over a `containerd` that outlives it."""

    def __init__(self, folder: Path) -> None:
        self.url = f"unix://{folder}/docker.sock"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        config = folder / "containerd.toml"
        config.write_text('version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n')
        places = (*("--root", str(folder / "containerd")), *("--state", str(folder / "state")))
        self._below = self._begin(
            "containerd", *("--config", str(config)), *places, *("--address", str(folder / "containerd.sock"))
        )

    def start(self) -> None:
        """Start it and wait until it answers."""
        (self._folder / "docker.pid").unlink(missing_ok=True)
        self._process = self._begin(
            "dockerd",
            *("--containerd", str(self._folder / "containerd.sock")),
            *("--data-root", str(self._folder / "data"), "--exec-root", str(self._folder / "exec")),
            *("--host", self.url, "--pidfile", str(self._folder / "docker.pid")),
            *("--bridge", _BRIDGE, "--iptables=false", "--ip-masq=false", "--ip-forward=false"),
            *("--cgroup-parent", f"/{_BRIDGE}", "--shutdown-timeout", "5"),
        )
        until = time.monotonic() + _UP_S
        while not self.answers():
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"The engine did not start:\n{(self._folder / 'log').read_text()[-2000:]}")
            time.sleep(0.1)

    def answers(self) -> bool:
        """Tell whether it can be asked."""
        try:
            with contextlib.closing(docker.DockerClient(base_url=self.url, timeout=5)) as client:
                return bool(client.ping())
        except (DockerException, OSError):
            return False

    def stop(self) -> None:
        """End it as a system does: what runs in it is stopped."""
        self._end(kill=False)

    def kill(self) -> None:
        """End it at once: what runs in it runs on."""
        self._end(kill=True)

    def end(self) -> None:
        """End all of it."""
        self.stop()
        self._below.terminate()
        self._below.wait(_UP_S)

    def load(self, image: str, source: str | None) -> None:
        """Copy an image from another engine (None: the usual one)."""
        environ = {name: value for name, value in os.environ.items() if name != "DOCKER_HOST"}
        other = environ if source is None else {**environ, "DOCKER_HOST": source}
        with subprocess.Popen(["docker", "save", image], stdout=subprocess.PIPE, env=other) as saved:
            subprocess.run(
                ["docker", "load", "-q"],
                stdin=saved.stdout,
                stdout=subprocess.DEVNULL,
                env={**environ, "DOCKER_HOST": self.url},
                check=True,
            )

    def _begin(self, *command: str) -> "subprocess.Popen[bytes]":
        with (self._folder / "log").open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)

    def _end(self, *, kill: bool) -> None:
        process, self._process = self._process, None
        if process is not None:
            if kill:
                process.kill()
            else:
                process.terminate()
            process.wait(_UP_S)


@contextlib.contextmanager
def own_engine(image: str) -> Iterator[OwnEngine]:
    """Give one that has the image, and leave nothing of it."""
    folder = Path(tempfile.mkdtemp(prefix="lis-faults-engine-"))
    made = OwnEngine(folder)
    _ip("link", "add", _BRIDGE, "type", "bridge")
    _ip("address", "add", f"10.213.{os.getpid() % 250}.1/24", "dev", _BRIDGE)
    _ip("link", "set", _BRIDGE, "up")
    try:
        made.start()
        made.load(image, os.environ.get("DOCKER_HOST"))
        yield made
    finally:
        _clear(made)
        made.end()
        _end_rest(folder)
        _ip("link", "delete", _BRIDGE)
        for place in reversed(mounts_below(folder)):
            subprocess.run(["umount", "--lazy", place], check=False, capture_output=True)
        for group in sorted(Path("/sys/fs/cgroup").glob(f"*/{_BRIDGE}/**/"), reverse=True):
            with contextlib.suppress(OSError):
                group.rmdir()
        shutil.rmtree(folder, ignore_errors=True)


def mounts_below(folder: Path) -> list[str]:
    """Name what is mounted on folders in this one."""
    places = (line.split(" ")[1] for line in Path("/proc/self/mounts").read_text().splitlines())
    return [place for place in places if place.startswith(f"{folder}/")]


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=False, capture_output=True)


def _clear(engine: OwnEngine) -> None:
    try:
        with contextlib.closing(docker.DockerClient(base_url=engine.url, timeout=30)) as client:
            for container in client.containers.list(all=True):
                container.remove(force=True, v=True)
    except (DockerException, OSError):
        return


def _end_rest(folder: Path) -> None:
    """End what a killed engine left: its containerd and the shims, all of which name our folder."""
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            words = (entry / "cmdline").read_bytes()
            if os.fsencode(folder) in words and b"containerd" in words:
                os.kill(int(entry.name), 9)
