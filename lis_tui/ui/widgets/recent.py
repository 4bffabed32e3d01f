"""The list of recent runs, and what can be done with the one under the cursor."""

from collections.abc import Callable, Hashable

from lis_tui.trajectory.summary import RunSummary
from lis_tui.ui.family import Kin, families, kin_row
from lis_tui.ui.paint import Paint
from lis_tui.ui.rows import Ink, Row
from lis_tui.ui.widgets.blocks import BlockList


class RunList(BlockList):
    """One line a run, forks below the run they left: live families first, then the newest."""

    has_bar = False

    def __init__(self, paint: Paint, now: Callable[[], float]) -> None:
        super().__init__(paint, id="recent")
        self._now = now
        self.kin: list[Kin] = []
        self.is_following = False

    def show(self, runs: list[RunSummary]) -> None:
        """List these; the cursor stays on its run."""
        name = self.run.name if self.run is not None else ""
        self.kin = families(runs)
        places = [number for number, kin in enumerate(self.kin) if kin.run.name == name]
        self.cursor = places[0] if places and self.cursor else self.cursor
        self.rebuild()

    @property
    def run(self) -> RunSummary | None:
        """The run under the cursor."""
        return self.kin[min(self.cursor, len(self.kin) - 1)].run if self.kin else None

    def block_count(self) -> int:
        """Runs."""
        return len(self.kin)

    def block_version(self, number: int) -> Hashable:
        """A list is replaced whole."""
        return self.kin[number]

    def is_countable(self, number: int) -> bool:
        """Nothing is counted."""
        return False

    def title(self) -> tuple[list[Ink], list[Ink]]:
        """Name the list, and say what can be done with the run under the cursor."""
        tone = "accent bold" if self.has_focus else "muted"
        right: list[Ink] = []
        if self.has_focus and self.run is not None:
            right = [("enter", "accent"), (f" {_entered(self.run)}  ", "muted")]
            right += [("r", "accent"), (" resume  ", "muted")] if can_resume(self.run) else []
        return [(" Recent runs" if self.kin else " No runs yet", tone)], right

    def block_rows(self, number: int, *, is_lit: bool) -> list[Row]:
        """Give a run's line."""
        kin = self.kin[number]
        return [kin_row(kin, self._now(), width=self.size.width)]


def can_resume(run: RunSummary) -> bool:
    """Whether no process has it any more and it can go on."""
    return not run.is_live and not run.problem and run.status != "rewound"


def _entered(run: RunSummary) -> str:
    return "attach" if run.is_live else "resume or look" if run.was_cut_off else "open"
