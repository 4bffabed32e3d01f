"""The person's own shell: one command at a time, numbered, written down, told to the model only if shared."""

from collections.abc import Callable
from typing import Protocol

from lis_tui.core.command import CommandEnd
from lis_tui.core.errors import DecisionRefused, LisError, SandboxFailed
from lis_tui.core.events import (
    MessageQueued,
    OwnCommandRan,
    OwnOutputArrived,
    RestoreProgressed,
    StepAddress,
)
from lis_tui.core.ports import Sandbox
from lis_tui.core.text import clip, safe_str
from lis_tui.engine.progress import Progress
from lis_tui.tools.output import MOST_BYTES, MOST_LINES, readable

MOST_KEPT = 64 << 10
"""Bytes of one command's output that are written down: half of them from its end."""
LONGEST_S = 86_400.0
EOF_AFTER_S = 1.0
"""Nobody can type into such a command: what waits for input this long gets none."""


class RunCommand(Protocol):
    """Runs a command in some shell."""

    async def __call__(
        self,
        command: str,
        *,
        timeout_s: float,
        on_output: Callable[[bytes], None],
        eof_after_s: float | None = None,
    ) -> CommandEnd:
        """Run it. Raises SandboxFailed."""
        ...


class Own:
    """Runs the person's commands beside the model's."""

    def __init__(self, progress: Progress, sandbox: Sandbox) -> None:
        self._progress = progress
        self._sandbox = sandbox
        self._count = 0
        self._is_running = False
        self._copy: Sandbox | None = None
        """Where the command runs that was sent to a past step."""

    def run(self, command: str, at: StepAddress | None = None) -> None:
        """Begin to run a command, `at` a past step in a throw-away copy. Raises DecisionRefused."""
        command = safe_str(command)
        if not command.strip():
            raise DecisionRefused("There is no command to run.")
        if problem := self._problem(at):
            raise DecisionRefused(problem)
        self._count = 1 + max(self._count, *self._progress.view.own, 0)
        self._is_running = True
        self._progress.beside.begin(self._run(self._count, command, at), "own command")

    def stop(self) -> None:
        """Stop the command that runs. Raises DecisionRefused."""
        if not self._is_running:
            raise DecisionRefused("No command of yours is running.")
        stop = self._sandbox.own_interrupt() if self._copy is None else self._copy.interrupt()
        self._progress.beside.begin(stop, "stop of an own command")

    def share(self, number: int) -> None:
        """Have the model see a command and its output before its next turn. Raises DecisionRefused."""
        own = self._progress.view.own.get(number)
        if own is None or own.ran is None:
            raise DecisionRefused("There is no such command of yours, or it still runs.")
        text = shared(own.ran)
        if text in self._progress.shown.waiting:
            raise DecisionRefused("The model is told of it already, before its next turn.")
        self._progress.shown.waiting.append(text)
        self._progress.bus.publish(MessageQueued(text))

    def _problem(self, at: StepAddress | None) -> str:
        view = self._progress.view
        if self._is_running:
            return "Your last command still runs: wait for its end, or stop it."
        if at is None:
            return "" if view.has_sandbox else "The sandbox is not up."
        is_kept = self._progress.beside.copies is not None and at in view.checkpoints
        return "" if is_kept else f"No checkpoint was kept at {at}, so there can be no copy of the sandbox."

    async def _run(self, number: int, command: str, at: StepAddress | None) -> None:
        bus, kept = self._progress.bus, Kept()
        bus.publish(OwnOutputArrived(number, b"", command))

        def take(data: bytes) -> None:
            kept.add(data)
            bus.publish(OwnOutputArrived(number, data))

        end = CommandEnd(exit_code=None)
        try:
            run = self._sandbox.own_run if at is None else await self._in_copy(at)
            end = await run(command, timeout_s=LONGEST_S, on_output=take, eof_after_s=EOF_AFTER_S)
        except LisError as error:
            kept.add(f"{error.sentence}\n".encode())
            await self._drop_copy()
        finally:
            self._is_running, self._copy = False, None
            bus.publish(
                OwnCommandRan(
                    number=number,
                    command=command,
                    output=kept.text,
                    exit_code=end.exit_code,
                    cwd=end.cwd,
                    duration_s=end.duration_s,
                    is_cut=kept.is_cut,
                    at=at,
                )
            )

    async def _in_copy(self, at: StepAddress) -> RunCommand:
        """Have the sandbox as it was after that step; gives what runs a command in it. Raises LisError."""
        copies, bus = self._progress.beside.copies, self._progress.bus
        if copies is None:
            raise SandboxFailed("There can be no copy of the sandbox.")

        def tell(done: int, total: int) -> None:
            bus.publish(RestoreProgressed(done, total))

        try:
            self._copy = await copies.at(at, tell)
            self._copy.guard(self._progress.door)
        finally:
            tell(0, 0)
        return self._copy.run

    async def _drop_copy(self) -> None:
        if self._copy is not None and self._progress.beside.copies is not None:
            await self._progress.beside.copies.close()


class Kept:
    """The beginning and the end of an output."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._tail = bytearray()
        self._missing = 0

    @property
    def is_cut(self) -> bool:
        """Something between beginning and end is missing."""
        return self._missing > 0

    @property
    def text(self) -> str:
        """All that is kept of it."""
        between = f"\n[… {self._missing:,} bytes left out …]\n".encode() if self._missing else b""
        return bytes(self._head + between + self._tail).decode(errors="replace")

    def add(self, data: bytes) -> None:
        """Take more."""
        room = MOST_KEPT // 2 - len(self._head)
        if room > 0:
            self._head += data[:room]
            data = data[room:]
        self._tail += data
        spare = len(self._tail) - MOST_KEPT // 2
        if spare > 0:
            del self._tail[:spare]
            self._missing += spare


def shared(ran: OwnCommandRan) -> str:
    """Give what the model sees of a command of the person's."""
    output, _ = clip(readable(ran.output.encode()), most_bytes=MOST_BYTES, most_lines=MOST_LINES)
    code = f"\n[exit code {ran.exit_code}]" if ran.exit_code else ""
    where = f" in {ran.cwd}" if ran.cwd else ""
    return (
        f"The user ran a command{where}, in a shell of their own in your sandbox:\n$ {ran.command}\n"
        f"{output.rstrip()}{code}"
    )
