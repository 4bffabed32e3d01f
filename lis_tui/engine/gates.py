"""Where a run may wait for a person, and how a decision reaches it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from lis_tui.core.breakpoints import Breakpoint
from lis_tui.core.bus import Bus
from lis_tui.core.decisions import Approve, ApproveRule, End, GateDecision, Reject
from lis_tui.core.errors import DecisionRefused
from lis_tui.core.events import (
    DecisionMade,
    Gate,
    GateOpened,
    ModeChanged,
    PauseAsked,
    PauseLifted,
    StepAddress,
    Who,
)
from lis_tui.core.spec import GateSpec, Mode
from lis_tui.core.view import RunView
from lis_tui.engine.breakpoints import AllowRules, Breakpoints
from lis_tui.engine.limits import Stopwatch

Check = Callable[[GateDecision], str]
"""Says in a sentence why a decision cannot be carried out here; empty where it can."""


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
    is_stopped: bool
    """By a breakpoint: neither another mode nor the end of a pause lets it go on."""
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
        self.mode = mode
        self.is_paused = False
        self.decided: dict[StepAddress, GateDecision] = {}
        """What a person has decided before the step was proposed: a fork may begin with another one."""
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

    async def decide(self, address: StepAddress, gate: Gate, check: Check) -> tuple[GateDecision, Who]:
        """Give the decision for this gate and who made it; an Approve at once where no rule makes it wait."""
        if gate in ("before_step", "before_submit") and address in self.decided:
            early = self.decided.pop(address)
            self._bus.publish(DecisionMade(address=address, gate=gate, decision=early))
            return early, "person"
        stopped, because = self._reasons(gate, address)
        if not because:
            return Approve(), "rule"
        default = default_decision(gate, self._spec)
        answer: asyncio.Future[tuple[GateDecision, Who]] = asyncio.get_running_loop().create_future()
        self._open = _Open(address, gate, check, bool(stopped), answer)
        timeout_s = self._spec.timeout_s
        self._stopwatch.stop()
        try:
            self._bus.publish(
                GateOpened(
                    address=address,
                    gate=gate,
                    because=because,
                    timeout_s=timeout_s,
                    default="" if timeout_s is None else type(default).__name__.lower(),
                )
            )
            decision, by = await _answer_or(answer, timeout_s, default)
            self._bus.publish(DecisionMade(address=address, gate=gate, decision=decision, by=by))
            if isinstance(decision, ApproveRule):
                self.rules.add(decision.rule, by)
            return decision, by
        finally:
            self._open = None
            self._stopwatch.start()

    def answer(
        self, decision: GateDecision, address: StepAddress | None, by: Who, gate: Gate | None = None
    ) -> None:
        """Answer the open gate. Raises DecisionRefused where it is another one, or none is open."""
        waiting = self._open
        if waiting is None or waiting.address != address or waiting.answer.done():
            raise DecisionRefused("That step is no longer waiting.")
        if gate is not None and gate != waiting.gate:
            raise DecisionRefused(f"The step waits at another gate now: {waiting.gate.replace('_', ' ')}.")
        problem = waiting.check(decision)
        if isinstance(decision, ApproveRule) and decision.rule != self.rules.rule_of(waiting.address):
            problem = problem or "That rule is not about the call that waits."
        if problem:
            raise DecisionRefused(problem)
        waiting.answer.set_result((decision, by))

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
        """Hold at the next gate."""
        if not self.is_paused:
            self.is_paused = True
            self._bus.publish(PauseAsked(by, reason))

    def resume(self, by: Who) -> None:
        """Stop holding; what waits only because of the pause is approved."""
        if self.is_paused:
            self.is_paused = False
            self._bus.publish(PauseLifted(by))
        self._release(by)

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

    def _release(self, by: Who) -> None:
        waiting = self._open
        if waiting is None or waiting.is_stopped or waiting.answer.done():
            return
        if not reason_to_wait(waiting.gate, self.mode, self.is_paused):
            waiting.answer.set_result((Approve(), by))


async def _answer_or(
    answer: asyncio.Future[tuple[GateDecision, Who]], timeout_s: float | None, default: GateDecision
) -> tuple[GateDecision, Who]:
    await asyncio.wait([answer], timeout=timeout_s)
    return answer.result() if answer.done() else (default, "default")


def default_decision(gate: Gate, spec: GateSpec) -> GateDecision:
    """What becomes of a gate that nobody answers. Where there is nothing to reject, the run goes on."""
    if spec.default == "end":
        return End("Nobody answered in time.")
    if spec.default == "approve" or gate in ("before_model", "after_step"):
        return Approve()
    return Reject("Nobody answered in time.")


def nothing_to_reject(decision: GateDecision) -> str:
    """Check for the gate after a step."""
    if isinstance(decision, Approve | End):
        return ""
    return "The step has run: let the run go on, change what the model sees of it, or end the run."


def only_approve_or_end(decision: GateDecision) -> str:
    """Check for the gate before the model is asked."""
    if isinstance(decision, Approve | End):
        return ""
    return "Nothing is proposed yet: let the model be asked, or end the run."
