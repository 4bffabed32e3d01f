"""What a worker needs of this machine: Python, its libraries, this package, what the system keeps for all."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import lis_tui

PACKAGE = Path(lis_tui.__file__).resolve().parent
SYSTEM = (
    *("/usr", "/lib", "/lib64", "/lib32", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d"),
    *("/etc/alternatives", "/etc/fonts", "/var/cache/fontconfig", "/nix/store", "/gnu/store"),
)
"""Files that all users of a system read; none of them is a person's own."""
_LIBRARIES = ("site-packages", "dist-packages")


def environment() -> dict[str, str]:
    """Give the worker's whole environment: nothing of the person's is in it, and nothing starts threads."""
    return {
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HOME": "/nonexistent",
        "MALLOC_ARENA_MAX": "2",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "RAYON_NUM_THREADS": "1",
        "ARROW_DEFAULT_MEMORY_POOL": "system",
    }


def readable() -> list[str]:
    """Give the folders that hold Python, its libraries and this package."""
    found = dict.fromkeys((os.path.realpath(sys.base_prefix), *_libraries(), str(PACKAGE)))
    return [place for place in found if place not in SYSTEM]


def import_path() -> list[str]:
    """Give where a worker looks for modules: as here, without the person's own folders."""
    return list(dict.fromkeys((*_standard(), str(PACKAGE.parent), *_libraries())))


def _standard() -> Iterator[str]:
    """Give where Python's own modules are."""
    prefixes = (sys.base_prefix, sys.base_exec_prefix)
    for place in sys.path:
        is_own = place.startswith(prefixes) and not any(name in Path(place).parts for name in _LIBRARIES)
        if is_own and Path(place).is_absolute():
            yield os.path.realpath(place)


def _libraries() -> Iterator[str]:
    """Give where installed packages are; other folders on the path are the person's own work."""
    for place in sys.path:
        if Path(place).name in _LIBRARIES and Path(place).is_dir():
            yield os.path.realpath(place)  # inside bubblewrap no link on the way to it is there
