"""Control groups of one embedded sandbox: its limits on memory, processes and processors, where allowed.

Version 1: a group below our own of each controller. Version 2: a group beside our own, where somebody gave us
that part of the tree, as systemd does in a person's session.
"""

import contextlib
import os
import signal
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from lis_tui.core.spec import SandboxSpec
from lis_tui.sandbox.meters import read_groups

_TOP = Path("/sys/fs/cgroup")
_LISTED = Path("/proc/self/cgroup")
_PERIOD_US = 100_000
_TRIES, _BETWEEN_TRIES_S = 250, 0.02


class Groups:
    """Made before the sandbox starts; it enters them itself."""

    def __init__(self, name: str, spec: SandboxSpec, top: Path = _TOP, listed: Path = _LISTED) -> None:
        self._name = name
        self._spec = spec
        self._top = top
        self._listed = listed
        self._made: list[Path] = []
        self.limited: set[str] = set()
        """What is limited: memory, processes, processors."""

    def planned(self) -> list[Path]:
        """Name those that will be made; whoever writes them down first leaves none that nobody knows of."""
        return [group for group, _ in self._wanted()]

    def make(self) -> list[Path]:
        """Make what can be made, and give the files that a process enters them by."""
        for group, limits in self._wanted():
            self._make(group, limits)
        return [group / "cgroup.procs" for group in self._made]

    def _wanted(self) -> Iterator[tuple[Path, Mapping[str, Mapping[str, str]]]]:
        own = _own(self._listed)
        if (self._top / "cgroup.controllers").exists():
            yield self._below(self._top / own.get("", "/").lstrip("/") / ".."), _version_2(self._spec)
            return
        for controller, limits in _version_1(self._spec).items():
            parent = self._top / controller / own.get(controller, "/").lstrip("/")
            yield self._below(parent), {controller: limits}

    def _below(self, parent: Path) -> Path:
        group = Path(os.path.normpath(parent)) / self._name
        return group if self._top in group.parents else self._top / self._name  # our own is the top one

    def _make(self, group: Path, limits: Mapping[str, Mapping[str, str]]) -> None:
        if not os.access(group.parent / "cgroup.procs", os.W_OK):
            return
        with contextlib.suppress(OSError):
            group.mkdir(exist_ok=True)
            self._made.append(group)
            self.limited |= set(self._set(group, limits))

    def read(self, names: Iterable[str]) -> dict[str, str]:
        """Read files of theirs; what is not there is left out."""
        return read_groups(self._made, names)

    def _set(self, group: Path, limits: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
        for controller, values in limits.items():
            with contextlib.suppress(OSError):
                for name, value in values.items():
                    if name in _OPTIONAL and not (group / name).exists():
                        continue
                    (group / name).write_text(value)
                if controller in _NAMES:
                    yield _NAMES[controller]

    def remove(self) -> None:
        """Remove them, once nothing runs in them any more."""
        made, self._made, self.limited = self._made, [], set()
        remove(made)


def remove(groups: list[Path]) -> list[Path]:
    """Remove groups with all that runs in them; gives those that are still there after a while."""
    left = groups
    for number in range(_TRIES):
        if number:  # the kernel takes a moment to see that nothing is in them
            time.sleep(_BETWEEN_TRIES_S)
        left = [group for group in left if not _is_removed(group)]
        if not left:
            break
    return left


def _is_removed(group: Path) -> bool:
    if not group.exists():
        return True
    with contextlib.suppress(OSError):
        group.rmdir()
        return True
    _end_all_in(group)
    return False


def _end_all_in(group: Path) -> None:
    with contextlib.suppress(OSError):
        for number in (group / "cgroup.procs").read_text().split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(number), signal.SIGKILL)


def _own(listed: Path) -> dict[str, str]:
    """Tell which group of each controller is ours; that of version 2 has no name."""
    found = {}
    with contextlib.suppress(OSError):
        for line in listed.read_text().splitlines():
            _, names, path = line.split(":", 2)
            found.update(dict.fromkeys(names.split(","), path))
    return found


_NAMES = {"memory": "memory", "pids": "processes", "cpu": "processors"}
_OPTIONAL = ("memory.memsw.limit_in_bytes", "memory.swap.max")


def _version_1(spec: SandboxSpec) -> dict[str, dict[str, str]]:
    most = str(spec.memory_mb << 20)
    return {
        "memory": {"memory.limit_in_bytes": most, "memory.memsw.limit_in_bytes": most},
        "pids": {"pids.max": str(spec.pids)},
        "cpu": {"cpu.cfs_period_us": str(_PERIOD_US), "cpu.cfs_quota_us": str(int(spec.cpus * _PERIOD_US))},
        "cpuacct": {},
    }


def _version_2(spec: SandboxSpec) -> dict[str, dict[str, str]]:
    return {
        "memory": {"memory.max": str(spec.memory_mb << 20), "memory.swap.max": "0"},
        "pids": {"pids.max": str(spec.pids)},
        "cpu": {"cpu.max": f"{int(spec.cpus * _PERIOD_US)} {_PERIOD_US}"},
    }
