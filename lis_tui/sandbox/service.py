"""A second lasting bash beside the user's: file work, process lists and signals, about a millisecond each."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable

from msgspec import Struct

from lis_tui.core.errors import SandboxFailed, ShellLost
from lis_tui.sandbox.channel import CONTROL, OUTPUT, Channel, Door
from lis_tui.sandbox.marks import Mark, Until, fresh_mark, quote

_LAUNCH = ("bash", "--noprofile", "--norc")
_MOST_ERRORS = 65_536
_MOST_OUTPUT = 1 << 29
"""Bytes of an answer that is wanted whole; a list of a million files has a fifth of it."""
_MOST_AFTER = 64
"""Bytes behind the end of an answer: its code."""
_DISTURBED = "something inside writes into the answers"


class Data(Struct, frozen=True):
    """What a script gets to read: how many bytes, and the bytes in pieces."""

    size: int = 0
    pieces: Iterable[bytes] = ()


Sink = Callable[[bytes], Awaitable[None]]


class Answer(Struct, frozen=True):
    """What a script said."""

    code: int
    output: bytes
    errors: str


_LATE_S = 2.0
"""Who wakes so much later than it should did not run meanwhile."""
_PAUSES_S = (0.05, 0.2, 0.5, 1.0)
"""Between tries to reach a sandbox whose bash has died."""
_NOTHING = Data()


class Service:
    """Runs our own small scripts one after the other; a script that hangs or dies costs only a new bash."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._channel: Channel | None = None
        self._closings = 0
        self._lock = asyncio.Lock()
        self._preamble: list[bytes] = []

    def always(self, script: bytes) -> None:
        """Have every bash of this service begin with a script."""
        self._preamble.append(script)

    async def ask(
        self,
        script: bytes,
        *,
        data: Data = _NOTHING,
        timeout_s: float = 60.0,
        is_apart: bool = True,
        on_output: Sink | None = None,
    ) -> Answer:
        """Run a script; it can read `data` from its input.

        `is_apart`: in a subshell, so that it may exit and set variables. `on_output` gets the output piece by
        piece, the next one when it has dealt with the last; the answer has none then. Raises ShellLost.
        """
        async with self._lock:
            closings, due = self._closings, asyncio.get_running_loop().time() + timeout_s
            try:
                return await self._ask(script, data, timeout_s, is_apart, on_output)
            except TimeoutError as error:
                self._drop()
                late_s = asyncio.get_running_loop().time() - due
                if late_s >= _LATE_S and on_output is None and not data.size:
                    return await self._again(script, timeout_s, is_apart, closings)  # we were stopped
                raise ShellLost(f"The sandbox did not answer within {timeout_s:g} s.") from error
            except OSError as error:
                self._drop()
                if on_output is None and not data.size:
                    return await self._again(script, timeout_s, is_apart, closings)
                raise ShellLost("The sandbox does not answer any more.") from error
            except BaseException:
                self._drop()
                raise

    async def _again(self, script: bytes, timeout_s: float, is_apart: bool, closings: int) -> Answer:
        """The bash had died, or was begun in what is going down; ours are scripts that may run twice."""
        for pause_s in _PAUSES_S:
            if closings != self._closings:
                break
            # A container that is going down still takes a new bash, and ends it at once.
            with contextlib.suppress(OSError):
                return await self._ask(script, _NOTHING, timeout_s, is_apart)
            self._drop()
            await asyncio.sleep(pause_s)
        raise ShellLost("The sandbox does not answer any more.")

    def close(self) -> None:
        """End it, also a bash that is just coming up."""
        self._closings += 1
        self._drop()

    def _drop(self) -> None:
        if self._channel is not None:
            self._channel.close()
            self._channel = None

    async def _ask(
        self, script: bytes, data: Data, timeout_s: float, is_apart: bool, on_output: Sink | None = None
    ) -> Answer:
        async with asyncio.timeout(timeout_s):
            channel = await self._opened()
            mark = fresh_mark()
            line = _line(_fed(script, data.size), mark, is_apart)
            try:
                async with asyncio.TaskGroup() as group:
                    reading = group.create_task(_collect(channel, mark, on_output))
                    await channel.write(line)
                    for piece in data.pieces:
                        await channel.write(piece)
            except ExceptionGroup as errors:
                # Not `except*`: before Python 3.11.4 it would wrap what is raised in it.
                if errors.split(OSError)[1] is not None:
                    raise
                raise OSError("the process ended") from errors
        return reading.result()

    async def _opened(self) -> Channel:
        if self._channel is None:
            closings = self._closings
            channel = await self._door.open(_LAUNCH)
            if closings != self._closings:
                channel.close()
                raise OSError("it was ended meanwhile")
            self._channel = channel
            for script in self._preamble:
                mark = fresh_mark()
                await channel.write(_line(script, mark, is_apart=False))
                await _collect(channel, mark)
        return self._channel


def _fed(script: bytes, size: int) -> bytes:
    """Whatever the script does, exactly so many bytes are taken from the channel; the rest are commands."""
    if not size:
        return script
    return b"head -c %d | { (eval %s); __e=$?; cat >/dev/null; exit $__e; }" % (size, quote(script))


def _line(script: bytes, mark: Mark, is_apart: bool) -> bytes:
    if b"\0" in script:
        raise SandboxFailed("A NUL byte cannot be part of a path or a command.")
    run = b'(eval "$__s")' if is_apart else b'eval "$__s"'
    word = mark.word.encode()
    return (
        b"__s=" + quote(script) + b";" + run + b";__e=$?;"
        b"printf '\\0lis-%s;%s\\n' " + word + b" $__e;printf '\\0lis-%s;\\n' " + word + b" >&2\n"
    )


async def _collect(channel: Channel, mark: Mark, on_output: Sink | None = None) -> Answer:
    output, errors = bytearray(), bytearray()
    sides = {OUTPUT: Until(mark, output.extend), CONTROL: Until(mark, errors.extend)}
    after: dict[int, bytes] = {}
    while not all(after.get(side, b"").endswith(b"\n") for side in sides):
        pieces = await channel.read()
        if not pieces:
            raise OSError("the process ended")
        for side, piece in pieces:
            if side in after:
                after[side] += piece
            elif (rest := sides[side].feed(piece)) is not None:
                after[side] = rest
            _bound(output, errors, after.get(side, b""))
        if on_output is not None and output:
            await on_output(bytes(output))
            output.clear()
        await asyncio.sleep(0)
    return Answer(_code(after[OUTPUT]), bytes(output), errors.decode("utf-8", errors="replace").strip())


def _bound(output: bytearray, errors: bytearray, after: bytes) -> None:
    if len(errors) > _MOST_ERRORS:
        del errors[_MOST_ERRORS // 2 :]
    if len(output) > _MOST_OUTPUT or len(after) > _MOST_AFTER:
        raise OSError(_DISTURBED)


def _code(after: bytes) -> int:
    try:
        return int(after)
    except ValueError as error:
        raise OSError(_DISTURBED) from error
