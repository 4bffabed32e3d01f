"""The way into the network of a sandbox by one of its processes: a thread of root's, else a child."""

import asyncio
import os
import socket
import struct
import sys
import threading
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from lis_tui.core.child import begin
from lis_tui.core.text import one_line
from lis_tui.sandbox import inlet
from lis_tui.sandbox.channel import Handover

_LONGEST_S = 20.0
_SCRIPT = Path(inlet.__file__)
T = TypeVar("T")


class Entry:
    """By one process of it, on this machine."""

    def __init__(self, pid: int) -> None:
        self._pid = pid

    async def listen(self) -> tuple[socket.socket, str]:
        """Have a socket there. Raises OSError."""
        return await listen_in(self._pid), "from here"

    async def shut(self, networks: tuple[str, ...]) -> None:
        """Have addresses lead nowhere from there. Raises OSError."""
        await shut_in(self._pid, networks)


async def listen_in(pid: int) -> socket.socket:
    """Give a socket that listens on the loopback address there. Raises OSError."""
    if os.geteuid() == 0:
        handover = Handover[socket.socket]()
        try:
            return await asyncio.to_thread(lambda: handover.put(_in_a_thread(pid, inlet.listen)))
        except BaseException:
            handover.give_up()
            raise
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            await _by_a_child((str(pid), "listen", "-"), theirs)
        return received(ours)


async def shut_in(pid: int, networks: tuple[str, ...]) -> None:
    """Have addresses lead nowhere there. Raises OSError."""
    if os.geteuid() == 0:
        await asyncio.to_thread(_in_a_thread, pid, lambda: inlet.shut(networks))
    else:
        await _by_a_child((str(pid), "shut", *networks), None)


def received(stream: socket.socket) -> socket.socket:
    """Take the socket that comes through another. Raises OSError."""
    size = struct.calcsize("i")
    _, sent, _, _ = stream.recvmsg(1, socket.CMSG_SPACE(size))
    if not sent:
        raise OSError("no socket came from there")
    return socket.socket(fileno=struct.unpack("i", sent[0][2][:size])[0])


def _in_a_thread(pid: int, work: Callable[[], T]) -> T:
    """Do it in a thread of its own, which ends there: a thread that is used again would stay in it."""
    done: list[T] = []
    failed: list[OSError] = []

    def enter() -> None:
        try:
            inlet.enter(pid, ("net",))
            done.append(work())
        except OSError as error:
            failed.append(error)

    thread = threading.Thread(target=enter, name="lis-tui-entry")
    thread.start()
    thread.join()
    if not done:
        raise failed[0] if failed else OSError("the thread ended early")
    return done[0]


async def _by_a_child(words: tuple[str, ...], stdin: socket.socket | None) -> None:
    """Only a process with one thread may enter the namespace in which an ordinary user is root."""
    script = (sys.executable, "-I", "-S", str(_SCRIPT))
    given = DEVNULL if stdin is None else stdin.fileno()
    async with await begin(*script, *words, stdin=given, stderr=PIPE, environment={}) as process:
        try:
            async with asyncio.timeout(_LONGEST_S):
                _, said = await process.communicate()
        except TimeoutError:
            raise OSError("it took too long") from None
    if process.returncode:
        raise OSError(one_line(said.decode(errors="replace").strip().rpartition("\n")[2], 200))
