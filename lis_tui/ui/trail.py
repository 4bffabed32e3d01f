"""Where a person was in a run, to go back and forth between, as a browser does between pages."""

from typing import Generic, TypeVar

T = TypeVar("T")
MOST = 500


class Trail(Generic[T]):
    """The places that were left by a jump, and those that one went back from."""

    def __init__(self) -> None:
        self._before: list[T] = []
        self._after: list[T] = []

    @property
    def has_earlier(self) -> bool:
        """One was elsewhere before."""
        return bool(self._before)

    @property
    def has_later(self) -> bool:
        """One went back."""
        return bool(self._after)

    def leave(self, place: T) -> None:
        """Jump away from a place."""
        if not self._before or self._before[-1] != place:
            self._before.append(place)
        del self._before[:-MOST]
        self._after.clear()

    def back(self, place: T) -> T:
        """Leave a place for the one where one was before; there is one."""
        self._after.append(place)
        return self._before.pop()

    def forth(self, place: T) -> T:
        """Leave a place for the one that one went back from; there is one."""
        self._before.append(place)
        return self._after.pop()
