"""What the sandbox uses, in cells of fixed widths; what is near its limit comes first and is warned of."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Set
from itertools import pairwise

from msgspec import Struct

from lis_tui.core.events import LoadMeasured, Record
from lis_tui.ui import words
from lis_tui.ui.rows import Ink, cells

NEAR = 0.8
"""From this part of a limit on a person is warned."""
CALM = 0.7
"""Only below this part the warning ends, so that what goes up and down near the other stays where it is."""
_NOTHING: frozenset[str] = frozenset()
HISTORY_S = 90.0
"""So much of the past is drawn."""
BARS = "▁▂▃▄▅▆▇█"
_GAP = "  "


class Gauge(Struct, frozen=True):
    """One thing that is used up. `part`: how much of its limit, None where it has none."""

    name: str
    long: str
    value: str
    part: float | None = None
    may_be_full: bool = False
    """To use all of it is no trouble."""
    is_quiet: bool = False
    """It is told only near its limit."""
    is_warned: bool = False
    """A person was warned of it when it was measured before."""

    @property
    def is_near(self) -> bool:
        """Whether a person should know."""
        least = CALM if self.is_warned else NEAR
        return self.part is not None and self.part >= least and not self.may_be_full


class _Kind(Struct, frozen=True):
    name: str
    long: str
    used: str
    limit: str
    write: Callable[[float], str]
    width: int
    """Of what `write` gives."""
    may_be_full: bool = False
    is_quiet: bool = False


def _processors(used: float) -> str:
    return f"{used:.1f}"


def _size(used: float) -> str:
    return words.size(int(used))


def _whole(used: float) -> str:
    number = int(used)
    return str(number) if number < 10_000 else f"{number // 1000}k"


def _number(used: float) -> str:
    return words.count(int(used))


_KINDS = (
    _Kind("cpu", "processors", "cpus", "cpus_limit", _processors, 4, may_be_full=True),
    _Kind("mem", "memory", "memory_bytes", "memory_limit_bytes", _size, 6),
    _Kind("disk", "disk", "disk_bytes", "disk_limit_bytes", _size, 6),
    _Kind("procs", "processes", "pids", "pids_limit", _whole, 4),
    _Kind("files", "files", "files", "files_limit", _number, 5, is_quiet=True),
)


def gauges(load: LoadMeasured, warned: Set[str] = _NOTHING) -> list[Gauge]:
    """Give what is known, those near their limits first; `warned`: the names of those warned of before."""
    found = [_gauge(kind, load, warned) for kind in _KINDS]
    known = [gauge for gauge in found if gauge is not None]
    return sorted(known, key=lambda gauge: not gauge.is_near)


def load_inks(load: LoadMeasured | None, room: int, warned: Set[str] = _NOTHING) -> list[Ink]:
    """Give as many gauges as have room; each is as wide as it was before."""
    if load is None:
        return []
    line: list[Ink] = []
    for gauge in gauges(load, warned):
        if gauge.is_quiet and not gauge.is_near:
            continue
        drawn = [(_GAP, ""), *_inks(gauge)]
        if cells(line) + cells(drawn) > room:
            break
        line += drawn
    return line


def load_warnings(load: LoadMeasured | None, warned: Set[str] = _NOTHING) -> list[Ink]:
    """Say in words what is near its limit."""
    if load is None:
        return []
    return [(f"{one.long} {one.part:.0%}", "warning") for one in gauges(load, warned) if one.is_near]


def _gauge(kind: _Kind, load: LoadMeasured, warned: Set[str]) -> Gauge | None:
    used, limit = getattr(load, kind.used), getattr(load, kind.limit)
    if used is None:
        return None
    return Gauge(
        kind.name,
        kind.long,
        f"{kind.write(used):>{kind.width}}",
        used / limit if limit else None,
        kind.may_be_full,
        kind.is_quiet,
        kind.name in warned,
    )


def _inks(gauge: Gauge) -> list[Ink]:
    tone = "warning" if gauge.is_near else "output"
    bar = " " if gauge.part is None else _bar(gauge.part)
    return [(f"{gauge.name} ", "warning" if gauge.is_near else "muted"), (f"{gauge.value}{bar}", tone)]


def _bar(part: float) -> str:
    return BARS[min(max(int(part * len(BARS)), 0), len(BARS) - 1)]


# ---- the last minute


class LoadHistory:
    """The measurements of the last while."""

    def __init__(self) -> None:
        self._kept: deque[tuple[float, LoadMeasured]] = deque()
        self.warned = _NOTHING
        """The names of the gauges that a person is warned of."""

    def take(self, records: Iterable[Record]) -> None:
        """Keep what was measured, and let go of what is long over."""
        for record in records:
            if isinstance(record.event, LoadMeasured):
                self._kept.append((record.at, record.event))
                near = (gauge.name for gauge in gauges(record.event, self.warned) if gauge.is_near)
                self.warned = frozenset(near)
        while self._kept and self._kept[0][0] < self._kept[-1][0] - HISTORY_S:
            self._kept.popleft()

    def lines(self, width: int) -> Iterator[list[Ink]]:
        """Give a line for each thing that is used: what is used now, of how much, and how it was before."""
        if not self._kept:
            return
        now = self._kept[-1][1]
        for kind in _KINDS:
            if (gauge := _gauge(kind, now, self.warned)) is not None:
                yield self._line(kind, gauge, width)

    def _line(self, kind: _Kind, gauge: Gauge, width: int) -> list[Ink]:
        limit = getattr(self._kept[-1][1], kind.limit)
        of = f" of {kind.write(limit)}" if limit else ""
        used = [value for _, load in self._kept if (value := getattr(load, kind.used)) is not None]
        most = limit or max(used) or 1
        room = max(width - 40, 8)
        past = "".join(_bar(value / most) for value in _thinned(used, room))
        tone = "warning" if gauge.is_near else "output"
        drawn: Ink = (past, "warning" if gauge.is_near else "accent")
        return [(f" {kind.long:<14}", "muted"), (f"{gauge.value:>6}", tone), (f"{of:<12}", "muted"), drawn]


def _thinned(values: list[float], room: int) -> list[float]:
    """Give at most so many values: of several each time the largest, which is what limits are about."""
    if len(values) <= room:
        return values
    edges = [number * len(values) // room for number in range(room + 1)]
    return [max(values[a:b]) for a, b in pairwise(edges)]
