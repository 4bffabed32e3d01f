"""Commands of a person's among the model's steps: announced, run when nothing else does, shown or hidden."""

import msgspec

from lis_tui.core.decisions import End, GateDecision, Inject
from lis_tui.core.errors import DecisionRefused, SandboxFailed
from lis_tui.core.events import CommandInjected, Gate, StepAddress, StepFinished, Who
from lis_tui.core.messages import Observation
from lis_tui.core.parts import StepView
from lis_tui.core.text import safe_str
from lis_tui.engine.computer import Computer
from lis_tui.engine.gates import Check, Show, ShownAgain
from lis_tui.engine.hands import Hands
from lis_tui.engine.progress import Progress
from lis_tui.engine.recovery import Recovery

BASH = "execute_bash"
BEFORE_STEP: tuple[Gate, ...] = ("before_step", "before_submit")


class Injecting:
    """Takes commands, gives each its place, and runs those whose turn it is."""

    def __init__(self, progress: Progress, hands: Hands, computer: Computer, recovery: Recovery) -> None:
        self._progress = progress
        self._hands = hands
        self._computer = computer
        self._recovery = recovery
        self._extras: dict[tuple[int, int], int] = {}
        self._passed = StepAddress(0)

    def passed(self, address: StepAddress) -> None:
        """The step is decided on: what a person has run now has its place after it."""
        self._passed = address

    async def hold(
        self, address: StepAddress, gate: Gate, check: Check, *, show: Show | None = None
    ) -> tuple[GateDecision, Who]:
        """Wait at a gate; what a person has run there runs at once, and then the gate waits again."""
        progress = self._progress
        by: Who = "person"
        while progress.ending is None:
            try:
                decision, by = await progress.gates.decide(address, gate, check, show=show)
            except ShownAgain:
                await self._recovery.is_back()
                continue
            if not isinstance(decision, Inject):
                return decision, by
            self._announce(decision, self._place, by)
            await self._recovery.is_back()  # whoever has something run now wants the sandbox
            await self.run_waiting(before=address if gate in BEFORE_STEP else None)
            await progress.settled()
        return End(progress.ending.reason, progress.ending.answer), by

    def take(self, decision: Inject, address: StepAddress | None, by: Who, gate: Gate | None) -> None:
        """Run it at the gate that waits, or as soon as nothing else runs. Raises DecisionRefused."""
        gates = self._progress.gates
        decision = msgspec.structs.replace(decision, command=safe_str(decision.command))
        if problem := self._problem(decision):
            raise DecisionRefused(problem)
        if gates.waiting_at is None and address is None:
            self._announce(decision, self._place, by)
        elif decision.is_after and gates.gate in BEFORE_STEP:
            self._take_after(decision, address, by, gate)
        else:
            gates.answer(decision, address or gates.waiting_at, by, gate)

    async def run_waiting(self, before: StepAddress | None = None) -> None:
        """Run what was announced and has not run; `before` a waiting step, only what stands before it.

        Nothing runs while the sandbox is lost. Raises RunCut.
        """
        while self._progress.ending is None and not self._recovery.is_lost:
            step = next(iter(self._waiting(before)), None)
            if step is None:
                return
            await self._computer.wait()
            if not self._recovery.is_lost:
                await self._run(step)

    def _waiting(self, before: StepAddress | None) -> list[StepView]:
        found = [
            step
            for step in self._progress.view.steps
            if step.is_injected and step.status == "proposed" and (before is None or step.address < before)
        ]
        return sorted(found, key=lambda step: step.address)

    def _take_after(self, decision: Inject, address: StepAddress | None, by: Who, gate: Gate | None) -> None:
        """The step goes on waiting; the command has its place behind it."""
        waiting = self._progress.gates.check_waiting(address, gate)
        if self._progress.gates.gate == "before_submit":
            raise DecisionRefused("The run ends with this step: nothing can run after it.")
        self._announce(decision, waiting, by)

    @property
    def _place(self) -> StepAddress:
        """The newest step of the model's that is decided on or over; step 0: this turn has none yet."""
        turn, turns = self._progress.turn, self._progress.view.turns
        steps = turns[turn].steps if turn < len(turns) else []
        known = [step.address for step in steps if step.status not in ("proposed", "waiting")]
        return max((StepAddress(turn), self._passed, *known))

    def _announce(self, decision: Inject, place: StepAddress, by: Who) -> None:
        key = (place.turn, place.step)
        known = [one.address for one in self._progress.view.steps]
        extras = [one.extra for one in known if (one.turn, one.step) == key]
        self._extras[key] = 1 + max(self._extras.get(key, 0), *extras, 0)
        address = StepAddress(*key, self._extras[key])
        self._progress.bus.publish(
            CommandInjected(address=address, command=decision.command, is_hidden=decision.is_hidden, by=by)
        )

    async def _run(self, step: StepView) -> None:
        try:
            observation = await self._hands.use(step.address, BASH, step.arguments)
        except SandboxFailed as error:
            text = f"The sandbox failed: {error.sentence}"
            self._recovery.lose(error, step.address)
            self._finish(step, Observation(text=text, status="failed"))
            return
        self._recovery.worked()
        self._computer.note_change()
        self._finish(step, observation)

    def _finish(self, step: StepView, observation: Observation) -> None:
        observation = msgspec.structs.replace(observation, text=safe_str(observation.text))
        self._progress.bus.publish(
            StepFinished(address=step.address, call_id="", tool=BASH, observation=observation)
        )

    def _problem(self, decision: Inject) -> str:
        tool = self._hands.tools.get(BASH)
        if tool is None:
            return "This run has no shell."
        if not decision.command.strip():
            return "There is no command to run."
        return tool.problem({"command": decision.command})
