"""Where screens and hosts meet: one socket a host, in a folder that only this user can enter.

A host binds under another name and renames the socket once it listens. So a socket of this name that
refuses a connection belongs to a host that is gone, and whoever finds it may remove it.
"""

import socket
import time
from contextlib import suppress
from pathlib import Path


def socket_path(folder: Path, host: str) -> Path:
    """Give the socket of the host with this id."""
    return folder / f"h-{host}.sock"


def sockets(folder: Path) -> list[Path]:
    """Give the sockets of all hosts of this user; some may be stale."""
    return sorted(folder.glob("h-*.sock"))


def remove_dead(folder: Path, old_s: float) -> None:
    """Remove the sockets of hosts that were killed; a younger one may be about to listen."""
    for path in sockets(folder):
        if _is_dead(path):
            path.unlink(missing_ok=True)
    for path in folder.glob("h-*.sock.new"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > old_s and _is_dead(path):
                path.unlink()


def _is_dead(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as knock:
        knock.setblocking(False)  # one that listens and is busy is not waited for
        try:
            knock.connect(str(path))
        except ConnectionRefusedError:
            return True
        except OSError:
            return False
    return False
