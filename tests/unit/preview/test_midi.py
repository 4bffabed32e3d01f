"""The song is the first eight bars of the Ode to Joy: 90 beats a minute after seven bars at 120."""

import io
from pathlib import Path

import mido
import pytest

from lis_tui.preview.decoders import decode
from lis_tui.preview.decoders.instruments import PROGRAMS
from lis_tui.preview.file import HeldFile
from lis_tui.preview.parts import CannotShow, Note, Preview, Roll, Wanted

JOY = (Path(__file__).parents[2] / "media" / "joy.mid").read_bytes()
DEFAULT = 480


def shown(data: bytes) -> Preview:
    return decode("midi", HeldFile(data), Wanted())


def roll_of(preview: Preview) -> Roll:
    [part] = preview.parts
    assert isinstance(part, Roll)
    return part


def a_file(*tracks: list[mido.Message], form: int = 1, ticks: int = DEFAULT) -> bytes:
    made = io.BytesIO()
    mido.MidiFile(type=form, ticks_per_beat=ticks, tracks=[mido.MidiTrack(track) for track in tracks]).save(
        file=made
    )
    return made.getvalue()


def a_note(pitch: int, beats: float, channel: int = 0) -> list[mido.Message]:
    return [
        mido.Message("note_on", note=pitch, velocity=80, channel=channel),
        mido.Message("note_off", note=pitch, channel=channel, time=int(beats * DEFAULT)),
    ]


def raw(body: bytes, *, tracks: int = 1, division: int = DEFAULT) -> bytes:
    """Make a file of one track of these bytes."""
    head = (
        b"MThd\0\0\0\x06\0\x01" + tracks.to_bytes(2, "big") + division.to_bytes(2, "big", signed=division < 0)
    )
    return head + b"MTrk" + len(body).to_bytes(4, "big") + body


def test_a_song_is_told_with_tempo_key_and_instruments() -> None:
    preview = shown(JOY)
    assert preview.facts[:6] == ("16.7 s", "90–120 beats a minute", "4/4", "D major", "46 notes", "4 tracks")
    assert preview.facts[6:] == ("acoustic grand piano", "cello", "drums")
    assert preview.note == ""


def test_the_notes_are_those_of_the_song() -> None:
    roll = roll_of(shown(JOY))
    assert roll.tracks == ("right hand", "left hand", "drums")
    melody = [note for note in roll.notes if note.track == 0]
    assert [note.pitch for note in melody[:8]] == [66, 66, 67, 69, 69, 67, 66, 64]
    assert melody[1] == Note(0.5, 1.0, 66, 0)


def test_a_change_of_tempo_moves_what_follows_it() -> None:
    last = max(roll_of(shown(JOY)).notes, key=lambda note: note.end_s)
    assert last.end_s == pytest.approx(28 * 0.5 + 4 * 60 / 90)
    assert shown(JOY).duration_s == pytest.approx(last.end_s)


def test_the_length_is_what_mido_makes_of_it() -> None:
    assert shown(JOY).duration_s == pytest.approx(mido.MidiFile(file=io.BytesIO(JOY)).length)


def test_channels_of_one_track_are_voices_of_their_own() -> None:
    track = [
        mido.MetaMessage("track_name", name="all"),
        mido.Message("program_change", channel=0, program=40),
        mido.Message("program_change", channel=3, program=73),
        *a_note(60, 1),
        *a_note(72, 1, channel=3),
    ]
    assert roll_of(shown(a_file(track, form=0))).tracks == ("all: violin", "all: flute")


def test_a_name_in_utf_8_is_read_as_such() -> None:
    name = "Frühling – ruhig".encode()
    track = b"\0\xff\x03" + bytes([len(name)]) + name + b"\0\x90\x3c\x40\x60\x80\x3c\0\0\xff\x2f\0"
    assert roll_of(shown(raw(track))).tracks == ("Frühling – ruhig",)


def test_a_minor_key_with_flats_is_called_so() -> None:
    track = [mido.MetaMessage("key_signature", key="Bbm"), *a_note(58, 1)]
    assert "B♭ minor" in shown(a_file(track)).facts


def test_time_that_is_counted_in_pictures_has_no_tempo() -> None:
    # 25 pictures a second, 40 ticks a picture: a thousand ticks are a second
    body = b"\0\x90\x3c\x40\x87\x68\x80\x3c\0\0\xff\x2f\0"
    preview = shown(raw(body, division=-(25 << 8) + 40))
    assert preview.duration_s == pytest.approx(1.0)
    assert not any("beats" in fact for fact in preview.facts)


def test_a_note_that_never_ends_ends_with_its_track() -> None:
    body = b"\0\x90\x3c\x40\x83\x60\xff\x2f\0"
    assert roll_of(shown(raw(body))).notes == (Note(0.0, 0.5, 60, 0),)


def test_running_status_and_silent_beginnings_are_understood() -> None:
    # the second event leaves its status out, and ends the note with a velocity of none
    body = b"\0\x90\x3c\x40\x83\x60\x3c\0\0\xff\x2f\0"
    assert roll_of(shown(raw(body))).notes == (Note(0.0, 0.5, 60, 0),)


def test_a_track_is_shown_up_to_where_it_is_broken() -> None:
    whole = b"\0\x90\x3c\x40\x83\x60\x80\x3c\0"
    for junk in (b"\0\xf4\x01\x02", b"\0\xff\x59\x02\x7f\x7f", b"\0\x90\x3c", b"\xff\xff\xff"):
        preview = shown(raw(whole + junk))
        assert roll_of(preview).notes == (Note(0.0, 0.5, 60, 0),)
        assert "damaged" in preview.note


def test_values_above_what_fits_are_clipped() -> None:
    preview = shown(raw(b"\0\x90\x3c\xff\x83\x60\x80\x3c\0\0\xff\x2f\0"))
    assert len(roll_of(preview).notes) == 1


def test_a_cut_song_keeps_the_notes_that_are_there() -> None:
    for size in range(14, len(JOY), 7):
        preview = shown(JOY[:size])
        assert "damaged" in preview.note
    assert len(roll_of(shown(JOY[:-12])).notes) == 45


def test_a_beginning_that_is_none_is_refused() -> None:
    for data in (b"", b"MThd", b"MThd\0\0\0\x06\0\x01", b"MTrk" + bytes(100)):
        with pytest.raises(CannotShow):
            shown(data)


def test_lengths_that_are_lies_take_no_memory_and_no_time() -> None:
    head = raw(b"")[:14]
    for body in (
        b"MTrk\xff\xff\xff\xff\0\x90\x3c\x40",
        b"MTrk\0\0\0\x09\0\xff\x01\xff\xff\xff\x7f\0\0",
        b"MTrk\0\0\0\x10\0\xf0\xff\xff\xff\xff\xff\xff\xff\x7f\0\0\0\0\0\0",
        b"XFIH\xff\xff\xff\xf0" + bytes(20),
    ):
        assert roll_of(shown(head + body)).notes in ((), (Note(0.0, 0.0, 60, 0),))


def test_a_pause_of_years_is_no_trouble() -> None:
    body = b"\0\x90\x3c\x40" + b"\xff" * 40 + b"\x7f\x80\x3c\0\0\xff\x2f\0"
    assert roll_of(shown(raw(body))).duration_s < 1e9


def test_of_very_many_notes_the_first_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lis_tui.preview.decoders.midi._MOST_NOTES", 3)
    preview = shown(a_file([message for pitch in range(60, 66) for message in a_note(pitch, 1)]))
    assert [note.pitch for note in roll_of(preview).notes] == [60, 61, 62]
    assert preview.note == "The first 3 of 6 notes are drawn."


def test_of_a_very_long_file_the_first_part_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lis_tui.preview.decoders.score._MOST_BYTES", 100)
    preview = shown(a_file([message for pitch in range(30, 90) for message in a_note(pitch, 1)]))
    assert 5 < len(roll_of(preview).notes) < 20
    assert "only its first part" in preview.note
    assert preview.facts[0].startswith("more than")


def test_there_is_a_name_for_every_program() -> None:
    assert len(PROGRAMS) == 128
    assert (PROGRAMS[0], PROGRAMS[40], PROGRAMS[127]) == ("acoustic grand piano", "violin", "gunshot")
