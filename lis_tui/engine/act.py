"""One step: a call is proposed, decided on, carried out and answered."""

from dataclasses import dataclass

import msgspec

from lis_tui.core.decisions import (
    Approve,
    ApproveRule,
    ChooseVersion,
    ContinueFrom,
    Edit,
    End,
    GateDecision,
    Reject,
    Resample,
)
from lis_tui.core.errors import SandboxFailed
from lis_tui.core.events import Gate, StepAddress, StepProposed, Who
from lis_tui.core.messages import Observation, ToolCall
from lis_tui.core.text import safe_str
from lis_tui.engine.answers import Answers
from lis_tui.engine.calls import Calls
from lis_tui.engine.hands import Hands, parsed
from lis_tui.engine.injecting import Injecting
from lis_tui.engine.limits import Ending
from lis_tui.engine.progress import Progress
from lis_tui.engine.recovery import Recovery
from lis_tui.engine.replaying import Pace
from lis_tui.engine.versions import Versions

SUBMIT = "submit"


@dataclass(frozen=True)
class Anew:
    """Nothing of this reply is to run: another version of it takes its place."""

    decision: Resample | ChooseVersion
    by: Who


class Actor:
    """Carries out the calls of a reply, one after the other."""

    def __init__(
        self,
        progress: Progress,
        hands: Hands,
        calls: Calls,
        injecting: Injecting,
        versions: Versions,
        recovery: Recovery,
        pace: Pace,
    ) -> None:
        self._progress = progress
        self._hands = hands
        self._calls = calls
        self._injecting = injecting
        self._versions = versions
        self._recovery = recovery
        self._pace = pace
        self._answers = Answers(progress, hands)

    async def act(self, address: StepAddress, call: ToolCall, note: str = "") -> Observation | Anew:
        """Propose, decide, run and answer one call; `note` ends what the model sees. Raises RunCut."""
        progress = self._progress
        problem = self._calls.problem(call)
        taken_over = self._pace.taken_over(address, call, problem)
        if progress.view.step(address) is None:  # one that was taken up, or waits again, is proposed already
            shown = "" if taken_over is not None else problem
            progress.bus.publish(StepProposed(address=address, call=call, problem=shown))
        if taken_over is not None:
            return progress.answer(address, taken_over)
        self._pace.amend(address)
        if problem:
            observation = Observation(text=f"Not run: {problem}", status="malformed")
        elif refusal := self._refusal(address, call):
            observation = refusal
        else:
            await progress.settled()
            decision, by = await self._decided(address, call)
            if isinstance(decision, Resample | ChooseVersion):
                return Anew(decision, by)
            self._injecting.passed(address)
            observation = await self._carry_out(address, call, decision, by)
        return progress.answer(address, _noted(observation, "" if progress.ending else note))

    def check(self, address: StepAddress, call: ToolCall, decision: GateDecision) -> str:
        """Say why a decision about this call cannot be carried out."""
        match decision:
            case Edit(arguments):
                return self._calls.problem_with(call.name, arguments)
            case Resample() | ChooseVersion():
                return self._versions.problem(address, decision)
            case ContinueFrom():
                return "The reply is whole: there is nothing to go on from."
            case _:
                return ""

    async def _decided(self, address: StepAddress, call: ToolCall) -> tuple[GateDecision, Who]:
        is_submit = call.name == SUBMIT
        gate: Gate = "before_submit" if is_submit else "before_step"
        while True:
            decision, by = await self._injecting.hold(
                address,
                gate,
                lambda decision: self.check(address, call, decision),
                show=(lambda: self._pending(call)) if is_submit else None,
            )
            if not isinstance(decision, Approve | ApproveRule | Edit) or await self._recovery.is_back():
                return decision, by
            self._progress.gates.hold_again(address, decision, by)

    async def _pending(self, call: ToolCall) -> str | None:
        """Give what a submit would submit, where the sandbox can tell."""
        try:
            return None if self._recovery.is_lost else await self._answers.pending(call)
        except SandboxFailed as error:
            self._recovery.lose(error)
            return None

    async def _carry_out(
        self, address: StepAddress, call: ToolCall, decision: GateDecision, by: Who
    ) -> Observation:
        match decision:
            case Approve() | ApproveRule():
                return await self._run(address, call, call.arguments)
            case Edit(arguments) if call.name == SUBMIT:
                return await self._submit(address, call, arguments, by)
            case Edit(arguments):
                is_changed = parsed(arguments) != parsed(call.arguments)
                return await self._run(address, call, arguments, by if is_changed else None)
            case Reject(reason):
                why = f" The reason: {reason}" if reason else ""
                text = f"Not run: the user rejected this call.{why}"
                return Observation(text=safe_str(text), status="rejected")
            case End(reason, answer):
                self._progress.end(Ending("ended_by_person", reason, answer))
                return Observation(text="Not run: the run was ended.", status="skipped")
            case _:
                return Observation(text="Not run: the user skipped this call.", status="skipped")

    async def _submit(self, address: StepAddress, call: ToolCall, arguments: str, by: Who) -> Observation:
        """What a person gives as the answer takes the place of what the model wrote, also in its file."""
        try:
            replaced = await self._answers.replace(parsed(arguments).get("answer"), call)
        except SandboxFailed as error:
            return self._failed(address, error)
        if replaced.problem:
            return Observation(text=f"Not submitted: {replaced.problem}", status="failed")
        is_changed = replaced.is_changed or parsed(arguments) != parsed(call.arguments)
        observation = await self._run(address, call, arguments, by if is_changed else None)
        return msgspec.structs.replace(observation, diff=replaced.diff)

    async def _run(
        self, address: StepAddress, call: ToolCall, arguments: str, changed_by: Who | None = None
    ) -> Observation:
        try:
            observation = await self._hands.use(address, call.name, arguments, changed_by)
        except SandboxFailed as error:
            return self._failed(address, error)
        self._recovery.worked()
        if changed_by is not None:
            note = f"[The user changed this call before it ran. What ran: {call.name} {arguments}]\n"
            return msgspec.structs.replace(observation, text=note + observation.text)
        return observation

    def _failed(self, address: StepAddress, error: SandboxFailed) -> Observation:
        self._recovery.lose(error, address)
        return Observation(text=f"The sandbox failed: {error.sentence}", status="failed")

    def _refusal(self, address: StepAddress, call: ToolCall) -> Observation | None:
        """A call that makes sense and still is not run, because of what happened meanwhile."""
        if self._progress.ending is not None:
            is_done = self._progress.ending.status == "submitted"
            why = "the answer was already submitted" if is_done else "the run was ended"
            return Observation(text=f"Not run: {why}.", status="skipped")
        if self._recovery.lost_under(address):
            text = "Not run: the sandbox was lost under a call before this one."
            return Observation(text=text, status="skipped")
        if call.name == SUBMIT and self._progress.said:
            text = "Not submitted yet: the user has something to say first."
            return Observation(text=text, status="skipped")
        return None


def _noted(observation: Observation, note: str) -> Observation:
    text = safe_str(observation.text)
    if note and observation.answer is None:
        text = f"{text}{'' if not text or text.endswith(chr(10)) else chr(10)}{note}"
    return msgspec.structs.replace(observation, text=text)
