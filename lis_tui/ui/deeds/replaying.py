"""Leading through a recording: back, to the matches of breakpoints, and playing it."""

from lis_tui.ui.deeds.group import Group


class Replaying(Group):
    """Moves the cursor of a recording."""

    def back(self) -> None:
        """To the step before."""
        self.screen.walk.go_on(-1)

    def back_to_match(self) -> None:
        """To the step before that a breakpoint means."""
        self.screen.walk.seek(-1)

    def play(self) -> None:
        """Play, or stop."""
        replay = self.screen.walk.replay
        if replay is not None:
            replay.player.toggle()

    def faster(self) -> None:
        """Play twice as fast."""
        self._change_speed(2.0)

    def slower(self) -> None:
        """Play half as fast."""
        self._change_speed(0.5)

    def _change_speed(self, factor: float) -> None:
        replay = self.screen.walk.replay
        if replay is not None:
            replay.player.change(factor)
            self.screen.hint(f"plays at {replay.player.speed:g}×")
