"""Breakpoints: one from the step under the cursor, all of them in a list, all off and on again."""

from lis_tui.core.breakpoints import Breakpoint
from lis_tui.core.decisions import SetBreakpoints
from lis_tui.core.errors import LisError
from lis_tui.trajectory.naming import slug
from lis_tui.ui.breaking import Scope, hits_of, keep, scope_of, suggested, switched
from lis_tui.ui.deeds.group import Group
from lis_tui.ui.screens.breakpoints import BreakpointDialog, BreakpointsDialog, Entry


class Breaking(Group):
    """Sends the run's breakpoints, and keeps those that are for more than this run."""

    def breakpoint(self) -> None:
        """Make one from the step under the cursor."""
        screen, walk = self.screen, self.screen.walk
        taken = tuple(one.name for one in walk.breakpoints)
        entry = Entry(suggested(walk.whole, screen.commands.step, taken), "run")

        def made(found: Entry | None) -> None:
            if found is not None:
                self._change((*walk.breakpoints, found.rule), found.rule.name, found)
                screen.hint(f"breakpoint {found.rule.name} is set")

        screen.app.push_screen(BreakpointDialog(entry, walk.whole, screen.paint, taken), made)

    def breakpoints(self) -> None:
        """List all of them."""
        screen, walk = self.screen, self.screen.walk
        entries = [Entry(one, self._scope(one.name)) for one in walk.breakpoints]
        hits = hits_of(screen.facts, [one.name for one in walk.breakpoints])
        screen.app.push_screen(BreakpointsDialog(entries, hits, walk.whole, screen.paint, self._change))

    def rest(self) -> None:
        """Switch all off; again: on as before."""
        screen = self.screen
        found = switched([*screen.facts, *screen.walk.set_here], screen.walk.breakpoints)
        if not found:
            screen.hint("none of them was on; B switches them on")
            return
        self._send(found)
        count = sum(one.is_on for one in found)
        screen.hint(f"breakpoints on again: {count}" if count else "all breakpoints off · I switches them on")

    def _change(self, breakpoints: tuple[Breakpoint, ...], name: str, entry: Entry | None) -> None:
        """Have the run use them, and keep what was changed where it belongs."""
        screen = self.screen
        self._send(breakpoints)
        folder = screen.config_folder
        if folder is None:
            return
        try:
            rule = entry.rule if entry is not None else None
            keep(folder, self._task, name, rule, entry.scope if entry is not None else "run")
        except LisError as error:
            screen.hint(error.sentence)

    def _send(self, breakpoints: tuple[Breakpoint, ...]) -> None:
        """Have the run use them; in a recording, the keys that go to matches."""
        if self.screen.walk.replay is not None:
            self.screen.walk.replay.set_breakpoints(breakpoints)
            self.screen.status.refresh()
        else:
            self.screen.send(SetBreakpoints(breakpoints))

    def _scope(self, name: str) -> Scope:
        try:
            return scope_of(name, self.screen.config_folder, self._task)
        except LisError:
            return "run"

    @property
    def _task(self) -> str:
        started = self.screen.view.started
        return slug(started.spec.task) if started is not None else ""
