"""Which files the workbench shows: the live tree, or in a recording those of the place one is at."""

import asyncio
from bisect import bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lis_tui.core.beneath import FilePart, list_beneath
from lis_tui.core.bus import spawn
from lis_tui.core.content import Content
from lis_tui.core.errors import LisError
from lis_tui.core.events import FILES_ARE_COPIED, FileEntry, StepAddress
from lis_tui.core.ignore import MOST_BYTES
from lis_tui.ui.listing import Listing, Open, below, listing, opened_below, opened_kept
from lis_tui.ui.previewing import Previewing, Wish

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lis_tui.core.parts import FileMark
    from lis_tui.trajectory.past_files import FilesThen, Past
    from lis_tui.ui.screens.workbench import Workbench

FLASH_S = 0.7
MOST_FILES = 20_000


class Filing:
    """Has the files of a place read away from the keys; of several wishes the newest wins."""

    def __init__(self, screen: "Workbench") -> None:
        self._screen = screen
        self._wish: tuple[StepAddress | None, bool, bool] | None = None
        self._is_reading = False
        self._previewed: tuple[FileEntry, StepAddress | None] | None = None
        self.previewing = Previewing(screen.preview)
        screen.files.on_rules = self._read_rules
        self.shown: Listing | None = None
        """The files of the place; None: the run's own tree is shown."""

    def follow(self) -> None:
        """Records came."""
        screen = self._screen
        if self._past is not None:
            self.go(screen.walk.address)
        elif screen.view.files_version != screen.files.seen_version:
            if screen.view.marks and not screen.files.is_flashing and not screen.source.is_recorded:
                screen.files.is_flashing = True
                screen.set_timer(FLASH_S, screen.files.end_flash)
            screen.files.update_files()
            self.choose()
        elif self.is_copied:  # a checkpoint may have come, which has what the pane could not show
            self.choose()

    # ---- the files of a place

    @property
    def _past(self) -> "Past | None":
        return self._screen.source.past if self._screen.source.is_recorded else None

    def go(self, address: StepAddress | None) -> None:
        """Show the files as they were at a place: after its step, or after the last one before its turn."""
        steps = self._screen.walk.whole.steps
        before = reversed(steps[: self._count(address)])
        replay = self._screen.walk.replay
        ran = next((step.address for step in before if step.started_at is not None), None)
        wish = (ran, replay is not None and replay.is_last, self._screen.files.look.is_since_start)
        if self._past is None or wish == self._wish:
            return
        self._wish = wish
        if not self._is_reading:
            spawn(self._read(self._past), "files then")

    def look_back(self) -> None:
        """Marks are wanted that differ from another moment."""
        self.go(self._screen.walk.address)

    def _count(self, address: StepAddress | None) -> int:
        """How many steps there are up to a place."""
        steps = self._screen.walk.whole.steps
        return bisect_right(steps, address, key=lambda step: step.address) if address is not None else 0

    async def _read(self, past: "Past") -> None:
        self._is_reading = True
        worktree = self._screen.source.worktree
        try:
            done = None
            while self._wish is not None and done != self._wish and self._screen.is_attached:
                done = self._wish
                found = await asyncio.to_thread(_listed, past, worktree, *done)
                if done == self._wish and self._screen.is_attached:
                    self._show(found)
        finally:
            self._is_reading = False

    def _show(self, found: Listing) -> None:
        self.shown = found
        self._screen.files.show(found)
        self.choose()

    def _read_rules(self, entries: list[FileEntry]) -> None:
        """Read what says which files are ignored."""

        async def read(opened: Open) -> None:
            found = await asyncio.to_thread(lambda: {entry: _beginning(opened, entry) for entry in entries})
            if self._screen.is_attached:
                self._screen.files.take_rules(found)

        spawn(read(self.opened), "ignored files")

    # ---- the preview

    def choose(self) -> None:
        """Show the selected file, or the newest until a person selects one."""
        files, shown = self._screen.files, self.shown
        newest = self._screen.view.newest_file if shown is None else shown.newest
        if not files.has_chosen and newest is not None:
            files.select(newest)
        is_nothing = newest is None and not files.has_chosen and self._screen.source.is_recorded
        if is_nothing:  # what was shown of another place says nothing of this one
            self._previewed = None
            self.previewing.wish(None)
        entry = files.selected() if not is_nothing else None
        at = shown.shown if shown is not None else self._newest_kept
        wanted = (entry, at) if entry is not None else None
        if wanted is None or wanted == self._previewed:
            return
        self._previewed = wanted
        self.previewing.wish(Wish(*wanted, self.opened))

    # ---- what actions are about

    @property
    def chosen(self) -> FileEntry | None:
        """What is under the cursor of the files; elsewhere what is previewed."""
        if self._screen.focused is self._screen.files:
            return self._screen.files.selected()
        return self._previewed[0] if self._previewed is not None else None

    @property
    def opened(self) -> Open:
        """Open the files of the tree that is shown; slow."""
        if self.shown is not None:
            return self.shown.open
        if self.is_copied:
            return opened_kept(lambda: self._screen.source.past, self._newest_kept)
        return opened_below(self._screen.source.worktree)

    @property
    def is_copied(self) -> bool:
        """The work folder of the live run is on another machine."""
        sandbox = self._screen.view.sandbox
        return (
            sandbox is not None and FILES_ARE_COPIED in sandbox.notes and not self._screen.source.is_recorded
        )

    @property
    def _newest_kept(self) -> StepAddress | None:
        """The checkpoint that its files are read from."""
        return max(self._screen.view.checkpoints, default=None) if self.is_copied else None

    @property
    def entries(self) -> Sequence[FileEntry]:
        """Give all of the tree that is shown."""
        return tuple((self._screen.view.files if self.shown is None else self.shown.files).values())

    @property
    def is_now(self) -> bool:
        """The tree is as it is now, not as it was after a step."""
        return self.shown is None or self.shown.shown is None


def _beginning(opened: Open, entry: FileEntry) -> bytes:
    """Give the beginning of a file of rules; nothing where it cannot be read."""
    try:
        with opened(entry) as content:
            return content.read(MOST_BYTES)
    except (LisError, OSError):
        return b""


def _listed(
    past: "Past", worktree: "Path | None", address: StepAddress | None, is_end: bool, is_since_start: bool
) -> Listing:
    """Read the files of a place; slow, for a thread."""
    is_known = not past.is_inferred and bool(past.addresses())
    if is_end and not is_known and worktree is not None:
        entries, opened = list_beneath(worktree, MOST_FILES), opened_below(worktree)
        return listing(entries, {}, below(worktree), note="as it is now", open=opened)
    try:
        then = past.then(address if address is not None else StepAddress(0))
        first = past.addresses()[:1] if is_since_start else []
        start_marks = past.changes(first[0], then.shown) if first else {}
    except LisError as error:
        return listing((), {}, below(None), why_empty=error.sentence)
    return _of_step(past, then, address, start_marks)


def _of_step(
    past: "Past", then: "FilesThen", address: StepAddress | None, start_marks: "Mapping[str, FileMark]"
) -> Listing:
    def read(entry: FileEntry, most_bytes: int) -> FilePart:
        return past.part(then.shown, entry.path, most_bytes)

    def opened(entry: FileEntry) -> Content:
        return past.open(then.shown, entry.path)

    is_doubtful = not past.is_inferred and address is not None and then.shown != address
    note = f"after {then.shown}" if then.shown.step else f"before {then.shown.turn}.1"
    if past.is_inferred:
        note = "inferred"
    elif is_doubtful:
        note += f", not {address}"
    return listing(
        then.entries,
        then.marks,
        read,
        shown=then.shown,
        note=note,
        is_doubtful=is_doubtful or past.is_inferred,
        why_empty=then.why_empty or "The work folder is empty.",
        open=opened,
        start_marks=start_marks,
    )
