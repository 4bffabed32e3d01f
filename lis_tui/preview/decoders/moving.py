"""Moving pictures: one that stands for all, the one of a moment, or several to be played."""

from collections.abc import Iterator

from av.audio.stream import AudioStream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image

from lis_tui.preview.decoders import sound
from lis_tui.preview.decoders.deadline import Deadline
from lis_tui.preview.decoders.lengths import channel_words, length_words, rate_words
from lis_tui.preview.decoders.libav import Media, is_too_large
from lis_tui.preview.file import File
from lis_tui.preview.kinds import called
from lis_tui.preview.parts import Pixels, Preview, Wanted

FRAMES_A_SECOND = 10
"""How many pictures of a second are given to be played."""
_PATIENCE_S = 2.5
_MOST_FRAMES = 100
_MOST_BYTES = 24_000_000
"""Of all pictures of one answer."""
_TELLING = (0.1, 0.3, 0.5, 0.8, 0.0)
"""Where a picture is looked for that stands for all of it, as shares of the duration."""
_PROBE = 16
_CONTRAST = 24
_TURNS = {90: Image.Transpose.ROTATE_90, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_270}


def decode(file: File, wanted: Wanted) -> Preview:
    """Show a video: at no moment in particular, or `wanted.count` tenths of a second from `wanted.at_s` on.

    Raises CannotShow.
    """
    deadline = Deadline(_PATIENCE_S)
    with Media(file, deadline) as media:
        stream = media.video
        if stream is not None:
            return _Film(media, stream, wanted, called(file)).preview()
    return sound.decode(file, wanted)


class _Film:
    """One track of moving pictures, and what is wanted of it."""

    def __init__(self, media: Media, stream: VideoStream, wanted: Wanted, called: str) -> None:
        self._media = media
        self._stream = stream
        self._wanted = wanted
        self._called = called
        self._duration_s = media.duration_s

    def preview(self) -> Preview:
        """Raises CannotShow."""
        has_decoder = self._stream.codec_context is not None
        pictures, has_more = (
            self._pictures() if has_decoder and not is_too_large(self._stream) else ((), False)
        )
        return Preview(
            kind="video",
            called=self._called,
            facts=tuple(self._facts()),
            parts=pictures,
            note=" ".join(self._notes(pictures)),
            has_more=has_more,
            duration_s=self._duration_s,
        )

    def _pictures(self) -> tuple[tuple[Pixels, ...], bool]:
        if self._wanted.at_s is None:
            telling = self._telling()
            return ((self._pixels(*telling),) if telling else ()), False
        count = min(max(self._wanted.count, 1), _MOST_FRAMES)
        shown: list[Pixels] = []
        room = _MOST_BYTES
        from_s = max(min(self._wanted.at_s, self._duration_s or self._wanted.at_s), 0.0)
        for at_s, frame in self._sampled(from_s):
            shown.append(self._pixels(at_s, frame))
            room -= len(shown[-1].data)
            if len(shown) == count or room < len(shown[-1].data):
                return tuple(shown), True
        return tuple(shown), False

    def _telling(self) -> tuple[float, VideoFrame] | None:
        """Find a picture that shows something; where none does, the first that was looked at."""
        first: tuple[float, VideoFrame] | None = None
        for share in _TELLING if self._duration_s else (0.0,):
            found = next(self._sampled(share * (self._duration_s or 0.0)), None)
            if found is not None and _has_contrast(found[1]):
                return found
            first = first or found
            if self._media.is_late:
                break
        return first

    def _sampled(self, from_s: float) -> Iterator[tuple[float, VideoFrame]]:
        """Give what is seen at `from_s` and at each tenth of a second after it, to the end."""
        shown: VideoFrame | None = None
        number = 0
        for begins_s, frame in self._media.pictures(self._stream, from_s):
            while shown is not None and begins_s > _tick(from_s, number) + 1e-6:
                yield _tick(from_s, number), shown
                number += 1
            shown = frame
        if shown is not None:
            yield _tick(from_s, number), shown

    def _pixels(self, at_s: float, frame: VideoFrame) -> Pixels:
        natural = self._natural(frame)
        turn = frame.rotation % 360
        upright = natural[::-1] if turn in (90, 270) else natural
        share = min(self._wanted.width_px / upright[0], self._wanted.height_px / upright[1], 1.0)
        width, height = (max(round(side * share), 1) for side in natural)
        small = frame.reformat(width=width, height=height, format="rgba", interpolation="AREA")
        picture = Image.frombytes(
            "RGBA", (width, height), bytes(small.planes[0]), "raw", "RGBA", _line(small), 1
        )
        if turn in _TURNS:
            picture = picture.transpose(_TURNS[turn])
        return Pixels(*picture.size, picture.tobytes(), *upright, at_s=round(at_s, 3))

    def _natural(self, frame: VideoFrame) -> tuple[int, int]:
        """Give the size it is meant to be seen at: a video's pixels need not be squares."""
        aspect = float(self._stream.sample_aspect_ratio or 1)
        if not 1 / 8 <= aspect <= 8:
            aspect = 1.0
        return max(round(frame.width * aspect), 1), frame.height

    def _facts(self) -> Iterator[str]:
        if self._duration_s is not None:
            yield length_words(self._duration_s)
        if self._stream.codec_context is not None:
            yield f"{self._stream.width}×{self._stream.height}"
            yield self._stream.codec_context.codec.canonical_name
        if self._stream.average_rate:
            yield f"{float(self._stream.average_rate):.4g} frames a second"
        sounds = self._media.sounds
        yield from (f"sound: {_sound_words(one)}" for one in sounds[:3])
        if not sounds:
            yield "no sound"
        elif len(sounds) > 3:
            yield f"{len(sounds)} tracks of sound"

    def _notes(self, shown: tuple[Pixels, ...]) -> Iterator[str]:
        if is_too_large(self._stream):
            yield "Its pictures are too large to be shown here."
        elif self._stream.codec_context is None:
            yield "There is no decoder for its pictures."
        elif not shown:
            yield "No picture of it could be decoded."
        is_whole = (
            self._wanted.at_s is not None or self._duration_s is None or self._media.reaches(self._duration_s)
        )
        if not is_whole:
            yield "Its end is missing: the file is cut off, or is still being written."
        elif self._media.is_damaged:
            yield "Parts of it are damaged and not shown."
        if self._media.is_late and self._wanted.at_s is not None:
            yield "Decoding takes long: not all that was asked for is shown."


def _tick(from_s: float, number: int) -> float:
    return from_s + number / FRAMES_A_SECOND


def _line(frame: VideoFrame) -> int:
    return frame.planes[0].line_size


def _has_contrast(frame: VideoFrame) -> bool:
    """Whether it shows more than one even colour."""
    small = frame.reformat(width=_PROBE, height=_PROBE, format="gray", interpolation="AREA")
    data, line = bytes(small.planes[0]), _line(small)
    seen = b"".join(data[row * line : row * line + _PROBE] for row in range(_PROBE))
    return max(seen) - min(seen) >= _CONTRAST


def _sound_words(stream: AudioStream) -> str:
    context = stream.codec_context
    if context is None:
        return "an unknown codec"
    return (
        f"{context.codec.canonical_name} {rate_words(context.sample_rate)} {channel_words(context.channels)}"
    )
