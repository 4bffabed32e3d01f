"""Sound: its wave form, length, rate and channels. Plain WAV takes nothing but Python, all else an extra."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from importlib import import_module
from typing import cast

from lis_tui.preview.decoders import lacking
from lis_tui.preview.decoders.deadline import Deadline
from lis_tui.preview.decoders.lengths import channel_words, length_words, rate_words
from lis_tui.preview.decoders.waving import Drawing, Recording
from lis_tui.preview.file import File
from lis_tui.preview.kinds import format_of
from lis_tui.preview.parts import CannotShow, Preview, Wanted

_PATIENCE_S = 2.5
_UNKNOWN_SIZES = (0, 0xFFFFFFFF)
_LOSSLESS = frozenset({"PCM", "FLAC", "ALAC", "float"})

_Opening = Callable[[File, Deadline], AbstractContextManager[Recording]]


def decode(file: File, wanted: Wanted) -> Preview:  # noqa: ARG001  (all of it is shown, at any size)
    """Show a recording. Raises CannotShow."""
    deadline = Deadline(_PATIENCE_S)
    failed: CannotShow | None = None
    for opened in _readers(file):
        try:
            with opened(file, deadline) as recording:
                return _preview(file, recording, deadline)
        except CannotShow as error:
            failed = failed or error
    raise failed or lacking("soundfile")


def _readers(file: File) -> Iterator[_Opening]:
    """Give what may read it, the best first: libsndfile, Python's own for WAV, FFmpeg."""
    for module, is_for_it in (("sound_sndfile", True), ("sound_wave", _is_wav(file)), ("sound_libav", True)):
        if is_for_it:
            try:
                yield cast("_Opening", import_module(f"lis_tui.preview.decoders.{module}").opened)
            except ImportError:
                continue


def _preview(file: File, recording: Recording, deadline: Deadline) -> Preview:
    drawing = Drawing(recording, deadline)
    wave = drawing.wave()
    return Preview(
        kind="audio",
        called=_called(file),
        facts=tuple(_facts(file, recording)),
        parts=(wave,),
        note=" ".join(_notes(file, drawing)),
        duration_s=wave.duration_s,
    )


def _called(file: File) -> str:
    format_ = format_of(file)
    return format_.called if format_.kind == "audio" else f"{format_.called}, with sound alone"


def _facts(file: File, recording: Recording) -> Iterator[str]:
    duration_s = recording.frames / recording.rate
    yield length_words(duration_s)
    yield recording.codec
    yield rate_words(recording.rate)
    yield channel_words(recording.channels)
    if recording.bits:
        yield recording.bits
    elif duration_s > 0 and recording.codec not in _LOSSLESS:
        yield f"{file.size_bytes * 8 / duration_s / 1000:.0f} kbit/s"


def _notes(file: File, drawing: Drawing) -> Iterator[str]:
    if drawing.ends_early or _is_cut(file):
        yield "The file is cut off, or is still being written: there is less sound than it says."
    if drawing.is_late:
        yield "Reading takes long: the wave form is not drawn to its end."
    elif drawing.is_sampled:
        yield "It is long: the wave form is drawn from samples of it."


def _is_wav(file: File) -> bool:
    return file.read_at(0, 4) == b"RIFF" and file.read_at(8, 4) == b"WAVE"


def _is_cut(file: File) -> bool:
    size = int.from_bytes(file.read_at(4, 4), "little")
    return _is_wav(file) and size not in _UNKNOWN_SIZES and size + 8 > file.size_bytes + 1
