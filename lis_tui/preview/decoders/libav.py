"""FFmpeg's door: opens one file's bytes, in formats that name no other file, and decodes in bounded time."""

import os
from collections.abc import Iterator
from fractions import Fraction

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition, Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from lis_tui.preview.decoders.deadline import Deadline
from lis_tui.preview.file import File
from lis_tui.preview.parts import CannotShow

_FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,m4v,h264,hevc,ivf,flv,asf,ogg,gif,apng,"
    "nut,mxf,dv,wav,w64,mp3,aac,flac,aiff,au,amr,caf,wv,ape,ac3,eac3,dts,tta,mpc,mpc8"
)
"""Every one holds its own pictures and sound. Playlists (HLS, DASH, concat, SDP) name files and addresses."""
_MOST_PIXELS = 4096 * 2304
"""Of one frame: a decoder keeps up to seventeen of them."""
_MOST_FAULTS = 100
_NEAR_S = 0.5


class Media:
    """An opened file with pictures or sound; use it in a `with`."""

    def __init__(self, file: File, deadline: Deadline) -> None:
        """Raises CannotShow."""
        self._deadline = deadline
        self.is_damaged = False
        """Something could not be decoded and was left out."""
        self.is_late = False
        """There was not enough time for all that was asked."""
        self._container = _opened(_Source(file, deadline))
        self._is_at_start = True

    def __enter__(self) -> "Media":
        return self

    def __exit__(self, *_: object) -> None:
        self._container.close()

    @property
    def video(self) -> VideoStream | None:
        """The first track of moving pictures; a cover is none."""
        return next((one for one in self._container.streams.video if not is_cover(one)), None)

    @property
    def sounds(self) -> tuple[AudioStream, ...]:
        """All tracks of sound."""
        return self._container.streams.audio

    @property
    def duration_s(self) -> float | None:
        """How long all of it is, as the file says."""
        lengths = [length(one) for one in self._container.streams]
        whole = self._container.duration
        known = whole / av.time_base if whole else max((one for one in lengths if one), default=0.0)
        return known if known > 0 else None

    def pictures(self, stream: VideoStream, from_s: float) -> Iterator[tuple[float, VideoFrame]]:
        """Give frames and their moments, from the last key frame before `from_s` on."""
        self._limit(stream)
        self._seek(from_s, stream)
        period = 1 / float(stream.average_rate or 25)
        at_s = 0.0
        for packet in self._packets(stream):
            is_far = packet.pts is not None and _moment(packet.pts, stream) < from_s - _NEAR_S
            stream.codec_context.skip_frame = "NONREF" if is_far else "DEFAULT"
            for frame in self._decoded(packet):
                if isinstance(frame, VideoFrame):
                    at_s = at_s + period if frame.pts is None else _moment(frame.pts, stream)
                    yield at_s, frame

    def sound(self, stream: AudioStream, from_s: float) -> Iterator[tuple[float, AudioFrame]]:
        """Give blocks of sound and their moments, from about `from_s` on."""
        self._limit(stream)
        self._seek(from_s, stream)
        at_s = from_s
        for packet in self._packets(stream):
            for frame in self._decoded(packet):
                if isinstance(frame, AudioFrame):
                    at_s = at_s if frame.pts is None else _moment(frame.pts, stream)
                    yield at_s, frame
                    at_s += frame.samples / max(frame.sample_rate, 1)

    def reaches(self, duration_s: float) -> bool:
        """Whether there is something near the end that the file speaks of; True where that cannot be told."""
        streams = list(self._container.streams)
        if not streams:
            return True
        slack_s = max(0.5, duration_s / 20)
        self._seek(max(duration_s - slack_s, 0.0), None)
        last_s = 0.0
        for packet in self._packets(*streams):
            if packet.pts is not None and packet.size:
                last_s = max(last_s, _moment(packet.pts + (packet.duration or 0), packet.stream))
        return self._deadline.is_over or last_s >= duration_s - slack_s

    def _limit(self, stream: VideoStream | AudioStream) -> None:
        context = stream.codec_context
        if context is not None and not context.is_open:
            context.thread_count = 1
            context.options = {"max_pixels": str(_MOST_PIXELS)}

    def _seek(self, at_s: float, stream: Stream | None) -> None:
        if self._is_at_start and at_s <= 0:  # to seek there would lose what sound begins with
            return
        base = stream.time_base if stream is not None and stream.time_base else Fraction(1, av.time_base)
        start = stream.start_time if stream is not None else self._container.start_time
        try:
            self._container.seek(int(at_s / base) + (start or 0), stream=stream)
        except (av.FFmpegError, OverflowError):
            self.is_damaged = self.is_damaged or at_s > 0

    def _packets(self, *streams: Stream) -> "Iterator[Packet[Stream]]":
        self._is_at_start = False
        packets = self._container.demux(list(streams))
        while True:
            if self._deadline.is_over:
                self.is_late = True
                return
            try:
                yield next(packets)
            except StopIteration:
                return
            except av.FFmpegError:
                self.is_damaged = True
                return

    def _decoded(self, packet: "Packet[Stream]") -> list[object]:
        try:
            return list(packet.decode())
        except av.FFmpegError:
            self.is_damaged = True
            return []


class _Source:
    """A file as FFmpeg reads it; it ends early when the time is over."""

    def __init__(self, file: File, deadline: Deadline) -> None:
        self._file = file
        self._deadline = deadline
        self._place = 0

    @property
    def is_late(self) -> bool:
        return self._deadline.is_over

    def read(self, count: int) -> bytes:
        data = b"" if self._deadline.is_over else self._file.read_at(self._place, count)
        self._place += len(data)
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self._file.size_bytes}[whence]
        self._place = max(start + offset, 0)
        return self._place

    def tell(self) -> int:
        return self._place


def length(stream: Stream) -> float | None:
    """How long a track is, as it says itself."""
    if not stream.duration or stream.time_base is None:
        return None
    return float(stream.duration * stream.time_base)


def is_cover(stream: Stream) -> bool:
    """Whether the track is a picture that stands for the file."""
    return Disposition.attached_pic in stream.disposition


def is_too_large(stream: VideoStream) -> bool:
    """Whether its frames have more pixels than are decoded."""
    return stream.codec_context is not None and stream.width * stream.height > _MOST_PIXELS


def _opened(source: _Source) -> InputContainer:
    av.logging.set_level(None)
    try:
        return av.open(
            source,
            mode="r",
            options={
                "format_whitelist": _FORMATS,
                "protocol_whitelist": "none",
                "threads": "1",
                "max_pixels": str(_MOST_PIXELS),
            },
            metadata_errors="replace",
            io_open=_refuse,
        )
    except (av.FFmpegError, ValueError) as error:
        raise CannotShow(_why(source)) from error


def _refuse(url: str, flags: int, options: dict[str, str]) -> object:  # noqa: ARG001  (PyAV's form)
    raise PermissionError("A file names another one, which is not opened.")


def _why(source: _Source) -> str:
    if source.is_late:
        return "It takes too long to open."
    source.seek(4)
    if source.read(4) == b"ftyp":
        return "Its index is not there: the file is cut off, or is still being written."
    return "It is damaged, or of a format that is not shown here."


def _moment(pts: int, stream: Stream) -> float:
    return float((pts - (stream.start_time or 0)) * (stream.time_base or Fraction(1, av.time_base)))
