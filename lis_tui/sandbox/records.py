"""How a sandbox's `find` prints what it sees, and nodes made of that."""

from collections.abc import Iterator

from lis_tui.core.events import FileKind
from lis_tui.core.manifest import Node
from lis_tui.core.paths import escape_path
from lis_tui.sandbox.marks import quote

FORM = quote(rb"%p\0>%l\0%y %m %U:%G %s %T@ %C@ %i %n\0\0")
_KINDS: dict[str, FileKind] = {"f": "file", "d": "folder", "l": "link", "p": "fifo", "s": "socket"}
_LETTERS = {kind: letter for letter, kind in _KINDS.items()}


def parse(data: bytes) -> Iterator[Node]:
    """Give the nodes that were printed in our form."""
    for record in data.split(b"\0\0"):
        if not record:
            continue
        path, target, facts = record.split(b"\0")
        kind, mode, owner, size, mtime, ctime, inode, links = facts.decode("ascii").split(" ")
        yield Node(
            path=escaped(path),
            kind=kind_of(kind),
            mode=int(mode, 8),
            owner=owner,
            size_bytes=int(size),
            mtime=mtime,
            ctime=ctime,
            inode=int(inode),
            links=int(links),
            target=escaped(target[1:]),
        )


def kind_of(letter: str) -> FileKind:
    """Name what `find` has a letter for."""
    return _KINDS.get(letter, "device")


def letter_of(kind: FileKind) -> str:
    """Give the letter that `find` has for it, or one of them."""
    return _LETTERS.get(kind, "c")


def escaped(name: bytes) -> str:
    """Escape a name; most need nothing, and there are many."""
    return name.decode("ascii") if name.isascii() and b"\\" not in name else escape_path(name)


def pattern(path: bytes) -> bytes:
    """Give a pattern of `find -path` that fits this very path."""
    return b"".join(b"\\" + bytes([sign]) if sign in b"\\*?[" else bytes([sign]) for sign in path)


def prune(tests: list[bytes]) -> bytes:
    """Give the words that leave out what fits a test, with all below it."""
    return b"\\( " + b" -o ".join(tests) + b" \\) -prune -o" if tests else b""
