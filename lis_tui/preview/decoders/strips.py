"""A PNG too large to be kept whole, a strip at a time: Pillow gets each as a small PNG of its own."""

import io
import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from PIL import Image

from lis_tui.preview.file import File

_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_MOST_BYTES = 1_300_000_000
"""Of its unpacked lines; more would take longer than a person waits."""
_STRIP_BYTES = 8 << 20
_WIDEST_BYTES = 8 << 20
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_NO_SUM = bytes(4)
"""Pillow does not look at the sums of lines."""


class Large(NamedTuple):
    """What a PNG says about itself."""

    width: int
    height: int
    colour: int

    @property
    def line_bytes(self) -> int:
        """A line's values, and before them the byte that says how they were filtered."""
        return 1 + self.width * _CHANNELS[self.colour]


def large(file: File) -> Large | None:
    """Tell whether it can be read in strips: 8 bits a value, not interlaced, and done in time."""
    head = file.read_at(0, 33)
    if len(head) < 33 or head[:8] != _SIGNATURE or head[12:16] != b"IHDR":
        return None
    width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", head[16:29])
    if depth != 8 or interlace or colour not in _CHANNELS:
        return None
    found = Large(width, height, colour)
    is_small_enough = found.line_bytes * height <= _MOST_BYTES and found.line_bytes <= _WIDEST_BYTES
    return found if is_small_enough else None


def strips(file: File, picture: Large, down: int) -> Iterator[tuple[int, Image.Image]]:
    """Give each strip with its first line, a multiple of `down` lines; end early where the file does."""
    before, packed = _chunks(file)
    lines = max(_STRIP_BYTES // picture.line_bytes // down, 1) * down
    unpacker = _Unpacker(packed)
    last = bytes(picture.line_bytes)
    for top in range(0, picture.height, lines):
        count = min(lines, picture.height - top)
        data = unpacker.take(count * picture.line_bytes)
        count = len(data) // picture.line_bytes
        if not count:
            return
        # The first line of a strip says how it differs from the last of the one before.
        whole = _small(picture, before, (last, data[: count * picture.line_bytes]), count + 1)
        yield top, whole.crop((0, 1, picture.width, count + 1))
        last = b"\0" + whole.crop((0, count, picture.width, count + 1)).tobytes()


def _small(picture: Large, before: bytes, lines: tuple[bytes, ...], count: int) -> Image.Image:
    size = struct.pack(">IIBBBBB", picture.width, count, 8, picture.colour, 0, 0, 0)
    packer = zlib.compressobj(0)
    data = [*map(packer.compress, lines), packer.flush()]
    length = struct.pack(">I", sum(map(len, data)))
    # Joined once: this is most of what a large picture costs.
    parts = (_SIGNATURE, _chunk(b"IHDR", size), before, length, b"IDAT", *data, _NO_SUM, _chunk(b"IEND", b""))
    with Image.open(io.BytesIO(b"".join(parts)), formats=["PNG"]) as image:
        image.load()
        return image


def _chunk(word: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + word + data + struct.pack(">I", zlib.crc32(word + data))


def _chunks(file: File) -> tuple[bytes, Iterator[bytes]]:
    """Give what colours need (a palette, what of it is clear), and the packed lines."""
    place, before = 33, b""
    while True:
        header = file.read_at(place, 8)
        size = int.from_bytes(header[:4], "big")
        if len(header) < 8 or header[4:] == b"IDAT":
            return before, _packed(file, place)
        if header[4:] in (b"PLTE", b"tRNS") and size <= 768:
            before += _chunk(header[4:], file.read_at(place + 8, size))
        place += size + 12


def _packed(file: File, place: int) -> Iterator[bytes]:
    while (header := file.read_at(place, 8))[4:] == b"IDAT":
        size = int.from_bytes(header[:4], "big")
        for start in range(0, size, 1 << 18):
            data = file.read_at(place + 8 + start, min(1 << 18, size - start))
            if not data:
                return
            yield data
        place += size + 12


class _Unpacker:
    """Gives so many bytes of what is packed as are asked for."""

    def __init__(self, packed: Iterator[bytes]) -> None:
        self._packed = packed
        self._unpack = zlib.decompressobj()

    def take(self, count: int) -> bytes:
        """Give them; fewer where it ends or is damaged."""
        parts: list[bytes] = []
        while count > 0:
            data = self._unpack.unconsumed_tail or next(self._packed, b"")
            if not data or self._unpack.eof:
                break
            try:
                found = self._unpack.decompress(data, count)
            except zlib.error:
                break
            parts.append(found)
            count -= len(found)
        return b"".join(parts)
