"""What all below one process use, as the kernel tells it of each: where no control group counts them."""

import os
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

from lis_tui.sandbox.meters import Counts

_PROC = Path("/proc")


def counts_below(pid: int, known: Counts, in_memory: Path) -> Counts:
    """Add to what is `known` the memory, number and time of all below a process.

    Shared memory counts in part, and the files in a folder that is `in_memory` as such.
    """
    children: dict[int, list[int]] = defaultdict(list)
    seconds: dict[int, float] = {}
    for folder in _PROC.iterdir():
        if folder.name.isdigit() and (told := _stat(folder)) is not None:
            one = int(folder.name)
            children[told[0]].append(one)
            seconds[one] = told[1]
    todo, found = list(children[pid]), list[int]()
    while todo:
        found.append(todo.pop())
        todo += children[found[-1]]
    if not found:
        return known
    memory, cpu_s = known.memory_bytes, known.cpu_s
    if memory is None:
        sizes = [size for one in found if (size := _memory(_PROC / str(one))) is not None]
        memory = sum(sizes) + _size_of(in_memory) if sizes else None
    return Counts(
        memory_bytes=memory,
        pids=len(found) if known.pids is None else known.pids,
        cpu_s=sum(seconds[one] for one in found) if cpu_s is None else cpu_s,
    )


def _size_of(folder: Path) -> int:
    found = 0
    with suppress(RecursionError):  # before Python 3.12
        for parent, _, names in os.walk(folder):
            for name in names:
                with suppress(OSError):
                    found += Path(parent, name).lstat().st_blocks * 512
    return found


def _stat(folder: Path) -> tuple[int, float] | None:
    """Give the parent, and the seconds that it and its dead children used."""
    try:
        # the name in brackets may hold anything
        words = (folder / "stat").read_bytes().rpartition(b")")[2].split()
        return int(words[1]), sum(int(word) for word in words[11:15]) / os.sysconf("SC_CLK_TCK")
    except (OSError, IndexError, ValueError):
        return None


def _memory(folder: Path) -> int | None:
    try:
        lines = (folder / "smaps_rollup").read_bytes().splitlines()
        return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(b"Pss:")), 0)
    except (OSError, IndexError, ValueError):
        return None
