"""How the worker is started: bare, or alone with what it needs inside bubblewrap."""

import os
import shutil
import sys
from pathlib import Path

from lis_tui.preview.surroundings import SYSTEM, environment, import_path, readable

_START = "import sys; sys.path[:] = sys.argv[1:]; from lis_tui.preview.worker import main; main()"


def python() -> list[str]:
    """Give the command of a bare worker: no settings, no start files, the same modules as here."""
    interpreter = os.path.realpath(sys.executable)
    return [interpreter, "-I", "-S", "-B", "-X", "utf8", "-c", _START, *import_path()]


def bubblewrap() -> str | None:
    """Give where bubblewrap is, where it is installed."""
    return shutil.which("bwrap") if sys.platform.startswith("linux") else None


def enclosed(program: str) -> list[str]:
    """Give the command of a worker that sees no file of the person's, no process and no network."""
    words = [program, "--unshare-all", "--die-with-parent", "--cap-drop", "ALL", "--clearenv"]
    for name, value in environment().items():
        words += ["--setenv", name, value]
    words += ["--tmpfs", "/tmp"]  # first: what is needed may lie in the real one
    for place in (*SYSTEM, *readable()):
        words += _shown(place)
    return [*words, "--chdir", "/", "--", *python()]


def _shown(place: str) -> list[str]:
    path = Path(place)
    if path.is_symlink():  # as /lib is to /usr/lib
        return ["--symlink", str(path.readlink()), place]
    return ["--ro-bind-try", place, place]
