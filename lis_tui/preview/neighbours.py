"""Who is at the other end of a connection from this machine: Linux tells whose socket it is."""

import os
import socket
import struct
import sys
from pathlib import Path

_TABLES = ("/proc/net/tcp", "/proc/net/tcp6")
_ROOT = 0


def is_of_this_user(peer: tuple[str, int], own: tuple[str, int]) -> bool:
    """Whether the socket at the other end is this user's, or root's; True where no system tells.

    All users of a machine can read an address in its list of processes, where a browser was started with it.
    """
    tables = [table for name in _TABLES if (table := _read(name))] if sys.platform == "linux" else []
    if not tables:
        return True
    wanted = {(_name(peer), _name(own)), (_mapped(peer), _mapped(own))}
    return any(
        int(fields[7]) in (os.getuid(), _ROOT)
        for table in tables
        for line in table.splitlines()[1:]
        if len(fields := line.split()) > 7 and (fields[1], fields[2]) in wanted
    )


def _read(name: str) -> str:
    try:
        return Path(name).read_text()
    except OSError:
        return ""


def _name(address: tuple[str, int]) -> str:
    """Write an address as the table does: each four bytes as this machine's numbers."""
    (number,) = struct.unpack("=I", socket.inet_aton(address[0]))
    return f"{number:08X}:{address[1]:04X}"


def _mapped(address: tuple[str, int]) -> str:
    """The same where it was reached by a socket of the newer protocol."""
    (before,) = struct.unpack("=I", b"\0\0\xff\xff")
    return f"{0:08X}{0:08X}{before:08X}{_name(address)}"
