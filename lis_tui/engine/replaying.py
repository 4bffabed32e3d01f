"""Does again what was recorded: leads the loop along it, compares each step, then ends or hands over."""

import asyncio
from dataclasses import dataclass, field

from msgspec import structs

from lis_tui.core.decisions import Edit
from lis_tui.core.events import (
    Event,
    InputAwaited,
    InterruptSent,
    MessageQueued,
    MessageSent,
    NoticeGiven,
    ObservationEdited,
    StepAddress,
    StepReplayed,
    StepStarted,
)
from lis_tui.core.messages import Observation, ToolCall
from lis_tui.core.normalising import Rules
from lis_tui.core.ports import Model, Sandbox
from lis_tui.core.spec import Limits, Mode, ModelSpec
from lis_tui.core.text import safe_str
from lis_tui.engine.limits import Ending
from lis_tui.engine.models import Models
from lis_tui.engine.progress import Progress
from lis_tui.trajectory.judging import Counts, judge
from lis_tui.trajectory.replay import Recorded, RecordedStep


@dataclass(frozen=True, kw_only=True)
class Live:
    """Who goes on where the recording is to be left, and how."""

    spec: ModelSpec
    model: Model
    limits: Limits
    mode: Mode
    message: str = ""
    note: str = ""
    """What the model must know of its beginning in the middle."""
    arguments: str | None = None
    """What the step that is next runs instead of what was recorded."""
    is_held: bool = False


@dataclass(frozen=True, kw_only=True)
class Replay:
    """What is done again, and what becomes of the run then."""

    recorded: Recorded
    rules: Rules = field(default_factory=Rules)
    is_stopping: bool = False
    """It stops at the first step that diverges."""
    live: Live | None = None
    """None: the run ends where the recording is over."""


class Unpaced:
    """A run that plays no recording."""

    is_active = False

    def begin_turn(self) -> None:
        """Nothing is to be skipped or said."""

    def before_step(self, address: StepAddress) -> None:
        """Nothing is to be done."""

    def taken_over(
        self,
        address: StepAddress,  # noqa: ARG002  (as the other's)
        call: ToolCall,  # noqa: ARG002
        problem: str,  # noqa: ARG002
    ) -> Observation | None:
        """Every call runs."""
        return None

    def amend(self, address: StepAddress) -> None:
        """Calls run as the model writes them."""

    def goes_on_after(self, address: StepAddress) -> bool:  # noqa: ARG002  (as the other's)
        """An answer ends the run."""
        return False

    def settle(self) -> None:
        """There is nothing to compare with."""


class Replaying:
    """One recording, done again."""

    def __init__(self, progress: Progress, models: Models, sandbox: Sandbox, replay: Replay) -> None:
        self.is_active = True
        self._progress = progress
        self._models = models
        self._sandbox = sandbox
        self._replay = replay
        self._recorded = replay.recorded
        self._counts = Counts()
        self._judged: set[StepAddress] = set()
        self._why: dict[StepAddress, str] = {}
        """Why a step was not run, or cannot be compared."""
        self._typed: set[StepAddress] = set()
        self._said = 0
        self._note = ""
        self._hosts = self._recorded.permitted.first
        """What the recorded run could reach by the step that runs."""
        progress.door.answer_as_then(self._recorded.permitted.answers)
        progress.bus.call(self._hear)

    # ---- the loop's turns and steps

    def begin_turn(self) -> None:
        """A turn begins: skip those without a reply, say what was said, or be done."""
        progress = self._progress
        self.settle()
        if not self.is_active:
            self._tell_note()
            return
        turn = self._recorded.next_turn(progress.turn)
        if turn is None:
            self._say_up_to(progress.turn)
            self._finish()
            self._tell_note()
            return
        progress.turn = turn
        self._say_up_to(turn)
        self._announce(StepAddress(turn), is_early=True)

    def before_step(self, address: StepAddress) -> None:
        """This call is next: what a person had put in before it comes first."""
        self.settle()
        if not self.is_active:
            return
        if not self._is_recorded(address):
            self._finish()
            return
        if address.step == 1:
            self._announce(StepAddress(address.turn), is_early=False)

    def taken_over(self, address: StepAddress, call: ToolCall, problem: str) -> Observation | None:
        """Give what was recorded of a call that is not to run; None: it runs."""
        step = self._recorded.steps.get(address)
        if not self.is_active or step is None:
            return None
        why = self._cannot_run(step, call, problem)
        if not why:
            return None
        self._why[address] = why
        return step.observation or Observation(text="Nothing was recorded of it.", status="unknown")

    def amend(self, address: StepAddress) -> None:
        """Have the step that was just proposed run what a person had run instead."""
        step = self._recorded.steps.get(address)
        if self.is_active and step is not None and step.edited is not None:
            self._progress.gates.amend_early(step.edited, address, "person")

    def goes_on_after(self, address: StepAddress) -> bool:
        """Whether the recording goes on after an answer: then it does not end the run."""
        if not self.is_active:
            return False
        if self._replay.live is not None:
            return True
        later = (one for one in self._recorded.steps if one > address)
        return any(later) or self._recorded.next_turn(address.turn + 1) is not None

    def settle(self) -> None:
        """Compare what has run since; put in what a person had put in after it."""
        if not self.is_active:
            return
        for step in list(self._progress.view.turn.steps):
            recorded = self._recorded.steps.get(step.address)
            if recorded is None or step.observation is None or step.address in self._judged:
                continue
            self._judged.add(step.address)
            self._judge(recorded, step.observation)
            if not step.is_injected:
                self._announce(step.address, is_early=False)

    # ---- inside

    def _is_recorded(self, address: StepAddress) -> bool:
        """Whether this call is to be done again; what another program says nothing of has most likely run."""
        step = self._recorded.steps.get(address)
        return step is not None and (
            self._recorded.is_foreign or step.has_run or step.observation is not None
        )

    def _cannot_run(self, step: RecordedStep, call: ToolCall, problem: str) -> str:
        """Say why the recorded call is not run; empty where it is, or never was."""
        if not step.has_run:
            return "" if problem or step.observation is None else "nothing ran: it was refused or skipped"
        if self._recorded.is_foreign and call.name == "submit":
            return "its answer went to another program"
        return step.no_hands or problem

    def _judge(self, recorded: RecordedStep, now: Observation) -> None:
        expected, why = recorded.observation, self._why.get(recorded.address, "")
        if expected is None:
            why = why or "nothing was recorded of what came of it"
            replayed = StepReplayed(address=recorded.address, verdict="not_replayable", because=why)
        else:
            replayed = judge(recorded, expected, now, self._replay.rules)
        if why:
            replayed = structs.replace(replayed, verdict="not_replayable", rules=(), because=why)
        self._counts = self._counts.plus(replayed.verdict)
        self._progress.bus.publish(replayed)
        if recorded.edited_text is not None:
            self._progress.bus.publish(ObservationEdited(recorded.address, recorded.edited_text))
        if replayed.verdict == "diverged" and self._replay.is_stopping:
            self._stop(recorded.address)

    def _stop(self, address: StepAddress) -> None:
        self.is_active = False
        self._progress.end(Ending("replayed", f"{address} diverged from the recording: {self._counts}."))

    def _announce(self, address: StepAddress, *, is_early: bool) -> None:
        """Put in what a person had put in at this place."""
        for extra in self._recorded.extras_of(address):
            if extra.injected is None or extra.is_before_reply != is_early:
                continue
            if self._progress.view.step(extra.address) is None:
                self._progress.bus.publish(extra.injected)
            else:  # a person put one of their own in there
                self._progress.bus.publish(NoticeGiven(f"Not run again: the recorded {extra.address}."))

    def _say_up_to(self, turn: int) -> None:
        """Say again what was said to the model before this turn."""
        messages = self._recorded.messages
        while self._said < len(messages) and messages[self._said].turn <= turn:
            said = messages[self._said]
            self._said += 1
            self._progress.bus.publish(structs.replace(said, turn=max(said.turn, 1)))

    def _finish(self) -> None:
        """The recording is over: end, or hand over to the model that goes on live."""
        self.is_active = False
        live, progress = self._replay.live, self._progress
        if live is None:
            progress.end(Ending("replayed", f"Re-executed: {self._counts}."))
            return
        self._allow(self._recorded.permitted.last)
        text = f"Taken over here. The sandbox was rebuilt by re-execution: {self._counts}."
        progress.bus.publish(NoticeGiven(text))
        if progress.limits != live.limits:
            progress.set_limits(live.limits)
        self._models.hand_over(live.spec, live.model)
        progress.gates.set_mode(live.mode, "person")
        if live.is_held:
            progress.gates.pause("person")
        if live.arguments is not None and progress.owed:
            progress.gates.decided[min(progress.owed)] = Edit(live.arguments)
        self._note = live.note
        if live.message:
            progress.said.append(safe_str(live.message))
            progress.bus.publish(MessageQueued(progress.said[-1]))

    def _tell_note(self) -> None:
        note, self._note = self._note, ""
        if note:
            self._progress.bus.publish(MessageSent(turn=self._progress.turn, text=note, origin="nudge"))

    # ---- what a person did while a command ran

    def _hear(self, event: Event) -> None:
        if not self.is_active:
            return
        match event:
            case StepStarted(address=address):
                asyncio.get_running_loop().call_soon(self._as_then, address)
            case InputAwaited(address, is_waiting=True):
                self._type(self._recorded.steps.get(address))
            case _:
                pass

    def _allow(self, hosts: tuple[str, ...]) -> None:
        """Let the sandbox reach what it could reach then."""
        before, self._hosts = self._hosts, hosts
        self._progress.door.allow_as_then(before, hosts)

    def _as_then(self, address: StepAddress) -> None:
        """What a person stopped, let go on as a job or gave more time has it so again, after as long."""
        step = self._recorded.steps.get(address)
        if step is not None:
            self._allow(self._recorded.permitted.by(address))
        reins = self._progress.beside.reins
        if step is None or step.observation is None:
            return
        if step.timeout_s is not None and reins is not None:
            reins.set_timeout(step.timeout_s)
        seconds, how = step.observation.duration_s, step.observation.ended_by
        if seconds is not None and how in ("person", "background"):
            asyncio.get_running_loop().call_later(seconds, self._end_as_then, step.address, how)

    def _end_as_then(self, address: StepAddress, how: str) -> None:
        progress = self._progress
        reins = progress.beside.reins
        if progress.running != address or reins is None:
            return
        if how == "background":
            reins.let_go()
        else:
            progress.bus.publish(InterruptSent(address, "script", "INT"))
            progress.beside.begin(self._sandbox.interrupt(), "interrupt")

    def _type(self, step: RecordedStep | None) -> None:
        """Type what a person typed, all of it when the command first asks."""
        if step is not None and step.inputs and step.address not in self._typed:
            self._typed.add(step.address)
            self._progress.beside.begin(self._send(step.inputs), "recorded input")

    async def _send(self, inputs: tuple[bytes, ...]) -> None:
        for data in inputs:
            await (self._sandbox.send_input(data) if data else self._sandbox.close_input())


Pace = Replaying | Unpaced
"""What leads a loop: a recording, or nothing."""


def pace_of(replay: Replay | None, progress: Progress, models: Models, sandbox: Sandbox) -> Pace:
    """Give what leads a run's loop."""
    return Unpaced() if replay is None else Replaying(progress, models, sandbox, replay)
