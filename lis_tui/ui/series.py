"""Trajectories one after the other, in the order in which a table shows them."""

from collections.abc import Callable, Sequence

from lis_tui.ui.bridge import Source


class Series:
    """Knows which of the trajectories is looked at, and gives the one beside it."""

    def __init__(self, source: Callable[[int], Source]) -> None:
        self._source = source
        self.order: Sequence[int] = ()
        """The places of the table's rows, as it shows them."""
        self.at = 0
        """The place of the row that is looked at."""

    def open(self, place: int) -> Source:
        """Look at a row. Raises LisError."""
        source = self._source(place)
        source.series = self
        self.at = place
        return source

    def begin(self, source: Source) -> Source:
        """Look at the first row before it is there."""
        source.series = self
        return source

    def beside(self, direction: int) -> Source | None:
        """Look at the next row (1) or the one before (-1); None at the end. Raises LisError."""
        if self.at not in self.order:
            return None
        number = self.order.index(self.at) + direction
        return self.open(self.order[number]) if 0 <= number < len(self.order) else None

    @property
    def words(self) -> str:
        """Say which one it is of how many."""
        if self.at not in self.order:
            return ""
        return f"{self.order.index(self.at) + 1:,} of {len(self.order):,}"
