"""GNU tar streams as a sandbox's own tar reads and writes them: any name, any size, bounded memory."""

from collections.abc import Callable, Iterator

from lis_tui.core.manifest import Node
from lis_tui.core.paths import unescape_path
from lis_tui.core.ports import Contents, Incoming

_BLOCK = 512
_LINK, _SYMLINK, _FOLDER, _FIFO, _FILE = b"1", b"2", b"5", b"6", b"0"
_KIND = {"file": _FILE, "folder": _FOLDER, "link": _SYMLINK, "fifo": _FIFO}
_END = bytes(2 * _BLOCK)
_PIECE = 1 << 18


# -- out of a sandbox ------------------------------------------------------------------------------


class Intake:
    """Takes a tar stream in any pieces and keeps the contents of its regular files."""

    def __init__(self, contents: Contents, on_file: Callable[[bytes, str, int, int], None]) -> None:
        self._contents = contents
        self._on_file = on_file
        self._held = bytearray()
        self._left = 0
        self._pad = 0
        self._size = 0
        self._name = b""
        self._long_name = b""
        self._is_name = False
        self._incoming: Incoming | None = None

    def feed(self, data: bytes) -> None:
        """Take more; `on_file` gets name, digest, growth of the store and size of each complete file."""
        self._held += data
        at = 0
        while (used := self._step(at)) > 0:
            at += used
        del self._held[:at]

    def close(self) -> None:
        """Nothing more comes: what is not complete is forgotten."""
        if self._incoming is not None:
            self._incoming.drop()
            self._incoming = None

    def _step(self, at: int) -> int:
        """Use some of what is held; gives how much, 0 where more must come first."""
        if self._left:
            return self._take(at)
        if self._pad:
            used = min(self._pad, len(self._held) - at)
            self._pad -= used
            return used
        if len(self._held) - at < _BLOCK:
            return 0
        self._head(bytes(self._held[at : at + _BLOCK]))
        return _BLOCK

    def _take(self, at: int) -> int:
        piece = bytes(self._held[at : at + self._left])
        self._left -= len(piece)
        if self._incoming is not None:
            self._incoming.write(piece)
        elif self._is_name:
            self._long_name += piece
        if piece and not self._left:
            self._complete()
        return len(piece)

    def _head(self, block: bytes) -> None:
        if block == bytes(_BLOCK):
            return
        self._size = self._left = _number(block[124:136])
        self._pad = -self._size % _BLOCK
        kind = block[156:157]
        self._is_name = kind == b"L"
        if self._is_name:
            self._long_name = b""
            return
        if kind == b"K":
            return
        self._name = self._long_name.rstrip(b"\0") or block[:100].split(b"\0", 1)[0]
        self._long_name = b""
        if kind in (_FILE, b"\0"):
            self._incoming = self._contents.begin()
            if not self._size:
                self._complete()

    def _complete(self) -> None:
        if self._incoming is not None:
            incoming, self._incoming = self._incoming, None
            digest, growth = incoming.finish()
            self._on_file(self._name, digest, growth, self._size)


def _number(field: bytes) -> int:
    if field[0] & 0x80:
        return int.from_bytes(field, "big") & ~(0x80 << 88)
    return int(field.rstrip(b" \0") or b"0", 8)


# -- into a sandbox --------------------------------------------------------------------------------


class Archive:
    """A tar stream of nodes, with times to the nanosecond; `links` leads from a path to its hard link."""

    def __init__(self, nodes: list[Node], links: dict[str, str], contents: Contents) -> None:
        self._nodes = nodes
        self._links = links
        self._contents = contents
        self.size = len(_END) + sum(self._size_of(node) for node in nodes)

    def pieces(self) -> Iterator[bytes]:
        """Give the stream. Raises StorageFailed where a content is gone."""
        held = bytearray()
        for node in self._nodes:
            held += self._heads(node)
            for piece in self._content(node):
                held += piece
                if len(held) >= _PIECE:
                    yield bytes(held)
                    held.clear()
            if len(held) >= _PIECE:
                yield bytes(held)
                held.clear()
        yield bytes(held) + _END

    def _has_content(self, node: Node) -> bool:
        return node.kind == "file" and node.path not in self._links

    def _size_of(self, node: Node) -> int:
        return len(self._heads(node)) + (_padded(node.size_bytes) if self._has_content(node) else 0)

    def _content(self, node: Node) -> Iterator[bytes]:
        if not self._has_content(node) or not node.size_bytes:
            return
        left = node.size_bytes
        for piece in self._contents.pieces(node.digest):
            part = piece[:left]
            left -= len(part)
            yield part
        # a content of another size is a bug or a broken store: the stream stays whole, the check tells it
        yield bytes(left + (-node.size_bytes % _BLOCK))

    def _heads(self, node: Node) -> bytes:
        name = _name(node.path)
        target = b""
        kind = _KIND[node.kind]
        if node.path in self._links:
            kind, target = _LINK, _name(self._links[node.path])
        elif node.kind == "link":
            target = unescape_path(node.target)
        size = node.size_bytes if self._has_content(node) else 0
        heads = _long(b"K", target) + _long(b"L", name)
        heads += _extended(b"mtime=" + node.mtime.encode())
        return heads + _head(name, kind, size, node, target)


def _name(path: str) -> bytes:
    return unescape_path(path).lstrip(b"/") or b"."


def _padded(size: int) -> int:
    return size + (-size % _BLOCK)


def _long(kind: bytes, text: bytes) -> bytes:
    if len(text) <= 99:
        return b""
    data = text + b"\0"
    return _block(b"././@LongLink", kind, len(data), 0, (0, 0), 0, b"") + data.ljust(
        _padded(len(data)), b"\0"
    )


def _extended(record: bytes) -> bytes:
    """Give a pax header with one record, which counts its own length too."""
    length = len(record) + 2
    while length != len(b"%d %s\n" % (length, record)):
        length = len(b"%d %s\n" % (length, record))
    data = b"%d %s\n" % (length, record)
    return _block(b"x", b"x", len(data), 0, (0, 0), 0, b"") + data.ljust(_padded(len(data)), b"\0")


def _head(name: bytes, kind: bytes, size: int, node: Node, target: bytes) -> bytes:
    user, _, group = node.owner.partition(":")
    mtime = max(0, int(node.mtime.partition(".")[0]))
    return _block(name[:99], kind, size, node.mode, (int(user), int(group)), mtime, target[:99])


def _block(
    name: bytes, kind: bytes, size: int, mode: int, owner: tuple[int, int], mtime: int, target: bytes
) -> bytes:
    parts = [
        name.ljust(100, b"\0"),
        b"%07o\0" % (mode & 0o7777),
        _octal(owner[0], 8),
        _octal(owner[1], 8),
        _octal(size, 12),
        _octal(mtime, 12),
        b" " * 8,
        kind,
        target.ljust(100, b"\0"),
        b"ustar  \0",
    ]
    block = b"".join(parts).ljust(_BLOCK, b"\0")
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def _octal(number: int, width: int) -> bytes:
    text = b"%0*o" % (width - 1, number)
    if len(text) < width:
        return text + b"\0"
    return bytes([0x80]) + number.to_bytes(width - 1, "big")
