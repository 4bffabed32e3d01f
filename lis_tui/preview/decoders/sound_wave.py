"""WAV without any extra: what Python itself reads of it, which is PCM of whole numbers."""

import sys
import wave
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, cast

from lis_tui.preview.decoders.deadline import Deadline
from lis_tui.preview.decoders.waving import SAMPLED_SPANS, Extent
from lis_tui.preview.file import File
from lis_tui.preview.parts import CannotShow


@contextmanager
def opened(file: File, deadline: Deadline) -> Iterator["_Recording"]:  # noqa: ARG001  (a block takes no time)
    """Open a file. Raises CannotShow."""
    try:
        with file.stream() as stream, wave.open(cast("IO[bytes]", stream), "rb") as sound:
            yield _Recording(sound, file.size_bytes)
    except (wave.Error, EOFError, RuntimeError) as error:  # it raises the last where a chunk's size is a lie
        raise CannotShow(
            "Python alone cannot read this WAV file; `pip install 'lis-tui[media]'` brings what can."
        ) from error


class _Recording:
    """A file as Python's `wave` reads it."""

    codec = "PCM"
    most_frames = 4_000_000
    sampled_spans = SAMPLED_SPANS

    def __init__(self, sound: wave.Wave_read, size_bytes: int) -> None:
        self._sound = sound
        self.rate = max(sound.getframerate(), 1)
        self.channels = sound.getnchannels()
        self._width = sound.getsampwidth()
        self.bits = f"{self._width * 8} bit"
        self.frames = min(sound.getnframes(), size_bytes // (self._width * self.channels))

    def extent(self, first: int, count: int) -> Extent | None:
        """Read so many frames from there on; None: there are none."""
        self._sound.setpos(first)
        data = self._sound.readframes(count)
        values, most = _values(data, self._width)
        if not values:
            return None
        return min(values) / most, max(values) / most


def _values(data: bytes, width: int) -> "tuple[array[int], int]":
    """Give signed numbers, and what the greatest stands for."""
    if width == 1:
        return array("b", bytes(value ^ 0x80 for value in data)), 1 << 7
    if width == 3:  # the lowest byte is left out: it is less than can be drawn
        short = bytearray(len(data) // 3 * 2)
        short[0::2], short[1::2] = data[1::3], data[2::3]
        data = bytes(short)
    values = array("i" if width == 4 else "h")
    values.frombytes(data[: len(data) // values.itemsize * values.itemsize])
    if sys.byteorder == "big":
        values.byteswap()
    return values, 1 << (31 if width == 4 else 15)
