"""Folders and files that only their owner may read, whatever the umask says."""

import os
import socket
import stat
import struct
import sys
from pathlib import Path

from lis_tui.core.errors import StorageFailed


def private_folder(path: Path) -> Path:
    """Make the folder (and those above it) for us alone; one that is there must be ours and no link.

    Raises StorageFailed.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            path.mkdir(0o700)
        except FileExistsError:
            _must_be_ours(path)
        path.chmod(0o700)
    except OSError as error:
        raise StorageFailed(f"The folder {path} cannot be used: {error.strerror}.") from error
    return path


def is_ours(path: Path) -> bool:
    """Whether the path is a folder of this user, and no link to one."""
    try:
        found = path.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()


def open_private(path: Path, flags: int) -> int:
    """Open a file for us alone, making it where it is missing; never through a link."""
    fd = os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    os.fchmod(fd, 0o600)
    return fd


def is_our_peer(connection: socket.socket) -> bool:
    """Whether who is at the other end of a unix socket is this user, or root; not every system can say."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    told = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, user, _ = struct.unpack("3i", told)
    return user in (os.geteuid(), 0)


def have_no_core() -> None:
    """Have no crash write down this process's memory, where keys are; whoever may, can still look at it."""
    if not sys.platform.startswith("linux"):
        return
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    if most:  # by 1 the kernel asks no program of the machine either, as it does by 0
        resource.setrlimit(resource.RLIMIT_CORE, (1, most))


def _must_be_ours(path: Path) -> None:
    if not is_ours(path):
        raise StorageFailed(
            f"{path} is a link, no folder, or another user's: it is not safe to keep runs there. "
            "Remove it, or set LIS_TUI_HOME to a folder of yours."
        )
