from lis_tui.preview.parts import Wave
from lis_tui.ui.media.axis import axis_line, moment_words
from lis_tui.ui.media.wave import WaveSheet, wave_lines
from lis_tui.ui.rows import Row, cells, text_of
from lis_tui.ui.themes import read_themes

EXCHANGED = str.maketrans(" ▁▂▃▄▅▆▇", "█🮆🮅🮄▀🮃🮂▔")
"""What is full, and what is filled from above."""


def drawn(wave: Wave, width: int, height: int, at_s: float | None = None) -> list[str]:
    """Give lines as they look: what leaves eighths of a cell free in exchanged colours as their opposite."""
    return [
        "".join(text.translate(EXCHANGED) if "reverse" in tone else text for text, tone in line)
        for line in wave_lines(wave, width, height, at_s)
    ]


def test_a_growing_sound_is_mirrored_about_the_middle() -> None:
    wave = Wave(tuple((-share / 8, share / 8) for share in (1, 3, 4, 7, 8)), 8.0)
    assert drawn(wave, 5, 4)[:4] == [
        "   ▆█",
        "▂▆███",
        "🮂🮅███",
        "   🮅█",
    ]


def test_what_is_only_high_or_only_low_is_drawn_on_its_side() -> None:
    wave = Wave(((0.0, 1.0), (-1.0, 0.0)), 2.0)
    assert drawn(wave, 2, 2)[:2] == ["█▁", " █"]


def test_silence_is_a_line_and_is_said() -> None:
    *lines, axis = drawn(Wave(((0.0, 0.0),) * 10, 10.0), 40, 4)
    assert lines == [" " * 40, "▁" * 40, " " * 40, " " * 40]
    assert axis.startswith("╵0:00")
    assert axis.endswith("silence")


def test_a_quiet_sound_fills_the_height_and_how_loud_it_is_is_said() -> None:
    *lines, axis = drawn(Wave(((-0.1, 0.1),) * 10, 10.0), 60, 4)
    assert lines == ["█" * 60] * 4
    assert axis.endswith("at most 10% loud")


def test_a_loud_sound_has_nothing_said_about_it() -> None:
    assert "loud" not in drawn(Wave(((-0.9, 0.9),) * 10, 10.0), 60, 3)[-1]


def test_what_was_not_heard_yet_is_pale() -> None:
    lines = wave_lines(Wave(((-1.0, 1.0),) * 10, 10.0), 10, 2, at_s=4.0)
    assert lines[0] == [(" " * 4, "accent reverse"), (" " * 6, "muted reverse")]


def test_every_line_fits_at_any_size() -> None:
    for peaks in ((), ((-2.0, 3.0),), ((-0.5, 0.5),) * 399, ((0.0, 0.0),) * 2000):
        for width in (1, 7, 36, 120, 400):
            for height in (2, 4, 12):
                lines = wave_lines(Wave(peaks, 12.5), width, height)
                assert len(lines) == height + 1
                assert all(cells(line) <= width for line in lines)


def test_a_sheet_draws_anew_where_the_pane_has_another_width() -> None:
    sheet = WaveSheet(Wave(((-1.0, 1.0),) * 10, 10.0), rows=7)
    for width in (30, 80):
        lines = [sheet.line(number, width) for number in range(len(sheet))]
        rows = [line for line in lines if isinstance(line, Row)]
        assert len(rows) == len(sheet) == 7
        assert cells(rows[0].inks) == width - 1


def test_tones_are_roles_of_every_theme() -> None:
    tones = {tone for line in wave_lines(Wave(((-0.3, 1.0),), 9.0), 9, 2, 4.0) for _, tone in line if tone}
    palettes, faults = read_themes()
    assert palettes
    assert not faults
    for palette in palettes.values():
        assert {word for tone in tones for word in tone.split()} <= {*palette.colours(), "reverse"}


def test_marks_of_time_are_even_and_do_not_touch() -> None:
    assert text_of(axis_line(60.0, 60)) == "╵0:00     ╵0:10     ╵0:20     ╵0:30     ╵0:40     ╵0:50"
    for duration_s in (0.01, 0.7, 5.0, 61.0, 4000.0, 1e6, 1e9):
        for width in (5, 12, 80, 200):
            line = text_of(axis_line(duration_s, width))
            assert len(line) <= width
            assert "╵╵" not in line


def test_a_moment_is_written_as_a_clock_writes_it() -> None:
    assert [moment_words(each) for each in (0, 7, 59.96, 0.5, 61, 3725)] == [
        "0:00",
        "0:07",
        "1:00",
        "0:00.5",
        "1:01",
        "1:02:05",
    ]
