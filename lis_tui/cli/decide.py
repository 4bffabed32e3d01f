"""`--decide COMMAND`: a program of the user's answers every gate of a run that has no screen.

It is started once for each gate, gets one line of JSON (GateAsked) and prints decisions as the journal writes
them, one a line, such as {"type":"Approve"}. Where it fails, is too slow or leaves the gate open, the gate
takes its default.
"""

import asyncio
import os
import shlex
import signal
import sys
from collections.abc import Callable
from contextlib import suppress

import msgspec
from msgspec import Struct

from lis_tui.core.bus import spawn
from lis_tui.core.decisions import Decision
from lis_tui.core.errors import DecisionRefused, UsageWrong
from lis_tui.core.events import (
    DECISIONS,
    DecisionMade,
    Gate,
    GateOpened,
    Record,
    RunEnded,
    RunStarted,
    StepAddress,
    StepFinished,
    StepProposed,
    Who,
)
from lis_tui.core.messages import Observation, ToolCall
from lis_tui.core.spec import GateSpec
from lis_tui.core.text import clean
from lis_tui.engine.gates import default_decision

USUAL_S = 60.0
"""How long the program may think where the run has no --gate-timeout."""
DYING_S = 2.0
Decide = Callable[[Decision, StepAddress | None, Who, Gate | None], None]


class GateAsked(Struct, frozen=True, kw_only=True):
    """What the program is told: the gate, the call, and after a step what came of it."""

    run: str
    gate: GateOpened
    call: ToolCall | None = None
    observation: Observation | None = None


class Undecided(Exception):
    """The program gave no usable answer."""


class Decider:
    """Hears a run and has the program answer each gate."""

    def __init__(self, command: str, decide: Decide, spec: GateSpec) -> None:
        self._words = words_of(command)
        self._decide = decide
        self._spec = spec
        self._run = ""
        self._proposed: StepProposed | None = None
        self._finished: StepFinished | None = None
        self._tasks: list[asyncio.Task[None]] = []

    def hear(self, record: Record) -> None:
        """Take in what happens; a gate that opens is answered beside it."""
        match record.event:
            case RunStarted(run=run):
                self._run = run
            case StepProposed() as event:
                self._proposed = event
            case StepFinished() as event:
                self._finished = event
            case GateOpened() as event:
                self._tasks.append(spawn(self._answer(event), "decide"))
            case DecisionMade() | RunEnded():
                self._stop()
            case _:
                pass

    async def close(self) -> None:
        """Answer no more."""
        self._stop()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _stop(self) -> None:
        self._tasks = [task for task in self._tasks if not task.done()]
        for task in self._tasks:
            # Once is enough: a second time would keep it from clearing up.
            if not task.cancelling():
                task.cancel()

    async def _answer(self, gate: GateOpened) -> None:
        try:
            decisions = await self._ask(gate)
        except Undecided as error:
            _tell(str(error))
            decisions = []
        for decision in decisions:
            try:
                self._decide(decision, gate.address, "script", gate.gate)
            except DecisionRefused as error:
                _tell(error.sentence)
        with suppress(DecisionRefused):
            default = default_decision(gate.gate, self._spec)
            self._decide(default, gate.address, "default", gate.gate)

    async def _ask(self, gate: GateOpened) -> list[Decision]:
        proposed, finished = self._proposed, self._finished
        asked = GateAsked(
            run=self._run,
            gate=gate,
            call=proposed.call if proposed and proposed.address == gate.address else None,
            observation=finished.observation if finished and finished.address == gate.address else None,
        )
        output = await self._run_program(msgspec.json.encode(asked) + b"\n")
        lines = [line for line in output.splitlines() if line.strip()]
        if not lines:
            raise Undecided("The program of --decide said nothing.")
        try:
            return [DECISIONS.decode(line) for line in lines]
        except msgspec.DecodeError as error:
            raise Undecided(f"The program of --decide printed no decision: {error}.") from error

    async def _run_program(self, line: bytes) -> bytes:
        pipe = asyncio.subprocess.PIPE
        try:
            process = await asyncio.create_subprocess_exec(
                *self._words, stdin=pipe, stdout=pipe, start_new_session=True
            )
        except OSError as error:
            raise Undecided(f"The program of --decide cannot be started: {error.strerror}.") from error
        longest_s = self._spec.timeout_s or USUAL_S
        try:
            async with asyncio.timeout(longest_s):
                output, _ = await process.communicate(line)
        except TimeoutError as error:
            raise Undecided(f"The program of --decide took longer than {longest_s:g} seconds.") from error
        finally:
            await _end(process)
        if process.returncode:
            raise Undecided(f"The program of --decide ended with exit code {process.returncode}.")
        return output


def words_of(command: str) -> list[str]:
    """Take the command apart as a shell would. Raises UsageWrong."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UsageWrong(f"--decide {command} cannot be read: {error}.") from error
    if not words:
        raise UsageWrong("--decide wants a command.")
    return words


async def _end(process: asyncio.subprocess.Process) -> None:
    """Leave nothing of it running."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        # What it printed is read to the end, else its pipes stay open; a stray child may hold them.
        with suppress(TimeoutError):
            async with asyncio.timeout(DYING_S):
                await process.communicate()


def _tell(sentence: str) -> None:
    print(f"lis-tui: {clean(sentence)}", file=sys.stderr)
