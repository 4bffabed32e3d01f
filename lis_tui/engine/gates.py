"""Where a run may wait for a person, and how a decision reaches it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from lis_tui.core.breakpoints import Breakpoint
from lis_tui.core.bus import Bus
from lis_tui.core.decisions import (
    Approve,
    ApproveRule,
    ChooseVersion,
    ContinueFrom,
    Edit,
    End,
    GateDecision,
    Inject,
    Reject,
    Resample,
)
from lis_tui.core.errors import DecisionRefused
from lis_tui.core.events import (
    DecisionMade,
    Gate,
    GateOpened,
    ModeChanged,
    PauseAsked,
    PauseLifted,
    StepAddress,
    StepAmended,
    Who,
)
from lis_tui.core.spec import GateSpec, Mode
from lis_tui.core.view import RunView
from lis_tui.engine.breakpoints import AllowRules, Breakpoints
from lis_tui.engine.limits import Stopwatch

Check = Callable[[GateDecision], str]
"""Says in a sentence why a decision cannot be carried out here; empty where it can."""


class ShownAgain(Exception):
    """A person resumed: what the run was held for is dealt with, then the same gate waits again."""


Show = Callable[[], Awaitable[str | None]]
"""Gives what a person should see of what waits, beside its arguments."""


def reason_to_wait(gate: Gate, mode: Mode, is_paused: bool) -> str:
    """Name the rule that makes this gate wait; empty where none does."""
    if gate == "after_step":
        return ""  # The next gate comes at once, and what was observed can be changed there too.
    if mode == "step":
        return "step mode"
    if mode == "confirm" and gate in ("before_step", "before_submit"):
        return "confirm mode"
    return "paused" if is_paused else ""


@dataclass
class _Open:
    """A gate that waits; `answer` is what the run awaits."""

    address: StepAddress
    gate: Gate
    check: Check
    stopped: str
    """The breakpoints that stopped it: then neither another mode nor the end of a pause lets it go on."""
    is_decided: bool
    """It was approved and could not run: resuming is enough, whatever the mode."""
    because: str
    answer: asyncio.Future[tuple[GateDecision, Who]]


class Gates:
    """The run's gates: one at most is open, and the run awaits its answer."""

    def __init__(
        self,
        bus: Bus,
        view: RunView,
        stopwatch: Stopwatch,
        mode: Mode,
        spec: GateSpec,
        breakpoints: tuple[Breakpoint, ...] = (),
    ) -> None:
        self._bus = bus
        self._spec = spec
        self._stopwatch = stopwatch
        self._open: _Open | None = None
        self._last: _Open | None = None
        self._waits_again: StepAddress | None = None
        """Where something was done for a person before the step runs."""
        self._approved: StepAddress | None = None
        """The step that was approved and cannot run yet."""
        self.must_show_again: Callable[[], bool] = lambda: False
        """Says whether something is to be done, once a person resumes, before what waits is decided on."""
        self._amended: dict[StepAddress, tuple[str, Who]] = {}
        """What the waiting step would run instead, and who said so."""
        self.mode = mode
        self.is_paused = False
        self._held_because = ""
        """Why a rule holds the run; empty where a person does, or nothing."""
        self.is_still = False
        """The sandbox changes hands: no gate takes its default meanwhile."""
        self.decided: dict[StepAddress, GateDecision] = {}
        """What a person has decided before the step was proposed: a fork may begin with another one."""
        self.standing: dict[StepAddress, tuple[GateDecision, Who]] = {}
        """What was decided, and written down, before this process had the run, and nothing came of it yet."""
        self.breakpoints = Breakpoints(bus, view, breakpoints)
        self.rules = AllowRules(bus, view)

    @property
    def waiting_at(self) -> StepAddress | None:
        """The address of the step that waits for a decision."""
        return self._open.address if self._open else None

    @property
    def is_open(self) -> bool:
        """A gate waits and nobody has answered it."""
        return self._open is not None and not self._open.answer.done()

    @property
    def gate(self) -> Gate | None:
        """The gate that waits."""
        return self._open.gate if self._open else None

    async def decide(
        self,
        address: StepAddress,
        gate: Gate,
        check: Check,
        *,
        show: Show | None = None,
    ) -> tuple[GateDecision, Who]:
        """Give the decision for this gate and who made it; an Approve at once where no rule makes it wait.

        After a decision that only had something done there, the next call has the gate wait again; after
        ShownAgain, which is raised where a person resumed and `must_show_again`, too.
        """
        if gate in ("before_step", "before_submit") and address in self.decided:
            early = self.decided.pop(address)
            self._bus.publish(DecisionMade(address=address, gate=gate, decision=early))
            return early, "person"
        if address in self.standing and gate != "after_step":
            return self.standing.pop(address)
        stopped, because = self._reasons_again(gate, address) or self._reasons(gate, address)
        if not because:
            return self._made(address, gate, Approve(), "rule")
        answer: asyncio.Future[tuple[GateDecision, Who]] = asyncio.get_running_loop().create_future()
        is_decided, self._approved = self._approved == address, None
        self._open = self._last = _Open(address, gate, check, stopped, is_decided, because, answer)
        self._stopwatch.stop()
        try:
            return self._made(address, gate, *await self._waited(self._open, show))
        finally:
            self._open = None
            self._stopwatch.start()

    async def _waited(self, waiting: _Open, show: Show | None) -> tuple[GateDecision, Who]:
        default = default_decision(waiting.gate, self._spec)
        timeout_s = self._spec.timeout_s
        self._bus.publish(
            GateOpened(
                address=waiting.address,
                gate=waiting.gate,
                because=waiting.because,
                timeout_s=timeout_s,
                default="" if timeout_s is None else type(default).__name__.lower(),
                answer=None if show is None else await show(),
            )
        )
        while not waiting.answer.done():
            await asyncio.wait([waiting.answer], timeout=timeout_s)
            if not (waiting.answer.done() or self.is_still):
                return default, "default"
        return waiting.answer.result()

    def _made(
        self, address: StepAddress, gate: Gate, decision: GateDecision, by: Who
    ) -> tuple[GateDecision, Who]:
        """Write the decision down; an approved step that was amended runs as it was amended."""
        who = by
        if isinstance(decision, Approve) and address in self._amended:
            arguments, who = self._amended[address]
            decision = Edit(arguments)
        if not isinstance(decision, Inject):
            self._amended.pop(address, None)
        self._waits_again = address if isinstance(decision, Inject | Resample | ChooseVersion) else None
        if self._open is not None or isinstance(decision, Edit):
            self._bus.publish(DecisionMade(address=address, gate=gate, decision=decision, by=by))
        if isinstance(decision, ApproveRule):
            self.rules.add(decision.rule, by)
        return decision, who

    def amend(
        self, arguments: str | None, address: StepAddress | None, by: Who, gate: Gate | None = None
    ) -> None:
        """Have the waiting step be this, and go on waiting; None: as proposed. Raises DecisionRefused."""
        waiting = self._waiting(address, gate)
        if waiting.gate not in ("before_step", "before_submit"):
            raise DecisionRefused("Only a step that waits to run can be changed.")
        if arguments is None and waiting.address not in self._amended:
            raise DecisionRefused("Nothing was changed.")
        problem = "" if arguments is None else waiting.check(Edit(arguments))
        if problem:
            raise DecisionRefused(problem)
        if arguments is None:
            del self._amended[waiting.address]
        else:
            self._amended[waiting.address] = (arguments, by)
        self._bus.publish(StepAmended(waiting.address, arguments, by))

    def adopt_amended(self, arguments: str, address: StepAddress) -> None:
        """Have a waiting step be this, as it was before this process had the run."""
        self._amended[address] = (arguments, "person")

    def amend_early(self, arguments: str, address: StepAddress, by: Who) -> None:
        """Have a step be this before its gate opens: it was so when it was recorded."""
        self._amended[address] = (arguments, by)
        self._bus.publish(StepAmended(address, arguments, by))

    def answer(
        self, decision: GateDecision, address: StepAddress | None, by: Who, gate: Gate | None = None
    ) -> None:
        """Answer the open gate. Raises DecisionRefused where it is another one, or none is open."""
        waiting = self._waiting(address, gate)
        problem = waiting.check(decision)
        if isinstance(decision, ApproveRule) and decision.rule != self.rules.rule_of(waiting.address):
            problem = problem or "That rule is not about the call that waits."
        if isinstance(decision, ApproveRule) and waiting.address in self._amended:
            problem = problem or "The call was changed: approve it as it is, or undo the change first."
        if problem:
            raise DecisionRefused(problem)
        waiting.answer.set_result((decision, by))

    def check_waiting(self, address: StepAddress | None, gate: Gate | None) -> StepAddress:
        """Give the address of the step that waits. Raises DecisionRefused where it is another one."""
        return self._waiting(address, gate).address

    def _waiting(self, address: StepAddress | None, gate: Gate | None) -> _Open:
        """Give the gate that waits. Raises DecisionRefused where it is another one."""
        waiting = self._open
        if waiting is None or waiting.address != address or waiting.answer.done():
            raise DecisionRefused("That step is no longer waiting.")
        if gate is not None and gate != waiting.gate:
            raise DecisionRefused(f"The step waits at another gate now: {waiting.gate.replace('_', ' ')}.")
        return waiting

    def end(self, decision: End, by: Who) -> None:
        """Let whatever waits go, because the run ends."""
        if self._open is not None and not self._open.answer.done():
            self._open.answer.set_result((decision, by))

    def set_mode(self, mode: Mode, by: Who) -> None:
        """Change which gates wait; what waits without a reason now is approved."""
        if mode != self.mode:
            self.mode = mode
            self._bus.publish(ModeChanged(mode, by))
        self._release(by)

    def pause(self, by: Who, reason: str = "") -> None:
        """Hold at the next gate; where it is held already, a rule says why too."""
        is_news = by != "person" and reason not in ("", self._held_because)
        if not self.is_paused or is_news:
            self.is_paused = True
            self._held_because = reason if by != "person" else ""
            self._bus.publish(PauseAsked(by, reason))

    def resume(self, by: Who) -> None:
        """Stop holding; what waits only because of the pause is approved."""
        if self.is_paused:
            self.is_paused, self._held_because = False, ""
            self._bus.publish(PauseLifted(by))
        self._release(by)
        waiting = self._open
        if waiting is not None and not waiting.answer.done() and self.must_show_again():
            self._waits_again = waiting.address
            waiting.answer.set_exception(ShownAgain())

    def relieve(self, reason: str) -> None:
        """What a rule held the run for is put right; where it is held for something else it stays so."""
        if reason and reason == self._held_because:
            self.resume("rule")

    def hold_again(self, address: StepAddress, decision: GateDecision, by: Who) -> None:
        """What was decided about this step cannot be done yet: its gate opens again, as it was left.

        The run is held meanwhile; whoever resumes has it run as was decided, without another question.
        """
        self._waits_again = self._approved = address
        if isinstance(decision, Edit):
            self.amend_early(decision.arguments, address, by)

    def _reasons(self, gate: Gate, address: StepAddress) -> tuple[str, str]:
        """Give the breakpoints that stop here, and all in all why the gate waits; empty where it does not."""
        is_allowed = gate in ("before_step", "before_submit") and self.rules.allow(address)
        stopped = self.breakpoints.stop(gate, address, may_wait=not is_allowed)
        usual = reason_to_wait(gate, self.mode, self.is_paused)
        if is_allowed and usual == "confirm mode":
            usual = reason_to_wait(gate, "auto", self.is_paused)
            if not usual:
                self._bus.publish(DecisionMade(address=address, gate=gate, decision=Approve(), by="rule"))
        return stopped, stopped or usual

    def _reasons_again(self, gate: Gate, address: StepAddress) -> tuple[str, str] | None:
        """A step counts once for a breakpoint, and whoever had it wait again wants to see it."""
        if self._last is None or self._waits_again != address:
            return None
        if self._approved == address:
            return "", "paused" if self.is_paused else ""
        stopped = self._last.stopped
        return stopped, stopped or reason_to_wait(gate, self.mode, self.is_paused)

    def _release(self, by: Who) -> None:
        waiting = self._open
        if waiting is None or waiting.stopped or waiting.answer.done():
            return
        mode = "auto" if waiting.is_decided else self.mode
        if not reason_to_wait(waiting.gate, mode, self.is_paused):
            waiting.answer.set_result((Approve(), by))


def default_decision(gate: Gate, spec: GateSpec) -> GateDecision:
    """What becomes of a gate that nobody answers. Where there is nothing to reject, the run goes on."""
    if spec.default == "end":
        return End("Nobody answered in time.")
    if spec.default == "approve" or gate in ("before_model", "after_step"):
        return Approve()
    return Reject("Nobody answered in time.")


def nothing_to_reject(decision: GateDecision) -> str:
    """Check for the gate after a step."""
    if isinstance(decision, Approve | Inject | End):
        return ""
    return "The step has run: let the run go on, change what the model sees of it, or end the run."


def nothing_proposed(decision: GateDecision) -> str:
    """Check for the gate before the model is asked."""
    if isinstance(decision, Approve | Inject | ContinueFrom | End):
        return ""
    return "Nothing is proposed yet: let the model be asked, or end the run."
