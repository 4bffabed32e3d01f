"""What a person may do to a run at any moment: decisions in, effects out."""

import asyncio
from collections.abc import Coroutine
from typing import Protocol, runtime_checkable

from lis_tui.core.bus import spawn
from lis_tui.core.decisions import (
    Amend,
    AnswerConnection,
    Approve,
    ApproveRule,
    ChangeModel,
    ChooseVersion,
    CloseInput,
    ContinueFrom,
    Decision,
    Edit,
    EditObservation,
    EditReply,
    End,
    FollowUp,
    Inject,
    Interrupt,
    Pause,
    Reject,
    Resample,
    Resume,
    RetryNow,
    RunOwn,
    SendInput,
    SetAllowedHosts,
    SetAllowRules,
    SetBreakpoints,
    SetLimits,
    SetMode,
    SetTimeout,
    ShareOwn,
    Skip,
    Steer,
    StopOwn,
    ToBackground,
    Withdraw,
)
from lis_tui.core.errors import DecisionRefused, UsageWrong
from lis_tui.core.events import (
    EndStatus,
    Gate,
    InputSent,
    MessageQueued,
    MessageWithdrawn,
    NoticeGiven,
    StepAddress,
    Who,
)
from lis_tui.core.ports import Sandbox
from lis_tui.core.spec import Limits
from lis_tui.core.text import safe_str
from lis_tui.engine.changes import Changes
from lis_tui.engine.commands import Commands
from lis_tui.engine.limits import Ending, reached
from lis_tui.engine.models import Models
from lis_tui.engine.progress import Progress

RAISABLE: tuple[EndStatus, ...] = ("turn_limit", "token_limit", "cost_limit", "time_limit", "disk_limit")
AboutRun = Pause | Resume | Steer | Withdraw | FollowUp | SetLimits | RetryNow | End
AboutRules = SetMode | SetBreakpoints | SetAllowRules | SetAllowedHosts | AnswerConnection
CUT_BY_PERSON = "Cut by the user."


@runtime_checkable
class Impatient(Protocol):
    """A model that can be told not to wait for its next try."""

    def retry_now(self) -> None:
        """Try again at once."""
        ...


class Controls:
    """Carries out decisions. Those that make no sense now are refused with a sentence."""

    def __init__(self, progress: Progress, models: Models, sandbox: Sandbox, changes: Changes) -> None:
        self._progress = progress
        self._models = models
        self._sandbox = sandbox
        self._commands = Commands(progress, sandbox)
        self._changes = changes
        self._typing = asyncio.Lock()
        self.ended_as: EndStatus | None = None
        """How the run ended; None while it goes on."""
        self.go_on_because = ""
        """Why an ended run should go on; empty where it should not."""

    def decide(
        self, decision: Decision, address: StepAddress | None, by: Who, gate: Gate | None = None
    ) -> None:
        """Carry out a decision. Raises DecisionRefused."""
        self._progress.storage.try_now()
        if self.ended_as is not None:
            self._decide_after_the_end(decision, address, by)
            return
        match decision:
            case (
                Approve() | ApproveRule() | Edit() | Reject() | Skip()
                | ContinueFrom() | Resample() | ChooseVersion()
            ):  # fmt: skip
                self._progress.gates.answer(decision, address, by, gate)
            case Amend() | EditReply() | EditObservation() | Inject() | ChangeModel():
                self._changes.decide(decision, address, by, gate)
            case SetMode() | SetBreakpoints() | SetAllowRules() | SetAllowedHosts() | AnswerConnection():
                self._decide_rules(decision, by)
            case Interrupt() | SendInput() | CloseInput():
                self._decide_command(decision, address, by)
            case SetTimeout() | ToBackground() | RunOwn() | ShareOwn() | StopOwn():
                self._commands.decide(decision, address, by)
            case _:
                self._decide_run(decision, by)

    def end(self, ending: Ending, by: Who) -> None:
        """End the run now: whatever it awaits is given up."""
        progress = self._progress
        progress.end(ending)
        progress.storage.give_up()
        progress.gates.end(End(ending.reason, ending.answer), by)
        if progress.running is not None:
            self._commands.interrupt(progress.running, by)

    # ---- while it goes on

    def _decide_run(self, decision: AboutRun, by: Who) -> None:
        match decision:
            case Pause():
                self._progress.gates.pause(by)
            case Resume():
                self._progress.gates.resume(by)
            case Steer(text) | FollowUp(text):
                self._say(text)
            case Withdraw(text):
                self._withdraw(text)
            case SetLimits(limits):
                self._progress.set_limits(limits)
            case RetryNow():
                self._retry_now()
            case End(reason, answer):
                given = None if answer is None else safe_str(answer)
                self.end(Ending("ended_by_person", safe_str(reason), given), by)

    def _decide_rules(self, decision: AboutRules, by: Who) -> None:
        gates = self._progress.gates
        match decision:
            case SetMode(mode):
                gates.set_mode(mode, by)
            case SetBreakpoints(breakpoints):
                try:
                    gates.breakpoints.replace(breakpoints, by)
                except UsageWrong as error:
                    raise DecisionRefused(error.sentence) from error
            case SetAllowRules(rules):
                gates.rules.replace(rules, by)
            case SetAllowedHosts() | AnswerConnection():
                self._progress.door.decide(decision, by)

    def _decide_command(
        self, decision: Interrupt | SendInput | CloseInput, address: StepAddress | None, by: Who
    ) -> None:
        running = self._progress.running
        if isinstance(decision, Interrupt) and self._commands.stop_job(address, by):
            return
        if isinstance(decision, Interrupt) and running is None and self._progress.is_asking:
            self._progress.cut(CUT_BY_PERSON)
            return
        if running is None:
            raise DecisionRefused("Nothing is running.")
        if address is not None and address != running:
            raise DecisionRefused(f"Step {address} is over; {running} is running now.")
        match decision:
            case Interrupt():
                self._commands.interrupt(running, by)
            case SendInput(data):
                self._progress.bus.publish(InputSent(address=running, data=data))
                self._beside(self._type(data))
            case CloseInput():
                self._progress.bus.publish(InputSent(address=running, is_end=True))
                self._beside(self._type(None))

    async def _type(self, data: bytes | None) -> None:
        """What is typed arrives in the order in which it was typed."""
        async with self._typing:
            if data is None:
                await self._sandbox.close_input()
            else:
                await self._sandbox.send_input(data)

    def _beside(self, work: Coroutine[object, object, None]) -> None:
        spawn(work, "decision", self._failed)

    def _failed(self, error: Exception) -> None:
        self._progress.bus.publish(NoticeGiven(f"That did not work: {error}", "warning"))

    def _say(self, text: str) -> None:
        if not text.strip():
            raise DecisionRefused("There is nothing to say.")
        self._progress.said.append(safe_str(text))
        self._progress.bus.publish(MessageQueued(self._progress.said[-1]))

    def _withdraw(self, text: str) -> None:
        text = safe_str(text)
        waiting = self._progress.shown.waiting
        if text not in (*self._progress.said, *waiting):
            raise DecisionRefused("That was not said, or the model has it already.")
        (self._progress.said if text in self._progress.said else waiting).remove(text)
        self._progress.bus.publish(MessageWithdrawn(text))

    def _retry_now(self) -> None:
        model = self._models.asked
        if not (self._progress.is_asking and isinstance(model, Impatient)):
            raise DecisionRefused("Nothing is waiting to be tried again.")
        model.retry_now()

    # ---- after the end

    def _decide_after_the_end(self, decision: Decision, address: StepAddress | None, by: Who) -> None:
        if self.ended_as == "terminated":
            raise DecisionRefused("The run was terminated and its host is leaving.")
        if self._commands.decide_after_the_end(decision, address, by):
            return
        match decision:
            case SetLimits(limits):
                self._raise_limits(limits)
            case FollowUp(text) | Steer(text):
                self._follow_up(text)
            case SetMode() | SetBreakpoints() | SetAllowRules() | SetAllowedHosts():
                self._decide_rules(decision, by)
            case End() if self._progress.storage.is_stuck:
                self._progress.storage.give_up()
            case RetryNow() if self.ended_as == "model_failed":
                self.go_on_because = "asked again"
            case _:
                raise DecisionRefused("The run is over; a follow-up message continues it.")

    def _raise_limits(self, limits: Limits) -> None:
        still = self._reached(limits)
        if self.ended_as in RAISABLE and still is not None:
            raise DecisionRefused(f"That is not enough to go on. {still.reason}")
        self._progress.set_limits(limits)
        if self.ended_as in RAISABLE:
            self.go_on_because = "limits raised"

    def _follow_up(self, text: str) -> None:
        still = self._reached(self._progress.limits)
        if still is not None:
            raise DecisionRefused(f"{still.reason} Raise the limit first.")
        self._say(text)
        self.go_on_because = "follow-up"

    def _reached(self, limits: Limits) -> Ending | None:
        return reached(limits, self._progress.spent, self._progress.stopwatch.seconds)
