"""How much memory and how many processes hang below one process, as the kernel tells it."""

from collections import defaultdict
from pathlib import Path

_PROC = Path("/proc")


def load_below(pid: int) -> tuple[int | None, int | None]:
    """Give the bytes that all below a process use, shared ones in part, and their number; None: not known."""
    children: dict[int, list[int]] = defaultdict(list)
    for folder in _PROC.iterdir():
        if folder.name.isdigit() and (parent := _parent(folder)) is not None:
            children[parent].append(int(folder.name))
    todo, found = list(children[pid]), list[int]()
    while todo:
        found.append(todo.pop())
        todo += children[found[-1]]
    if not found:
        return None, None
    sizes = [size for one in found if (size := _memory(_PROC / str(one))) is not None]
    return sum(sizes) if sizes else None, len(found)


def _parent(folder: Path) -> int | None:
    try:
        # the name in brackets may hold anything
        return int((folder / "stat").read_bytes().rpartition(b")")[2].split()[1])
    except (OSError, IndexError, ValueError):
        return None


def _memory(folder: Path) -> int | None:
    try:
        lines = (folder / "smaps_rollup").read_bytes().splitlines()
        return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(b"Pss:")), 0)
    except (OSError, IndexError, ValueError):
        return None
