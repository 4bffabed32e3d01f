"""The doors to comparisons: from the command line, and from a workbench with a choice of runs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lis_tui.trajectory.summary import RunSummary

if TYPE_CHECKING:
    from lis_tui.config.load import Loaded
    from lis_tui.config.places import Places
    from lis_tui.trajectory.compared import Compared


def open_comparison(places: "Places", loaded: "Loaded", compared: Sequence["Compared"]) -> int:
    """Show runs side by side. Gives the exit code."""
    from lis_tui.ui.app import show
    from lis_tui.ui.runs import Runs
    from lis_tui.ui.screens.compare import screen_of

    return show(places, loaded, lambda app: screen_of(compared, app.paint), Runs(places))


def by_kinship(name: str, runs: Sequence[RunSummary]) -> list[RunSummary]:
    """Order the other runs: those of the family first, then those of the same task, then the newest."""
    found = {run.name: run for run in runs}
    here = found.get(name)
    task = here.task if here is not None else ""

    def top(run: str) -> str:
        seen = {run}
        while (one := found.get(run)) is not None and one.parent is not None and one.parent not in seen:
            run = one.parent
            seen.add(run)
        return run

    family = top(name)
    others = [run for run in runs if run.name != name and not run.problem]
    return sorted(
        others, key=lambda run: (top(run.name) != family, run.task != task or not task, -run.started_at)
    )
