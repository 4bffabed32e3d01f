"""One lasting bash: what a command leaves behind is there for the next one, whatever happened to it."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from lis_tui.core.bus import spawn
from lis_tui.core.command import CommandEnd, Reins
from lis_tui.core.errors import ShellLost
from lis_tui.core.paths import escape_path
from lis_tui.sandbox import processes, state
from lis_tui.sandbox.attendant import Attendant
from lis_tui.sandbox.background import LeftBash
from lis_tui.sandbox.bash import Bash, Step
from lis_tui.sandbox.channel import Door
from lis_tui.sandbox.marks import quote
from lis_tui.sandbox.service import Service
from lis_tui.sandbox.stopping import TAKEN_S, Stopping
from lis_tui.sandbox.typed import Typed, prepare
from lis_tui.sandbox.ulimits import ulimits

_AGAIN_S = 0.2
EndedBy = Literal["itself", "time limit", "limit", "person", "shell lost"]


class Shell:
    """Runs commands one after the other in a bash that lasts; a lost one is replaced, with the old state.

    `folder` is a private folder inside the sandbox; `workdir` is where the first bash begins.
    """

    def __init__(self, door: Door, service: Service, *, folder: str, workdir: str) -> None:
        self._door = door
        self._service = service
        self._folder = folder
        self._cwd = workdir.encode()
        self._slot = ""
        self._bash: Bash | None = None
        self._step: Step | None = None
        self._reins = Reins()
        self._left: list[LeftBash] = []
        self._times_left = 0
        self._stopping: asyncio.Future[None] | None = None
        self._ended_by: EndedBy = "itself"
        self._lock = asyncio.Lock()
        self._typed = Typed(service, folder)
        self._is_closed = False
        self._limits = ulimits(None)
        self._has_limits = False
        """Its bash has these limits, whatever the saved state says."""
        service.always(processes.PREAMBLE)
        service.always(prepare(folder))

    @property
    def is_busy(self) -> bool:
        """A command runs, or is just being ended."""
        return self._lock.locked()

    @property
    def has_died(self) -> bool:
        """It ended while no command ran; the next one gets a new one."""
        return not (self.is_busy or self._is_closed or self._bash is None) and self._bash.is_gone

    @property
    def older(self) -> frozenset[int] | None:
        """The jobs that ran in it when the running command began; None where none runs."""
        return None if self._step is None or self._step.is_over else self._step.old_children

    async def start(self) -> None:
        """Bring the first bash up. Raises SandboxFailed."""
        self._bash = await self._fresh()
        await self._script(self._limits + b"; cd -- " + quote(self._cwd))
        self._has_limits = True

    def limit_files(self, most_mb: int | None) -> None:
        """Let no file be larger that is written by what runs from now on."""
        self._limits, self._has_limits = ulimits(most_mb), False

    async def until_stopped(self) -> None:
        """Wait for the end of a command that is being stopped, and until it is known what the next one is."""
        step = self._step
        if step is not None and (self._stopping is not None or self._reins.why):
            await step.wait()
        if self._step is not None:
            await self._step.wait_begun()

    async def close(self) -> None:
        """End it; a command that runs ends as lost."""
        self._is_closed = True
        self._let_go()

    def _let_go(self) -> None:
        for left in self._left:
            left.close()
        self._left.clear()
        if self._bash is not None:
            self._bash.close()

    # -- commands ----------------------------------------------------------------------------------

    async def run(
        self,
        command: str,
        *,
        timeout_s: float,
        on_output: Callable[[bytes], None],
        on_input_wait: Callable[[bool], None] | None = None,
        eof_after_s: float | None = None,
        reins: Reins | None = None,
    ) -> CommandEnd:
        """Run a command; its output is passed on as it comes and is complete when this returns.

        One that is let go by its reins goes on in its bash, and a fresh one takes over from before it.
        """
        text = command.encode("utf-8", errors="surrogateescape")
        if b"\0" in text:
            on_output(b"Not run: the command contains a NUL byte, which no shell can take.\n")
            return CommandEnd(exit_code=126, cwd=self._where())
        async with self._lock:
            began = time.monotonic()
            notes = await self._ready()
            if not self._has_limits:
                await self._script(self._limits)
                self._has_limits = True
            bash = self._alive()
            self._ended_by = "itself"
            self._reins = reins or Reins()
            self._step = step = bash.begin(text, on_output)
            attendant = Attendant(
                self._service, bash, step, self._typed.fifo, on_input_wait, eof_after_s, self.close_input
            )
            watching = spawn(attendant.watch(), "command watch")
            feeding = spawn(self._typed.feed(step), "command input")
            try:
                await self._until_over(step, self._reins, timeout_s)
            finally:
                feeding.cancel()
                self._step = None
                attendant.finish()
            if not step.is_over:
                watching.cancel()
                return await self._leave(bash, step, notes, command, time.monotonic() - began)
            return await self._finish(bash, step, notes, time.monotonic() - began)

    async def _until_over(self, step: Step, reins: Reins, timeout_s: float) -> None:
        """Give back control at the end of the command, or where it is to go on in the background."""
        began = asyncio.get_running_loop().time()

        def until() -> float:
            seconds = timeout_s if reins.timeout_s is None else reins.timeout_s
            return began if reins.is_let_go or reins.is_cut or reins.why else began + seconds

        try:
            async with asyncio.timeout_at(until()) as clock:
                reins.take(lambda: None if clock.expired() else clock.reschedule(until()))
                await step.wait()
        except TimeoutError:
            due = until()
            if reins.is_let_go or (due > began and await step.has_ended_by(due)):
                return
            await self._stop(step, _stopped_by(reins))
        except asyncio.CancelledError:
            await asyncio.shield(self._stop(step, "person"))
            raise
        finally:
            reins.take(None)

    async def _leave(
        self, bash: Bash, step: Step, notes: list[str], command: str, took_s: float
    ) -> CommandEnd:
        """Leave the bash with its command, and have a fresh one as this one was before it."""
        # It opens its input as it begins, and the fresh one gets another of that name.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TAKEN_S):
                await step.wait_begun()
        job = LeftBash(self._service, bash, step, self._typed.fifo, command)
        self._left.append(job)
        self._times_left += 1
        self._bash = None
        notes = [*notes, *await self._ready()]
        if step.old_children:
            notes.append("a fresh shell: `jobs` and `wait` do not know what was started in the old one")
        return CommandEnd(
            exit_code=None,
            ended_by="background",
            duration_s=took_s,
            cwd=self._where(),
            notes=tuple(notes),
            job=job,
        )

    async def _finish(self, bash: Bash, step: Step, notes: list[str], took_s: float) -> CommandEnd:
        ended_by = self._ended_by
        if step.is_lost:
            code = step.exit_code
            if code is None and ended_by == "itself":
                ended_by = "shell lost"
            bash.close()
            self._bash = None
            notes += [_why_lost(code, ended_by), *await self._ready()]
        else:
            self._cwd, self._slot = step.cwd or self._cwd, step.slot
            if self._typed.is_used:
                await self._typed.renew()
        if step.failure is not None:
            raise step.failure
        return CommandEnd(
            exit_code=step.exit_code,
            ended_by=ended_by,
            duration_s=took_s,
            cwd=self._where(),
            notes=tuple(notes),
        )

    def _where(self) -> str:
        return escape_path(self._cwd)

    def _alive(self) -> Bash:
        if self._bash is None or self._is_closed:
            raise ShellLost("The sandbox is stopped.")
        return self._bash

    # -- a lost bash -------------------------------------------------------------------------------

    async def _ready(self) -> list[str]:
        """Have a bash; gives notes where it had to be a new one. Raises SandboxFailed."""
        if self._is_closed:
            raise ShellLost("The sandbox is stopped.")
        if self._bash is not None and self._bash.is_ending:
            await self._bash.mourn()
        if self._bash is not None and not self._bash.is_gone:
            return []
        notes = [] if self._bash is None else ["shell restarted: it ended between two commands"]
        parts = await self._saved()
        script, lost = state.replay(parts, self._cwd)
        fresh = await self._fresh()
        if self._bash is not None:
            self._bash.close()
        self._bash = fresh
        await self._typed.renew()
        await self._script(self._limits + b"\n" + script)
        notes += [f"{name} is larger than 1 MB and was not kept" for name in lost]
        return notes

    # -- for checkpoints ---------------------------------------------------------------------------

    @property
    def pid(self) -> int:
        """The process of the bash, inside; 0 where there is none."""
        return self._bash.pid if self._bash is not None and not self._bash.is_gone else 0

    @property
    def left(self) -> tuple[LeftBash, ...]:
        """The bashes that were left with a command."""
        return tuple(left for left in self._left if left.pid)

    async def saved(self) -> tuple[bytes, dict[str, bytes]]:
        """Give where it stands and what it saved after its last command. Raises SandboxFailed."""
        return self._cwd, await self._saved()

    async def adopt(self, cwd: bytes, parts: dict[str, bytes]) -> list[str]:
        """Begin anew in a saved state; gives notes about what cannot be had. Raises SandboxFailed."""
        async with self._lock:
            self._let_go()
            script, lost = state.replay(parts, cwd)
            self._bash = await self._fresh()
            await self._typed.renew()
            await self._script(script)
            self._has_limits = False
        return [f"the shell's variable {name} is larger than 1 MB and was not kept" for name in lost]

    async def _saved(self) -> dict[str, bytes]:
        if not self._slot:
            return {}
        start = quote(f"{self._folder}/{self._slot}.")
        names = b" ".join(start + part.encode() for part in state.PARTS)
        # without a process of its own: this is asked after every step, and none of it can hold a NUL
        answer = await self._service.ask(
            b"LC_ALL=C; for f in %s; do x=; { IFS= read -r -d '' x <$f; } 2>/dev/null;"
            b" printf '%%s\\0' \"$x\"; done" % names
        )
        return dict(zip(state.PARTS, answer.output.split(b"\0"), strict=False))

    async def _fresh(self) -> Bash:
        try:
            return await self._brought_up()
        except ShellLost:
            if self._is_closed:
                raise
        await asyncio.sleep(_AGAIN_S)  # it may have begun in what was going down
        return await self._brought_up()

    async def _brought_up(self) -> Bash:
        loop = (Path(__file__).parent / "loop.sh").read_bytes()
        await self._service.ask(b":", is_apart=False)  # its preamble makes the folder
        bash = Bash(await self._door.open(Bash.LAUNCH), self._folder, 2 * self._times_left)
        try:
            await bash.start(loop)
        except BaseException:
            bash.close()
            raise
        return bash

    async def _script(self, script: bytes) -> None:
        """Run a script of ours in the user's shell."""
        step = self._alive().begin(script, lambda _: None)
        try:
            async with asyncio.timeout(30):
                await step.wait()
        except TimeoutError as error:
            raise ShellLost("A new shell did not come up.") from error
        if step.is_lost:
            raise ShellLost("A new shell ended at once.")
        self._slot = step.slot
        self._cwd = step.cwd or self._cwd

    # -- stopping ----------------------------------------------------------------------------------

    async def interrupt(self) -> None:
        """Stop the running command, if one runs: INT, then TERM, then KILL."""
        if self._step is not None:
            await self._stop(self._step, "person")

    async def _stop(self, step: Step, by: EndedBy) -> None:
        if self._stopping is None:
            self._ended_by = by
            on_signal = self._reins.on_signal if by == "person" else lambda _: None
            stopping = Stopping(self._service, self._alive(), step, self._typed.fifo, on_signal)
            self._stopping = asyncio.ensure_future(stopping.escalate())
        try:
            await asyncio.shield(self._stopping)
        finally:
            if self._stopping is not None and self._stopping.done():
                self._stopping = None

    # -- input -------------------------------------------------------------------------------------

    async def send_input(self, data: bytes) -> None:
        """Type into the running command."""
        if self._step is not None and data:
            self._typed.put(data)

    async def close_input(self) -> None:
        """End the running command's input, after what was typed."""
        if self._step is not None:
            self._typed.end()


def _stopped_by(reins: Reins) -> EndedBy:
    if reins.is_cut:
        return "person"
    return "limit" if reins.why else "time limit"


def _why_lost(code: int | None, ended_by: EndedBy) -> str:
    if ended_by in ("time limit", "limit", "person"):
        return "shell restarted: it had to be killed; its state is that of before the command"
    if code is None:
        return "shell restarted: it was lost; its state is that of before the command"
    return f"shell restarted: the command ended it (exit code {code}); its state is that of before"
