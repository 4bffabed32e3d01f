"""What a person changes of what the model said, is about to see, and is: call, reply, observation, model."""

from lis_tui.core.decisions import Amend, ChangeModel, EditObservation, EditReply, Inject
from lis_tui.core.errors import DecisionRefused
from lis_tui.core.events import Gate, StepAddress, Who
from lis_tui.engine.progress import Progress


class Changes:
    """Carries out changes. Those that make no sense now are refused with a sentence."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def decide(
        self,
        decision: Amend | EditReply | EditObservation | Inject | ChangeModel,
        address: StepAddress | None,
        by: Who,
        gate: Gate | None,
    ) -> None:
        """Carry out a change. Raises DecisionRefused."""
        del gate
        match decision:
            case EditObservation(text):
                self._progress.edit_observation(address, text, by)
            case _:
                raise DecisionRefused("That cannot be done here.")
