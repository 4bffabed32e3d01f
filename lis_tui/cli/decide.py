"""`--decide COMMAND`: a program of the user's answers every gate of a run that has no screen.

It is started once for each gate, gets one line of JSON (GateAsked) and prints decisions as the journal writes
them, such as {"type":"Approve"}: one, a list, or one a line, carried out in order. Where it fails, is too
slow or leaves the gate open, the gate takes its default. See docs/decide.md.
"""

import asyncio
import shlex
import sys
from asyncio.subprocess import PIPE
from contextlib import suppress

import msgspec
from msgspec import Struct

from lis_tui.cli.meanwhile import MEANWHILE, Decide, Meanwhile, Told
from lis_tui.core.bus import spawn
from lis_tui.core.child import begin
from lis_tui.core.decisions import ChooseVersion, Decision, Inject, Resample, RunOwn
from lis_tui.core.errors import DecisionRefused, UsageWrong
from lis_tui.core.events import (
    DECISIONS,
    DecisionMade,
    Gate,
    GateOpened,
    ModelAsked,
    Record,
    ReplyCutOff,
    ReplyFinished,
    ReplyResampled,
    RunEnded,
    RunStarted,
    StepAddress,
    StepFinished,
    StepProposed,
)
from lis_tui.core.messages import Observation, Reply, ToolCall
from lis_tui.core.spec import GateSpec
from lis_tui.core.text import clean
from lis_tui.engine.gates import default_decision

USUAL_S = 60.0
"""How long the program may think where the run has no --gate-timeout."""
WAIT_AGAIN = (Inject, Resample, ChooseVersion)
"""After these the gate waits once more."""


class GateAsked(Struct, frozen=True, kw_only=True):
    """What the program is told: the gate, the call, and after a step what came of it."""

    run: str
    gate: GateOpened
    times: int = 1
    """How often this gate has waited in a row: it waits again after Inject, Resample and ChooseVersion."""
    call: ToolCall | None = None
    observation: Observation | None = None
    replies: tuple[Reply, ...] = ()
    """All versions of the newest reply, the first one first."""
    cut_off: ReplyCutOff | None = None
    """What came of a reply before it was cut off, where the model is to be asked next."""


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
        self._replies: tuple[Reply, ...] = ()
        self._cut_off: ReplyCutOff | None = None
        self._key: tuple[StepAddress, Gate] | None = None
        self._times = 0
        self._rest: list[Told] = []
        """What was said for when the gate waits again."""
        self._tasks: list[asyncio.Task[None]] = []
        self._meanwhile = Meanwhile(decide, _tell)

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
                self._open(event)
            case DecisionMade() | RunEnded():
                self._stop()
            case ModelAsked() | ReplyFinished() | ReplyResampled() | ReplyCutOff() as event:
                self._hear_model(event)
            case _:
                pass
        if isinstance(record.event, RunEnded):
            self._meanwhile.stop()

    def _hear_model(self, event: ModelAsked | ReplyFinished | ReplyResampled | ReplyCutOff) -> None:
        match event:
            case ModelAsked():
                self._cut_off = None
            case ReplyFinished(reply=reply):
                self._replies = (reply,)
            case ReplyResampled(reply=reply):
                self._replies = (*self._replies, reply)
            case ReplyCutOff():
                self._cut_off = event

    def _open(self, gate: GateOpened) -> None:
        key = (gate.address, gate.gate)
        is_same = key == self._key
        self._times = self._times + 1 if is_same else 1
        self._key = key
        rest, self._rest = self._rest, []
        self._meanwhile.stop()
        if rest and is_same:
            self._carry_out(rest, gate)
        else:
            for one in rest:
                _tell(f"{type(one.decision).__name__} of --decide is dropped: the gate did not wait again.")
            self._tasks.append(spawn(self._answer(gate), "decide"))

    async def close(self) -> None:
        """Answer no more."""
        self._stop()
        await self._meanwhile.close()
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
            told = await self._ask(gate)
        except Undecided as error:
            _tell(str(error))
            told = []
        self._carry_out(told, gate)

    def _carry_out(self, told: list[Told], gate: GateOpened) -> None:
        """Do what was said, in order; what concerns the next wait of this gate is kept for it."""
        held = [one for one in told if isinstance(one.decision, MEANWHILE)]
        now = [one for one in told if one not in held]
        for place, one in enumerate(now, start=1):
            is_done = self._do(one.decision, gate)
            if is_done and _has_it_wait_again(one.decision):
                self._rest = [*now[place:], *held]
                return
        with suppress(DecisionRefused):
            default = default_decision(gate.gate, self._spec)
            self._decide(default, gate.address, "default", gate.gate)
        self._meanwhile.begin(held, gate.address)

    def _do(self, decision: Decision, gate: GateOpened) -> bool:
        address = None if isinstance(decision, RunOwn) else gate.address
        try:
            self._decide(decision, address, "script", gate.gate)
        except DecisionRefused as error:
            _tell(error.sentence)
            return False
        return True

    async def _ask(self, gate: GateOpened) -> list[Told]:
        proposed, finished = self._proposed, self._finished
        asked = GateAsked(
            run=self._run,
            gate=gate,
            times=self._times,
            call=proposed.call if proposed and proposed.address == gate.address else None,
            observation=finished.observation if finished and finished.address == gate.address else None,
            replies=self._replies,
            cut_off=self._cut_off,
        )
        output = await self._run_program(msgspec.json.encode(asked) + b"\n")
        if not output.strip():
            raise Undecided("The program of --decide said nothing.")
        try:
            return _read(output)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Undecided(f"The program of --decide printed no decision: {error}.") from error

    async def _run_program(self, line: bytes) -> bytes:
        try:
            child = await begin(*self._words, stdin=PIPE, stdout=PIPE, stderr=None)
        except OSError as error:
            raise Undecided(f"The program of --decide cannot be started: {error.strerror}.") from error
        longest_s = self._spec.timeout_s or USUAL_S
        async with child as process:
            try:
                async with asyncio.timeout(longest_s):
                    output, _ = await process.communicate(line)
            except TimeoutError as error:
                raise Undecided(f"The program of --decide took longer than {longest_s:g} seconds.") from error
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


def _read(output: bytes) -> list[Told]:
    """Read one decision, a list of them, or one a line. Raises msgspec.DecodeError."""
    try:
        whole = [msgspec.json.decode(output, type=msgspec.Raw)]
    except msgspec.DecodeError:
        lines = [line for line in output.splitlines() if line.strip()]
        whole = [msgspec.json.decode(line, type=msgspec.Raw) for line in lines]
    return [_told(raw) for part in whole for raw in _parts(part)]


def _parts(part: msgspec.Raw) -> list[msgspec.Raw]:
    text = bytes(part).strip()
    return msgspec.json.decode(text, type=list[msgspec.Raw]) if text.startswith(b"[") else [part]


def _told(raw: msgspec.Raw) -> Told:
    after_s = msgspec.json.decode(raw, type=_Timed).after_s
    return Told(DECISIONS.decode(raw), max(after_s, 0.0))


class _Timed(Struct, frozen=True):
    after_s: float = 0.0


def _has_it_wait_again(decision: Decision) -> bool:
    return isinstance(decision, WAIT_AGAIN) and not (isinstance(decision, Inject) and decision.is_after)


def _tell(sentence: str) -> None:
    print(f"lis-tui: {clean(sentence)}", file=sys.stderr)
