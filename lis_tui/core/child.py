"""A program that is run for one purpose, and of which nothing is left."""

import asyncio
import os
import signal
from asyncio.subprocess import DEVNULL, Process, SubprocessStreamProtocol
from collections.abc import Collection, Mapping
from contextlib import suppress
from types import TracebackType
from typing import IO, Final

LINE_BYTES: Final = 1 << 16
"""How much of one line is read unless more is asked for."""
_DYING_S: Final = 2.0
_Stream = int | IO[bytes] | None


class Child:
    """A process in a session of its own, with our ends of its pipes.

    `asyncio.create_subprocess_exec` closes these ends only once it has seen the process end and its pipes run
    dry: what the process left behind can hold them, and who is cancelled meanwhile leaves them open.
    `async with` gives the process; one that has not ended when that is left is killed.
    """

    def __init__(self, process: Process, transport: asyncio.SubprocessTransport) -> None:
        self.process = process
        self._transport = transport

    async def end(self, longest_s: float = _DYING_S) -> None:
        """Kill its process group unless it has ended, let go of its pipes, and wait until it is dead.

        Who is cancelled meanwhile waits all the same, for at most so long, and is cancelled then.
        """
        process = self.process
        if process.returncode is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
        if process.stdin is not None:
            pipe = process.stdin.transport
            if pipe.get_write_buffer_size():  # closing would wait for whoever reads it
                pipe.abort()
            else:
                pipe.close()
        for side in (1, 2):
            said = self._transport.get_pipe_transport(side)
            if said is not None:
                said.close()
        try:
            await _dead(process, asyncio.get_running_loop().time() + longest_s)
        finally:
            # Not before: of one that is just dying this would take the exit code from who waits for it.
            self._transport.close()

    async def __aenter__(self) -> Process:
        return self.process

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.end()


async def begin(
    *command: str,
    stdin: _Stream = DEVNULL,
    stdout: _Stream = DEVNULL,
    stderr: _Stream = DEVNULL,
    environment: Mapping[str, str] | None = None,
    folder: str | None = None,
    handed: Collection[int] = (),
    limit: int = LINE_BYTES,
) -> Child:
    """Start a program; without an environment it gets ours, with None for a stream ours too.

    `handed`: descriptors it inherits. Raises OSError.
    """
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.subprocess_exec(
        lambda: SubprocessStreamProtocol(limit=limit, loop=loop),
        *command,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        env=environment,
        cwd=folder,
        pass_fds=handed,
        start_new_session=True,
    )
    return Child(Process(transport, protocol, loop), transport)


async def _dead(process: Process, until: float) -> None:
    cancelled: asyncio.CancelledError | None = None
    while process.returncode is None:
        try:
            async with asyncio.timeout_at(until):
                await process.wait()
        except TimeoutError:
            break
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
