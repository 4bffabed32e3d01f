"""Plays a recording: from place to place as fast as it went, or faster or slower."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.timer import Timer

    from lis_tui.ui.replay import Replay
    from lis_tui.ui.screens.workbench import Workbench

MOST_S = 3.0
"""Nobody waits longer for the next place, however long it took then."""
LEAST_S = 0.05
UNTIMED_S = 1.0
"""A step's time where the recording does not tell any."""
SLOWEST, FASTEST = 0.5, 16.0


class Player:
    """Presses the key for the next place, for one recording."""

    def __init__(self, screen: "Workbench", replay: "Replay") -> None:
        self._screen = screen
        self._replay = replay
        self._timer: Timer | None = None
        self.speed = 1.0

    @property
    def is_playing(self) -> bool:
        """The next place comes by itself."""
        return self._timer is not None

    @property
    def told(self) -> str:
        """Say that it plays, and how fast."""
        sign = "▶ " if self.is_playing else ""
        return f"  {sign}{self.speed:g}×" if self.is_playing or self.speed != 1 else ""

    def toggle(self) -> None:
        """Play, or stop."""
        if self.is_playing:
            self.stop()
        else:
            self._wait()
        self._screen.status.refresh()

    def stop(self) -> None:
        """Stay here."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def change(self, factor: float) -> None:
        """Play faster or slower, from now on."""
        self.speed = min(max(self.speed * factor, SLOWEST), FASTEST)
        if self.is_playing:
            self.stop()
            self._wait()
        self._screen.status.refresh()

    def wait_s(self) -> float:
        """Give how long this place is shown while it plays."""
        replay = self._replay
        here = replay.place
        then = replay.timeline.places[replay.index + 1]
        waited = min(max(then.at - here.at, 0.0), MOST_S) if here.at and then.at else UNTIMED_S
        return max(waited / self.speed, LEAST_S)

    def _wait(self) -> None:
        if not self._replay.is_last:
            self._timer = self._screen.set_timer(self.wait_s(), self._go_on)

    def _go_on(self) -> None:
        self._timer = None
        replay = self._replay
        if replay.place.at and not replay.is_last:
            replay.go(replay.index + 1, is_jump=False)
        else:
            replay.go_on(1)
        self._wait()
        self._screen.status.refresh()
