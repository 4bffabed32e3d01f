"""libsndfile's door: WAV, FLAC, Ogg and MP3, read at any place."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy
import soundfile

from lis_tui.preview.decoders.deadline import Deadline
from lis_tui.preview.decoders.waving import SAMPLED_SPANS, SLOW_SPANS, Extent
from lis_tui.preview.file import File
from lis_tui.preview.parts import CannotShow

_CODECS = {"VORBIS": "Vorbis", "OPUS": "Opus", "MPEG_LAYER_III": "MP3", "ULAW": "µ-law", "ALAW": "A-law"}
_BITS = {
    "PCM_S8": "8 bit",
    "PCM_U8": "8 bit",
    "PCM_16": "16 bit",
    "PCM_24": "24 bit",
    "PCM_32": "32 bit",
    "FLOAT": "32 bit float",
    "DOUBLE": "64 bit float",
}
_MOST_CHANNELS = 64
_AHEAD = 1 << 18
"""So many values are read at once."""
_RUN_UP = 4 * 1152
"""Frames of an MP3 that are decoded before those that are meant: each read begins with a seek (soundfile does
that), and what a block shares with those before it is lost there."""


@contextmanager
def opened(file: File, deadline: Deadline) -> Iterator["_Recording"]:  # noqa: ARG001  (a block takes no time)
    """Open a file. Raises CannotShow."""
    with file.stream() as stream:
        try:
            with soundfile.SoundFile(stream) as sound:
                if not (sound.frames > 0 and sound.samplerate > 0 and sound.channels <= _MOST_CHANNELS):
                    raise CannotShow("There is no sound in it.")
                yield _Recording(sound)
        except soundfile.SoundFileError as error:
            raise CannotShow("It is damaged, or of a format that is not shown here.") from error


class _Recording:
    """A file as libsndfile reads it."""

    most_frames = 10_000_000

    def __init__(self, sound: soundfile.SoundFile) -> None:
        self._sound = sound
        self._begin = 0
        self._block = numpy.empty((0, 1), numpy.float32)
        self._run_up = _RUN_UP if sound.subtype.startswith("MPEG") else 0
        self.sampled_spans = SLOW_SPANS if sound.subtype == "OPUS" else SAMPLED_SPANS
        self.bits = _BITS.get(sound.subtype, "")
        self.codec = "FLAC" if sound.format == "FLAC" else _codec(sound.subtype)
        self.rate = int(sound.samplerate)
        self.channels = int(sound.channels)
        self.frames = int(sound.frames)

    def extent(self, first: int, count: int) -> Extent | None:
        """Read so many frames from there on; None: there are none."""
        if not self._begin <= first <= first + count <= self._begin + len(self._block):
            try:
                self._read(first, count)
            except soundfile.SoundFileError:
                return None
        block = self._block[first - self._begin :][:count]
        if not block.size:
            return None
        # These two pass over what is no number.
        low, high = float(numpy.fmin.reduce(block, axis=None)), float(numpy.fmax.reduce(block, axis=None))
        return (low, high) if low == low and high == high else (0.0, 0.0)

    def _read(self, first: int, count: int) -> None:
        """Read from a little before there on, and ahead where all is read."""
        self._begin = max(first - self._run_up, 0)
        self._sound.seek(self._begin)
        ahead = 0 if self.frames > self.most_frames else _AHEAD // self.channels
        self._block = self._sound.read(
            first - self._begin + max(count, ahead), dtype="float32", always_2d=True
        )


def _codec(subtype: str) -> str:
    return "PCM" if subtype in _BITS else _CODECS.get(subtype, subtype)
