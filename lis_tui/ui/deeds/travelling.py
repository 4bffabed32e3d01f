"""Going back, forking, taking up again, and looking at other runs."""

import asyncio
from collections.abc import Awaitable, Callable

from lis_tui.core.bus import spawn
from lis_tui.core.errors import LisError
from lis_tui.core.wire import Changes, Reexecute
from lis_tui.trajectory.summary import RunSummary
from lis_tui.ui.deeds.group import Group
from lis_tui.ui.departure import Departure, Point, named_after, secrets_for
from lis_tui.ui.family import family_of


class Travelling(Group):
    """Leads from the run that is shown to another one."""

    _is_under_way = False
    """A run is being made; one is enough."""

    def rewind(self) -> None:
        """Go back to the step under the cursor."""
        from lis_tui.ui.screens.travel import RewindDialog

        screen, step = self.screen, self.screen.commands.step
        if step is None or self._is_busy():
            return

        def chosen(point: Point | None) -> None:
            if point is not None:
                self._go(f"rewinding: {point}", lambda: self._rewind(point))

        screen.app.push_screen(
            RewindDialog(screen.walk.departing, screen.paint, step, screen.source.name), chosen
        )

    async def _rewind(self, point: Point) -> None:
        screen = self.screen
        # Who goes back wants to have something go otherwise, and must not be overtaken.
        changes = named_after(screen.source.name, Changes(is_held=True))
        secrets = secrets_for(screen.view, changes, is_live=True)
        name = await screen.source.fork(
            point.address, is_before=point.is_before, kind="rewind", changes=changes, secrets=secrets
        )
        self._show(
            name,
            f"rewound: this is {point} again, and holds: s tells the model, c goes on",
            is_instead=True,
        )

    def fork(self) -> None:
        """Begin another run at the step under the cursor."""
        from lis_tui.ui.screens.travel import ForkDialog

        screen, step = self.screen, self.screen.commands.step
        if step is None or self._is_busy():
            return

        def chosen(departure: Departure | None) -> None:
            if departure is not None:
                self._go(f"forking {departure.point}", lambda: self._fork(departure))

        dialog = ForkDialog(
            screen.walk.departing, screen.paint, step, screen.source.name, is_live=self._is_live
        )
        screen.app.push_screen(dialog, chosen)

    async def _fork(self, departure: Departure) -> None:
        screen, point = self.screen, departure.point
        changes = named_after(screen.source.name, departure.changes)
        secrets = secrets_for(screen.view, changes, is_live=self._is_live)
        name = await screen.source.fork(
            point.address,
            is_before=point.is_before,
            rebuild=departure.is_rebuilt,
            changes=changes,
            secrets=secrets,
        )
        becomes = "goes on beside it" if screen.leaving.is_going_on else "is unchanged"
        self._show(name, f"forked {point}; {screen.source.name} {becomes}, O goes back to it")

    def reexecute(self) -> None:
        """Do again what was recorded."""
        from lis_tui.ui.screens.reexecute import ReexecuteDialog

        screen, step = self.screen, self.screen.commands.step
        if self._is_busy():
            return

        def chosen(ask: Reexecute | None) -> None:
            if ask is not None:
                self._go("re-executing", lambda: self._reexecute(ask))

        dialog = ReexecuteDialog(
            screen.view, screen.paint, step, screen.source.name, config_folder=screen.config_folder
        )
        screen.app.push_screen(dialog, chosen)

    async def _reexecute(self, ask: Reexecute) -> None:
        name = await self.screen.source.reexecute(ask)
        self._show(name, f"this does {self.screen.source.name} again; O goes back to it")

    def resume(self) -> None:
        """Go on with a run that no process has any more."""
        from lis_tui.ui.screens.resume import ResumeDialog

        screen = self.screen
        if self._is_busy():
            return

        def chosen(changes: Changes | None) -> None:
            if changes is not None:
                self._go("taking the run up again", lambda: self._resume(changes))

        screen.app.push_screen(ResumeDialog(screen.walk.whole, screen.paint, screen.source.name), chosen)

    async def _resume(self, changes: Changes) -> None:
        screen = self.screen
        secrets = secrets_for(screen.walk.whole, changes, is_live=False)
        name = await screen.source.take_up(changes, secrets)
        self._show(name, "the run goes on", is_instead=True)

    def runs(self) -> None:
        """Show the family of this run and what else is live."""
        spawn(self._list(), "list runs", self.screen.refused)

    async def _list(self) -> None:
        from lis_tui.ui.screens.family import FamilyDialog

        screen = self.screen
        runs = await asyncio.to_thread(screen.source.runs)
        kin = family_of(screen.source.name, runs)

        def chosen(run: RunSummary | None) -> None:
            if run is not None and run.name != screen.source.name:
                self._show(run.name)

        screen.app.push_screen(FamilyDialog(kin, screen.source.name, screen.clock(), screen.paint), chosen)

    # ---- on the way

    @property
    def _is_live(self) -> bool:
        return not self.screen.source.is_recorded

    def _is_busy(self) -> bool:
        if self._is_under_way:
            self.screen.hint("a run is being made from here; a moment")
        return self._is_under_way

    def _go(self, hint: str, way: Callable[[], Awaitable[None]]) -> None:
        """Make a run, which may take some seconds, and say so."""
        self._is_under_way = True
        self.screen.hint(f"{hint} …")

        async def go() -> None:
            try:
                await way()
            finally:
                self._is_under_way = False

        spawn(go(), "travel", self.screen.refused)

    def _show(self, name: str, hint: str = "", *, is_instead: bool = False) -> None:
        from lis_tui.ui.branches import RunWanted

        try:
            source = self.screen.source.other(name)
        except LisError as error:
            self.screen.hint(error.sentence)
        else:
            self.screen.post_message(RunWanted(source, hint, is_instead=is_instead))
