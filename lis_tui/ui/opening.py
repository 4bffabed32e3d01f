"""The doors to what any program recorded: from the command line, and from the start screen."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from lis_tui.core.errors import LisError
from lis_tui.ui.bridge import Source
from lis_tui.ui.gathering import Gathering
from lis_tui.ui.runs import Runs
from lis_tui.ui.screens.table import TableScreen

if TYPE_CHECKING:
    from lis_tui.config.load import Loaded
    from lis_tui.config.places import Places
    from lis_tui.ui.app import LisApp


def open_at(places: "Places", loaded: "Loaded", path: Path) -> int:
    """Show what is at a path: one trajectory, or a table of them; nothing is read before the first paint.

    Gives the exit code. Raises LisError where nothing there can be opened.
    """
    from lis_tui.ui.app import show

    runs = Runs(places)
    found = Gathering(path, runs)
    failures: list[LisError] = []

    def first(app: "LisApp") -> TableScreen:
        def fail(error: LisError) -> None:
            failures.append(error)
            app.exit(error.exit_code)

        return table(app, found, loaded, fail)

    code = show(places, loaded, first, runs)
    if failures:
        raise failures[0]
    return code


def table(app: "LisApp", found: Gathering, loaded: "Loaded", fail: Callable[[LisError], None]) -> TableScreen:
    """Give the table's screen for an app."""
    from lis_tui.ui.app import workbench

    def open_(source: Source) -> None:
        app.push_screen(workbench(app, source, loaded))

    return TableScreen(found, app.paint, open_, fail)
