"""The time limits of one request, as numbers: who waits asks how long."""

from collections.abc import Callable

from lis_tui.core.spec import ModelSpec
from lis_tui.model.endpoint import is_private


class Watch:
    """The limits of one request: first event, silence between events, and all of it."""

    def __init__(self, model: ModelSpec, clock: Callable[[], float]) -> None:
        self._first_s = None if is_private(model) else model.first_event_s
        self._gap_s = model.gap_s
        self._total_s = model.total_s
        self._clock = clock
        self._began = self._heard = clock()
        self._has_begun = False

    def heard(self, *, has_begun: bool) -> None:
        """Something came; the gap counts only once the model itself has begun to speak."""
        self._heard = self._clock()
        self._has_begun = has_begun

    def forgive(self, seconds: float) -> None:
        """Count these not: this process stood still, and could hear nothing."""
        self._began += seconds
        self._heard = self._clock()

    def limit(self) -> tuple[float, str]:
        """How long to wait from now, and what to say when that is over."""
        now = self._clock()
        limits = [(self._began + self._total_s - now, f"was not done after {self._total_s:g} s.")]
        if self._has_begun:
            limits.append((self._heard + self._gap_s - now, f"fell silent for {self._gap_s:g} s."))
        elif self._first_s is not None:
            limits.append((self._began + self._first_s - now, f"sent nothing for {self._first_s:g} s."))
        return min(limits)
