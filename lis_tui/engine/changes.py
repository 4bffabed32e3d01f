"""What a person changes of what the model said, is about to see, and is: call, reply, observation, model."""

from lis_tui.core.decisions import Amend, ChangeModel, EditObservation, EditReply, Inject
from lis_tui.core.events import Gate, StepAddress, Who
from lis_tui.core.text import safe_str
from lis_tui.engine.injecting import Injecting
from lis_tui.engine.models import Models
from lis_tui.engine.progress import Progress
from lis_tui.engine.versions import Versions


class Changes:
    """Carries out changes. Those that make no sense now are refused with a sentence."""

    def __init__(self, progress: Progress, models: Models, injecting: Injecting, versions: Versions) -> None:
        self._progress = progress
        self._models = models
        self._injecting = injecting
        self._versions = versions

    def decide(
        self,
        decision: Amend | EditReply | EditObservation | Inject | ChangeModel,
        address: StepAddress | None,
        by: Who,
        gate: Gate | None,
    ) -> None:
        """Carry out a change. Raises DecisionRefused."""
        match decision:
            case Amend(arguments):
                told = None if arguments is None else safe_str(arguments)
                self._progress.gates.amend(told, address, by, gate)
            case EditReply():
                self._versions.edit(decision, address, by)
            case EditObservation(text):
                self._progress.edit_observation(address, text, by)
            case Inject():
                self._injecting.take(decision, address, by, gate)
            case ChangeModel(model):
                self._models.change(model, by)
