"""What a workbench draws around its panes and in their boxes: the status line, and the keys on offer."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from lis_tui.core.events import Record
from lis_tui.ui.load import LoadHistory
from lis_tui.ui.offers import end_keys, footer, gate_keys, held_keys, host_keys, inks_of, running_keys
from lis_tui.ui.reaching import Refusals
from lis_tui.ui.rows import Ink
from lis_tui.ui.status import Moment, status_line

if TYPE_CHECKING:
    from lis_tui.ui.screens.workbench import Workbench


class Around:
    """Draws for one workbench, and keeps what only that drawing needs."""

    def __init__(self, screen: "Workbench") -> None:
        self._screen = screen
        self.loads = LoadHistory()
        """What the sandbox used in the last while."""
        self._refusals = Refusals()

    def take(self, records: Iterable[Record]) -> None:
        """Keep what was measured, and say which hosts were refused for the first time."""
        self.loads.take(records)
        screen = self._screen
        if not screen.source.is_recorded and (said := self._refusals.news(records, screen.now())):
            screen.hint(said)

    def status_lines(self, width: int) -> list[list[Ink]]:
        """Give the status line."""
        screen = self._screen
        moment = Moment(
            screen.clock(),
            screen.source.is_recorded,
            screen.hinted,
            screen.lost,
            warned=self.loads.warned,
        )
        commands = screen.commands
        is_seen = commands.painted_gate is not None or commands.painted_host is not None
        keys = footer(screen.view, screen.where, is_gate_seen=is_seen)
        return [status_line(screen.view, screen.walk.moment(moment), keys, width)]

    def keys(self) -> list[Ink]:
        """Give the keys of what is under way: of the gate, of the running command, of the end."""
        view, where = self._screen.view, self._screen.where
        if view.ended is not None:
            return inks_of(end_keys(view, where))
        if view.gate is None and view.running is not None:
            return inks_of(running_keys(view, view.running, where))
        return inks_of(gate_keys(view, where))

    def box_keys(self, box: str) -> list[Ink]:
        """Give the keys of a box beside the gate's: of a `host` asked for, of a run that is `held`."""
        offered = host_keys if box == "host" else held_keys
        return inks_of(offered(self._screen.view, self._screen.where))
