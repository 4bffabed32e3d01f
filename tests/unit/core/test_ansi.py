"""The streaming sanitiser: what it keeps, what it shows, and that the cutting of chunks changes nothing."""

import random
import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lis_tui.core.text import PLAIN, Line, Sanitiser, Style, plain_text
from tests.hostile import PAYLOADS, danger

PIECES = [
    b"\x1b",
    b"\x1b[",
    b"\x1b]",
    b"\x1bP",
    b"\x1b\\",
    b"\x07",
    b"\x9b",
    b"\x9c",
    b"\xc2\x9b",
    b"\xc2\x9c",
    b"\n",
    b"\r",
    b"\r\n",
    b"\b",
    b"\t",
    b"\x1b[K",
    b"\x1b[3G",
    b"\x1b[9C",
    b"\x1b[2D",
    b"\x1b[31m",
    b"\x1b[0m",
    b"\x1b[38;2;1;2;3m",
    b"\x1b[A",
    b"\x1b(B",
    "日本".encode(),
    "👩\u200d💻".encode(),
    "e\u0301\u0301\u0301\u0301\u0301\u0301".encode(),
    b"\xe2\x82",
    b"\xf0\x9f",
    b"\xed\xa0\x80",
    b"plain words",
    b"0123456789" * 3,
    b"abc\ndef\tghi\njkl\n",
    "\u202e\u200b\U000e0041".encode(),
]
OUTPUT = st.lists(st.sampled_from(PIECES) | st.binary(max_size=6), max_size=25).map(b"".join)


def read(*chunks: bytes, most_columns: int = 4096) -> list[Line]:
    sanitiser = Sanitiser(most_columns)
    lines = [line for chunk in chunks for line in sanitiser.feed(chunk)]
    return lines + sanitiser.finish()


def texts(*chunks: bytes, most_columns: int = 4096) -> list[str]:
    return [line.text for line in read(*chunks, most_columns=most_columns)]


@settings(max_examples=400, deadline=None)
@given(
    data=OUTPUT, cuts=st.lists(st.integers(0, 200), max_size=8), most_columns=st.sampled_from([8, 24, 4096])
)
def test_how_output_is_cut_changes_nothing(data: bytes, cuts: list[int], most_columns: int) -> None:
    edges = [0, *sorted(cuts), len(data)]
    chunks = [data[a:b] for a, b in pairwise(edges)]
    whole = read(data, most_columns=most_columns)
    assert read(*chunks, most_columns=most_columns) == whole
    single = [data[i : i + 1] for i in range(len(data))]
    assert read(*single, most_columns=most_columns) == whole


@settings(max_examples=400, deadline=None)
@given(data=OUTPUT)
def test_no_output_leaves_a_dangerous_character(data: bytes) -> None:
    sanitiser = Sanitiser()
    for i in range(0, len(data), 7):
        for line in [*sanitiser.feed(data[i : i + 7]), sanitiser.current]:
            assert danger(line.text) == ""
            assert "".join(span.text for span in line.pieces()) == line.text


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_payload_is_dangerous_before_and_harmless_after(name: str) -> None:
    payload = PAYLOADS[name]
    if name != "piled marks":
        assert danger(payload) != "", "the control: passed on as it is, it would do harm"
    data = payload.encode("utf-8", "surrogatepass")
    for size in (1, 3, len(data)):
        lines = read(*(data[i : i + size] for i in range(0, len(data), size)))
        assert danger("".join(line.text for line in lines)) == ""


@pytest.mark.parametrize("name", PAYLOADS)
def test_text_after_a_payload_is_still_shown(name: str) -> None:
    data = PAYLOADS[name].encode("utf-8", "surrogatepass")
    assert texts(data + b"\nafter\n")[-1] == "after"


def test_piles_of_marks_are_cut() -> None:
    assert texts(("z" + "\u0301" * 50).encode()) == ["z" + "\u0301" * 4]


def test_colours_and_attributes_are_kept() -> None:
    [line] = read(
        b"a\x1b[1;31mb\x1b[38;5;200;48;2;1;2;3mc\x1b[md\x1b[38:2::9:8:7;4:3me\x1b[0;97;101;2;3;7;9mf"
    )
    assert [(span.text, span.style) for span in line.spans] == [
        ("a", PLAIN),
        ("b", Style(fg=1, bold=True)),
        ("c", Style(fg=200, bg=(1, 2, 3), bold=True)),
        ("d", PLAIN),
        ("e", Style(fg=(9, 8, 7), underline=True)),
        ("f", Style(fg=15, bg=9, dim=True, italic=True, reverse=True, strike=True)),
    ]


def test_nonsense_colours_change_nothing() -> None:
    data = b"\x1b[38;5;999m\x1b[38;2;1;2m\x1b[99999m\x1b[48;9;1m\x1b[8mstill there"
    assert read(data) == [Line("still there")]


def test_a_style_lasts_over_lines_and_chunks() -> None:
    red = Style(fg=1)
    lines = read(b"\x1b[3", b"1mone\ntw", b"o\n")
    assert [line.spans[0].style for line in lines] == [red, red]


def test_a_progress_bar_rewrites_its_line() -> None:
    sanitiser = Sanitiser()
    assert sanitiser.feed(b"\r 10% [=   ]") == []
    assert sanitiser.current.text == " 10% [=   ]"
    sanitiser.feed(b"\r100% [====]")
    assert sanitiser.current.text == "100% [====]"
    assert [line.text for line in sanitiser.feed(b"\r\x1b[Kdone\n")] == ["done"]


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"abc\b\bX", "aXc"),
        (b"abcdef\x1b[3D\x1b[K", "abc"),
        (b"abc\x1b[5GX", "abc X"),
        (b"abc\x1b[1K", "   "),
        (b"abc\r\x1b[2Cz", "abz"),
        (b"\x1b[2Jab\x1b[Acd\x1b[?25l\x1b(B\x1b[m", "abcd"),
        (b"a\tb", "a       b"),
        (b"a\x1b]0;title\x07b\x1b]8;;http://x\x1b\\link\x1b]8;;\x07", "ablink"),
        (b"a\x1b[6nb", "a␛[6nb"),
        (b"a\x1b]52;c;AAAA\x07b", "a␛]52…b"),
        (b"a\x1bP1$r0m\x1b\\b", "a␛P1$r0m…b"),
        (b"a\x1bcb", "a␛cb"),
        (b"\x9b31m \xc2\x9b31m \xff", "\\x9b31m \\x9b31m \\xff"),
        (b"a\x00\x07\x0e\x7f", "a␀␇␎␡"),
        (b"\x1b]0;never ends", "␛]0;never ends"),
        ("👩\u200d💻 ❤\ufe0f a\u200db".encode(), "👩💻 ❤ a\\u200db"),
    ],
)
def test_controls_are_carried_out_or_shown(data: bytes, shown: str) -> None:
    assert texts(data) == [shown]


def test_an_escape_is_flagged_so_that_it_cannot_be_faked() -> None:
    [line] = read("\x1bZ and ␛Z".encode())
    assert [(span.text, span.is_escape) for span in line.spans] == [("␛", True), ("Z and ␛Z", False)]


def test_an_unterminated_sequence_swallows_nothing() -> None:
    data = b"\x1b]0;" + b"x" * 10_000 + b"\nnext\n\x1bPabc\nlast\n"
    assert "".join(texts(data)).count("x") == 10_000 + "next".count("x")
    assert texts(data)[-3:] == ["next", "␛Pabc", "last"]


def test_an_unterminated_sequence_is_not_held_for_ever() -> None:
    sanitiser = Sanitiser()
    for _ in range(5):
        sanitiser.feed(b"\x1b]0;" + b"x" * 1000)
    assert sanitiser.current.text.count("x") >= 1000


def test_a_long_line_is_cut_into_pieces_that_say_so() -> None:
    lines = read(b"x" * 25 + b"\n", most_columns=10)
    assert [(len(line.text), line.is_continued) for line in lines] == [(10, True), (10, True), (5, False)]
    assert list(plain_text(lines)) == ["x" * 25]


def test_a_cursor_cannot_be_sent_far_away() -> None:
    [line] = read(b"\x1b[99999G.\x1b[99999C.")
    assert len(line.text) < 600


def test_plain_random_text_comes_through_as_it_is() -> None:
    rng = random.Random(7)
    rows = ["".join(rng.choices("abc äß日 ,.", k=rng.randrange(60))) for _ in range(200)]
    data = "\n".join(rows).encode()
    chunks = [data[i : i + 97] for i in range(0, len(data), 97)]
    assert "\n".join(texts(*chunks)) == "\n".join(rows)


def test_finish_makes_it_as_new() -> None:
    sanitiser = Sanitiser()
    sanitiser.feed(b"\x1b[31mred \xe2")
    assert [line.text for line in sanitiser.finish()] == ["red \\xe2"]
    assert sanitiser.feed(b"plain\n") == [Line("plain")]


def test_no_pattern_of_tokens_holds_a_line_feed() -> None:
    assert re.search("\n", "".join(texts(b"\x1b[\n31m\x1b]0;\n\x07\x1b(\nB"))) is None
