"""How the worker is started: bare, or alone with Python and its libraries inside bubblewrap."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import lis_tui
from lis_tui.preview.limits import environment

_START = "import sys; sys.path[:] = sys.argv[1:]; from lis_tui.preview.worker import main; main()"
_PACKAGE = Path(lis_tui.__file__).resolve().parent
_LIBRARIES = ("site-packages", "dist-packages")
_SYSTEM = (
    *("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives", "/etc/fonts"),
    *("/nix/store", "/gnu/store", "/var/cache/fontconfig"),
)


def python() -> list[str]:
    """Give the command of a bare worker: no settings, no start files, the same modules as here."""
    interpreter = os.path.realpath(sys.executable)
    return [interpreter, "-I", "-S", "-B", "-X", "utf8", "-c", _START, *_import_path()]


def bubblewrap() -> str | None:
    """Give where bubblewrap is, where it is installed."""
    return shutil.which("bwrap") if sys.platform.startswith("linux") else None


def enclosed(program: str) -> list[str]:
    """Give the command of a worker that sees no file of the person's, no process and no network."""
    words = [program, "--unshare-all", "--die-with-parent", "--cap-drop", "ALL", "--clearenv"]
    for name, value in environment().items():
        words += ["--setenv", name, value]
    words += ["--ro-bind", "/usr", "/usr"]
    for place in ("/lib", "/lib64", "/lib32", "/bin"):
        if Path(place).is_symlink():
            words += ["--symlink", str(Path(place).readlink()), place]
        else:
            words += ["--ro-bind-try", place, place]
    for place in (*_SYSTEM, *readable()):
        words += ["--ro-bind-try", place, place]
    return [*words, "--tmpfs", "/tmp", "--chdir", "/", "--", *python()]


def readable() -> list[str]:
    """Give the folders that hold Python, its libraries and this package; nothing else is needed."""
    found = dict.fromkeys((os.path.realpath(sys.base_prefix), *_libraries(), str(_PACKAGE)))
    return [place for place in found if place != "/usr"]


def _import_path() -> list[str]:
    return list(dict.fromkeys((str(_PACKAGE.parent), *_standard(), *_libraries())))


def _standard() -> Iterator[str]:
    """Give where Python's own modules are."""
    prefixes = (sys.base_prefix, sys.base_exec_prefix)
    for place in sys.path:
        is_own = place.startswith(prefixes) and not any(name in Path(place).parts for name in _LIBRARIES)
        if is_own and Path(place).is_absolute():
            yield place


def _libraries() -> Iterator[str]:
    """Give where installed packages are; other folders on the path are the person's own work."""
    for place in sys.path:
        if Path(place).name in _LIBRARIES and Path(place).is_dir():
            yield str(Path(place).absolute())
