"""Looking into files of other steps, and at other trajectories of the same table."""

import asyncio
from typing import TYPE_CHECKING

from lis_tui.core.bus import spawn
from lis_tui.core.errors import LisError, StorageFailed
from lis_tui.core.events import StepAddress
from lis_tui.core.text import one_line
from lis_tui.ui.branches import RunWanted
from lis_tui.ui.calls import short
from lis_tui.ui.deeds.group import Group

if TYPE_CHECKING:
    from lis_tui.trajectory.past_files import Past


class Leafing(Group):
    """Compares a file with what it was, and turns the pages of a table."""

    # ---- the table

    def next_trajectory(self) -> None:
        """To the next one of the table."""
        self._turn(1)

    def previous_trajectory(self) -> None:
        """To the one before."""
        self._turn(-1)

    def _turn(self, direction: int) -> None:
        series = self.screen.source.series
        if series is None:
            return
        try:
            source = series.beside(direction)
        except LisError as error:
            self.screen.refused(error)
            return
        if source is None:
            self.screen.hint(f"this is the {'last' if direction > 0 else 'first'} of the table")
        else:
            self.screen.post_message(RunWanted(source, f"{series.words} of the table", is_instead=True))

    # ---- files

    def file_diff(self) -> None:
        """Ask with which step the file under the cursor is compared."""
        pane, screen = self.pane, self.screen
        entry = screen.preview.entry if pane is screen.preview else screen.files.selected()
        past = screen.source.past
        if entry is None or past is None:
            screen.hint("no file is here" if past is not None else "no files of other steps are known")
        elif entry.kind == "folder":
            screen.hint("this is a folder; j goes to a file in it")
        else:
            spawn(self._ask(past, entry.path), "steps", screen.refused)

    async def _ask(self, past: "Past", path: str) -> None:
        from lis_tui.ui.screens.steps import StepDialog

        known = await asyncio.to_thread(past.addresses)
        shown = self.screen.filing.shown
        last = known[-1] if known else None
        here = shown.shown if shown is not None and shown.shown is not None else last
        others = {address: self._words(address) for address in known if address != here}
        if here is None or not others:
            raise StorageFailed("The files of no other step are known.")
        before = [address for address in others if address < here]

        def chosen(other: StepAddress | None) -> None:
            if other is not None:
                spawn(self._compare(past, path, other, here), "diff", self.screen.refused)

        title = f"{one_line(path, 50)} after {here}, compared with"
        wanted = before[-1] if before else next(iter(others))
        self.screen.app.push_screen(StepDialog(title, others, wanted, self.screen.paint), chosen)

    def _words(self, address: StepAddress) -> str:
        step = next((one for one in self.screen.walk.whole.steps if one.address == address), None)
        if step is not None:
            return short(step.tool, step.arguments)
        return "before its first step" if address.turn else "before the first turn"

    async def _compare(self, past: "Past", path: str, one: StepAddress, other: StepAddress) -> None:
        from lis_tui.ui.screens.file_diff import FileDiffScreen

        between = (min(one, other), max(one, other))
        shown = self.screen.filing.shown
        folders = {entry.path for entry in shown.files.values() if entry.kind == "folder"} if shown else set()
        paths = [each for each in await asyncio.to_thread(past.changes, *between) if each not in folders]
        self.screen.app.push_screen(FileDiffScreen(past, paths, path, between, self.screen.paint))
