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
    from lis_tui.trajectory.foreign.opening import Collection
    from lis_tui.ui.app import LisApp


def open_at(places: "Places", loaded: "Loaded", path: Path) -> int:
    """Show what is at a path: one trajectory, or a table of them; nothing is read before the first paint.

    Gives the exit code. Raises LisError where nothing there can be opened.
    """
    runs = Runs(places)
    return _shown(places, loaded, Gathering(path, runs), runs, is_alone=True)


def open_table(places: "Places", loaded: "Loaded", found: "Collection") -> int:
    """Show a table of what was found already. Gives the exit code."""
    runs = Runs(places)
    return _shown(places, loaded, Gathering.of(found, runs), runs, is_alone=False)


def _shown(places: "Places", loaded: "Loaded", found: Gathering, runs: Runs, *, is_alone: bool) -> int:
    from lis_tui.ui.app import show

    failures: list[LisError] = []

    def first(app: "LisApp") -> TableScreen:
        def fail(error: LisError) -> None:
            failures.append(error)
            app.exit(error.exit_code)

        return table(app, found, loaded, fail, is_alone=is_alone)

    code = show(places, loaded, first, runs)
    if failures:
        raise failures[0]
    return code


def table(
    app: "LisApp",
    found: Gathering,
    loaded: "Loaded",
    fail: Callable[[LisError], None],
    *,
    is_alone: bool = True,
) -> TableScreen:
    """Give the table's screen for an app."""
    from lis_tui.ui.app import workbench

    def open_(source: Source) -> None:
        app.push_screen(workbench(app, source, loaded))

    return TableScreen(found, app.paint, open_, fail, is_alone=is_alone)
