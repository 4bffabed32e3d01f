"""Removal of folders that a hostile sandbox filled: no link followed, any depth, two descriptors at most."""

import itertools
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from lis_tui.core.errors import StorageFailed

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def remove_tree(path: Path) -> None:
    """Remove a folder with all that is in it; nothing happens where there is none.

    Nested folders are moved up next to the top before they are emptied, so depth costs neither stack nor
    descriptors nor long paths. Raises StorageFailed, naming what is left.
    """
    try:
        top = os.open(path, _FOLDER)
    except FileNotFoundError:
        return
    except OSError as error:
        raise _refusal(path, str(path), error) from error
    try:
        _empty(top, path)
    finally:
        os.close(top)
    try:
        path.rmdir()
    except OSError as error:
        raise _refusal(path, str(path), error) from error


def _empty(top: int, path: Path) -> None:
    # No name inside can be one of these, so nothing is ever replaced.
    fresh = (f".{os.urandom(8).hex()}-{number}" for number in itertools.count())
    os.fchmod(top, 0o700)
    while names := os.listdir(top):
        for name in names:
            try:
                _remove_entry(top, name, fresh)
            except OSError as error:
                raise _refusal(path, name, error) from error


def _remove_entry(top: int, name: str, fresh: Iterator[str]) -> None:
    """Remove one entry of the top folder, after moving the folders in it up beside it."""
    if not _is_folder(top, name):
        os.unlink(name, dir_fd=top)
        return
    inner = os.open(name, _FOLDER, dir_fd=top)
    try:
        for child in os.listdir(inner):  # noqa: PTH208  (a Path cannot hold a descriptor)
            if _is_folder(inner, child):
                os.rename(child, next(fresh), src_dir_fd=inner, dst_dir_fd=top)
            else:
                os.unlink(child, dir_fd=inner)
    finally:
        os.close(inner)
    os.rmdir(name, dir_fd=top)


def _is_folder(parent: int, name: str) -> bool:
    """Tell folders from all else; a folder gets the rights that emptying and moving it need."""
    mode = os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode
    if not stat.S_ISDIR(mode):
        return False
    if mode & 0o700 != 0o700:
        os.chmod(name, 0o700, dir_fd=parent)
    return True


def _refusal(path: Path, name: str, error: OSError) -> StorageFailed:
    return StorageFailed(
        f"{name!r} in {path} could not be removed: {error.strerror}. A sandbox leaves files of root; "
        f"remove the run while the container engine runs, or say `sudo rm -rf {path}`."
    )
