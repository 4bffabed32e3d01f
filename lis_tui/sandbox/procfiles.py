"""Keeps root of a container from modes of files in `/proc`, which every `/proc` of a machine has in common.

Where root inside is root outside and neither AppArmor nor SELinux holds it, `chmod 0 /proc/meminfo` is for
all. Docker takes paths that are to be read-only; Podman takes none, so there all of it is.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lis_tui.sandbox.engines import Engine

_PROC = Path("/proc")
_KNOWN = """
    acpi allocinfo asound bootconfig buddyinfo bus cgroups cmdline config.gz consoles cpuinfo crypto devices
    diskstats dma driver dynamic_debug execdomains fb filesystems fs interrupts iomem ioports ipmi irq
    kallsyms kcore key-users keys kmsg kpagecgroup kpagecount kpageflags latency_stats loadavg lock_stat
    lockdep lockdep_chains lockdep_stats locks mdstat meminfo misc modules mtrr pagetypeinfo partitions
    pressure profile sched_debug schedstat scsi slabinfo softirqs stat swaps sys sysrq-trigger sysvipc
    timer_list timer_stats tty uptime version version_signature vmallocinfo vmcore vmstat zoneinfo
"""
"""An engine's machine may be another one than this; what is not there is passed over."""


def options_of(engine: "Engine") -> list[str]:
    """Give what Podman is told: mounted as ever, and read-only."""
    return ["proc-opts=nosuid,noexec,nodev,ro"] if engine.is_podman and engine.has_modes else []


def paths_of(engine: "Engine", runtime: str) -> list[str]:
    """Give what is to be read-only in a container of Docker's; none: what it does by itself is enough."""
    if engine.is_podman or not engine.has_modes or runtime:  # which may have a kernel of its own
        return []
    return [f"{_PROC}/{name}" for name in sorted({*_KNOWN.split(), *_here()})]


def _here() -> Sequence[str]:
    if not _PROC.is_dir():
        return ()
    with os.scandir(_PROC) as found:
        return [one.name for one in found if not one.name.isdigit() and not one.is_symlink()]
