"""Private copies of files, for programs of the desktop: never the sandbox's own file, never its path."""

import fcntl
import os
import secrets
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path

from lis_tui.core.content import Content
from lis_tui.core.errors import FileRefused, LisError
from lis_tui.core.private import open_private, private_folder
from lis_tui.preview.file import File, OpenedFile

MOST_BYTES = 4 << 30
KEPT_S = 12 * 3600
"""A copy that was made so long ago is removed with the next one."""
_LONGEST_NAME = 60
_PIECE = 1 << 20
_LOCK = "lock"


class Copies:
    """A folder of this process alone, from its first copy to `close`. Slow: for threads.

    What other processes left behind when they were killed is removed with the first copy.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._above = folder
        self._clock = clock
        self._own: Path | None = None
        self._lock = -1
        self._numbers = count(1)

    def make(self, content: Content, name: str, ending_of: Callable[[File], str]) -> Path:
        """Copy a file under a name that is safe. Raises LisError.

        `ending_of` looks at the copy, which nobody changes meanwhile, and gives its ending or raises.
        """
        own = self._folder()
        self._remove_old(own)
        size_bytes = content.size_bytes
        if size_bytes > min(MOST_BYTES, shutil.disk_usage(own).free * 9 // 10):
            raise FileRefused("This is too large to be copied for another program. It can be saved.")
        folder = private_folder(own / str(next(self._numbers)))
        try:
            return _named(_copied(content, folder / "copy", size_bytes), name, ending_of)
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise FileRefused(f"It cannot be copied: {error.strerror}.") from error
        except LisError:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def close(self) -> None:
        """Remove them all."""
        own, self._own = self._own, None
        if own is not None:
            shutil.rmtree(own, ignore_errors=True)
            os.close(self._lock)

    def _folder(self) -> Path:
        if self._own is None:
            above = private_folder(self._above)
            for left in above.iterdir():
                _remove_where_left(left)
            own = private_folder(above / secrets.token_hex(8))
            self._lock = open_private(own / _LOCK, os.O_RDWR)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._own = own
        return self._own

    def _remove_old(self, own: Path) -> None:
        for folder in own.iterdir():
            with suppress(OSError):
                if folder.is_dir() and folder.stat().st_mtime < self._clock() - KEPT_S:
                    shutil.rmtree(folder)


def safe_stem(name: str) -> str:
    """Give what of a name can do no harm, without its ending: letters, digits, a few signs; never empty."""
    stem = name.rpartition(".")[0] or name
    kept = "".join(sign if sign.isalnum() or sign in "-_ +,=@" else "_" for sign in stem[:_LONGEST_NAME])
    return kept.strip(" -_") or "file"


def _named(copy: Path, name: str, ending_of: Callable[[File], str]) -> Path:
    with copy.open("rb") as file:
        path = copy.with_name(f"{safe_stem(name)}{ending_of(OpenedFile(file.fileno()))}")
    return copy.rename(path)


def _copied(content: Content, path: Path, size_bytes: int) -> Path:
    """Copy as much as there was when it was opened; a file that grows without end is no reason to go on."""
    file = open_private(path, os.O_WRONLY | os.O_EXCL)
    try:
        place = 0
        while place < size_bytes:
            piece = content.read(min(_PIECE, size_bytes - place), place)
            if not piece:
                break
            place += os.write(file, piece)
    finally:
        os.close(file)
    return path


def _remove_where_left(folder: Path) -> None:
    """Remove another process's folder whose lock nobody holds."""
    try:
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    except OSError:
        return
    finally:
        os.close(lock)
