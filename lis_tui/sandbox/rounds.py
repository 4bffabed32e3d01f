"""Walks the folders of a sandbox that are known, several at a time, and prints what is newer than a mark.

Nothing is walked to find folders: a new one shows because its parent changed. The names of the folders lie in
the sandbox, beside what is checkpointed, and are sent again only when they are others.
"""

import heapq
import itertools
from collections.abc import Collection, Iterable, Mapping

from msgspec import Struct

from lis_tui.core.errors import SandboxFailed
from lis_tui.core.paths import unescape_path
from lis_tui.sandbox.service import Answer, Data, Service

MOST_WALKS = 4
"""More at once gain little, and somebody else may want a processor too."""
_ENTRIES_A_WALK = 4_000
_LOOKED_AT_ALONE = 3
"""What is looked up by its whole path costs as much as so many entries of a folder that is read."""
_GROWTH = 1.25
_MOST_NAMES = 100_000
"""Bytes of names that one `find` is given; Linux takes more, but not in every container."""
_MOST_HELD = 50_000
"""So many entries fit into a pipe as dots while nobody reads it."""
_HOLD = b"dd ibs=64K obs=64M status=none"
_LISTS_GONE = 7
_END = b"end\0\0"
_SLOW_S = 600.0


class Walked(Struct, frozen=True):
    """What a walk has printed, and how many entries it met in deep folders, those folders counted too."""

    data: bytes
    met: int


class _List(Struct, frozen=True):
    """Names for one `find`: with what is in them, or only themselves."""

    names: bytes
    is_deep: bool


class _Share(Struct, frozen=True):
    """What one walk does, list by list, and what that costs in entries."""

    lists: list[_List]
    cost: int


class Rounds:
    """The lists of folders to walk: of the `deep` ones with what is in them, of others only themselves."""

    def __init__(self, service: Service, folder: str, prune: bytes, form: bytes, most_walks: int) -> None:
        self._most_walks = min(MOST_WALKS, most_walks)
        self.deep: frozenset[str] = frozenset()
        """The folders whose entries are looked at."""
        self._service = service
        self._stem = f"{folder}/round".encode()
        self._prune = prune
        self._form = form
        self._shares: list[_Share] = []
        self._known: tuple[int, frozenset[str]] | None = None
        self._entries = 0

    def is_true(self, shape: int, more: frozenset[str], entries: int) -> bool:
        """Tell whether the lists are those of this shape of the tree, and still well shared out."""
        return self._known == (shape, more) and entries <= self._entries * _GROWTH + _ENTRIES_A_WALK

    def plan(
        self,
        shape: int,
        deep: Mapping[str, int],
        flat: Iterable[str],
        more: frozenset[str],
        entries: int,
    ) -> None:
        """Share the folders out to walks of like length; `deep` has how much is in each."""
        costs = [(1 + count, path) for path, count in deep.items()]
        # named twice, a folder would be counted twice, and hide as many that are gone
        costs += [(_LOOKED_AT_ALONE, path) for path in {*flat, *more} - deep.keys()]
        count = min(self._most_walks, sum(cost for cost, _ in costs) // _ENTRIES_A_WALK + 1)
        shares: list[tuple[int, int]] = [(0, number) for number in range(count)]
        parts: list[list[str]] = [[] for _ in range(count)]
        for cost, path in sorted(costs, reverse=True):
            load, number = heapq.heappop(shares)
            parts[number].append(path)
            heapq.heappush(shares, (load + cost, number))
        loads = {number: load for load, number in shares}
        self._shares = [_Share(_lists(part, deep), loads[number]) for number, part in enumerate(parts)]
        self.deep = frozenset(deep)
        self._known = (shape, more)
        self._entries = entries
        self._is_sent = False

    async def walk(self, prefix: bytes, newer: bytes) -> Walked:
        """Give what `prefix` prints, and a record for each thing that is newer. Raises SandboxFailed."""
        script = self._script(prefix, newer)
        if not self._is_sent:
            await self._send()
        answer = await self._service.ask(script, timeout_s=_SLOW_S)
        if answer.code == _LISTS_GONE:
            await self._send()
            answer = await self._service.ask(script, timeout_s=_SLOW_S)
        return self._whole(answer)

    # -- inside ------------------------------------------------------------------------------------

    def _named(self) -> list[tuple[bytes, _List]]:
        lists = (one for share in self._shares for one in share.lists)
        return [(b"%s.%d" % (self._stem, number), one) for number, one in enumerate(lists)]

    def _script(self, prefix: bytes, newer: bytes) -> bytes:
        named = self._named()
        tests = b" && ".join(b"-f " + name for name, _ in named)
        finds = (self._find(name, one, newer) for name, one in named)
        walks: list[bytes] = []
        for share in self._shares:
            walk = b"\n".join(itertools.islice(finds, len(share.lists)))
            # the first is read while it runs, the others wait with what they have to say
            is_held = walks and share.cost > _MOST_HELD
            walks.append(b"<({ %s; } | %s)" % (walk, _HOLD) if is_held else b"<(%s)" % walk)
        begin = b"[[ %s ]] || exit %d\nexport LC_ALL=C\n" % (tests, _LISTS_GONE)
        return begin + prefix + b"printf 'end\\0\\0'\ncat %s\n" % b" ".join(walks)

    def _find(self, name: bytes, one: _List, newer: bytes) -> bytes:
        """Have every entry of a deep folder print something, so that a missing one shows by the number."""
        otherwise = b" -o -printf ." if one.is_deep else b""
        return (
            b"mapfile -d '' -t n <%s || exit; " % name
            + b'find "${n[@]}" -maxdepth %d -xdev %s ' % (one.is_deep, self._prune)
            + b"\\( %s -printf %s%s \\) 2>/dev/null; " % (newer, self._form, otherwise)
            + b"(( $? < 2 )) && printf 'end\\0\\0'"
        )

    async def _send(self) -> None:
        named = self._named()
        puts = b" && ".join(b"head -c %d >|%s" % (len(one.names), name) for name, one in named)
        names = [one.names for _, one in named]
        answer = await self._service.ask(puts, data=Data(sum(map(len, names)), names), timeout_s=_SLOW_S)
        if answer.code:
            raise SandboxFailed("The folders of the sandbox cannot be noted: is its disk full?")
        self._is_sent = True

    def _whole(self, answer: Answer) -> Walked:
        """Take off what only tells that all was printed."""
        prefix, *parts = answer.output.split(_END)
        lists = [one for share in self._shares for one in share.lists]
        if answer.code or len(parts) != len(lists) + 1:
            raise SandboxFailed("The files of the sandbox cannot be listed.")
        met = 0
        records = [prefix]
        for one, part in zip(lists, parts, strict=False):
            found = [record.lstrip(b".") for record in part.split(b"\0\0")]
            records += (record + b"\0\0" for record in found if record)
            if one.is_deep:
                met += len(part) - sum(map(len, found)) - 2 * (len(found) - 1) + sum(map(bool, found))
        return Walked(b"".join(records), met)


def _lists(paths: Iterable[str], deep: Collection[str]) -> list[_List]:
    """Part names into what one `find` can be given."""
    lists: list[_List] = []
    for is_deep, group in itertools.groupby(sorted(paths, key=deep.__contains__), deep.__contains__):
        names = bytearray()
        for path in group:
            names += unescape_path(path) + b"\0"
            if len(names) > _MOST_NAMES:
                lists.append(_List(bytes(names), is_deep))
                names.clear()
        if names:
            lists.append(_List(bytes(names), is_deep))
    return lists
