"""Runs side by side: how each came out; of two, what they did in columns, and the files that differ."""

import asyncio
from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding

from lis_tui.core.bus import spawn
from lis_tui.core.compare import align
from lis_tui.core.differing import FileDifference
from lis_tui.core.errors import StorageFailed
from lis_tui.core.events import StepAddress
from lis_tui.core.manifest import Manifest
from lis_tui.trajectory.compared import Compared, files_between
from lis_tui.trajectory.past_files import diff_file
from lis_tui.ui.paint import Paint
from lis_tui.ui.rows import Ink
from lis_tui.ui.screens.diff import DiffScreen, diffs_of
from lis_tui.ui.screens.lists import ListScreen
from lis_tui.ui.widgets.blocks import BlockList
from lis_tui.ui.widgets.differing import Differing
from lis_tui.ui.widgets.lines import Lines
from lis_tui.ui.widgets.outcomes import OutcomeList, outcome_lines
from lis_tui.ui.widgets.pairs import Pairs

MOST_TALL = 30
"""Windows lower than this have no room for the answers above the columns."""
_KEYS = (
    ("enter", "diff"),
    ("] [", "differing"),
    ("tab", "steps, files"),
    ("l r", "hold side"),
    ("q", "back"),
    ("j k g G", "move"),
)
_KEYS_OF_MANY = (("space", "choose two"), ("enter", "put them side by side"), ("j k", "move"), ("q", "back"))


class OutcomesScreen(ListScreen):
    """The table of outcomes of three runs or more; two of them can be put side by side."""

    CSS_PATH = "compare.tcss"
    BINDINGS = [
        Binding("space", "choose", "choose"),
        Binding("enter", "beside", "side by side"),
    ]
    keys = _KEYS_OF_MANY

    def __init__(self, runs: Sequence[Compared], paint: Paint) -> None:
        super().__init__(paint)
        self.runs = tuple(runs)
        self.outcomes = OutcomeList(paint, [run.outcome for run in runs])

    def compose(self) -> ComposeResult:
        """Draw the table and the keys."""
        yield self.outcomes
        yield self.status

    def on_mount(self) -> None:
        """Begin at the first run."""
        self.outcomes.focus()

    @property
    def front(self) -> BlockList:
        """The only one."""
        return self.outcomes

    def action_choose(self) -> None:
        """Choose the run under the cursor."""
        self.outcomes.toggle(self.outcomes.cursor)

    @on(BlockList.Opened)
    def _opened(self) -> None:
        self.action_beside()

    def action_beside(self) -> None:
        """Put two side by side: those chosen, or the one chosen and the one under the cursor."""
        chosen = list(self.outcomes.chosen)
        if len(chosen) == 1 and self.outcomes.cursor not in chosen:
            chosen.append(self.outcomes.cursor)
        if len(chosen) != 2:
            self.hint("choose two of them with space")
            return
        left, right = sorted(chosen)
        self.app.push_screen(CompareScreen(self.runs[left], self.runs[right], self.paint))


class CompareScreen(ListScreen):
    """Two runs in columns."""

    CSS_PATH = "compare.tcss"
    BINDINGS = [
        Binding("tab,shift+tab", "other", "steps, files"),
        Binding("1", "go('pairs')", "steps"),
        Binding("2", "go('files')", "files"),
        Binding("enter", "open", "diff"),
        Binding("right_square_bracket,n", "difference(1)", "next difference"),
        Binding("left_square_bracket,N", "difference(-1)", "difference before"),
        Binding("l", "hold(0)", "hold the left side"),
        Binding("r", "hold(1)", "hold the right side"),
    ]
    keys = _KEYS

    def __init__(self, left: Compared, right: Compared, paint: Paint) -> None:
        super().__init__(paint)
        self._runs = (left, right)
        self.head = Lines(paint, self._head, id="outcomes")
        self.pairs = Pairs(paint, align(left.view, right.view), (left.name, right.name))
        self.files = Differing(paint)
        self._manifests: tuple[Manifest, Manifest] | None = None
        self._wanted: tuple[StepAddress | None, StepAddress | None] | None = None
        self._is_reading = False

    def compose(self) -> ComposeResult:
        """Draw outcomes, columns, files and keys."""
        yield self.head
        yield self.pairs
        yield self.files
        yield self.status

    def on_mount(self) -> None:
        """Begin where the runs differ first."""
        self.pairs.focus()
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        self.pairs.cursor = -1
        first = self.pairs.next_difference(1)
        self.pairs.cursor = 0
        self.pairs.move_to(first or 0)
        self._compare_files()

    def _head(self, width: int) -> list[list[Ink]]:
        has_answers = self.app.size.height >= MOST_TALL
        return outcome_lines([run.outcome for run in self._runs], width, has_answers=has_answers)

    @property
    def front(self) -> BlockList:
        """The list that has the focus."""
        return self.files if self.focused is self.files else self.pairs

    # ---- files

    @on(BlockList.Moved)
    def _moved(self, message: BlockList.Moved) -> None:
        if message.pane is self.pairs:
            self._compare_files()

    def _compare_files(self) -> None:
        """Compare the files at the cursor; while one comparison is under way only the newest wish is kept."""
        left, right = self.pairs.sides()
        wanted = (left.address if left else StepAddress(0), right.address if right else StepAddress(0))
        if wanted != self._wanted:
            self._wanted = wanted
            if not self._is_reading:
                spawn(self._read_files(), "files that differ")

    async def _read_files(self) -> None:
        self._is_reading = True
        try:
            done = None
            while self._wanted is not None and done != self._wanted and self.is_attached:
                done = self._wanted
                await self._read_once(done)
        finally:
            self._is_reading = False

    async def _read_once(self, at: tuple[StepAddress | None, StepAddress | None]) -> None:
        try:
            one, other, found = await asyncio.to_thread(files_between, *self._runs, at)
        except StorageFailed as error:
            self._manifests = None
            if self.is_attached:
                self.files.show((), "", error.sentence)
            return
        self._manifests = (one, other)
        if self.is_attached:
            self.files.show(found, f"after {one.address} and after {other.address}")

    # ---- keys

    def action_other(self) -> None:
        """To the other list."""
        (self.pairs if self.front is self.files else self.files).focus()

    def action_go(self, which: str) -> None:
        """To a list."""
        (self.pairs if which == "pairs" else self.files).focus()

    def action_difference(self, direction: int) -> None:
        """To the next step that differs."""
        place = self.pairs.next_difference(direction)
        if place is None:
            self.hint("no further difference there")
            return
        self.pairs.focus()
        self.pairs.move_to(place)

    def action_hold(self, side: int) -> None:
        """Hold a side at its step, so that files can be compared across any two steps."""
        name = ("left", "right")[side]
        step = self.pairs.pin(side)
        self.hint(f"{name}: held at {step.address}" if step is not None else f"{name}: follows the cursor")
        self._compare_files()

    @on(BlockList.Opened)
    def _opened(self, message: BlockList.Opened) -> None:
        message.pane.focus()
        self.action_open()

    def action_open(self) -> None:
        """Open the diff of what is under the cursor."""
        if self.front is self.files:
            if self.files.file is not None and self._manifests is not None:
                spawn(self._open_file(self.files.file, self._manifests), "diff", self.refused)
        elif self.pairs.line is not None:
            names = (self._runs[0].name, self._runs[1].name)
            title, diffs = diffs_of(self.pairs.line, names)
            self.app.push_screen(DiffScreen(title, diffs, self.paint))

    async def _open_file(self, file: FileDifference, manifests: tuple[Manifest, Manifest]) -> None:
        left, right = self._runs
        one, other = (left.files, manifests[0], left.name), (right.files, manifests[1], right.name)
        diff = await asyncio.to_thread(diff_file, one, other, file)
        if self.is_attached:
            self.app.push_screen(DiffScreen(file.path, [("", diff)], self.paint))


def screen_of(runs: Sequence[Compared], paint: Paint) -> "CompareScreen | OutcomesScreen":
    """Give the screen for these runs."""
    if len(runs) == 2:
        return CompareScreen(runs[0], runs[1], paint)
    return OutcomesScreen(runs, paint)
