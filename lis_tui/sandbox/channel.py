"""What a lasting bash needs of its home: a process with input, two outputs, and an exit code."""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Generic, Protocol, TypeVar

OUTPUT = 1
CONTROL = 2


class Channel(Protocol):
    """A running process: bytes in, the pieces of its standard output (1) and error (2) out."""

    async def read(self) -> list[tuple[int, bytes]]:
        """Give what came; empty when nothing comes any more."""
        ...

    async def write(self, data: bytes) -> None:
        """Send to standard input. Raises OSError where nobody listens."""
        ...

    async def exit_code(self) -> int | None:
        """Give the exit code of an ended process, None while it runs."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


def pulled(channel: Channel) -> Iterator[bytes]:
    """Give a process's standard output to a thread, which has only what it asked for in memory."""
    loop = asyncio.get_running_loop()

    def pieces() -> Iterator[bytes]:
        while came := asyncio.run_coroutine_threadsafe(channel.read(), loop).result():
            yield b"".join(data for side, data in came if side == OUTPUT)

    return pieces()


class Door(Protocol):
    """Starts processes inside a sandbox."""

    async def open(self, arguments: Sequence[str]) -> Channel:
        """Start a process. Raises SandboxFailed."""
        ...


class Closable(Protocol):
    """Something open."""

    def close(self) -> None:
        """Let go of it."""
        ...


C = TypeVar("C", bound=Closable)


class Handover(Generic[C]):
    """What a thread opens for a caller, who may have gone before it is there: then it is closed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_wanted = True
        self._opened: C | None = None

    def put(self, opened: C) -> C:
        """Give it, in the thread."""
        with self._lock:
            self._opened = opened
            if not self._is_wanted:
                opened.close()
        return opened

    def give_up(self) -> None:
        """Want it no longer."""
        with self._lock:
            self._is_wanted = False
            if self._opened is not None:
                self._opened.close()


class Frames:
    """Takes apart an engine's multiplexed stream: frames with the number of the output and a length."""

    _HEADER = struct.Struct(">BxxxL")

    def __init__(self) -> None:
        self._head = b""
        self._stream = 0
        self._left = 0

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """Give the pieces in it; a frame is passed on in parts as it comes."""
        pieces = []
        at = 0
        while at < len(data):
            if self._left == 0:
                need = self._HEADER.size - len(self._head)
                self._head += data[at : at + need]
                at += need
                if len(self._head) == self._HEADER.size:
                    self._stream, self._left = self._HEADER.unpack(self._head)
                    self._head = b""
                continue
            piece = data[at : at + self._left]
            pieces.append((self._stream, piece))
            at += len(piece)
            self._left -= len(piece)
        return pieces


class SocketChannel:
    """A process of a container engine at the other end of a raw socket.

    A plain socket is read by the event loop; anything else (TLS, ssh) in threads.
    """

    _MOST = 1 << 18

    def __init__(
        self, sock: socket.socket, exit_code: Callable[[], Awaitable[int | None]], let_go: Callable[[], None]
    ) -> None:
        self._let_go = let_go
        self._socket = sock
        self._exit_code = exit_code
        self._frames = Frames()
        self._waiting = 0
        """How many read from it or write to it now."""
        self._is_closed = False
        self._is_plain = type(sock) is socket.socket
        if self._is_plain:
            sock.setblocking(False)
        elif hasattr(sock, "settimeout"):
            sock.settimeout(None)

    async def read(self) -> list[tuple[int, bytes]]:
        """Give what came; empty when the socket is closed."""
        pieces: list[tuple[int, bytes]] = []
        while not pieces:
            try:
                data = await self._receive()
            except (OSError, ValueError):
                data = b""
            if not data:
                return []
            pieces = self._frames.feed(data)
        return pieces

    async def _receive(self) -> bytes:
        with self._in_use():
            if self._is_plain:
                return await asyncio.get_running_loop().sock_recv(self._socket, self._MOST)
            return await asyncio.to_thread(self._socket.recv, self._MOST)

    async def write(self, data: bytes) -> None:
        """Send all of it."""
        with self._in_use():
            if self._is_plain:
                await asyncio.get_running_loop().sock_sendall(self._socket, data)
            else:
                await asyncio.to_thread(self._socket.sendall, data)

    @contextlib.contextmanager
    def _in_use(self) -> Iterator[None]:
        """Keep the socket's number while it is waited for: it must not be given to another."""
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1
            self._end()

    async def exit_code(self) -> int | None:
        """Ask the engine."""
        return await self._exit_code()

    def close(self) -> None:
        """Close the socket; the process inside sees the end of its input."""
        with contextlib.suppress(OSError):
            if hasattr(self._socket, "shutdown"):
                self._socket.shutdown(socket.SHUT_RDWR)
        self._is_closed = True
        self._end()

    def _end(self) -> None:
        if self._waiting or not self._is_closed:
            return
        with contextlib.suppress(OSError, ValueError):
            self._socket.close()
            self._let_go()
