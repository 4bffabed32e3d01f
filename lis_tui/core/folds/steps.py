"""Folds the steps: proposed, decided on, run, and what came of them."""

from typing import TYPE_CHECKING, Literal

import msgspec

from lis_tui.core.decisions import ChooseVersion, Edit, Inject, Resample
from lis_tui.core.events import (
    CheckpointTaken,
    CommandInjected,
    DecisionMade,
    GateOpened,
    InputAwaited,
    InputSent,
    InterruptSent,
    JobEnded,
    ObservationEdited,
    OutputArrived,
    SentToBackground,
    StepAddress,
    StepAmended,
    StepFinished,
    StepProposed,
    StepReplayed,
    StepStarted,
    TimeoutChanged,
)
from lis_tui.core.folds.changing import Folds, changed_step, close_gate, enter, put_step
from lis_tui.core.parts import MOST_TAIL, GateView, StepView, fresh_version

if TYPE_CHECKING:
    from lis_tui.core.view import RunView

folds = Folds()


@folds.of(StepProposed)
def _proposed(view: "RunView", event: StepProposed, at: float) -> None:
    call = event.call
    step = StepView(event.address, call.name, call.arguments, call.arguments, event.problem, proposed_at=at)
    previous = next((one for one in reversed(view.steps) if not one.is_injected), None)
    view.repeats = 1
    if previous is not None and (previous.tool, previous.proposed) == (call.name, call.arguments):
        view.repeats = previous.repeats + 1
    step.repeats = view.repeats
    step.tokens_so_far = view.totals.prompt_tokens + view.totals.completion_tokens
    step.cost_so_far = view.totals.cost_usd if view.totals.has_known_cost else None
    put_step(view, step)


@folds.of(CommandInjected)
def _injected(view: "RunView", event: CommandInjected, at: float) -> None:
    arguments = msgspec.json.encode({"command": event.command}).decode()
    step = StepView(event.address, "execute_bash", arguments, arguments, decided_by=event.by)
    step.proposed_at = at
    step.is_injected, step.is_hidden = True, event.is_hidden
    put_step(view, step)


@folds.of(StepAmended)
def _amended(view: "RunView", event: StepAmended, at: float) -> None:
    step = changed_step(view, event.address)
    if step is not None:
        step.amended = event.arguments


@folds.of(StepReplayed)
def _replayed(view: "RunView", event: StepReplayed, at: float) -> None:
    step = changed_step(view, event.address)
    if step is not None:
        step.replayed = event


@folds.of(SentToBackground)
def _sent_to_background(view: "RunView", event: SentToBackground, at: float) -> None:
    _set_job(view, event.address, "running")


@folds.of(JobEnded)
def _job_ended(view: "RunView", event: JobEnded, at: float) -> None:
    _set_job(view, event.address, "ended")


@folds.of(GateOpened)
def _gate_opened(view: "RunView", event: GateOpened, at: float) -> None:
    view.gate = GateView(
        event.address, event.gate, event.because, at, event.timeout_s, event.default, event.answer
    )
    step = view.step(event.address)
    if step is not None and not step.is_over:
        step = changed_step(view, event.address) or step
        step.status = "waiting"
    enter(view, "waiting", at)


@folds.of(DecisionMade)
def _decided(view: "RunView", event: DecisionMade, at: float) -> None:
    close_gate(view, at)
    step = changed_step(view, event.address)
    if step is not None:
        # Neither of these is about the step itself: it waits again, or another takes its place.
        if not isinstance(event.decision, Inject | Resample | ChooseVersion):
            step.decided_by = step.decided_by if event.gate == "after_step" else event.by
            step.amended = None
        if isinstance(event.decision, Edit):
            step.arguments = event.decision.arguments
            step.changed_by = event.by
        if step.status == "waiting":
            step.status = "proposed"
    enter(view, "between", at)


@folds.of(StepStarted)
def _started(view: "RunView", event: StepStarted, at: float) -> None:
    step = changed_step(view, event.address)
    if step is None:
        return
    step.tool, step.arguments, step.changed_by = event.tool, event.arguments, event.changed_by
    step.status = "running"
    step.started_at = at
    if view.marks:
        view.marks = {}
        view.files_version = fresh_version()
    enter(view, "running", at)


@folds.of(OutputArrived)
def _output(view: "RunView", event: OutputArrived, at: float) -> None:
    step = changed_step(view, event.address)
    if step is None:
        return
    if event.skipped:
        step.tail.clear()
    step.output_bytes += len(event.data) + event.skipped
    step.tail += event.data
    if len(step.tail) > 2 * MOST_TAIL:
        del step.tail[:-MOST_TAIL]


@folds.of(InputAwaited)
def _input_awaited(view: "RunView", event: InputAwaited, at: float) -> None:
    step = changed_step(view, event.address)
    if step is not None:
        step.waits_for_input = event.is_waiting


@folds.of(InputSent)
def _input_sent(view: "RunView", event: InputSent, at: float) -> None:
    step = changed_step(view, event.address)
    if step is not None:
        step.inputs.append(b"" if event.is_end else event.data)


@folds.of(InterruptSent)
def _interrupted(view: "RunView", event: InterruptSent, at: float) -> None:
    step = changed_step(view, event.address)
    if step is not None:
        step.was_interrupted = True
        if event.signal:
            step.signals.append(event.signal)


@folds.of(TimeoutChanged)
def _timeout_changed(view: "RunView", event: TimeoutChanged, at: float) -> None:
    step = changed_step(view, event.address)
    if step is not None:
        step.timeout_s = event.timeout_s


@folds.of(StepFinished)
def _finished(view: "RunView", event: StepFinished, at: float) -> None:
    step = changed_step(view, event.address)
    if step is None:
        return
    step.observation = event.observation
    step.status = event.observation.status
    step.waits_for_input = False
    step.ended_at = at
    step.output_bytes = max(step.output_bytes, event.observation.output_bytes)
    enter(view, "between", at)


@folds.of(CheckpointTaken)
def _checkpoint_taken(view: "RunView", event: CheckpointTaken, at: float) -> None:
    view.checkpoints[event.address] = event
    step = changed_step(view, event.address)
    if step is not None:
        step.has_checkpoint = True


@folds.of(ObservationEdited)
def _observation_edited(view: "RunView", event: ObservationEdited, at: float) -> None:
    step = changed_step(view, event.address)
    if step is not None and step.observation is not None:
        step.edited_text = event.text if event.text != step.observation.text else None


def _set_job(view: "RunView", address: StepAddress, job: Literal["running", "ended"]) -> None:
    step = changed_step(view, address)
    if step is not None:
        step.job = job
