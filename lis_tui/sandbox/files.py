"""File work inside a sandbox, done by its own tools as its root: bytes in, bytes out, any path."""

import asyncio
import hashlib
import tempfile
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

from lis_tui.core.errors import FileRefused
from lis_tui.core.events import FileEntry
from lis_tui.core.paths import escape_path, unescape_path
from lis_tui.core.ports import Walked
from lis_tui.core.text import one_line
from lis_tui.sandbox import manifest
from lis_tui.sandbox.marks import quote
from lis_tui.sandbox.service import Answer, Data, Service
from lis_tui.sandbox.transfer import pack_paths

MOST_READ_BYTES: Final = 256_000_000
MOST_LISTED: Final = 200_000
"""Entries that are listed of the work folder; of more there is only a number."""
MOST_LISTED_BYTES: Final = 40_000_000
_SLOW_S = 300.0
_PIECE = 1 << 20

_REGULAR = b"""[[ -e $f ]] || { echo "there is no such file" >&2; exit 41; }
[[ ! -d $f ]] || { echo "it is a folder" >&2; exit 42; }
[[ -f $f ]] || { echo "it is not a regular file" >&2; exit 43; }
"""
_READ = (
    _REGULAR
    + b"""s=$(stat -L -c %s -- "$f") || exit
(( is_part || s <= limit )) || { echo "it is larger than $((limit / 1000000)) MB" >&2; exit 44; }
head -c "$most" -- "$f"
"""
)
_MAY_WRITE = b"""[[ ! -d $f ]] || { echo "it is a folder" >&2; exit 42; }
[[ ! -e $f || -f $f ]] || { echo "it is not a regular file" >&2; exit 43; }
d=$(dirname -- "$f"; echo x); d=${d%?x}
mkdir -p -- "$d" || exit
"""


class Files:
    """Reads, writes and lists for a tool, a pane or a checkpoint."""

    def __init__(self, service: Service, walking: Service, workdir: str) -> None:
        """`walking` is another bash: what takes long there delays nothing here."""
        self._service = service
        self._walking = walking
        self._workdir = workdir.encode()
        self._walked: Walked | None = None
        self._digest = b""

    async def read(self, path: str, max_bytes: int | None) -> bytes:
        """Read a regular file, at most its first `max_bytes`; a whole one only up to a cap."""
        most = MOST_READ_BYTES if max_bytes is None else max_bytes
        given = b"limit=%d most=%d is_part=%d\n" % (MOST_READ_BYTES, most, max_bytes is not None)
        script = self._named(path) + given + _READ
        return self._checked(path, "read", await self._service.ask(script, timeout_s=_SLOW_S)).output

    async def write(self, path: str, data: bytes) -> None:
        """Write a file whole; what was there keeps its mode and owner."""
        script = self._named(path)
        self._checked(path, "written", await self._service.ask(script + _MAY_WRITE))
        script += b'cat >|"$f"' if data else b': >|"$f"'
        answer = await self._service.ask(script, data=Data(len(data), [data]), timeout_s=_SLOW_S)
        self._checked(path, "written", answer)

    async def stat(self, path: str) -> FileEntry | None:
        """Describe what the path leads to, or None."""
        script = self._named(path) + b'[[ -e $f ]] || exit 41\nfind -L "$f" -maxdepth 0 -printf '
        answer = await self._service.ask(script + quote(manifest.FORMAT))
        entries = list(manifest.parse(answer.output))
        return entries[0].shown() if answer.code == 0 and entries else None

    async def list_folder(self, path: str, depth: int) -> list[FileEntry]:
        """List a folder, sorted."""
        script = (
            self._named(path)
            + b"""[[ -e $f ]] || { echo "there is no such folder" >&2; exit 41; }
[[ -d $f ]] || { echo "it is not a folder" >&2; exit 42; }
find "${f%%/}/" -mindepth 1 -maxdepth %d -printf %s; :"""
            % (depth, quote(manifest.RELATIVE_FORMAT))
        )
        answer = self._checked(path, "listed", await self._service.ask(script, timeout_s=_SLOW_S))
        base = self._absolute(path).rstrip(b"/") + b"/"
        entries = (entry.shown() for entry in manifest.parse(answer.output))
        found = [_moved(entry, escape_path(base)) for entry in entries]
        return sorted(found, key=lambda entry: entry.path)

    async def entries(self) -> list[manifest.Entry]:
        """Give all about every entry of the work folder; paths are relative to it."""
        script = b"find %s -mindepth 1 -printf %s; :" % (
            quote(self._workdir.rstrip(b"/") + b"/"),
            quote(manifest.RELATIVE_FORMAT),
        )
        answer = await self._service.ask(script, timeout_s=_SLOW_S)
        return list(manifest.parse(answer.output))

    async def walk(self) -> Walked:
        """List the work folder, sorted; of a huge one only some of it."""
        find = b"find %s -mindepth 1" % quote(self._workdir.rstrip(b"/") + b"/")
        script = b"LC_ALL=C; %s -printf %s 2>/dev/null | head -c %d; :" % (
            find,
            quote(manifest.LISTED),
            MOST_LISTED_BYTES,
        )
        output = (await self._walking.ask(script, timeout_s=_SLOW_S)).output
        digest = hashlib.sha256(output).digest()
        if self._walked is None or digest != self._digest:
            entries = await asyncio.to_thread(manifest.listed, output)
            is_cut = len(output) >= MOST_LISTED_BYTES or len(entries) > MOST_LISTED
            del output
            total = await self._count(find) if is_cut else len(entries)
            del entries[MOST_LISTED:]
            self._walked, self._digest = Walked(entries, total), digest
        return self._walked

    async def _count(self, find: bytes) -> int:
        answer = await self._walking.ask(find + b" -printf x 2>/dev/null | wc -c", timeout_s=_SLOW_S)
        return int(answer.output)

    async def look_at(self, paths: Collection[str], *, is_deep: bool) -> list[FileEntry]:
        """Describe entries of the work folder, and (`is_deep`) all below; what is gone is left out."""
        if not paths:
            return []
        names = b"\0".join(b"./" + unescape_path(path) for path in paths) + b"\0"
        depth = b"" if is_deep else b"-maxdepth 0"
        find = b'exec find "$@" %s -printf %s' % (depth, quote(manifest.NAMED))
        script = b"cd %s && LC_ALL=C xargs -0 sh -c %s sh 2>/dev/null | head -c %d; :" % (
            quote(self._workdir),
            quote(find),
            MOST_LISTED_BYTES,
        )
        answer = await self._service.ask(script, data=Data(len(names), [names]), timeout_s=_SLOW_S)
        return await asyncio.to_thread(manifest.listed, answer.output)

    async def put_inputs(self, sources: Sequence[Path]) -> list[str]:
        """Copy host files and folders to `documents/`; gives the paths inside."""
        if not sources:
            return []
        folder = self._workdir.rstrip(b"/") + b"/documents"
        with tempfile.TemporaryFile() as packed:
            names = await asyncio.to_thread(pack_paths, sources, packed)
            size = packed.tell()
            packed.seek(0)
            script = b"mkdir -p %s && cd %s && tar -xof -" % (quote(folder), quote(folder))
            pieces = iter(lambda: packed.read(_PIECE), b"")
            answer = await self._service.ask(script, data=Data(size, pieces), timeout_s=_SLOW_S)
        self._checked(escape_path(folder), "filled", answer)
        return [f"{escape_path(folder)}/{name}" for name in names]

    def _absolute(self, path: str) -> bytes:
        raw = unescape_path(path)
        if b"\0" in raw or not raw:
            raise FileRefused("A path cannot be empty or contain a NUL byte.")
        return raw if raw.startswith(b"/") else self._workdir.rstrip(b"/") + b"/" + raw

    def _named(self, path: str) -> bytes:
        return b"f=" + quote(self._absolute(path)) + b"\n"

    @staticmethod
    def _checked(path: str, done: str, answer: Answer) -> Answer:
        if answer.code:
            reason = one_line(answer.errors.splitlines()[-1]) if answer.errors else f"code {answer.code}"
            raise FileRefused(f"{one_line(path)} cannot be {done}: {reason}.")
        return answer


def _moved(entry: FileEntry, base: str) -> FileEntry:
    return FileEntry(base + entry.path, entry.kind, entry.size_bytes, entry.mtime_s, entry.mode, entry.target)
