"""How long one preview may take: when the time is over, what is there has to do."""

from time import monotonic


class Deadline:
    """A moment, so many seconds from its making on."""

    def __init__(self, seconds: float) -> None:
        self._end = monotonic() + seconds

    @property
    def is_over(self) -> bool:
        """No time is left."""
        return monotonic() > self._end
