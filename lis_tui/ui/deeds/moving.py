"""Moving the cursor: through the blocks of a pane, through the steps and turns of the run."""

from lis_tui.core.text import one_line
from lis_tui.ui.deeds.group import Group
from lis_tui.ui.walk import address_of


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
        if self._is_walking:
            self.screen.walk.go_to_beginning()
        else:
            self.pane.is_following = False
            self.pane.move_to(0)

    def last(self) -> None:
        """To the end."""
        if self._is_walking:
            self.follow()
        else:
            self.pane.follow()

    def follow(self) -> None:
        """Follow the live end in both columns; to the end of a recording."""
        if self.screen.walk.replay is not None:
            self.screen.walk.go_to_end()
        else:
            self.screen.commands.follow()
            self.screen.reasoning.follow()

    def next_notable(self) -> None:
        """To the next step worth a look."""
        self._jump(1)

    def previous_notable(self) -> None:
        """To the one before."""
        self._jump(-1)

    def next_turn(self) -> None:
        """To the next turn."""
        self.screen.walk.go_to_turn(1)

    def previous_turn(self) -> None:
        """To the turn before."""
        self.screen.walk.go_to_turn(-1)

    def go_to(self) -> None:
        """To a step that is named by its number."""

        def answered(text: str) -> None:
            address = address_of(text)
            if address is None or not self.screen.walk.go_to_step(address):
                what = f"there is no step {one_line(text, 20)}"
                self.screen.hint(what if address is not None else "12 is a turn, 12.1 a step of it")

        self.ask("Go to", "A turn (12) or a step of it (12.1).", answered, verb="go there")

    def earlier_place(self) -> None:
        """To where one was before."""
        self.screen.walk.go_back()

    def later_place(self) -> None:
        """Back again."""
        self.screen.walk.go_forth()

    @property
    def _is_walking(self) -> bool:
        """Keys that move lead through a recording; in the other panes through their blocks."""
        return self.screen.walk.replay is not None and self.pane is self.screen.commands

    def _step(self, direction: int) -> None:
        pane = self.pane
        if not self._is_walking:
            pane.move_to(pane.cursor + direction)
        elif not self.screen.walk.go_on(direction):
            self.screen.hint("this is the end" if direction > 0 else "this is the beginning")

    def _jump(self, direction: int) -> None:
        number = self.screen.walk.notable(direction)
        if number is None:
            where = "after" if direction > 0 else "before"
            self.screen.hint(f"no step {where} this one failed, was changed or marked")
            return
        self.screen.commands.focus()
        self.screen.walk.go_to_number(number)
