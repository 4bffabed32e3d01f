"""Durations, rates and codecs are those that ffprobe 5.1 tells of the same files: a tone of 440 Hz each."""

import array
import io
import itertools
import math
import struct
import wave
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import pytest

from lis_tui.preview.decoders import decode
from lis_tui.preview.file import HeldFile
from lis_tui.preview.parts import CannotShow, Preview, Wanted, Wave

MEDIA = Path(__file__).parents[2] / "media"


def shown(data: bytes) -> Preview:
    return decode("audio", HeldFile(data), Wanted())


def wave_of(preview: Preview) -> Wave:
    [part] = preview.parts
    assert isinstance(part, Wave)
    return part


def a_wav(values: list[int], *, rate: int = 8000, channels: int = 1, width: int = 2) -> bytes:
    """Make a WAV file of whole numbers of 16 bits, stored in another width."""
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setparams((channels, width, rate, 0, "NONE", ""))
        whole = (value << 16 >> 8 * (4 - width) for value in values)
        file.writeframes(
            b"".join(
                (value + (128 if width == 1 else 0)).to_bytes(width, "little", signed=width > 1)
                for value in whole
            )
        )
    return made.getvalue()


def sine(seconds: float, loudness: float, rate: int = 8000) -> list[int]:
    return [
        round(32767 * loudness * math.sin(2 * math.pi * 100 * at / rate)) for at in range(int(seconds * rate))
    ]


@pytest.fixture(params=["libsndfile", "Python alone"])
def reader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Have what may read a WAV file be there or not."""
    if request.param == "Python alone":
        without(monkeypatch, "sound_sndfile", "sound_libav")
    return str(request.param)


def without(monkeypatch: pytest.MonkeyPatch, *doors: str) -> None:
    """Have the libraries behind these doors missing."""

    def imported(name: str) -> object:
        if name.rpartition(".")[2] in doors:
            raise ImportError(name)
        return import_module(name)

    monkeypatch.setattr("lis_tui.preview.decoders.sound.import_module", imported)


@pytest.mark.parametrize(
    ("name", "called", "facts", "duration_s"),
    [
        # ffprobe: pcm_s16le 22050 1 duration=1.000000
        ("tone.wav", "a WAV recording", ("1.0 s", "PCM", "22.05 kHz", "mono", "16 bit"), 1.0),
        # ffprobe: flac 22050 2 duration=1.000000
        ("tone.flac", "a FLAC recording", ("1.0 s", "FLAC", "22.05 kHz", "stereo", "16 bit"), 1.0),
        # ffprobe: vorbis 22050 1 duration=1.000000
        ("tone.ogg", "an Ogg Vorbis recording", ("1.0 s", "Vorbis", "22.05 kHz", "mono", "36 kbit/s"), 1.0),
        # ffprobe: mp3 22050 1 duration=1.071020, with what the encoder adds at both ends
        ("tone.mp3", "an MP3 recording", ("1.0 s", "MP3", "22.05 kHz", "mono", "36 kbit/s"), 1.0),
        # ffprobe: opus 48000 1 duration=1.006500; libsndfile gives the rate before it was encoded
        ("tone.opus", "an Opus recording", ("1.0 s", "Opus", "24 kHz", "mono", "20 kbit/s"), 1.0),
        # ffprobe: aac 22050 1 duration=1.000000
        ("tone.m4a", "an M4A recording", ("1.0 s", "AAC", "22.05 kHz", "mono", "34 kbit/s"), 1.0),
    ],
)
def test_each_format_is_told_with_its_length_and_rate(
    name: str, called: str, facts: tuple[str, ...], duration_s: float
) -> None:
    preview = shown((MEDIA / name).read_bytes())
    assert (preview.kind, preview.called, preview.facts) == ("audio", called, facts)
    assert preview.duration_s == pytest.approx(duration_s, abs=0.01)
    assert preview.note == ""


@pytest.mark.parametrize(
    ("name", "loudness"),
    # what the encoders of the last two made of it, as ffmpeg decodes them too
    [
        ("tone.wav", (0.49, 0.51)),
        ("tone.flac", (0.34, 0.36)),
        ("tone.mp3", (0.46, 0.52)),
        ("tone.ogg", (0.44, 0.52)),
    ],
)
def test_a_steady_tone_is_as_loud_all_through(name: str, loudness: tuple[float, float]) -> None:
    peaks = wave_of(shown((MEDIA / name).read_bytes())).peaks
    assert len(peaks) == 400
    middle = peaks[20:380]
    assert all(loudness[0] < max(high, -low) < loudness[1] for low, high in middle)


def test_blocks_of_an_mp3_lose_nothing_where_they_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lis_tui.preview.decoders.sound_sndfile._AHEAD", 3000)
    peaks = wave_of(shown((MEDIA / "tone.mp3").read_bytes())).peaks
    assert all(0.46 < max(high, -low) < 0.52 for low, high in peaks[20:380])


def test_what_ffmpeg_reads_has_its_wave_at_the_right_moments() -> None:
    peaks = wave_of(shown((MEDIA / "tone.m4a").read_bytes())).peaks
    assert len(peaks) == 400
    assert all(0.3 < high < 1.0 and -1.0 < low < -0.3 for low, high in peaks[:390])


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_the_wave_of_a_growing_tone_is_the_tone(width: int, reader: str) -> None:
    parts = (0.1, 0.5, 0.9, 0.25)
    values = list(itertools.chain.from_iterable(sine(0.5, loudness) for loudness in parts))
    preview = shown(a_wav(values, width=width))
    peaks = wave_of(preview).peaks
    assert wave_of(preview).duration_s == 2.0
    for number, loudness in enumerate(parts):
        span = peaks[number * 100 : number * 100 + 100]
        assert max(high for _, high in span) == pytest.approx(loudness, abs=0.02)
        assert min(low for low, _ in span) == pytest.approx(-loudness, abs=0.02)
    assert f"{width * 8} bit" in preview.facts


def test_the_loudest_channel_is_drawn(reader: str) -> None:
    left, right = sine(1.0, 0.2), sine(1.0, 0.8)
    both = list(itertools.chain.from_iterable(zip(left, right, strict=True)))
    preview = shown(a_wav(both, channels=2))
    assert max(high for _, high in wave_of(preview).peaks) == pytest.approx(0.8, abs=0.01)
    assert "stereo" in preview.facts


def test_a_recording_of_a_few_values_has_as_many_spans(reader: str) -> None:
    assert len(wave_of(shown(a_wav([100, -200, 300]))).peaks) == 3


def test_a_file_that_is_still_being_written_is_shown_as_far_as_it_goes(reader: str) -> None:
    whole = a_wav(sine(2.0, 0.5))
    preview = shown(whole[: len(whole) // 2])
    assert wave_of(preview).duration_s == pytest.approx(1.0, abs=0.01)
    assert "cut off" in preview.note


def test_a_stream_whose_length_was_never_written_is_whole(reader: str) -> None:
    data = bytearray(a_wav(sine(1.0, 0.5)))
    data[4:8] = data[40:44] = b"\xff\xff\xff\xff"
    preview = shown(bytes(data))
    assert wave_of(preview).duration_s == pytest.approx(1.0, abs=0.01)
    assert preview.note == ""


def test_values_that_are_no_numbers_are_passed_over() -> None:
    body = array.array("f", [0.25, math.nan, -0.5, math.inf] * 1000).tobytes()
    form = struct.pack("<HHIIHH", 3, 1, 8000, 32000, 4, 32)
    data = b"WAVEfmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", len(body)) + body
    peaks = wave_of(shown(b"RIFF" + struct.pack("<I", len(data)) + data)).peaks
    assert set(peaks) == {(-0.5, 1.0)}


def test_a_long_recording_is_drawn_from_samples_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch, reader: str
) -> None:
    module = "sound_wave" if reader == "Python alone" else "sound_sndfile"
    monkeypatch.setattr(f"lis_tui.preview.decoders.{module}._Recording.most_frames", 8000)
    quiet, loud = sine(20.0, 0.1), sine(20.0, 0.9)
    preview = shown(a_wav(quiet + loud))
    peaks = wave_of(preview).peaks
    assert "samples" in preview.note
    assert wave_of(preview).duration_s == 40.0
    assert len(peaks) == 240
    assert max(high for _, high in peaks[:120]) == pytest.approx(0.1, abs=0.01)
    assert min(high for _, high in peaks[120:]) == pytest.approx(0.9, abs=0.01)


def test_where_time_runs_out_the_rest_is_empty_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lis_tui.preview.decoders.sound._PATIENCE_S", -1.0)
    preview = shown(a_wav(sine(1.0, 0.5)))
    assert "takes long" in preview.note
    assert wave_of(preview).peaks[-1] == (0.0, 0.0)


def test_wav_takes_no_extra_and_others_say_which(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "sound_sndfile", "sound_libav")
    assert wave_of(shown((MEDIA / "tone.wav").read_bytes())).duration_s == 1.0
    with pytest.raises(CannotShow, match=r"lis-tui\[media\]"):
        shown((MEDIA / "tone.mp3").read_bytes())


def test_a_wav_that_python_cannot_read_says_what_can(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "sound_sndfile", "sound_libav")
    data = bytearray(a_wav(sine(0.1, 0.5)))
    data[20:22] = (3).to_bytes(2, "little")  # floating point
    with pytest.raises(CannotShow, match=r"lis-tui\[media\]"):
        shown(bytes(data))


@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
@pytest.mark.parametrize("name", ["tone.wav", "tone.flac", "tone.ogg", "tone.mp3", "tone.opus", "tone.m4a"])
def test_a_cut_file_is_shown_or_refused_in_a_sentence(name: str, share: float) -> None:
    data = (MEDIA / name).read_bytes()
    with suppress(CannotShow):
        assert 0 < wave_of(shown(data[: int(len(data) * share)])).duration_s < 1.1
