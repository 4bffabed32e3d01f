import struct

import pytest
from PIL import Image, ImageChops
from rich.cells import cell_len
from textual.strip import Strip

from lis_tui.preview.parts import Pixels
from lis_tui.ui.media import kitty
from lis_tui.ui.media.fitting import Room, box, fit, is_whole
from lis_tui.ui.media.graphics import Cell, Look, Way, cell_of, way_of
from lis_tui.ui.media.halfblocks import half_blocks, nearest
from lis_tui.ui.media.iterm import inline
from lis_tui.ui.media.pictures import PictureSheet, picture_sheet
from lis_tui.ui.media.sixel import sixels
from tests.terminal_graphics import Kitty, read_iterm, read_sixels

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def picture(width: int, height: int) -> Image.Image:
    """A picture in which every place looks different."""
    image = Image.new("RGB", (width, height))
    image.putdata(
        [(x * 255 // width, y * 255 // height, (x + y) % 256) for y in range(height) for x in range(width)]
    )
    return image


def pixels(image: Image.Image) -> Pixels:
    return Pixels(image.width, image.height, image.convert("RGBA").tobytes())


def rgb(*colours: tuple[int, int, int]) -> bytes:
    return b"".join(bytes(colour) for colour in colours)


def colours(strip: Strip) -> list[tuple[str, object, object]]:
    """Each cell: its character, and the colours of its ink and its ground."""
    found: list[tuple[str, object, object]] = []
    for text, style, _ in strip:
        assert style is not None
        assert style.color is not None
        assert style.bgcolor is not None
        ink, ground = style.color, style.bgcolor
        found += [(char, ink.triplet or ink.number, ground.triplet or ground.number) for char in text]
    return found


def difference(one: Image.Image, other: Image.Image) -> float:
    """How far two pictures are apart, on average, of 255."""
    assert one.size == other.size
    histogram = ImageChops.difference(one, other).convert("L").histogram()
    return sum(level * count for level, count in enumerate(histogram)) / (one.width * one.height)


def drawn(sheet: PictureSheet) -> list[Strip]:
    strips = [sheet.line(number, 80) for number in range(len(sheet))]
    assert all(isinstance(strip, Strip) for strip in strips)
    return strips  # type: ignore[return-value]


# ---- half blocks


def test_a_cell_shows_two_pixels_one_above_the_other() -> None:
    (strip,) = half_blocks(rgb(RED, GREEN, BLUE, GREEN), 2, 2, (9, 9, 9))
    assert colours(strip) == [("▀", RED, BLUE), (" ", GREEN, GREEN)]


def test_an_odd_last_row_of_pixels_stands_on_the_ground() -> None:
    *_, last = half_blocks(rgb(RED, RED, WHITE), 1, 3, (9, 8, 7))
    assert colours(last) == [("▀", WHITE, (9, 8, 7))]


def test_what_is_transparent_shows_the_themes_ground() -> None:
    half_red = Pixels(1, 2, bytes((255, 0, 0, 0)) + bytes((255, 0, 0, 128)))
    (strip,) = drawn(picture_sheet(half_red, Room(10, 10), Look("half", (0, 0, 100))))
    ((_, upper, lower),) = colours(strip)
    assert upper == (0, 0, 100)
    assert lower == (128, 0, 50)


def test_terminals_without_true_colour_get_the_nearest_of_their_own() -> None:
    assert nearest(255, 0, 0) == 196
    assert nearest(0, 0, 0) == 16
    assert nearest(128, 128, 128) == 244
    (strip,) = half_blocks(rgb(RED, (130, 128, 127)), 1, 2, (0, 0, 0), has_true_colour=False)
    assert colours(strip) == [("▀", 196, 244)]


@pytest.mark.parametrize(
    ("size", "cell", "cells"),
    [
        ((800, 600), Cell(10, 20), (40, 15)),
        ((600, 800), Cell(10, 20), (30, 20)),
        ((800, 600), Cell(9, 20), (40, 14)),
        ((16, 16), Cell(10, 20), (16, 8)),
        ((4000, 10), Cell(10, 20), (40, 1)),
    ],
)
def test_a_picture_keeps_its_shape_in_half_blocks(
    size: tuple[int, int], cell: Cell, cells: tuple[int, int]
) -> None:
    look = Look("half", cell=cell)
    found = fit(Pixels(*size, b""), Room(40, 20), look)
    assert (found.columns, found.rows) == cells


def test_as_many_pixels_are_asked_for_as_can_be_seen() -> None:
    assert box(Room(40, 20), Look("half", cell=Cell(10, 20))) == (40, 40)
    assert box(Room(40, 20), Look("kitty", cell=Cell(10, 20))) == (400, 400)


def test_a_picture_whose_bytes_are_too_few_is_not_believed() -> None:
    assert is_whole(Pixels(2, 2, bytes(16)))
    assert not is_whole(Pixels(2, 2, bytes(15)))
    assert not is_whole(Pixels(1 << 20, 1 << 20, bytes(16)))


# ---- kitty


def test_kitty_is_sent_the_picture_in_chunks_and_never_answers() -> None:
    image = picture(120, 90).convert("RGBA")
    terminal = Kitty()
    terminal.feed("".join(kitty.sending(77, image.tobytes(), image.size, (12, 5))))
    assert max(terminal.chunks) <= 4096
    assert len(terminal.chunks) > 1
    assert terminal.answers == 0
    assert terminal.cells == {77: (12, 5)}
    assert terminal.pictures[77].tobytes() == image.tobytes()
    terminal.feed(kitty.forgetting(77))
    assert not terminal.pictures
    assert terminal.answers == 0


def test_kittys_cells_name_their_row_and_column_in_the_pictures_colour() -> None:
    strips = kitty.placeholders(0x123456, 3, 2, (1, 2, 3))
    marks = "\u0305\u030d\u030e"
    for row, strip in enumerate(strips):
        assert strip.cell_length == 3
        assert [text for text, _, _ in strip] == [
            "\U0010eeee" + marks[row] + marks[column] for column in range(3)
        ]
        assert {ink for _, ink, _ in colours(strip)} == {(0x12, 0x34, 0x56)}


def test_a_cell_of_kittys_is_as_wide_as_textual_counts_it() -> None:
    count = kitty.most_cells()
    (wide, *_) = kitty.placeholders(1 << 20, count, count, (0, 0, 0))
    assert {cell_len(text) for text, _, _ in wide} == {1}
    tall = kitty.placeholders(1 << 20, 1, count, (0, 0, 0))
    assert {cell_len(strip.text) for strip in tall} == {1}


def test_where_only_256_colours_arrive_the_pictures_number_is_one_of_them() -> None:
    number = kitty.new_number(has_true_colour=False)
    (strip,) = kitty.placeholders(number, 1, 1, (0, 0, 0), has_true_colour=False)
    assert 16 <= number < 256
    assert {ink for _, ink, _ in colours(strip)} == {number}


def test_a_kitty_picture_goes_with_its_sheet() -> None:
    sheet = picture_sheet(pixels(picture(100, 80)), Room(40, 20), Look("kitty"))
    terminal = Kitty()
    terminal.feed("".join(sheet.sent.before))
    assert list(terminal.cells.values()) == [(10, 4)] == [(sheet.size.columns, sheet.size.rows)]
    terminal.feed(sheet.sent.after)
    assert not terminal.pictures


# ---- sixel


def test_sixels_draw_the_picture_that_was_given() -> None:
    image = picture(64, 48)
    found = read_sixels(sixels(image.tobytes(), 64, 48))
    assert found.size == (64, 48)
    assert difference(found, image) < 4


def test_sixels_repeat_what_is_alike_by_a_count() -> None:
    image = Image.new("RGB", (200, 12), RED)
    data = sixels(image.tobytes(), 200, 12)
    assert "!200~" in data
    assert len(data) < 80
    assert read_sixels(data).tobytes() == image.tobytes()


def test_a_last_band_of_sixels_that_is_not_full_keeps_to_its_height() -> None:
    image = picture(9, 8)
    assert difference(read_sixels(sixels(image.tobytes(), 9, 8)), image) < 4


def test_a_sixel_picture_never_reaches_below_its_cells() -> None:
    look = Look("sixel", cell=Cell(10, 20))
    sheet = picture_sheet(pixels(picture(300, 200)), Room(40, 20), look)
    image = read_sixels(sheet.sent.over)
    assert image.width == sheet.size.columns * 10
    assert 0 <= sheet.size.rows * 20 - image.height < 6
    assert len(drawn(sheet)) == sheet.size.rows


# ---- iTerm2


def test_iterm_is_sent_a_png_for_the_cells_it_covers() -> None:
    image = picture(60, 40)
    keys, found = read_iterm(inline(image.tobytes(), 60, 40, 6, 2))
    assert found.tobytes() == image.tobytes()
    assert keys["inline"] == "1"
    assert (keys["width"], keys["height"]) == ("6", "2")
    assert keys["doNotMoveCursor"] == "1"


# ---- which way


@pytest.mark.parametrize(
    ("environ", "way"),
    [
        ({"TERM": "xterm-kitty"}, "kitty"),
        ({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"}, "kitty"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "ghostty"}, "kitty"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, "iterm"),
        ({"TERM": "xterm-256color", "LC_TERMINAL": "iTerm2"}, "iterm"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, "iterm"),
        ({"TERM": "foot"}, "sixel"),
        ({"TERM": "foot-extra"}, "sixel"),
        ({"TERM": "xterm-256color"}, "half"),
        ({"TERM": "xterm-kitty", "TMUX": "/tmp/x"}, "half"),
        ({"TERM": "screen-256color", "TERM_PROGRAM": "iTerm.app"}, "half"),
        ({}, "half"),
    ],
)
def test_the_environment_tells_how_pictures_are_shown(environ: dict[str, str], way: Way) -> None:
    assert way_of("auto", environ) == way


def test_what_is_asked_for_by_name_is_believed() -> None:
    for way in ("half", "none", "kitty", "sixel", "iterm"):
        assert way_of(way, {"TERM": "xterm-kitty", "TMUX": "1"}) == way


def test_what_goes_through_tmux_is_wrapped_for_it() -> None:
    sequence = "\x1b_Ga=d\x1b\\"
    found = kitty.wrapped(sequence)
    assert found.startswith("\x1bPtmux;")
    assert found.endswith("\x1b\\")
    assert found[len("\x1bPtmux;") : -2].replace("\x1b\x1b", "\x1b") == sequence


def test_the_size_of_a_cell_is_unknown_where_there_is_no_terminal(tmp_path: object) -> None:
    with open("/dev/null", "rb") as nothing:
        assert cell_of(nothing.fileno()) is None


def test_the_size_of_a_cell_comes_from_the_terminals_size() -> None:
    import fcntl
    import os
    import pty
    import termios

    mine, theirs = pty.openpty()
    try:
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 1080, 720))
        assert cell_of(theirs) == Cell(9, 18)
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        assert cell_of(theirs) is None
    finally:
        os.close(mine)
        os.close(theirs)
