"""When a measurement of what a sandbox has written counts against what runs in it now."""

from lis_tui.core.events import Event, JobEnded, OwnCommandRan, SandboxStarted, StepFinished, StepStarted


class Bound:
    """A limit. After it was hit some more is let pass, so that what deletes is not stopped too."""

    def __init__(self) -> None:
        self._slack = self._more = 0

    @property
    def has_slack(self) -> bool:
        """Whether more than the limit may pass now."""
        return self._slack > 0

    def is_over(self, used: int, most: int) -> bool:
        """Whether it is hit. The slack falls with what is used: none is left once the limit is kept again."""
        if used > most + self._slack:
            return True
        self._slack = 0 if used <= most else min(self._slack, used - most + self._more)
        return False

    def ease(self, used: int, most: int, more: int) -> None:
        """Let this much more pass than there is now."""
        self._more = more
        self._slack = max(0, used - most) + more

    def tighten(self) -> None:
        """Let nothing pass that is over the limit."""
        self._slack = 0


class Age:
    """Counts what begins and ends in the sandbox: a measurement during which that changed may be old."""

    def __init__(self) -> None:
        self.now = 0

    def hear(self, event: Event) -> None:
        """Take note of what begins or ends."""
        if isinstance(event, StepStarted | StepFinished | JobEnded | OwnCommandRan | SandboxStarted):
            self.now += 1
