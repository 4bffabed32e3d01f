"""Searching the run, and walking along what was found."""

from lis_tui.core.events import StepAddress
from lis_tui.ui.deeds.group import Group
from lis_tui.ui.screens.search import SearchDialog
from lis_tui.ui.searching import Hits


class Searching(Group):
    """Finds steps and goes to them."""

    def search(self) -> None:
        """Ask what to look for, and go to what is chosen of it."""
        screen, walk = self.screen, self.screen.walk
        before = walk.hits.text if walk.hits is not None else ""

        def chosen(found: tuple[Hits, StepAddress] | None) -> None:
            if found is not None:
                walk.hits = found[0]
                walk.go_to_step(found[1])
                screen.status.refresh()

        dialog = SearchDialog(walk.whole, walk.address, screen.paint, before, walk.changed)
        screen.app.push_screen(dialog, chosen)

    def next_hit(self) -> None:
        """To the next hit."""
        self._walk(1)

    def previous_hit(self) -> None:
        """To the hit before."""
        self._walk(-1)

    def _walk(self, direction: int) -> None:
        walk = self.screen.walk
        address = walk.hits.beside(walk.address, direction) if walk.hits is not None else None
        if address is not None:
            walk.go_to_step(address)
