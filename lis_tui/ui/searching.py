"""What was searched for in a run: found a little at a time, so that no key waits; walked both ways."""

import asyncio
import time
from bisect import bisect_left, bisect_right
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from lis_tui.core.breakpoints import Breakpoint
from lis_tui.core.bus import spawn
from lis_tui.core.errors import LisError
from lis_tui.core.events import StepAddress
from lis_tui.core.filter import And, Filter, Or, ToolIs, asks_for_files
from lis_tui.core.filter_parser import parse
from lis_tui.core.search import Changed, Search, Sliced, nothing_known
from lis_tui.core.view import RunView

if TYPE_CHECKING:
    from lis_tui.trajectory.past_files import Past

TELL_EVERY = 12
"""Slices between two times that somebody is told of what was found."""


async def no_files() -> Changed:
    """Know nothing of files but what the records say."""
    return nothing_known


def changed_by(past: "Past") -> Changed:
    """Give which files each step changed, as its checkpoint has it; slow, for a thread."""
    found: dict[StepAddress, tuple[str, ...]] = {}
    for address in past.addresses() if not past.is_inferred else ():
        with suppress(LisError):
            then = past.then(address)
            if then.shown == address and then.before is not None:
                found[address] = tuple(then.marks)
    return found.get


class Hits:
    """The steps, and turns without steps, that a filter means. `tell` is called when more are known.

    `changed` learns which files each step changed, for filters that ask for that; `make` looks for something
    else than what the filter means.
    """

    def __init__(
        self,
        text: str,
        given: Filter,
        view: RunView,
        tell: Callable[[], None],
        *,
        changed: Callable[[], Awaitable[Changed]] = no_files,
        make: Callable[[Changed], Sliced] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.text = text
        self._search: Sliced | None = None
        self._make = make or (lambda files: Search(view, given, files, monotonic))
        self._changed = changed if asks_for_files(given) else no_files
        self._tell = tell
        self._grown = asyncio.Event()
        self._task = spawn(self._look(), "search")

    @property
    def found(self) -> list[StepAddress]:
        """All that was found so far, in order."""
        return self._search.found if self._search is not None else []

    @property
    def is_over(self) -> bool:
        """Everything was looked at."""
        return self._search is not None and self._search.is_done

    async def _look(self) -> None:
        slices = 0
        search = self._search = self._make(await self._changed())
        while not search.advance():
            self._grow()
            slices += 1
            if slices % TELL_EVERY == 0:
                self._tell()
            await asyncio.sleep(0)
        self._grow()
        self._tell()

    def _grow(self) -> None:
        self._grown.set()
        self._grown = asyncio.Event()

    def stop(self) -> None:
        """Look no further."""
        self._task.cancel()

    def told(self, here: StepAddress | None) -> str:
        """Say which of the hits one is at, and how many there are."""
        found, more = self.found, "" if self.is_over else "…"
        place = bisect_left(found, here) if here is not None else len(found)
        is_hit = place < len(found) and found[place] == here
        return f"hit {place + 1}/{len(found)}{more}" if is_hit else f"{len(found)} hits{more}"

    def beside(
        self, here: StepAddress | None, direction: int, *, is_round: bool = True
    ) -> StepAddress | None:
        """Give the next hit after or before a step; where it `is_round`, after the last comes the first."""
        found = self.found
        after = bisect_right(found, here) if here is not None else 0
        place = after if direction > 0 else (bisect_left(found, here) if here is not None else 0) - 1
        if found and is_round:
            return found[place % len(found)]
        return found[place] if 0 <= place < len(found) else None

    async def first_beside(self, here: StepAddress | None, direction: int) -> StepAddress | None:
        """Give the next hit as soon as it is known which that is; None where there is none."""
        while not self.is_over and (direction < 0 or self.beside(here, direction, is_round=False) is None):
            await self._grown.wait()
        return self.beside(here, direction, is_round=False)


def meant_by(breakpoints: tuple[Breakpoint, ...]) -> Filter | None:
    """Give what the breakpoints that are on mean together, from whichever hit on; None: all are off."""
    filters = [_filter_of(one) for one in breakpoints if one.is_on]
    return Or(tuple(filters)) if len(filters) > 1 else filters[0] if filters else None


def _filter_of(rule: Breakpoint) -> Filter:
    given = parse(rule.filter)
    return And((ToolIs("submit"), given)) if rule.gates == ("before_submit",) else given
