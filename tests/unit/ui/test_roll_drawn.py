import pytest

from lis_tui.preview.parts import Note, Roll
from lis_tui.ui.media.roll import RollSheet, pitch_name, roll_lines
from lis_tui.ui.rows import cells, text_of


def drawn(roll: Roll, width: int, height: int) -> list[str]:
    return [text_of(line).rstrip() for line in roll_lines(roll, width, height)]


def scale(*pitches: int, track: int = 0) -> tuple[Note, ...]:
    return tuple(Note(float(at), float(at + 1), pitch, track) for at, pitch in enumerate(pitches))


def test_pitch_goes_up_and_time_goes_across() -> None:
    assert drawn(Roll(scale(60, 62, 64, 65), 4.0, ("piano",)), 5 + 12, 20) == [
        "F4            ███",
        "E4         ███",
        "",
        "D4      ███",
        "",
        "C4   ███─────────",
        "     ╵0:00",
        "     █ piano",
    ]


def test_a_note_that_is_struck_again_can_be_told_from_a_long_one() -> None:
    again = Roll((Note(0, 1, 62), Note(1, 2, 62)), 2.0)
    once = Roll((Note(0, 2, 62),), 2.0)
    assert drawn(again, 5 + 8, 4)[0] == "D4   ███▌████"
    assert drawn(once, 5 + 8, 4)[0] == "D4   ████████"


def test_voices_differ_in_sign_and_tone_and_are_named_below() -> None:
    roll = Roll(scale(61) + scale(63, track=1), 1.0, ("right hand", "left hand"))
    lines = roll_lines(roll, 40, 10)
    assert {tone for text, tone in lines[0] if "▓" in text} == {"ok"}
    assert {tone for text, tone in lines[2] if "█" in text} == {"accent"}
    assert text_of(lines[-1]).strip() == "█ right hand   ▓ left hand"


def test_the_first_voice_lies_on_top() -> None:
    roll = Roll((Note(0, 4, 61, 1), Note(1, 2, 61, 0)), 4.0)
    assert drawn(roll, 5 + 8, 3)[0].count("█") == 2


def test_where_there_is_less_room_a_line_holds_several_pitches() -> None:
    lines = drawn(Roll(scale(*range(36, 97)), 61.0), 5 + 61, 12)
    assert 6 <= len(lines) - 2 <= 12
    assert sum(line.count("█") + line.count("▌") for line in lines[:-2]) == 61
    assert [line[:2] for line in lines[:-2] if line[0] == "C"] == ["C7", "C6", "C5", "C4", "C3", "C2"]


def test_every_line_fits_at_any_size_and_any_song() -> None:
    songs = (
        Roll((Note(0, 0, 0),), 0.0, ("x",)),
        Roll((Note(0, 1e9, 127), Note(5, 4, 0)), 1e9, ("\x1b[31m" + "name" * 99,)),
        Roll(
            tuple(Note(at / 10, at / 10 + 0.05, at % 128, at % 40) for at in range(3000)), 300.0, ("v",) * 40
        ),
    )
    for song in songs:
        for width in (1, 6, 30, 120):
            for height in (1, 4, 60):
                lines = roll_lines(song, width, height)
                assert 3 <= len(lines) <= height + 2
                assert all(cells(line) <= max(width, 6) for line in lines)


def test_a_hostile_name_is_shown_as_text() -> None:
    legend = text_of(roll_lines(Roll(scale(60), 1.0, ("\x1b[31mred\nline",)), 80, 4)[-1])
    assert "\x1b" not in legend
    assert "\n" not in legend


def test_a_song_without_notes_takes_no_lines() -> None:
    assert len(RollSheet(Roll((), 0.0), 20)) == 0


@pytest.mark.parametrize(("pitch", "name"), [(60, "C4"), (69, "A4"), (61, "C♯4"), (0, "C-1"), (127, "G9")])
def test_pitches_are_called_as_midi_calls_them(pitch: int, name: str) -> None:
    assert pitch_name(pitch) == name
