"""What a person may do beside the model's calls: to the command that runs, and in a shell of their own."""

from lis_tui.core.decisions import RunOwn, SetTimeout, ShareOwn, ToBackground
from lis_tui.core.errors import DecisionRefused
from lis_tui.core.events import StepAddress, Who
from lis_tui.core.ports import Sandbox
from lis_tui.engine.progress import Progress


class Commands:
    """Carries out decisions about commands. Those that make no sense now are refused with a sentence."""

    def __init__(self, progress: Progress, sandbox: Sandbox) -> None:
        self._progress = progress
        self._sandbox = sandbox

    def decide(
        self, decision: SetTimeout | ToBackground | RunOwn | ShareOwn, address: StepAddress | None, by: Who
    ) -> None:
        """Carry out a decision. Raises DecisionRefused."""
        del decision, address, by
        raise DecisionRefused("That cannot be done here.")
