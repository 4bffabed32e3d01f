"""Where screens and hosts meet: one socket a host, in a folder that only this user can enter.

A host binds under another name and renames the socket once it listens. So a socket of this name that
refuses a connection belongs to a host that is gone, and whoever finds it may remove it.
"""

from pathlib import Path


def socket_path(folder: Path, host: str) -> Path:
    """Give the socket of the host with this id."""
    return folder / f"h-{host}.sock"


def sockets(folder: Path) -> list[Path]:
    """Give the sockets of all hosts of this user; some may be stale."""
    return sorted(folder.glob("h-*.sock"))
