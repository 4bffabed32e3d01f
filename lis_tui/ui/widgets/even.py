"""Blocks of one line each: where they are needs no measuring, however many there are."""

from collections.abc import Callable, Hashable, Iterable

from lis_tui.ui.widgets.heights import Heights


class Even(Heights):
    """Places lines one below the other; `version` tells how one looks now."""

    def __init__(self, version: Callable[[int], Hashable]) -> None:
        super().__init__(lambda number: (version(number), 1), 1)
        self._version = version
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def total(self) -> int:
        """The height of all."""
        return self._count

    def top(self, number: int) -> int:
        """Give the line where a block begins."""
        return number

    def end(self, number: int) -> int:
        """Give the line after a block."""
        return number + 1

    def version(self, number: int) -> Hashable:
        """Give how the block looks."""
        return self._version(number)

    def at(self, line: int) -> int:
        """Tell which block a line belongs to; lines after the last belong to that."""
        return max(min(line, self._count - 1), 0)

    def clear(self) -> None:
        """Forget everything."""
        self._count = 0

    def changed(self, first: int, end: int, version: Callable[[int], Hashable]) -> list[int]:
        """How a block looks is asked when it is drawn; none is known to look different."""
        return []

    def resize(self, count: int, changed: Iterable[int] = ()) -> None:
        """Have so many blocks."""
        self._count = count

    def look(self, first: int, last: int) -> bool:
        """Nothing is guessed."""
        return False

    def look_around(self, number: int, lines: int) -> bool:
        """Nothing is guessed."""
        return False
