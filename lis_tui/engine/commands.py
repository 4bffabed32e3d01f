"""What a person may do beside the model's calls: to the command that runs, and in a shell of their own."""

from lis_tui.core.decisions import Decision, Interrupt, RunOwn, SetTimeout, ShareOwn, StopOwn, ToBackground
from lis_tui.core.errors import DecisionRefused
from lis_tui.core.events import InterruptSent, StepAddress, TimeoutChanged, Who
from lis_tui.core.parts import StepView
from lis_tui.core.ports import Sandbox
from lis_tui.engine.own import Own
from lis_tui.engine.progress import Progress

BASH = "execute_bash"
LONGEST_S = 86_400.0


class Commands:
    """Carries out decisions about commands. Those that make no sense now are refused with a sentence."""

    def __init__(self, progress: Progress, sandbox: Sandbox) -> None:
        self._progress = progress
        self._sandbox = sandbox
        self._own = Own(progress, sandbox)

    def decide(
        self,
        decision: SetTimeout | ToBackground | RunOwn | ShareOwn | StopOwn,
        address: StepAddress | None,
        by: Who,
    ) -> None:
        """Carry out a decision. Raises DecisionRefused."""
        match decision:
            case SetTimeout(timeout_s):
                self._set_timeout(timeout_s, address, by)
            case ToBackground():
                self._to_background(address, by)
            case RunOwn(command):
                self._own.run(command, address)
            case ShareOwn(number):
                self._own.share(number)
            case StopOwn():
                self._own.stop()

    def decide_after_the_end(self, decision: Decision, address: StepAddress | None, by: Who) -> bool:
        """Carry out what only needs the sandbox; say whether it was that. Raises DecisionRefused."""
        match decision:
            case RunOwn() | StopOwn():
                self.decide(decision, address, by)
                return True
            case Interrupt():
                return self.stop_job(address, by)
            case _:
                return False

    # ---- the command that runs

    def interrupt(self, address: StepAddress, by: Who) -> None:
        """Stop the running step: INT now, and each harder signal is told when it is sent."""
        bus, reins = self._progress.bus, self._progress.beside.reins
        step = self._progress.view.step(address)
        is_first = step is not None and step.tool == BASH and not step.was_interrupted
        bus.publish(InterruptSent(address, by, "INT" if is_first else ""))

        def tell(name: str) -> None:
            if name != "INT":
                bus.publish(InterruptSent(address, by, name))

        if reins is not None:
            reins.on_signal = tell
        if reins is not None and not reins.is_taken:
            reins.cut()
        else:
            self._progress.beside.begin(self._sandbox.interrupt(), "interrupt")

    def stop_job(self, address: StepAddress | None, by: Who) -> bool:
        """Stop what went on in the background after this step; say whether there was such a job."""
        job = self._progress.beside.jobs.find(address)
        if job is None or address is None:
            return False
        self._progress.bus.publish(InterruptSent(address, by))
        self._progress.beside.begin(job.stop(), "stop of a job")
        return True

    def _set_timeout(self, timeout_s: float, address: StepAddress | None, by: Who) -> None:
        step = self._running(address)
        if not 0 < timeout_s <= LONGEST_S:
            raise DecisionRefused(f"A command may take more than 0 and at most {LONGEST_S:,.0f} seconds.")
        left = self._progress.seconds_left
        now = self._progress.clock()
        spent = max(0.0, now - (step.started_at or now))
        if left is not None and timeout_s > spent + left:
            raise DecisionRefused(f"The run itself ends in {left:.0f} seconds: raise its limit first.")
        self._progress.bus.publish(TimeoutChanged(step.address, timeout_s, by))
        if self._progress.beside.reins is not None:
            self._progress.beside.reins.set_timeout(timeout_s)

    def _to_background(self, address: StepAddress | None, by: Who) -> None:
        step = self._running(address)
        if step.was_interrupted:
            raise DecisionRefused("The command is being stopped.")
        self._progress.beside.jobs.asked_by = by
        if self._progress.beside.reins is not None:
            self._progress.beside.reins.let_go()

    def _running(self, address: StepAddress | None) -> StepView:
        running = self._progress.running
        step = self._progress.view.step(running) if running is not None else None
        if step is None or step.tool != BASH:
            raise DecisionRefused("No command is running.")
        if address is not None and address != running:
            raise DecisionRefused(f"Step {address} is over; {running} is running now.")
        return step
