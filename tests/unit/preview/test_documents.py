"""PDF pages, fonts, web pages, texts and bytes."""

from pathlib import Path

import pytest

from lis_tui.preview.decoders import decode
from lis_tui.preview.file import HeldFile
from lis_tui.preview.kinds import Kind
from lis_tui.preview.parts import CannotShow, Hex, Lines, Pixels, Preview, Wanted

MEDIA = Path(__file__).parents[2] / "media"
PAGE = """<!doctype html><html><head><title>Three &amp; days</title>
<link rel=stylesheet href="https://a.example/style.css"><script src="https://a.example/map.js"></script>
<style>b {{background: url(https://a.example/b.png)}}</style></head><body>
<h1>Day
 one</h1><p>Go <a href="https://b.example/way">there</a> and <b>see</b>.</p>
<ul><li>one<li>two<ol><li>a</li><li>b</li></ol></ul><pre>
 a
   b</pre><table><tr><th>x</th><th>y</th></tr><tr><td>1</td><td>2</td></tr></table>
<script>fetch("https://c.example/leak")</script><img src="cat.png" alt="A cat" onclick="x()"></body></html>"""


def shown(kind: Kind, data: bytes | str, **wanted: int | str) -> Preview:
    held = (MEDIA / data).read_bytes() if isinstance(data, str) else data
    return decode(kind, HeldFile(held), Wanted(**wanted))  # type: ignore[arg-type]  # names of numbers


def pixels(preview: Preview) -> Pixels:
    (part,) = preview.parts
    assert isinstance(part, Pixels)
    return part


def lines(preview: Preview) -> Lines:
    (part,) = preview.parts
    assert isinstance(part, Lines)
    return part


def colour(part: Pixels, place: tuple[int, int]) -> tuple[int, ...]:
    start = (place[1] * part.width + place[0]) * 4
    return tuple(part.data[start : start + 4])


def darkness(part: Pixels) -> float:
    return sum(part.data[at] < 128 for at in range(0, len(part.data), 4)) / (part.width * part.height)


def test_each_page_of_a_pdf_is_drawn_to_fit() -> None:
    first, second = shown("pdf", "pages.pdf"), shown("pdf", "pages.pdf", page=1)
    assert first.facts == ("2 pages", "A4", "Two pages", "by A. Writer")
    assert (first.pages, pixels(first).width, pixels(first).height) == (2, 340, 480)
    assert colour(pixels(first), (20, 20)) == (255, 0, 0, 255)
    assert colour(pixels(second), (20, 20)) == (0, 0, 255, 255)
    assert shown("pdf", "pages.pdf", page=99) == second


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ((MEDIA / "locked.pdf").read_bytes(), "encrypted; it takes a password"),
        ((MEDIA / "pages.pdf").read_bytes()[:900], "cut off or damaged"),
        (b"%PDF-1.7\n", "cut off or damaged"),
    ],
    ids=["locked", "torn", "empty"],
)
def test_a_pdf_that_cannot_be_read_says_why(data: bytes, reason: str) -> None:
    with pytest.raises(CannotShow, match=reason):
        shown("pdf", data)


@pytest.mark.parametrize(
    ("name", "called"), [("letters.ttf", "a TrueType font"), ("letters.woff", "a WOFF font")]
)
def test_a_font_is_a_specimen_with_its_names(name: str, called: str) -> None:
    preview = shown("font", name)
    assert (preview.called, preview.facts) == (called, ("DejaVu Sans", "Book"))
    assert 0.02 < darkness(pixels(preview)) < 0.3
    assert colour(pixels(preview), (639, 479)) == (255, 255, 255, 255)


def test_a_font_that_is_torn_says_so() -> None:
    with pytest.raises(CannotShow, match="font cannot be read"):
        shown("font", (MEDIA / "letters.ttf").read_bytes()[:100])


def test_a_page_is_its_text_with_headings_lists_and_links() -> None:
    preview = shown("html", PAGE.encode())
    assert lines(preview).title == "Three & days"
    assert lines(preview).lines == (
        "# Day one",
        "Go there (https://b.example/way) and see.",
        "• one",
        "• two",
        "  1. a",
        "  2. b",
        "",
        " a",
        "   b",
        "x  y",
        "1  2",
        "[A cat]",
    )


def test_what_a_page_would_ask_for_is_counted_and_named() -> None:
    preview = shown("html", PAGE.encode())
    assert preview.facts == ("Three & days", "3 scripts", "1 picture")
    assert preview.note == (
        "Opened, it asks for 5 addresses: https://a.example/style.css, https://a.example/map.js, "
        "https://a.example/b.png, https://c.example/leak, cat.png."
    )


def test_a_map_of_folium_tells_its_title_and_that_it_says_nothing_without_scripts() -> None:
    preview = shown("html", "map.html")
    assert preview.facts[0] == "Tokyo"
    assert "https://cdn.jsdelivr.net/npm/leaflet@1.9.3/dist/leaflet.js" in preview.note
    assert "says nothing before its scripts run" in preview.note


def test_a_page_can_be_read_on() -> None:
    data = b"<html><body>" + b"".join(b"<p>%d</p>" % n for n in range(500))
    first, last = shown("html", data, count=10), shown("html", data, first=490, count=10)
    assert (lines(first).lines[9], first.has_more) == ("9", True)
    assert (lines(last).lines[9], lines(last).first, last.has_more) == ("499", 490, False)


@pytest.mark.parametrize(
    "again",
    [
        "<a href='",
        "<!--",
        "</",
        "<a b=c ",
        "&#x",
        "<script></scrip",
        "<![CDATA[",
        '<a b="',
        "<a =",
        "<div>",
        "<?",
        "< a",
    ],
)
def test_a_broken_page_of_any_length_is_read_in_one_pass(again: str) -> None:
    """The usual parser takes minutes for the first of them; here the worst takes a second."""
    shown("html", ("<html>" + again * (900_000 // len(again))).encode())


def test_the_wanted_lines_of_a_text_are_given_and_no_others() -> None:
    data = "".join(f"line {n}\r\n" for n in range(1000)).encode()
    first, last = shown("text", data, count=3), shown("text", data, first=998, count=3)
    assert (lines(first).lines, first.has_more) == (("line 0", "line 1", "line 2"), True)
    assert (lines(last).lines, lines(last).first, last.has_more) == (("line 998", "line 999"), 998, False)


def test_a_large_text_is_read_only_as_far_as_is_wanted() -> None:
    class Counted(HeldFile):
        read = 0

        def read_at(self, offset: int, count: int) -> bytes:
            found = super().read_at(offset, count)
            self.read += len(found)
            return found

    file = Counted(b"a line\n" * 3_000_000)
    preview = decode("text", file, Wanted(count=10))
    assert preview.has_more
    assert file.read < 2_000_000


def test_a_line_without_end_is_cut_and_what_follows_is_found() -> None:
    preview = shown("text", b"x" * 3_000_000 + b"\nnext\n")
    assert [len(line) for line in lines(preview).lines] == [4000, 4]
    assert preview.note == "Lines are cut after 4,000 letters."


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32", "latin-1"])
def test_a_text_is_read_in_its_encoding(encoding: str) -> None:
    assert lines(shown("text", "Grüße\nan alle hier\n".encode(encoding))).lines == ("Grüße", "an alle hier")


@pytest.mark.parametrize(
    ("name", "language"),
    [("a.py", "python"), ("Dockerfile", "docker"), ("a.md", "markdown"), ("a.unknown", ""), ("", "")],
)
def test_the_language_of_a_text_goes_by_its_name(name: str, language: str) -> None:
    assert lines(shown("text", b"# Hello\n", name=name)).language == language


def test_bytes_are_given_from_the_wanted_one_on() -> None:
    data = bytes(range(256)) * 20
    preview = shown("binary", data, first=16, count=2)
    assert (preview.parts, preview.has_more) == ((Hex(bytes(range(16, 48)), 16),), True)
    assert preview.facts == ("5,120 bytes",)
    assert shown("binary", data, first=5_100).has_more is False
    assert shown("binary", data, first=10**12).parts == (Hex(b"", 5_120),)


def test_an_empty_file_is_called_empty() -> None:
    assert shown("empty", b"").called == "an empty file"
