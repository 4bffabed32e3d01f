"""What waits for a person and was painted, and for how long."""

from collections.abc import Callable
from typing import Generic, TypeVar

Waiting = TypeVar("Waiting")


class Seen(Generic[Waiting]):
    """Takes note of when something was drawn first; a newer one takes its place."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self.what: Waiting | None = None
        self._since = 0.0

    def paint(self, what: Waiting) -> None:
        """It is drawn."""
        if what != self.what:
            self.what, self._since = what, self._monotonic()

    @property
    def age_s(self) -> float:
        """How long it has been there to be seen."""
        return self._monotonic() - self._since if self.what is not None else 0.0
