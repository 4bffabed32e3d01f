"""The keeper of an embedded sandbox: a bash inside that starts processes, and the pipes that lead to them.

A request is a number and, on the next line, words as bash quotes them. For each there are three pipes in a
folder that both sides see, read-only inside. The keeper tells `S NUMBER` once a process has its pipes, and
`X NUMBER CODE` when it has ended.
"""

import asyncio
import contextlib
import fcntl
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from pathlib import Path

from lis_tui.core.bus import spawn
from lis_tui.core.child import Child, begin
from lis_tui.core.errors import SandboxFailed, ShellLost
from lis_tui.core.text import one_line
from lis_tui.sandbox.channel import CONTROL, OUTPUT

_LOOP = (
    "set -m; trap : INT TERM HUP; d=$1; exec 3>&1 >/dev/null; printf 'U\\n' >&3; "
    "while IFS= read -r n && IFS= read -r w; do "
    '{ ( printf "S %s\\n" "$n" >&3; eval "exec 3>&- $w" ) <"$d/$n.0" >"$d/$n.1" 2>"$d/$n.2"; '
    'printf "X %s %s\\n" "$n" "$?" >&3; } & done'
)
"""With `set -m` no process begins with signals ignored, as it would in the background of a plain script."""
LAUNCH = ("bash", "--noprofile", "--norc", "-c", _LOOP, "keeper")
_UP_S = 20.0
_DOWN_S = 2.0
_MOST = 1 << 18
_PIPE_BYTES = 1 << 20
_MOST_DIGITS = 12
_PYTHONS = (signal.SIGPIPE, signal.SIGXFSZ)
"""What Python ignores for itself, and lets its children heed."""


class Keeper:
    """One sandbox's keeper. `folder` holds the pipes; `inside` is where the sandbox sees it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._child: Child | None = None
        self._count = 0
        self._channels: dict[int, PipeChannel] = {}
        self._drains = Drains()
        self._is_up = asyncio.Event()
        self._errors = bytearray()
        self._reading: list[asyncio.Task[None]] = []
        self.read_only: list[str] = []
        """Parts of the root over which no layer could be laid."""

    async def start(self, command: Sequence[str], handed: Sequence[int] = ()) -> None:
        """Run the command that ends in the keeper; it gets the descriptors. Raises SandboxFailed."""
        self._child = await begin(
            *_heeding(),
            *command,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            handed=handed,
            environment={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
        )
        self._reading = [spawn(self._listen(), "keeper"), spawn(self._gather(), "keeper's errors")]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_UP_S):
                await self._is_up.wait()
        if self.is_gone:
            await asyncio.wait(self._reading, timeout=1)
            why = one_line(self._errors.decode(errors="replace").strip().rpartition("\n")[2], 300)
            raise SandboxFailed(f"The embedded sandbox did not start: {why or 'nothing says why'}.")

    def move(self, folder: Path) -> None:
        """The folder of the pipes has another name on this side."""
        self._folder = folder

    @property
    def _process(self) -> Process | None:
        return self._child.process if self._child is not None else None

    @property
    def pid(self) -> int:
        """The process at the top of all that runs inside."""
        return self._process.pid if self._process is not None else 0

    @property
    def is_gone(self) -> bool:
        """It ended, or never came up."""
        return self._process is None or self._process.returncode is not None or not self._is_up.is_set()

    async def has_ended(self) -> bool:
        """Tell whether it is gone; one that is going down is given the time for it."""
        if self._process is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_DOWN_S):
                    await self._process.wait()
        return self.is_gone

    async def open(self, arguments: Sequence[str]) -> "PipeChannel":
        """Start a process inside. Raises ShellLost."""
        process = self._process
        if process is None or process.stdin is None or self.is_gone:
            raise ShellLost("The sandbox is gone.")
        self._count += 1
        number = self._count
        paths = [self._folder / f"{number}.{side}" for side in range(3)]
        channel = PipeChannel(paths, self._drains)
        self._channels[number] = channel
        try:
            process.stdin.write(b"%d\n%s\n" % (number, b" ".join(map(_quoted, arguments))))
            await process.stdin.drain()
            async with asyncio.timeout(_UP_S):
                await channel.begun.wait()
        except (OSError, TimeoutError) as error:
            channel.close()
            raise ShellLost("The sandbox does not start processes any more.") from error
        finally:
            for path in paths:  # nobody else may open them
                path.unlink(missing_ok=True)
        if channel.is_lost:
            raise ShellLost("The sandbox is gone.")
        return channel

    async def end(self) -> None:
        """Kill all that runs inside, with the keeper."""
        if self._child is not None:
            await self._child.end(_UP_S)
        for task in self._reading:
            task.cancel()
        if self._reading:
            await asyncio.wait(self._reading)
        for channel in self._channels.values():
            channel.end(None)
        self._drains.close()

    async def _listen(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        while line := await _line(self._process.stdout):
            word, *numbers = line.split() or [b""]
            if word == b"U":
                self._is_up.set()
            elif word == b"R" and not self._is_up.is_set():
                self.read_only.append(os.fsdecode(b" ".join(numbers)))
            elif numbers and numbers[0].isdigit() and len(numbers[0]) < _MOST_DIGITS:
                self._told(word, int(numbers[0]), numbers[1:])
        for channel in self._channels.values():
            channel.end(None)
        await self._process.wait()
        self._is_up.set()

    def _told(self, word: bytes, number: int, rest: list[bytes]) -> None:
        channel = self._channels.get(number)
        if channel is None:
            return
        if word == b"S":
            channel.begin()
        elif word == b"X":
            del self._channels[number]
            channel.end(int(rest[0][-3:]) if rest and rest[0].isdigit() else None)

    async def _gather(self) -> None:
        assert self._process is not None
        assert self._process.stderr is not None
        while piece := await self._process.stderr.read(4096):
            self._errors = (self._errors + piece)[-4096:]


def _heeding() -> list[str]:
    """Begin a command that ends in another one, which heeds the signals that this process ignores.

    Whoever was started in the background of a script ignores the interrupt; so would all that runs inside.
    """
    ignored = [int(one) for one in signal.valid_signals() if signal.getsignal(one) is signal.SIG_IGN]
    if not set(ignored).difference(_PYTHONS):
        return []
    script = f"import os, signal, sys\nfor n in {ignored}: signal.signal(n, signal.SIG_DFL)\n"
    return [sys.executable, "-I", "-S", "-c", f"{script}os.execvp(sys.argv[1], sys.argv[1:])"]


async def _line(stream: asyncio.StreamReader) -> bytes:
    """Give the next line; what runs inside can write too, and what is longer than ours is nothing."""
    while True:
        try:
            return await stream.readline()
        except ValueError:
            continue


class Drains:
    """Reads on, for nobody, what processes print whose channel was let go: a broken pipe would end them."""

    def __init__(self) -> None:
        self._open: set[int] = set()

    def take(self, descriptor: int) -> None:
        """Have it read to its end."""
        self._open.add(descriptor)
        asyncio.get_running_loop().add_reader(descriptor, self._read, descriptor)

    def _read(self, descriptor: int) -> None:
        try:
            data = os.read(descriptor, _MOST)
        except BlockingIOError:
            return
        if not data:
            self._end(descriptor)

    def _end(self, descriptor: int) -> None:
        self._open.discard(descriptor)
        asyncio.get_running_loop().remove_reader(descriptor)
        os.close(descriptor)

    def close(self) -> None:
        """Read no more."""
        for descriptor in list(self._open):
            self._end(descriptor)


class PipeChannel:
    """A process at the other end of three pipes."""

    def __init__(self, paths: Sequence[Path], drains: Drains) -> None:
        self._drains = drains
        self.begun = asyncio.Event()
        self.is_lost = False
        for path in paths:
            os.mkfifo(path, 0o600)
        flags = os.O_NONBLOCK | os.O_CLOEXEC
        # a pipe opened both ways is there at once, though nobody has the other end yet
        self._in: int | None = os.open(paths[0], os.O_RDWR | flags)
        self._out = {
            OUTPUT: os.open(paths[1], os.O_RDONLY | flags),
            CONTROL: os.open(paths[2], os.O_RDONLY | flags),
        }
        for descriptor in self._out.values():
            with contextlib.suppress(OSError):
                fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        self._in_path = paths[0]
        self._code: int | None = None
        self._waiting: asyncio.Future[None] | None = None

    def begin(self) -> None:
        """The process has the other ends: from now on its end is seen by writing to it too."""
        if self._in is not None:
            both = self._in
            self._in = os.open(self._in_path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            os.close(both)
        self.begun.set()

    def end(self, code: int | None) -> None:
        """The process has ended, or the sandbox with it."""
        self._code = code
        if not self.begun.is_set():
            self.is_lost = True
            self.begun.set()

    async def read(self) -> list[tuple[int, bytes]]:
        """Give what came; empty when nothing comes any more."""
        while self._out:
            pieces = [(side, data) for side in list(self._out) if (data := self._take(side))]
            if pieces:
                return pieces
            if self._out:
                await self._readable()
        return []

    def _take(self, side: int) -> bytes:
        try:
            data = os.read(self._out[side], _MOST)
        except BlockingIOError:
            return b""
        if not data:
            os.close(self._out.pop(side))
        return data

    async def _readable(self) -> None:
        loop = asyncio.get_running_loop()
        self._waiting = waiting = loop.create_future()
        descriptors = list(self._out.values())
        for descriptor in descriptors:
            loop.add_reader(descriptor, _wake, waiting)
        try:
            await waiting
        finally:
            self._waiting = None
            for descriptor in self._out.values():  # the others were let go, and are read elsewhere
                loop.remove_reader(descriptor)

    async def write(self, data: bytes) -> None:
        """Send to standard input. Raises OSError where nobody listens."""
        view = memoryview(data)
        while view:
            if self._in is None:
                raise BrokenPipeError("The channel is closed.")
            try:
                view = view[os.write(self._in, view) :]
            except BlockingIOError:
                await self._writable(self._in)

    async def _writable(self, descriptor: int) -> None:
        loop = asyncio.get_running_loop()
        waiting = loop.create_future()
        loop.add_writer(descriptor, _wake, waiting)
        try:
            await waiting
        finally:
            loop.remove_writer(descriptor)

    async def exit_code(self) -> int | None:
        """Give the exit code of the ended process, None while it runs."""
        return self._code

    def cut(self) -> None:
        """Let go of it for good: it ends at the next thing it says."""
        for descriptor in self._out.values():
            os.close(descriptor)
        self._out = {}
        self.close()

    def close(self) -> None:
        """Let go of it; the process sees the end of its input."""
        if self._in is not None:
            os.close(self._in)
            self._in = None
        waiting = self._waiting
        if waiting is not None:  # whoever reads finds nothing to read any more
            _wake(waiting)
        for descriptor in self._out.values():
            self._drains.take(descriptor)
        self._out = {}


def _wake(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)


def _quoted(word: str) -> bytes:
    """Quote a word for bash, on one line."""
    data = word.encode("utf-8", errors="surrogateescape")
    plain = (b"%c" % byte if 32 <= byte < 127 and byte not in b"\\'" else b"\\x%02x" % byte for byte in data)
    return b"$'" + b"".join(plain) + b"'"
