"""What the kernel counts for a control group, of version 1 or 2: what is used, and limits that were hit."""

import contextlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from msgspec import Struct

from lis_tui.core.errors import SandboxFailed
from lis_tui.sandbox.service import Service

COUNTS = (
    "memory.current",
    "memory.usage_in_bytes",
    "memory.stat",
    "pids.current",
    "cpu.stat",
    "cpuacct.usage",
)
STRIKES = ("memory.events", "memory.oom_control", "pids.events")
_INSIDE = b"""LC_ALL=C; for f in %s; do
  for d in /sys/fs/cgroup "/sys/fs/cgroup/${f%%%%.*}"; do
    [[ -r $d/$f ]] || continue
    x=; { IFS= read -r -d '' x <"$d/$f"; } 2>/dev/null; printf '%%s\\0%%s\\0' "$f" "$x"; break
  done
done"""


class Counts(Struct, frozen=True, kw_only=True):
    """What a group uses; None: not counted here."""

    memory_bytes: int | None = None
    pids: int | None = None
    cpu_s: float | None = None


class Strikes(Struct, frozen=True, kw_only=True):
    """How often the kernel enforced a limit since the group was made; None: not counted here."""

    killed: int | None = None
    """Processes killed because the memory was used up."""
    refused: int | None = None
    """Processes that were not begun because there were as many as there may be."""


def counts_in(texts: Mapping[str, str]) -> Counts:
    """Read what is used from the contents of a group's files."""
    memory = _number(texts.get("memory.current", texts.get("memory.usage_in_bytes", "")))
    stat = _pairs(texts.get("memory.stat", ""))
    cached = stat.get("total_inactive_file", stat.get("inactive_file", 0))
    nanoseconds = _number(texts.get("cpuacct.usage", ""))
    microseconds = _pairs(texts.get("cpu.stat", "")).get("usage_usec")
    if microseconds is None and nanoseconds is not None:
        microseconds = nanoseconds // 1000
    return Counts(
        memory_bytes=None if memory is None else max(0, memory - cached),
        pids=_number(texts.get("pids.current", "")),
        cpu_s=None if microseconds is None else microseconds / 1e6,
    )


def strikes_in(texts: Mapping[str, str]) -> Strikes:
    """Read which limits were hit from the contents of a group's files."""
    killed = _pairs(texts.get("memory.events", texts.get("memory.oom_control", ""))).get("oom_kill")
    return Strikes(killed=killed, refused=_pairs(texts.get("pids.events", "")).get("max"))


def read_groups(groups: Iterable[Path], names: Iterable[str]) -> dict[str, str]:
    """Read the files of groups on this machine; what cannot be read is left out."""
    found = {}
    for group in groups:
        for name in names:
            with contextlib.suppress(OSError):
                found[name] = (group / name).read_text()
    return found


async def read_inside(service: Service, names: Iterable[str]) -> dict[str, str]:
    """Read the files of a sandbox's group as it sees them, without a process; nothing where it sees none."""
    script = _INSIDE % " ".join(names).encode()
    try:
        answer = await service.ask(script, timeout_s=5, is_apart=False)
    except SandboxFailed:
        return {}
    words = answer.output.decode(errors="replace").split("\0")
    return dict(zip(words[::2], words[1::2], strict=False))


def least_free(folders: Iterable[Path]) -> int | None:
    """Tell how many bytes are free where these folders lie, of the fullest; None: not known."""
    found = []
    for folder in folders:
        with contextlib.suppress(OSError):
            seen = os.statvfs(folder)
            found.append(seen.f_bavail * seen.f_frsize)
    return min(found, default=None)


def _number(text: str) -> int | None:
    return int(text) if text.strip().isdigit() else None


def _pairs(text: str) -> dict[str, int]:
    lines = (line.split() for line in text.splitlines())
    return {words[0]: int(words[1]) for words in lines if len(words) == 2 and words[1].isdigit()}
