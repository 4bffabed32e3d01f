"""What is left of runs that nobody has any more: found in every place where a run leaves something."""

import contextlib
import os
import socket
from collections.abc import Collection, Iterator
from pathlib import Path

import docker

from lis_tui.config.places import find_places
from lis_tui.core.meeting import socket_path
from lis_tui.host.homes import computers_of
from lis_tui.sandbox.layers import Places
from tests.faults.engine import mounts_below

_TEMPORARY = (
    ".new-*",
    "*.new",
    "*.tmp",
    "host-id.*",
    "outputs.kept",
    "outputs.seen",
    "outputs.old",
    "passage-*",
)
OLD_S = 86_400.0


class Home:
    """A folder that `LIS_TUI_HOME` names, and all that belongs to it on this machine."""

    def __init__(self, root: Path, engine: str | None) -> None:
        self.root = root
        self.data = root / "data"
        self._engine = engine
        self._ever: set[str] = set()

    def remember(self) -> None:
        """Take note of the runs that are there: what they leave elsewhere goes by their names."""
        self._ever |= self.names() | {path.name for path in _entries(self.data / "worktrees")}

    def leaks(self, live: Collection[str]) -> list[str]:
        """Name what belongs to no live run."""
        self.remember()
        found: list[str] = []
        for look in (self._in_engine, self._on_disk, self._in_memory, self._in_groups, self._running):
            found += look(live)
        found += [f"mount {place}" for place in mounts_below(self.root) if place != str(self.data)]
        return [*found, *self._sockets()]

    def names(self) -> set[str]:
        """Name the runs of which there is a folder."""
        runs = self.data / "runs"
        return {path.name for path in runs.iterdir()} if runs.is_dir() else set()

    # -- in an engine ------------------------------------------------------------------------------

    def containers(self) -> dict[str, str]:
        """Give the containers of this home, and the run of each."""
        host = self.data / "host-id"
        if self._engine is None or not host.exists():
            return {}
        mark = f"lis-tui.host={host.read_text().strip()}"
        with contextlib.closing(docker.DockerClient(base_url=self._engine)) as client:
            found = client.containers.list(all=True, filters={"label": mark}, ignore_removed=True)
            return {str(one.id): _run_of(one.name or "", one.labels) for one in found}

    def _in_engine(self, live: Collection[str]) -> Iterator[str]:
        yield from (f"container of {run}" for run in self.containers().values() if run not in live)
        if self._engine is None:
            return
        with contextlib.closing(docker.DockerClient(base_url=self._engine)) as client:
            known = {"bridge", "host", "none"}
            yield from (f"network {one.name}" for one in client.networks.list() if one.name not in known)
            yield from (f"volume {one.name}" for one in client.volumes.list())

    # -- on disk -----------------------------------------------------------------------------------

    def _on_disk(self, live: Collection[str]) -> Iterator[str]:
        for path in _entries(computers_of(self.data)):
            if path.name.removesuffix(".copy") not in live:
                yield f"computer {path.name}"
        for path in _entries(self.data / "worktrees"):
            if path.name not in self.names():
                yield f"work tree without a run: {path.name}"
        for path in _entries(self.data / "runs"):
            if path.name not in live and (path / "copy").exists():
                yield f"copy of {path.name}"
            if path.name not in live and not has_begun(path):
                yield f"half-made run {path.name}"
        for pattern in _TEMPORARY:
            yield from (f"file {path}" for path in self.root.rglob(pattern) if not _is_in_tree(path))

    def age(self) -> None:
        """Have what is on disk be of yesterday: what is young may be somebody's who just began."""
        for folder in (self.data / "runs", self.data / "blobs", self.data / "logs"):
            for path in (*folder.glob("*"), *folder.glob("*/.new-*")):
                with contextlib.suppress(OSError):
                    then = path.stat().st_mtime - OLD_S
                    os.utime(path, (then, then))

    # -- in memory and in the kernel ---------------------------------------------------------------

    def _privates(self, live: Collection[str]) -> set[str]:
        dead = self._ever - {*live}
        folders = [computers_of(self.data) / f"{name}{end}" for name in dead for end in ("", ".copy")]
        return {Places(folder, folder, folder).private.name for folder in folders}

    def _in_memory(self, live: Collection[str]) -> Iterator[str]:
        dead = self._privates(live)
        yield from (
            f"in memory {path.name}"
            for path in _entries(Path(f"/dev/shm/lis-tui-{os.geteuid()}"))
            if path.name in dead
        )

    def _in_groups(self, live: Collection[str]) -> Iterator[str]:
        dead = tuple(f"{name}-" for name in self._privates(live))  # each sandbox adds a word of its own
        for folder, folders, _ in os.walk("/sys/fs/cgroup"):
            yield from (f"control group {folder}/{name}" for name in folders if name.startswith(dead))

    def _running(self, live: Collection[str]) -> Iterator[str]:
        trees = tuple(f"/worktrees/{name} ".encode() for name in live)
        hosts = {pid for pid in self.processes() if self._has_live(pid, live)}
        for pid in self.processes():
            is_live = hosts & {pid, *_ancestors(pid)} or any(tree in _mounts(pid) for tree in trees)
            if not is_live and (words := _words(pid)):
                yield f"process {pid}: {words[:200]}"

    def _has_live(self, pid: int, live: Collection[str]) -> bool:
        """Tell whether a process holds the lock of a live run open."""
        locks = {str(self.data / "runs" / name / "lock") for name in live}
        with contextlib.suppress(OSError):
            return any(os.readlink(entry) in locks for entry in Path(f"/proc/{pid}/fd").iterdir())
        return False

    def processes(self, mounts: bytes = b"") -> list[int]:
        """Give the processes that have to do with this home: by environment, command or mounts.

        With `mounts`, only those that have this among what is mounted for them.
        """
        mark = os.fsencode(self.root)
        own = {os.getpid(), *_ancestors(os.getpid())}
        pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
        mine = [pid for pid in pids if pid not in own and _belongs(pid, mark)]
        return [pid for pid in mine if mounts in _mounts(pid)]

    # -- where hosts and screens meet --------------------------------------------------------------

    def _sockets(self) -> Iterator[str]:
        runtime = find_places({"LIS_TUI_HOME": str(self.root)}).runtime
        for path in runtime.rglob("*") if runtime.is_dir() else ():
            if path.is_socket() and not _answers(path):
                yield f"socket {path.name}"
        for log in _entries(self.data / "logs"):
            host = log.stem.removeprefix("host-")
            if not log.stat().st_size and not socket_path(runtime, host).exists():
                yield f"empty log {log.name}"


def has_begun(run: Path) -> bool:
    """Tell whether a run's journal has a whole first line."""
    with contextlib.suppress(OSError), (run / "journal.jsonl").open("rb") as file:
        return file.readline().endswith(b"\n")
    return False


def _run_of(name: str, labels: dict[str, str]) -> str:
    host = labels.get("lis-tui.host", "")
    prefix = f"lis-tui-{host}-"
    return name.removeprefix(prefix) if name.startswith(prefix) else labels.get("lis-tui.run", "")


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _is_in_tree(path: Path) -> bool:
    """What a sandbox wrote is the model's business."""
    return "worktrees" in path.parts or "computers" in path.parts


def _belongs(pid: int, mark: bytes) -> bool:
    return mark in _read(pid, "environ") or mark in _read(pid, "cmdline") or mark in _mounts(pid)


def _mounts(pid: int) -> bytes:
    """Give what is mounted for a process that does not see what we see, but for small disks as a whole.

    Whoever makes a mount namespace begins with a copy of all that is mounted here.
    """
    with contextlib.suppress(OSError):
        if os.readlink(f"/proc/{pid}/ns/mnt") != os.readlink("/proc/self/ns/mnt"):
            lines = _read(pid, "mountinfo").splitlines(keepends=True)
            return b"".join(line for line in lines if b" - tmpfs " not in line or line.split()[3] != b"/")
    return b""


def _words(pid: int) -> str:
    return _read(pid, "cmdline").replace(b"\0", b" ").decode(errors="replace").strip()


def _read(pid: int, what: str) -> bytes:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/{what}").read_bytes()
    return b""


def _ancestors(pid: int) -> Iterator[int]:
    while pid > 1:
        try:
            pid = int(_read(pid, "stat").rpartition(b")")[2].split()[1])
        except (IndexError, ValueError):
            return
        yield pid


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as asked, contextlib.suppress(OSError):
        asked.settimeout(5)
        asked.connect(str(path))
        return True
    return False
