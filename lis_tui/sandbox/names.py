"""The names in large folders: what was added, replaced or removed since the last time, by comparing bytes."""

import asyncio

from msgspec import Struct

from lis_tui.core.paths import unescape_path
from lis_tui.sandbox.marks import quote
from lis_tui.sandbox.service import Service

_FORM = quote(rb"%p\0%i %y\0\0")
_SLOW_S = 600.0


class Entry(Struct, frozen=True):
    """A name with what the folder says of it, which needs no look at the thing itself."""

    path: bytes
    inode: int
    kind: str


class Names:
    """Remembers how folders were listed. Most of a large one is as it was, and needs no parsing."""

    def __init__(self, service: Service, prune: bytes) -> None:
        self._service = service
        self._prune = prune
        self._listed: dict[str, set[bytes]] = {}

    def forget(self, folder: str) -> None:
        """Take it that nothing is known of a folder."""
        self._listed.pop(folder, None)

    def clear(self) -> None:
        """Forget all."""
        self._listed.clear()

    def knows(self, folder: str) -> bool:
        """Tell whether it was listed before."""
        return folder in self._listed

    def replace(self, folder: str, old: Entry | None, new: Entry) -> None:
        """Have an entry that was found otherwise in the place of the one that had its name."""
        if (listed := self._listed.get(folder)) is not None:
            if old is not None:
                listed.discard(_record(old))
            listed.add(_record(new))

    async def changes(self, folder: str) -> tuple[list[Entry], set[bytes]]:
        """Give what has come since the last time, at first all, and what is gone. Raises SandboxFailed."""
        script = b"LC_ALL=C find %s -mindepth 1 -maxdepth 1 -xdev %s -printf %s 2>/dev/null; :" % (
            quote(unescape_path(folder)),
            self._prune,
            _FORM,
        )
        answer = await self._service.ask(script, timeout_s=_SLOW_S)
        return await asyncio.to_thread(self._compared, folder, answer.output)

    def _compared(self, folder: str, data: bytes) -> tuple[list[Entry], set[bytes]]:
        now = set(data.split(b"\0\0"))
        before = self._listed.get(folder, set())
        self._listed[folder] = now
        fresh = [_entry(record) for record in now - before if record]
        gone = {record.partition(b"\0")[0] for record in before - now}
        return fresh, gone - {entry.path for entry in fresh}


def _entry(record: bytes) -> Entry:
    path, _, facts = record.partition(b"\0")
    inode, _, kind = facts.partition(b" ")
    return Entry(path, int(inode), kind.decode("ascii"))


def _record(entry: Entry) -> bytes:
    return b"%s\0%d %s" % (entry.path, entry.inode, entry.kind.encode("ascii"))
