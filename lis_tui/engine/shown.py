"""Commands of a person's that the model is to see, until it does: before its next turn."""

from lis_tui.core.events import Event, MessageSent, StepAddress, StepFinished
from lis_tui.core.view import RunView
from lis_tui.engine import prompts


class Shown:
    """What waits to be shown: commands among the steps by their address, others as the text itself."""

    def __init__(self, view: RunView) -> None:
        self._view = view
        self.waiting: list[str | StepAddress] = []

    def note(self, event: Event) -> None:
        """Take in an event: a command that ran waits from then on, one that was shown no more."""
        if isinstance(event, StepFinished):
            step = self._view.step(event.address)
            if step is not None and step.is_injected and not step.is_hidden and step.started_at is not None:
                self.waiting.append(event.address)
        elif isinstance(event, MessageSent) and event.origin == "command":
            self.waiting = [one for one in self.waiting if self.text(one) != event.text]

    def texts(self) -> list[str]:
        """Give what the model is to be told now."""
        return [self.text(one) for one in self.waiting]

    def text(self, one: str | StepAddress) -> str:
        """Give what the model is to see of it."""
        step = None if isinstance(one, str) else self._view.step(one)
        if step is not None:
            return prompts.command_ran(step)
        return one if isinstance(one, str) else ""
