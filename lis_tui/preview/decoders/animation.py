"""How many frames a moving picture has and how long each is seen, read without decoding one."""

import io
from collections.abc import Iterator

from lis_tui.preview.file import File

MOST_FRAMES = 10_000
_MOST_BLOCKS = 500_000
_USUAL_S = 0.1
"""What is shown for where a frame asks for no time, or for less than browsers give it."""
_LEAST_S = 0.011


def lengths_of(file: File, format_: str) -> tuple[float, ...]:
    """Give the seconds of each frame; none for a picture that stands still."""
    walk = {"GIF": _gif, "PNG": _png, "WEBP": _webp}.get(format_)
    if walk is None:
        return ()
    lengths: list[float] = []
    with file.stream() as stream:
        for length in walk(stream):
            lengths.append(length if length >= _LEAST_S else _USUAL_S)
            if len(lengths) == MOST_FRAMES:
                break
    return tuple(lengths) if len(lengths) > 1 else ()


def _gif(stream: io.BufferedIOBase) -> Iterator[float]:
    flags = stream.read(13)[10:11]
    _pass_by(stream, _palette_bytes(flags))
    length = 0.0
    for _ in range(_MOST_BLOCKS):
        introducer = stream.read(1)
        if introducer == b"!":
            label, data = stream.read(1), _blocks(stream)
            if label == b"\xf9" and len(data) >= 4:
                length = int.from_bytes(data[1:3], "little") / 100
        elif introducer == b",":
            yield length
            flags = stream.read(9)[8:9]
            _pass_by(stream, _palette_bytes(flags) + 1)
            _blocks(stream)
        elif introducer != b"\0":
            return


def _palette_bytes(flags: bytes) -> int:
    return 3 << (flags[0] & 7) + 1 if flags and flags[0] & 0x80 else 0


def _blocks(stream: io.BufferedIOBase) -> bytes:
    """Go past one row of blocks and give the first of them."""
    first = b""
    for _ in range(_MOST_BLOCKS):
        size = stream.read(1)
        if not size or not size[0]:
            break
        data = stream.read(size[0])
        first = first or data
    return first


def _png(stream: io.BufferedIOBase) -> Iterator[float]:
    stream.seek(8)
    for _ in range(_MOST_BLOCKS):
        header = stream.read(8)
        if len(header) < 8 or header[4:] == b"IEND":
            return
        size = int.from_bytes(header[:4], "big")
        if header[4:] == b"fcTL" and size == 26:
            data = stream.read(size)
            over, under = int.from_bytes(data[20:22], "big"), int.from_bytes(data[22:24], "big")
            yield over / (under or 100)
            size = 0
        _pass_by(stream, size + 4)


def _webp(stream: io.BufferedIOBase) -> Iterator[float]:
    stream.seek(12)
    for _ in range(_MOST_BLOCKS):
        header = stream.read(8)
        if len(header) < 8:
            return
        size = int.from_bytes(header[4:], "little")
        if header[:4] == b"ANMF" and size >= 16:
            data = stream.read(16)
            yield int.from_bytes(data[12:15], "little") / 1000
            size -= 16
        _pass_by(stream, size + size % 2)


def _pass_by(stream: io.BufferedIOBase, count: int) -> None:
    if count:
        stream.seek(count, io.SEEK_CUR)
