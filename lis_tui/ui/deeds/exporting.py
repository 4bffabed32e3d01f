"""Writing the run down for others."""

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

from lis_tui.core.bus import spawn
from lis_tui.core.errors import UsageWrong
from lis_tui.ui.deeds.group import Group

if TYPE_CHECKING:
    from lis_tui.core.events import Record
    from lis_tui.ui.screens.export import Wanted


class Exporting(Group):
    """Asks for format and file, and writes it away from the keys."""

    def export(self) -> None:
        """Write the run down in one of the formats."""
        from lis_tui.ui.screens.export import ExportDialog

        screen = self.screen

        def chosen(wanted: "Wanted | None") -> None:
            if wanted is not None:
                spawn(self._write(wanted), "export", screen.refused)

        name = screen.source.name or "run"
        screen.app.push_screen(ExportDialog(screen.view, screen.paint, name, Path.cwd()), chosen)

    async def _write(self, wanted: "Wanted") -> None:
        screen = self.screen
        remarks = await asyncio.to_thread(self._written, wanted, list(screen.facts))
        screen.hint(" ".join([f"written: {wanted.path}", *remarks]))

    def _written(self, wanted: "Wanted", records: "list[Record]") -> list[str]:
        """Write it; slow, for a thread. Raises LisError."""
        from lis_tui.trajectory.exporting.writing import written
        from lis_tui.trajectory.store import RunFolder

        source = self.screen.source
        runs = source.runs()
        own = next((run for run in runs if run.name == source.name), None)
        made = written(
            source.name,
            records,
            wanted.to,
            os.environ,
            folder=None if own is None else RunFolder(own.name, own.path, own.worktree),
            forks=[run.name for run in runs if run.parent == source.name],
        )
        try:
            with wanted.path.open("xb") as file:
                file.write(made.data)
        except OSError as error:
            raise UsageWrong(f"{wanted.path} cannot be written: {error.strerror}.") from error
        return made.remarks()
