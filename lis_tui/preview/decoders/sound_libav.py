"""What libsndfile does not read, such as AAC in an MP4, by FFmpeg."""

import sys
from array import array
from collections.abc import Iterator
from contextlib import contextmanager

from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream

from lis_tui.preview.decoders.deadline import Deadline
from lis_tui.preview.decoders.libav import Media, length
from lis_tui.preview.decoders.waving import SAMPLED_SPANS, Extent
from lis_tui.preview.file import File
from lis_tui.preview.parts import CannotShow

_MOST = 1 << 15
_RUN_UP = 2048
"""So many frames are decoded before those that are meant: a block builds on the one before it."""
_WORDS = {"aac": "AAC", "mp3": "MP3", "opus": "Opus", "vorbis": "Vorbis", "flac": "FLAC", "alac": "ALAC"}


@contextmanager
def opened(file: File, deadline: Deadline) -> Iterator["_Recording"]:
    """Open a file. Raises CannotShow."""
    with Media(file, deadline) as media:
        stream = next((one for one in media.sounds if one.codec_context is not None), None)
        if stream is None or stream.codec_context.sample_rate <= 0:
            raise CannotShow("There is no sound in it that can be decoded.")
        yield _Recording(media, stream)


class _Recording:
    """A file as FFmpeg reads it: from a place on, block by block."""

    most_frames = 4_000_000
    sampled_spans = SAMPLED_SPANS

    def __init__(self, media: Media, stream: AudioStream) -> None:
        self._media = media
        self._stream = stream
        context = stream.codec_context
        codec = context.codec.canonical_name
        self.codec = "PCM" if codec.startswith("pcm_") else _WORDS.get(codec, codec)
        is_exact = self.codec in ("PCM", "FLAC", "ALAC") and context.format is not None
        self.bits = f"{context.format.bits} bit" if is_exact else ""
        self.rate = context.sample_rate
        self.channels = context.channels
        self.frames = int((length(stream) or media.duration_s or 0.0) * self.rate)
        self._blocks: Iterator[tuple[int, array[int]]] = iter(())
        self._block: tuple[int, array[int]] | None = None
        """Where it begins, and its values."""
        self._place = -1

    def extent(self, first: int, count: int) -> Extent | None:
        """Read so many frames from there on; None: there are none."""
        if first != self._place:
            self._blocks = self._read(first)
            self._block = next(self._blocks, None)
        self._place = first + count
        if self._block is None:
            return None
        low = high = 0
        while self._block is not None:
            start, values = self._block
            heard = values[
                max(first - start, 0) * self.channels : max(self._place - start, 0) * self.channels
            ]
            if heard:
                low, high = min(low, min(heard)), max(high, max(heard))
            if start + len(values) // self.channels > self._place:
                break
            self._block = next(self._blocks, None)
        return low / _MOST, high / _MOST

    def _read(self, first: int) -> Iterator[tuple[int, "array[int]"]]:
        plain = self._resampler()
        for at_s, frame in self._media.sound(self._stream, max(first - _RUN_UP, 0) / self.rate):
            try:
                blocks = plain.resample(frame)
            except ValueError:  # from here on it has another rate, or other channels
                plain = self._resampler()
                blocks = plain.resample(frame)
            for block in blocks:
                yield round(at_s * self.rate), _values(block)

    def _resampler(self) -> AudioResampler:
        return AudioResampler(format="s16", layout=self._stream.layout, rate=self.rate)


def _values(block: AudioFrame) -> "array[int]":
    values = array("h", bytes(block.planes[0])[: block.samples * block.layout.nb_channels * 2])
    if sys.byteorder == "big":
        values.byteswap()
    return values
