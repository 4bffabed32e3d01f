"""Walks the folders of a sandbox that are known, several at a time, and prints what is newer than a mark.

Nothing is walked to find folders: a new one shows because its parent changed. The names of the folders lie in
the sandbox, beside what is checkpointed, and are sent again only when they are others.
"""

import heapq
from collections.abc import Collection, Iterable, Mapping

from lis_tui.core.errors import SandboxFailed
from lis_tui.core.paths import unescape_path
from lis_tui.sandbox.marks import quote
from lis_tui.sandbox.service import Answer, Data, Service

MOST_WALKS = 4
"""More at once would only wait for each other in a sandbox of two processors."""
_ENTRIES_A_WALK = 10_000
_GROWTH = 1.25
_LISTS_GONE = 7
_END = b"end\0\0"
_SLOW_S = 600.0


class Rounds:
    """The lists of folders to walk: of the `deep` ones with what is in them, of others only themselves."""

    def __init__(self, service: Service, folder: str, prune: bytes, form: bytes) -> None:
        self._service = service
        self._stem = f"{folder}/round".encode()
        self._prune = prune
        self._form = form
        self._lists: list[bytes] = []
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
        total = sum(deep.values()) + len(deep)
        count = min(MOST_WALKS, total // _ENTRIES_A_WALK + 1)
        shares: list[tuple[int, int]] = [(0, number) for number in range(count)]
        parts: list[list[str]] = [[] for _ in range(count)]
        for folder in sorted(deep, key=lambda path: -deep[path]):
            load, number = heapq.heappop(shares)
            parts[number].append(folder)
            heapq.heappush(shares, (load + deep[folder] + 1, number))
        self._lists = [_names(part) for part in ([*flat, *more], *parts)]
        self._known = (shape, more)
        self._entries = entries
        self._is_sent = False

    async def walk(self, prefix: bytes, newer: bytes) -> bytes:
        """Give what `prefix` prints, and a record for each thing that is newer. Raises SandboxFailed."""
        script = prefix + self._script(newer)
        if not self._is_sent:
            await self._send()
        answer = await self._service.ask(script, timeout_s=_SLOW_S)
        if answer.code == _LISTS_GONE:
            await self._send()
            answer = await self._service.ask(script, timeout_s=_SLOW_S)
        return self._whole(answer)

    def _whole(self, answer: Answer) -> bytes:
        if answer.code or answer.output.count(_END) != len(self._lists):
            raise SandboxFailed("The files of the sandbox cannot be listed.")
        return answer.output.replace(_END, b"")

    def _script(self, newer: bytes) -> bytes:
        names = [b"%s.%d" % (self._stem, number) for number in range(len(self._lists))]
        walks = []
        for number, name in enumerate(names):
            depth = 1 if number else 0
            find = b'exec find "$@" -maxdepth %d -xdev %s %s -printf %s' % (
                depth,
                self._prune,
                newer,
                self._form,
            )
            walk = b"xargs -0 -r -a %s sh -c %s sh 2>/dev/null; printf 'end\\0\\0'" % (name, quote(find))
            walks.append(b"<(%s)" % walk)
        tests = b" && ".join(b"-f " + name for name in names)
        return b"[[ %s ]] || exit %d\nexport LC_ALL=C\ncat %s\n" % (tests, _LISTS_GONE, b" ".join(walks))

    async def _send(self) -> None:
        puts = b" && ".join(
            b"head -c %d >|%s.%d" % (len(names), self._stem, number)
            for number, names in enumerate(self._lists)
        )
        data = Data(sum(map(len, self._lists)), self._lists)
        answer = await self._service.ask(puts, data=data, timeout_s=_SLOW_S)
        if answer.code:
            raise SandboxFailed("The folders of the sandbox cannot be noted: is its disk full?")
        self._is_sent = True


def _names(paths: Collection[str]) -> bytes:
    return b"".join(unescape_path(path) + b"\0" for path in paths)
