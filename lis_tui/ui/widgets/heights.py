"""How tall the blocks of a list are: measured where somebody looks, guessed elsewhere."""

from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable
from itertools import accumulate

_GUESSED = object()
"""The version of a block that nobody has looked at."""


class Heights:
    """Places blocks one below the other. `measure` tells how a block looks now: its version and height."""

    def __init__(self, measure: Callable[[int], tuple[Hashable, int]], usual: int) -> None:
        self._measure = measure
        self._usual = usual
        self._versions: list[Hashable] = []
        self._heights: list[int] = []
        self._tops: list[int] = [0]

    def __len__(self) -> int:
        return len(self._heights)

    @property
    def total(self) -> int:
        """The height of all."""
        return self._tops[-1]

    def top(self, number: int) -> int:
        """Give the line where a block begins."""
        return self._tops[number]

    def end(self, number: int) -> int:
        """Give the line after a block."""
        return self._tops[number + 1]

    def version(self, number: int) -> Hashable:
        """Give how the block looked when it was measured."""
        return self._versions[number]

    def at(self, line: int) -> int:
        """Tell which block a line belongs to; lines after the last belong to that."""
        return max(min(bisect_right(self._tops, line), len(self._heights)) - 1, 0)

    def clear(self) -> None:
        """Forget everything."""
        self._versions.clear()
        self._heights.clear()
        self._tops = [0]

    def changed(self, first: int, end: int, version: Callable[[int], Hashable]) -> list[int]:
        """Tell which measured blocks look different now."""
        known = self._versions[:end]
        return [n for n in range(first, end) if known[n] is not _GUESSED and version(n) != known[n]]

    def resize(self, count: int, changed: Iterable[int] = ()) -> None:
        """Have so many blocks; the new ones are guessed until somebody looks, the changed ones measured."""
        known = min(len(self._heights), count)
        del self._versions[count:], self._heights[count:]
        self._versions += [_GUESSED] * (count - known)
        self._heights += [self._usual] * (count - known)
        self._stack(min(self._take(changed), known))

    def look(self, first: int, last: int) -> bool:
        """Measure what was only guessed of these blocks, both included; tells whether there was any."""
        span = range(max(first, 0), min(last + 1, len(self._heights)))
        fresh = [number for number in span if self._versions[number] is _GUESSED]
        if fresh:
            self._stack(self._take(fresh))
        return bool(fresh)

    def look_between(self, top: int, bottom: int) -> bool:
        """Measure the blocks that have one of these lines; tells whether one had been guessed."""
        return self.look(self.at(max(top, 0)), self.at(max(bottom, 0)))

    def look_around(self, number: int, lines: int) -> bool:
        """Measure a block and so many lines before and after it; tells whether a block had been guessed."""
        found = self.look(number, number)
        for direction in (-1, 1):
            near, seen = number + direction, 0
            while 0 <= near < len(self._heights) and seen < lines:
                found |= self._take_one(near)
                seen += max(self._heights[near], 1)
                near += direction
        if found:
            self._stack(0)
        return found

    def _take(self, numbers: Iterable[int]) -> int:
        """Measure these; gives the first of them."""
        first = len(self._heights)
        for number in numbers:
            self._versions[number], self._heights[number] = self._measure(number)
            first = min(first, number)
        return first

    def _take_one(self, number: int) -> bool:
        if self._versions[number] is not _GUESSED:
            return False
        self._take((number,))
        return True

    def _stack(self, first: int) -> None:
        self._tops[first:] = accumulate(self._heights[first:], initial=self._tops[first])
