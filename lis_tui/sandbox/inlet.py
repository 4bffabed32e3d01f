"""What is done in a sandbox's network, in a moment: a socket that listens there, addresses that lead nowhere.

A socket belongs to the network it was made in, whoever holds it. So nothing of ours stays inside: the host
holds the socket and answers on it. This file stands alone, because it is run as a program too, where nothing
of ours can be imported: in a container, and by a child that becomes the root of an ordinary user's sandbox.
Python 3.8 or newer.
"""

from __future__ import annotations

import os
import socket
import struct
import sys

PORT = 3128
_BACKLOG = 128
_OWN, _ADDRESSES_6 = "/proc/thread-self/ns/net", "/proc/thread-self/net/if_inet6"
_KINDS = {"user": 0x10000000, "net": 0x40000000}
_GET_FLAGS, _SET_FLAGS, _IS_UP, _REQUEST = 0x8913, 0x8914, 0x1, "16sH14x"
_ERROR, _NEW_ROUTE, _ADD_AND_TELL = 2, 24, 0x1 | 0x4 | 0x100 | 0x400
_DESTINATION, _MAIN, _STATIC, _UNREACHABLE = 1, 254, 4, 7


def enter(pid: int, kinds: tuple[str, ...]) -> None:
    """Have this thread be in namespaces of a process, the last its network. Raises OSError."""
    opened = [(os.open(f"/proc/{pid}/ns/{kind}", os.O_RDONLY), _KINDS[kind]) for kind in kinds]
    try:
        if os.fstat(opened[-1][0]).st_ino == os.stat(_OWN).st_ino:  # noqa: PTH116  (pathlib is slow to import)
            raise OSError(f"process {pid} has the network of this machine")
        for descriptor, kind in opened:
            _set_namespace(descriptor, kind)
    finally:
        for descriptor, _ in opened:
            os.close(descriptor)


def _set_namespace(descriptor: int, kind: int) -> None:
    import ctypes  # Python has it itself since 3.12 only

    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, kind):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def listen() -> socket.socket:
    """Listen on the loopback address of this network. Raises OSError."""
    _bring_up("lo")
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(("127.0.0.1", PORT))
        made.listen(_BACKLOG)
    except OSError:
        made.close()
        raise
    return made


def _bring_up(name: str) -> None:
    import fcntl

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_:
        asked = struct.pack(_REQUEST, name.encode(), 0)
        flags = struct.unpack(_REQUEST, fcntl.ioctl(any_, _GET_FLAGS, asked))[1]
        if not flags & _IS_UP:
            fcntl.ioctl(any_, _SET_FLAGS, struct.pack(_REQUEST, name.encode(), flags | _IS_UP))


def shut(networks: tuple[str, ...]) -> None:
    """Have these networks (`address/bits`) lead nowhere. Raises OSError."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as kernel:
        for network in networks:
            is_6 = ":" in network
            if is_6 and not _has_6():
                continue
            kernel.send(_route(network, socket.AF_INET6 if is_6 else socket.AF_INET))
            kind, code = struct.unpack_from("=4xH10xi", kernel.recv(4096))
            if kind != _ERROR or code:
                raise OSError(-code, os.strerror(-code), network)


def _has_6() -> bool:
    try:
        with open(_ADDRESSES_6, encoding="ascii") as listed:  # noqa: PTH123  (the same)
            return any(line.split()[-1] != "lo" for line in listed)
    except OSError:
        return False


def _route(network: str, family: int) -> bytes:
    address, bits = network.split("/")
    packed = socket.inet_pton(family, address)
    given = struct.pack("=HH", 4 + len(packed), _DESTINATION) + packed
    route = struct.pack("=BBBBBBBBI", family, int(bits), 0, 0, _MAIN, _STATIC, 0, _UNREACHABLE, 0)
    size = 16 + len(route) + len(given)
    return struct.pack("=IHHII", size, _NEW_ROUTE, _ADD_AND_TELL, 1, 0) + route + given


def hand_over(made: socket.socket, to: str) -> None:
    """Give the socket to whoever listens at the path `to`, or is at the other end of standard input (`-`)."""
    there = socket.socket(fileno=0) if to == "-" else socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with there:
        if to != "-":
            there.connect(to)
        there.sendmsg([b"."], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack("i", made.fileno()))])


def main(words: list[str]) -> None:
    """`PID|- listen PATH|-`, `PID|- shut NETWORK…`: in this process's network, or (`-`) in our own."""
    if words[0] != "-":
        enter(int(words[0]), ("user", "net"))
    if words[1] == "listen":
        hand_over(listen(), words[2])
    else:
        shut(tuple(words[2:]))


if __name__ == "__main__":
    main(sys.argv[1:])
