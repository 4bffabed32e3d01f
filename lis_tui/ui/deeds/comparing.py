"""Comparing the run with others, and saying what one thinks of it."""

import asyncio

from lis_tui.core.bus import spawn
from lis_tui.core.compare import MOST_RUNS
from lis_tui.core.errors import LisError, RunNotFound
from lis_tui.core.view import RunView
from lis_tui.trajectory.compared import Compared, load_compared
from lis_tui.trajectory.notes import Notes, write_notes
from lis_tui.trajectory.summary import RunSummary
from lis_tui.ui.comparing import by_kinship
from lis_tui.ui.deeds.group import Group


class Comparing(Group):
    """What needs the other runs on the disk, or the run's own folder."""

    def compare(self) -> None:
        """Choose the runs that this one is put beside."""
        spawn(self._choose(), "runs", self._failed)

    def numbers(self) -> None:
        """Count the run."""
        spawn(self._count(), "numbers", self._failed)

    def judge(self) -> None:
        """Ask for verdict, tags and note."""
        spawn(self._ask(), "runs", self._failed)

    async def _own(self) -> RunSummary:
        runs = await asyncio.to_thread(self.screen.source.runs)
        name = self.screen.source.name
        own = next((run for run in runs if run.name == name), None)
        if own is None:
            raise RunNotFound("This journal is not among your runs.")
        return own

    async def _choose(self) -> None:
        from lis_tui.ui.screens.picker import RunPicker

        name = self.screen.source.name
        runs = await asyncio.to_thread(self.screen.source.runs)
        others = by_kinship(name, runs)
        if not others:
            self.screen.hint("there is no other run to compare this one with")
            return

        def chosen(runs: tuple[RunSummary, ...] | None) -> None:
            if runs:
                spawn(self._show(own, runs), "runs", self._failed)

        own = next((run for run in runs if run.name == name), None)
        title = f"Compare {name} with"
        self.screen.app.push_screen(RunPicker(title, others, self.screen.paint, most=MOST_RUNS - 1), chosen)

    async def _show(self, own: RunSummary | None, runs: tuple[RunSummary, ...]) -> None:
        from lis_tui.ui.screens.compare import screen_of

        if own is not None:
            compared = [await asyncio.to_thread(load_compared, own)]
        else:  # another program's: nothing of it is among the runs but what is shown
            facts = list(self.screen.facts)
            view = await asyncio.to_thread(lambda: RunView().apply_all(facts))
            compared = [Compared(self.screen.source.name, view)]
        compared += [await asyncio.to_thread(load_compared, run) for run in runs]
        self.screen.app.push_screen(screen_of(compared, self.screen.paint))

    async def _count(self) -> None:
        from lis_tui.analysis.numbers import numbers_of
        from lis_tui.ui.screens.numbers import NumbersScreen

        name, facts = self.screen.source.name, list(self.screen.facts)
        loads = None if self.screen.source.is_recorded else self.screen.around.loads
        counted = await asyncio.to_thread(numbers_of, name, facts)
        self.screen.app.push_screen(NumbersScreen(name, counted, self.screen.paint, loads))

    async def _ask(self) -> None:
        from lis_tui.ui.screens.judge import JudgeDialog

        own = await self._own()

        def judged(notes: Notes | None) -> None:
            if notes is not None and notes != own.notes:
                spawn(self._keep(own, notes), "runs", self._failed)

        self.screen.app.push_screen(JudgeDialog(own.name, own.notes), judged)

    async def _keep(self, own: RunSummary, notes: Notes) -> None:
        await asyncio.to_thread(write_notes, own.path, notes)
        tags = " ".join(f"#{tag}" for tag in notes.tags)
        self.screen.hint(f"kept: {' '.join([notes.verdict or 'no verdict', tags])}".strip())

    def _failed(self, error: Exception) -> None:
        if not isinstance(error, LisError):
            raise error
        self.screen.hint(error.sentence)
