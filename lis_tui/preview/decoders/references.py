"""How large a drawing becomes when every part that refers to another is drawn with it."""

from bisect import bisect_left
from typing import NamedTuple

from lis_tui.preview.parts import CannotShow

_DEEPEST = 200
"""resvg draws by recursion: some hundred groups within one another end its process."""
_MOST = 400_000
_MOST_STEPS = 60


class _Weight(NamedTuple):
    elements: int
    depth: int


class References:
    """The elements in their order, which of them have names, and which of them refer to names."""

    def __init__(self) -> None:
        self._count = 0
        self._open: list[tuple[int, str]] = []
        self._spans: dict[str, tuple[int, int, int]] = {}
        self._places: list[int] = []
        self._targets: list[tuple[str, int]] = []
        self._depths: list[int] = []
        self._known: dict[str, _Weight] = {}

    def begin(self, name: str) -> None:
        """An element begins; `name` is its id."""
        self._open.append((self._count, name))
        self._count += 1
        self._depths.append(len(self._open))
        if len(self._open) > _DEEPEST:
            raise CannotShow(f"Its elements are nested more than {_DEEPEST} deep; it is not shown.")
        if self._count > _MOST:
            raise CannotShow(f"It has more than {_MOST:,} elements; it is not shown.")

    def refer(self, name: str) -> None:
        """The element that is open refers to another."""
        self._places.append(self._open[-1][0])
        self._targets.append((name, len(self._open)))

    def end(self) -> None:
        """The element that was opened last ends."""
        start, name = self._open.pop()
        if name:
            self._spans.setdefault(name, (start, self._count, len(self._open)))

    def must_be_drawable(self) -> None:
        """Refuse what becomes too large or too deep."""
        whole = self._weight((0, self._count, 0), 0)
        if whole.elements > _MOST:
            raise CannotShow(
                f"Its parts refer to one another until there are {whole.elements:.2g}; it is not shown."
            )
        if whole.depth > _DEEPEST:
            raise CannotShow(f"Its parts refer to one another more than {_DEEPEST} deep; it is not shown.")

    def _weight(self, span: tuple[int, int, int], steps: int) -> _Weight:
        if steps > _MOST_STEPS:
            raise CannotShow(
                f"Its parts refer to one another in more than {_MOST_STEPS} steps; it is not shown."
            )
        start, end, above = span
        elements, depth = end - start, max(self._depths[start:end], default=0) - above
        for place in range(bisect_left(self._places, start), bisect_left(self._places, end)):
            name, at = self._targets[place]
            found = self._named(name, steps)
            elements, depth = elements + found.elements, max(depth, at - above + found.depth)
        return _Weight(elements, depth)

    def _named(self, name: str, steps: int) -> _Weight:
        if name not in self._known:
            # What comes back to itself is drawn no further.
            self._known[name] = _Weight(0, 0)
            if name in self._spans:
                self._known[name] = self._weight(self._spans[name], steps + 1)
        return self._known[name]
