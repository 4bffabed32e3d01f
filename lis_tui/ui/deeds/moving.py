"""Moving the cursor through blocks."""

from lis_tui.ui.deeds.group import Group


class Moving(Group):
    """Moves in the pane that has the focus."""

    def down(self) -> None:
        """To the next block."""
        self._step(1)

    def up(self) -> None:
        """To the block before."""
        self._step(-1)

    def first(self) -> None:
        """To the beginning."""
        self.pane.is_following = False
        self.pane.move_to(0)

    def last(self) -> None:
        """To the end."""
        self.pane.follow()

    def follow(self) -> None:
        """Follow the live end in both columns."""
        self.screen.commands.follow()
        self.screen.reasoning.follow()

    def next_notable(self) -> None:
        """To the next step worth a look."""
        self._jump(1)

    def previous_notable(self) -> None:
        """To the one before."""
        self._jump(-1)

    def _step(self, direction: int) -> None:
        pane = self.pane
        pane.move_to(pane.cursor + direction)

    def _jump(self, direction: int) -> None:
        number = self.screen.commands.notable(direction)
        if number is None:
            self.screen.hint("no other step failed or was changed")
            return
        self.screen.commands.focus()
        self.screen.commands.move_to(number)
