"""One bash process with our loop in it: sends commands, tells output, end and the shell's own end apart."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import ClassVar

from lis_tui.core.bus import spawn
from lis_tui.core.errors import LisError, ShellLost
from lis_tui.sandbox.channel import CONTROL, Channel
from lis_tui.sandbox.marks import Mark, Until, fresh_mark, quote

MOST_BETWEEN = 262_144
"""Bytes that background jobs print between two commands and that wait for the next one."""
_MOST_RECORD = 1 << 20
"""Bytes of a record of the loop's; its longest part is a path."""
_LATE_S = 2.0
_LISTEN_S = 1.0


class Step:
    """One command in the shell: over when its end record and its end mark have both come."""

    def __init__(self, number: int, mark: Mark, on_output: Callable[[bytes], None]) -> None:
        self.number = number
        self.mark = mark
        self.until = Until(mark, self.pass_on)
        self.failure: Exception | None = None
        self._on_output = on_output
        self.exit_code: int | None = None
        self.cwd = b""
        self.slot = ""
        self.old_children: frozenset[int] = frozenset()
        self.is_marked = False
        self.is_recorded = False
        self.is_lost = False
        self.is_repeated = False
        self._begun = asyncio.Event()
        self._over = asyncio.Event()

    @property
    def is_over(self) -> bool:
        """Tell whether it ended, or its shell was lost."""
        return self._over.is_set()

    async def has_ended_by(self, due: float) -> bool:
        """Tell whether it ended in its time; who wakes long after `due` has yet to read what came meanwhile.

        So it is where this process was stopped for a while.
        """
        if asyncio.get_running_loop().time() - due >= _LATE_S:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LISTEN_S):
                    await self.wait()
        return self.is_over

    def pass_on(self, data: bytes) -> None:
        """Give output to who asked for it; their failure must not end the reading."""
        try:
            self._on_output(data)
        except (LisError, OSError) as error:
            self.failure = self.failure or error

    async def wait(self) -> None:
        """Wait for its end."""
        await self._over.wait()

    @property
    def has_begun(self) -> bool:
        """Tell whether the shell has taken it, or is lost."""
        return self._begun.is_set()

    async def wait_begun(self) -> None:
        """Wait until the shell has taken it, or is lost."""
        await self._begun.wait()

    def begin(self, old_children: frozenset[int]) -> None:
        """The shell took it."""
        self.old_children = old_children
        self._begun.set()

    def check(self) -> None:
        """End it where all has come."""
        if self.is_marked and self.is_recorded:
            self._over.set()

    def lose(self, exit_code: int | None) -> None:
        """Its shell is gone; no mark will come."""
        if not self.is_over:
            self.until.finish()
            self.is_lost, self.exit_code = True, exit_code
            self._begun.set()
            self._over.set()


class Bash:
    """A bash with the loop, read without a pause, so that nothing in it ever blocks on its output.

    It saves its state in turns to two sets of files in its folder, from the number `first_slot` on.
    """

    LAUNCH: ClassVar = (
        "bash",
        "-c",
        # the outer one outlives the inner and tells how that ended, and where its output ends
        "exec 250>&1 251>&2 >/dev/null 2>&1; trap : INT TERM HUP; read -r w;"
        "bash --noprofile --norc --noediting -i; c=$?;"
        "printf '\\0lis-%s;' $w >&250; printf 'X %s\\0' $c >&251",
    )

    def __init__(self, channel: Channel, folder: str, first_slot: int = 0) -> None:
        self.pid = 0
        self.is_gone = self.is_ending = False
        """Ending: nothing comes from it any more, and how it ended is being found out."""
        self._channel = channel
        self._folder = folder.encode()
        self._first_slot = first_slot
        self._step: Step | None = None
        self._count = 0
        self._between = bytearray()
        self._last = fresh_mark()
        self._until_last = Until(self._last, self._take_output)
        self._is_all_read = asyncio.Event()
        self._control = b""
        self._up = asyncio.Event()
        self._gone = asyncio.Event()
        self._reading = spawn(self._read(), "shell output")

    async def start(self, loop: bytes) -> None:
        """Teach it the loop. Raises ShellLost."""
        first = self._last.word.encode() + b"\n__lis_dir=" + quote(self._folder) + b"\nreadonly __lis_dir\n"
        last = b"\\builtin printf 'P %s\\0' $$ >&251\n"
        try:
            await self._channel.write(first + loop + last)
            async with asyncio.timeout(20):
                await self._up.wait()
        except (OSError, TimeoutError) as error:
            raise ShellLost("No bash comes up in the sandbox.") from error
        if self.is_gone:
            raise ShellLost("No bash comes up in the sandbox: does the image have one?")

    def begin(self, command: bytes, on_output: Callable[[bytes], None]) -> Step:
        """Send a command."""
        self._count += 1
        step = Step(self._count, fresh_mark(), on_output)
        if self._between:
            step.pass_on(bytes(self._between))
            self._between.clear()
        self._step = step
        if self.is_gone:
            step.lose(None)
            return step
        word = b"'" + self._folder + b"/"
        go = b"\\builtin . " + word + b"go' <" + word + b"in' >&250 2>&1 250>&- 251>&-"
        text = b"__lis_cmd=%s\nif __lis_go %d; then %s; else %s; fi\n%s" % (
            quote(command),
            step.number,
            go,
            go,
            self._end(step),
        )
        spawn(self._send(text, step), "shell command")
        return step

    async def repeat_end(self, step: Step) -> None:
        """Ask for the end again, because an interrupt can also hit the end itself."""
        step.is_repeated = True
        await self._send(self._end(step), step)

    async def exit_code(self) -> int | None:
        """Give the exit code that the engine knows, once it does; None where it does not."""
        for _ in range(10):
            code = await self._channel.exit_code()
            if code is not None:
                return code
            await asyncio.sleep(0.02)
        return None

    async def mourn(self) -> None:
        """Its process is not there any more: wait a moment for its last word, then give it up."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                await self._gone.wait()
        if not self.is_gone:
            self._end_of_stream(await self.exit_code())

    def close(self) -> None:
        """End it."""
        self._channel.close()
        self._reading.cancel()
        self._end_of_stream(None)

    def _end(self, step: Step) -> bytes:
        return b'__lis_r=$? __lis_n=%d __lis_m=%s __lis_s=%d; \\builtin eval "$__lis_end"\n' % (
            step.number,
            step.mark.word.encode(),
            self._first_slot + step.number % 2,
        )

    async def _send(self, text: bytes, step: Step) -> None:
        try:
            await self._channel.write(text)
        except OSError:
            step.lose(await self.exit_code())

    async def _read(self) -> None:
        while pieces := await self._channel.read():
            for side, piece in pieces:
                if side == CONTROL:
                    self._take_control(piece)
                else:
                    self._take_all(piece)
            await asyncio.sleep(0)  # a fast stream never makes the event loop wait by itself
        self.is_ending = True
        self._end_of_stream(await self.exit_code())

    def _end_of_stream(self, code: int | None) -> None:
        self.is_gone = True
        self._gone.set()
        self._up.set()
        if self._step is not None:
            self._step.lose(code)

    def _take_all(self, data: bytes) -> None:
        if self._is_all_read.is_set():
            return
        if self._until_last.feed(data) is not None:
            self._is_all_read.set()

    def _take_output(self, data: bytes) -> None:
        step = self._step
        if step is None or step.is_marked or step.is_over:
            self._keep(data)
            return
        rest = step.until.feed(data)
        if rest is not None:
            step.is_marked = True
            self._keep(rest)
            step.check()

    def _keep(self, data: bytes) -> None:
        if self._step is not None and self._step.is_repeated:
            data = data.replace(self._step.mark.data, b"")
        self._between += data
        if len(self._between) > MOST_BETWEEN:
            del self._between[: len(self._between) - MOST_BETWEEN // 2]

    def _take_control(self, data: bytes) -> None:
        *records, self._control = (self._control + data).split(b"\0")
        # what runs inside can write here too: it may confuse its own shell, but neither fill nor end us
        self._control = self._control[:_MOST_RECORD]
        for record in records:
            with contextlib.suppress(ValueError):
                self._take_record(record)

    def _take_record(self, record: bytes) -> None:
        kind, _, rest = record.partition(b" ")
        if kind == b"P" and not self._up.is_set():
            self.pid = int(rest)
            self._up.set()
        elif kind == b"X":
            spawn(self._take_exit(int(rest)), "shell exit")
        elif kind == b"S" and self._step is not None:
            number, *children = (int(word) for word in rest.split())
            if number == self._step.number:
                self._step.begin(frozenset(children))
        elif kind == b"E" and self._step is not None:
            self._take_end(self._step, rest)

    async def _take_exit(self, code: int) -> None:
        """The bash ended: its output is whole when the outer one's mark has come."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await self._is_all_read.wait()
        self._end_of_stream(code)

    def _take_end(self, step: Step, rest: bytes) -> None:
        number, code, slot, cwd = rest.split(b" ", 3)
        if int(number) != step.number or step.is_recorded:
            return
        step.exit_code, step.slot, step.cwd = int(code) & 0xFF, str(int(slot)), cwd
        step.is_recorded = True
        step.check()
