"""Contents by their SHA-256, each kept once for all runs.

ROOT/blobs/ab/cdef…   one content; 0600 in folders of 0700
"""

import contextlib
import fcntl
import hashlib
import os
import tempfile
import time
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import IO

from msgspec import Struct

from lis_tui.core.errors import StorageFailed
from lis_tui.core.private import private_folder

MOST_IN_MEMORY = 1 << 20
_PIECE = 1 << 18
_NEW = ".new-"
"""So begins the name of what is on its way in; whoever writes it holds its lock."""
_YOUNG_S = 3600.0
"""What was used so recently may belong to a checkpoint that is being taken."""


class Pruned(Struct, frozen=True):
    """What pruning did."""

    removed: int
    bytes_freed: int
    bytes_young: int = 0
    """What is not needed, and stays because it was used just now."""


class Blobs:
    """The store of contents. May be used from any thread and by several processes at once."""

    def __init__(self, root: Path) -> None:
        self._root = root / "blobs"
        self._folders: set[str] = set()

    def begin(self) -> "Intake":
        """Begin to take a content in."""
        return Intake(self)

    def put(self, data: bytes) -> tuple[str, int]:
        """Keep a content; gives its digest, and by how many bytes the store grew. Raises StorageFailed."""
        intake = self.begin()
        intake.write(data)
        return intake.finish()

    def put_stream(self, pieces: Iterable[bytes]) -> tuple[str, int]:
        """Keep a content that comes in pieces; memory stays bounded. Raises StorageFailed."""
        intake = self.begin()
        try:
            for piece in pieces:
                intake.write(piece)
            return intake.finish()
        except BaseException:
            intake.drop()
            raise

    def has(self, digest: str) -> bool:
        """Tell whether a content is kept."""
        return self._path(digest).exists()

    def missing(self, digests: Iterable[str]) -> set[str]:
        """Give those that are not kept."""
        return {digest for digest in set(digests) if not self.has(digest)}

    def open(self, digest: str) -> IO[bytes]:
        """Open a content for reading. Raises StorageFailed."""
        try:
            return self._path(digest).open("rb")
        except OSError as error:
            raise StorageFailed(
                f"The content {digest[:12]} of a checkpoint is gone: {error.strerror}."
            ) from error

    def pieces(self, digest: str) -> Iterator[bytes]:
        """Give a content in pieces. Raises StorageFailed."""
        with self.open(digest) as source:
            while piece := source.read(_PIECE):
                yield piece

    def read(self, digest: str) -> bytes:
        """Give a content whole. Raises StorageFailed."""
        return b"".join(self.pieces(digest))

    def size_bytes(self, digests: Iterable[str] | None = None) -> int:
        """How much space these contents use together; None: all of them."""
        if digests is None:
            return sum(size for _, size, _ in self._all())
        total = 0
        for digest in set(digests):
            with contextlib.suppress(OSError):
                total += self._path(digest).stat().st_size
        return total

    def prune(self, kept: Collection[str], *, young_s: float = _YOUNG_S, is_dry: bool = False) -> Pruned:
        """Remove what is not among the digests of kept manifests, but never what was used just now.

        `is_dry`: only tell. Raises StorageFailed.
        """
        now = time.time()
        removed = freed = young = 0
        for path, size, used_at in self._all():
            digest = path.parent.name + path.name
            if digest in kept:
                continue
            if now - used_at < young_s:
                young += size
            elif is_dry or _unlink(path):
                removed, freed = removed + 1, freed + size
        return Pruned(removed, freed, young)

    def remove_unfinished(self, old_s: float) -> None:
        """Remove what killed processes were taking in."""
        for path in self._root.glob(f"??/{_NEW}*"):
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > old_s and _is_nobodys(path):
                    path.unlink()

    def _all(self) -> Iterator[tuple[Path, int, float]]:
        """Give everything that is there, also what a crash left half-written."""
        for folder in sorted(self._root.glob("??")):
            for path in folder.iterdir():
                with contextlib.suppress(OSError):
                    found = path.stat()
                    yield path, found.st_size, found.st_mtime

    def _path(self, digest: str) -> Path:
        return self._root / digest[:2] / digest[2:]

    # -- for Intake --------------------------------------------------------------------------------

    def folder_of(self, digest: str) -> Path:
        """Give the folder of a content, made where it is missing."""
        folder = self._root / digest[:2]
        if digest[:2] not in self._folders:
            private_folder(self._root)
            private_folder(folder)
            self._folders.add(digest[:2])
        return folder

    def touch(self, digest: str) -> bool:
        """Tell whether it is kept, and have it used just now."""
        try:
            os.utime(self._path(digest))
        except OSError:
            return False
        return True


class Intake:
    """A content on its way in: in memory while it is small, then in a file that gets its name at the end."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._hash = hashlib.sha256()
        self._size = 0
        self._held = bytearray()
        self._file: IO[bytes] | None = None
        self._temporary = ""

    def write(self, data: bytes) -> None:
        """Take more. Raises StorageFailed."""
        self._hash.update(data)
        self._size += len(data)
        self._held += data
        if len(self._held) > MOST_IN_MEMORY:
            self._flush()

    def finish(self) -> tuple[str, int]:
        """Give it its name; gives the digest, and by how many bytes the store grew. Raises StorageFailed."""
        digest = self._hash.hexdigest()
        if self._blobs.touch(digest):
            self.drop()
            return digest, 0
        self._flush()
        assert self._file is not None  # `_flush` opened it
        try:
            self._file.close()
            Path(self._temporary).replace(self._blobs.folder_of(digest) / digest[2:])
        except OSError as error:
            self.drop()
            raise _cannot_keep(error) from error
        return digest, self._size

    def drop(self) -> None:
        """Forget it."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
            with contextlib.suppress(OSError):
                Path(self._temporary).unlink()
            self._file = None

    def _flush(self) -> None:
        try:
            if self._file is None:
                # any of the folders will do: all of them are on the same file system
                folder = self._blobs.folder_of("00")
                fd, self._temporary = tempfile.mkstemp(prefix=_NEW, dir=folder)
                with contextlib.suppress(OSError):  # not every file system has locks
                    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._file = os.fdopen(fd, "wb", buffering=0)
            view = memoryview(self._held)
            while view:
                view = view[self._file.write(view) :]
            view.release()
        except OSError as error:
            self.drop()
            raise _cannot_keep(error) from error
        self._held = bytearray()


def _is_nobodys(path: Path) -> bool:
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return True


def _unlink(path: Path) -> bool:
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise StorageFailed(f"{path} cannot be removed: {error.strerror}.") from error
    return True


def _cannot_keep(error: OSError) -> StorageFailed:
    return StorageFailed(f"A content of a checkpoint cannot be kept: {error.strerror}.")
