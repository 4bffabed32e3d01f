"""What the worker may use: each limit is set by the worker itself, before it sees the first file.

What holds is told in words (`Barrier`); on a system that lacks one of them the others still hold.
"""

import ctypes
import os
import re
import resource
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Literal

from lis_tui.preview import landlock, seccomp
from lis_tui.preview.surroundings import SYSTEM, readable

Barrier = Literal["memory", "writing", "processes", "files", "network"]

MOST_DATA = 384 << 20
"""Memory of its own. With what the screen keeps of a preview this stays below 500 MB; a poster of 35 million
pixels, unpacked and turned, takes 280."""
MOST_ADDRESSES = 2 << 30
"""Address space: libraries reserve far more than they use, and a mapped file takes none of our memory."""
MUCH_DATA = 160 << 20
"""A worker that once took so much does not give it back: it ends after the file."""
MOST_DESCRIPTORS = 64
MOST_CPU_S = 25
"""For one file; the screen's own limits come first, this one holds where the screen is gone or stopped."""
_NO_NEW_PRIVILEGES = 38
_DEATH_SIGNAL = 1


def confine() -> tuple[Barrier, ...]:
    """Give up what no decoder needs; tell what holds. Only ever called in the worker."""
    for limit, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, MOST_DESCRIPTORS),
        (resource.RLIMIT_AS, MOST_ADDRESSES),
        (resource.RLIMIT_DATA, MOST_DATA),
    ):
        _lower(limit, most)
    if not sys.platform.startswith("linux"):
        return ()  # macOS takes the limits of memory, and does not keep to them
    _control(_NO_NEW_PRIVILEGES, 1)
    _control(_DEATH_SIGNAL, signal.SIGKILL)
    held: list[Barrier] = ["memory"]
    if landlock.restrict((*SYSTEM, *readable())):
        held.append("files")
    if seccomp.restrict():
        held += ["writing", "processes", "network"]
    return tuple(held)


def begin_file() -> None:
    """Give the file that comes next its own share of the processor."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    soft = int(used.ru_utime + used.ru_stime) + 1 + MOST_CPU_S
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


class Peak:
    """The most memory that this process ever had. Made before files cannot be opened any more."""

    def __init__(self) -> None:
        # What a process is charged with begins with the peak of the one that started it; this file knows.
        self._status: int | None = None
        with suppress(OSError):
            self._status = os.open("/proc/self/status", os.O_RDONLY | os.O_CLOEXEC)

    @property
    def is_much(self) -> bool:
        """Say whether that is so much that the process should not go on."""
        return self._bytes() > MUCH_DATA

    def _bytes(self) -> int:
        if self._status is not None:
            found = re.search(rb"VmHWM:\s*(\d+) kB", os.pread(self._status, 1 << 14, 0))
            return int(found[1]) * 1024 if found is not None else 0
        # no /proc is there: on macOS, and inside bubblewrap, where a process begins with little
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak * (1 if sys.platform == "darwin" else 1024)


def _lower(limit: int, most: int) -> None:
    with suppress(ValueError, OSError):  # a system may refuse one of them; the others are set
        hard = resource.getrlimit(limit)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(limit, (most, most))


def _control(option: int, value: int) -> None:
    prctl: Callable[..., int] = ctypes.CDLL(None, use_errno=True).prctl
    prctl(option, ctypes.c_ulong(value), *[ctypes.c_ulong(0)] * 3)
