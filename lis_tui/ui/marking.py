"""The marks of the run that is shown: on the screen at once, kept beside it as soon as the disk has them."""

import asyncio
from typing import TYPE_CHECKING

from lis_tui.core.bus import spawn
from lis_tui.core.events import StepAddress
from lis_tui.core.marks import Mark, comment_of, mark_at, with_mark, without

if TYPE_CHECKING:
    from lis_tui.trajectory.marks import Marks as Kept
    from lis_tui.ui.screens.workbench import Workbench


class Marks:
    """Steps that a person wants to find again, some with words about them; for one workbench."""

    def __init__(self, screen: "Workbench") -> None:
        self._screen = screen
        self._marks: tuple[Mark, ...] = ()
        self._is_looked_for = False
        self._writing = asyncio.Lock()
        self.addresses: frozenset[StepAddress] = frozenset()

    def look(self) -> None:
        """Read those that are kept, once it is known where."""
        kept = None if self._is_looked_for else self._screen.source.marks
        if kept is not None:
            self._is_looked_for = True
            spawn(self._read(kept), "marks", self._screen.refused)

    async def _read(self, kept: "Kept") -> None:
        for mark in await asyncio.to_thread(kept.read):
            if mark.address not in self.addresses:
                self._show(with_mark(self._marks, mark))

    def comment(self, address: StepAddress) -> str:
        """Give what is written about a step; empty where there is nothing."""
        mark = mark_at(self._marks, address)
        return mark.comment if mark is not None else ""

    def put(self, address: StepAddress, comment: str = "") -> None:
        """Mark a step, with these words. Raises UsageWrong where there are too many."""
        mark = Mark(address=address, comment=comment_of(comment), at=self._screen.now())
        self._show(with_mark(self._marks, mark))
        spawn(self._put(mark), "keep a mark", self._screen.refused)

    async def _put(self, mark: Mark) -> None:
        kept = self._screen.source.marks
        if kept is None:
            self._screen.hint("marked; where this run lies is not known, so the mark is not kept")
            return
        async with self._writing:
            await asyncio.to_thread(kept.put, mark)
        if not kept.is_beside:
            self._screen.hint(f"the folder cannot be written; the marks are in {kept.path}")

    def drop(self, address: StepAddress) -> None:
        """Take a mark away."""
        self._show(without(self._marks, address))
        spawn(self._drop(address), "drop a mark", self._screen.refused)

    async def _drop(self, address: StepAddress) -> None:
        kept = self._screen.source.marks
        if kept is not None:
            async with self._writing:
                await asyncio.to_thread(kept.drop, address)

    def _show(self, marks: tuple[Mark, ...]) -> None:
        self._marks = marks
        self.addresses = frozenset(mark.address for mark in marks)
        self._screen.commands.marks = {mark.address: mark.comment for mark in marks}
        self._screen.commands.update_blocks(is_whole=True)
        self._screen.walk.renew()
