import base64
import io
import subprocess
import sys
from pathlib import Path

import pytest
import resvg_py
from PIL import Image

from lis_tui.preview.decoders import decode, svg
from lis_tui.preview.decoders.drawing import written_anew
from lis_tui.preview.file import HeldFile
from lis_tui.preview.parts import CannotShow, Pixels, Preview, Wanted

MEDIA = Path(__file__).parents[2] / "media"
SPACES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
RED, GREEN, CLEAR = (255, 0, 0, 255), (0, 128, 0, 255), (0, 0, 0, 0)


def drawing(body: str, attributes: str = 'width="20" height="20"', before: str = "") -> str:
    return f"{before}<svg {SPACES} {attributes}>{body}</svg>"


def shown(text: str | bytes) -> Preview:
    data = text.encode() if isinstance(text, str) else text
    return decode("svg", HeldFile(data), Wanted(width_px=100, height_px=100))


def pixels(preview: Preview) -> Pixels:
    (part,) = preview.parts
    assert isinstance(part, Pixels)
    return part


def colour(text: str, place: tuple[int, int] = (50, 50)) -> tuple[int, ...]:
    part = pixels(shown(text))
    start = (place[1] * part.width + place[0]) * 4
    return tuple(part.data[start : start + 4])


@pytest.fixture
def red_file(tmp_path: Path) -> Path:
    path = tmp_path / "red.png"
    Image.new("RGB", (4, 4), "red").save(path)
    return path


def held(data: bytes, mime: str) -> str:
    return f"data:{mime};base64,{base64.b64encode(data).decode()}"


def test_a_drawing_is_drawn_as_large_as_is_wanted_and_tells_its_own_size() -> None:
    text = drawing(
        '<title>A field</title><rect width="5" height="10" fill="green"/>', 'width="10mm" height="10mm"'
    )
    preview = shown(drawing('<rect width="10" height="20" fill="green"/>'))
    assert (pixels(preview).width, pixels(preview).height, preview.facts) == (100, 100, ("20×20",))
    assert colour(drawing('<rect width="10" height="20" fill="green"/>'), (40, 50)) == GREEN
    assert colour(drawing('<rect width="10" height="20" fill="green"/>'), (60, 50)) == CLEAR
    assert shown(text).facts == ("38×38", "A field")


def test_a_plot_of_matplotlib_is_drawn() -> None:
    preview = decode("svg", HeldFile((MEDIA / "plot.svg").read_bytes()), Wanted())
    part = pixels(preview)
    assert (part.width, part.height, preview.facts, preview.note) == (640, 480, ("384×288",), "")
    reds = sum(part.data[at : at + 3] == b"\xff\0\0" for at in range(0, len(part.data), 4))
    assert 200 < reds < 20_000


@pytest.mark.parametrize(
    ("attributes", "size"),
    [
        ('width="10cm" height="5cm"', "378×189"),
        ('viewBox="0 0 30 40"', "30×40"),
        ('width="100%" height="100%" viewBox="0,0,30,40"', "30×40"),
        ('width="1e9" height="1e9"', "1000000000×1000000000"),
    ],
)
def test_the_size_is_told_in_every_unit(attributes: str, size: str) -> None:
    assert shown(drawing('<rect width="9" height="9"/>', attributes)).facts == (size,)


def test_a_picture_that_is_held_in_it_is_drawn(red_file: Path) -> None:
    picture = held(red_file.read_bytes(), "image/png")
    assert colour(drawing(f'<image xlink:href="{picture}" width="20" height="20"/>')) == RED


REACHING = [
    '<image href="{}" width="20" height="20"/>',
    '<image xlink:href="{}" width="20" height="20"/>',
    '<filter id="f"><feImage href="{}"/></filter><rect width="20" height="20" filter="url(#f)"/>',
]


@pytest.mark.parametrize("body", REACHING)
def test_no_file_is_loaded_and_each_is_named(red_file: Path, body: str) -> None:
    for address in (str(red_file), f"file://{red_file}"):
        text = drawing(body.format(address))
        assert colour(text) != RED
        assert f"not loaded: {address}"[:80] in shown(text).note


@pytest.mark.parametrize("body", REACHING)
def test_resvg_alone_does_load_it(red_file: Path, body: str) -> None:
    """The control: without the text written anew the file is drawn."""
    png = resvg_py.svg_to_bytes(svg_string=drawing(body.format(red_file)), width=100)
    with Image.open(io.BytesIO(png)) as image:
        assert image.convert("RGBA").getpixel((50, 50)) == RED


def test_a_drawing_in_a_drawing_loads_nothing_either(red_file: Path) -> None:
    inner = drawing(
        f'<image href="{red_file}" width="20" height="20"/><rect width="20" height="20" fill="red"/>'
    )
    for mime in ("image/svg+xml", "image/png", "text/plain", "", "IMAGE/SVG+XML"):
        text = drawing(f'<image href="{held(inner.encode(), mime)}" width="20" height="20"/>')
        assert colour(text) == CLEAR
        assert "Left out: image" in shown(text).note


def test_addresses_of_every_sort_are_named_and_not_in_what_is_drawn() -> None:
    text = drawing(
        '<style>@import url("http://a/1.css"); @font-face {src: url(2.woff)} rect {fill: green}</style>'
        '<use href="3.svg#a"/><rect width="20" height="20" filter="url(http://a/4)" onclick="alert(1)"/>'
        '<script href="http://a/5">alert(1)</script><foreignObject><img src="http://a/6"/></foreignObject>'
    )
    found = written_anew(HeldFile(text.encode()))
    assert found.outside == ("http://a/1.css", "2.woff", "3.svg#a", "http://a/4")
    assert found.left_out == ("script", "foreignObject")
    assert not any(word in found.text for word in ("http://a", ".woff", "3.svg", "alert", "onclick"))
    assert colour(text) == GREEN


def test_entities_that_are_short_are_read_and_those_outside_are_not() -> None:
    text = drawing(
        '<rect width="20" height="20" fill="&c;"/><text>&s;</text>',
        before='<!DOCTYPE svg [<!ENTITY c "green"><!ENTITY s SYSTEM "file:///etc/passwd">]>',
    )
    assert colour(text, (90, 90)) == GREEN
    assert "file:///etc/passwd" in shown(text).note
    assert "root" not in written_anew(HeldFile(text.encode())).text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (drawing("<g>" * 100_000 + "</g>" * 100_000), "nested more than 200 deep"),
        (
            drawing(
                '<rect id="a0"/>'
                + "".join(f'<g id="a{n + 1}">' + f'<use href="#a{n}"/>' * 10 + "</g>" for n in range(12))
            ),
            "refer to one another until",
        ),
        (
            drawing(
                '<rect id="a0"/>' + "".join(f'<g id="a{n + 1}"><use href="#a{n}"/></g>' for n in range(300))
            ),
            "refer to one another more than 200 deep",
        ),
        (
            drawing("".join(f'<g id="a{n}"><use href="#a{n + 1}"/></g>' for n in range(300))),
            "in more than 60 steps",
        ),
        (
            drawing(
                "".join(
                    f'<clipPath id="a{n}" clip-path="url(#a{n + 1})"><rect/></clipPath>' for n in range(300)
                )
            ),
            "in more than 60 steps",
        ),
        (
            drawing(
                "&c;", before='<!DOCTYPE svg [<!ENTITY a "aa"><!ENTITY b "&a;&a;"><!ENTITY c "&b;&b;">]>'
            ),
            "entities that grow",
        ),
        (drawing("&a;" * 9, before=f'<!DOCTYPE svg [<!ENTITY a "{"a" * 2000}">]>'), "entities that grow"),
        ("<svg", "cannot be read"),
        (drawing("<rect/>" * 400_001), "more than 400,000 elements"),
    ],
    ids=[
        "groups",
        "uses",
        "chain",
        "chain forward",
        "clips",
        "laughs",
        "long entity",
        "torn root",
        "elements",
    ],
)
def test_what_would_never_end_is_refused_with_a_reason(text: str, reason: str) -> None:
    with pytest.raises(CannotShow, match=reason):
        shown(text)


def test_resvg_alone_does_not_survive_deep_groups() -> None:
    """The control: it ends its process."""
    code = "import resvg_py, sys; resvg_py.svg_to_bytes(svg_string=sys.stdin.read())"
    deep = drawing("<g>" * 100_000 + "</g>" * 100_000)
    alone = subprocess.run([sys.executable, "-c", code], input=deep.encode(), capture_output=True)
    assert alone.returncode < 0


def test_groups_as_deep_as_allowed_are_drawn() -> None:
    assert colour(drawing("<g>" * 190 + '<rect width="20" height="20" fill="red"/>' + "</g>" * 190)) == RED


def test_a_held_picture_of_too_many_pixels_is_left_out() -> None:
    large = io.BytesIO()
    Image.new("1", (8000, 8000)).save(large, "PNG")
    text = drawing(f'<image href="{held(large.getvalue(), "image/png")}" width="20" height="20"/>')
    assert "Left out: image (data:image/png)" in shown(text).note


def test_what_stands_before_the_tear_is_drawn_and_the_tear_is_told() -> None:
    text = f'<svg {SPACES} width="20" height="20"><rect width="20" height="20" fill="red"/><g><rect wid'
    assert colour(text) == RED
    assert "damaged (line 1: " in shown(text).note


def test_letters_that_no_font_has_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(drawing('<text y="15">abc</text>')).note == ""
    assert "No font here has the letters \U0010fffd" in shown(drawing('<text y="15">a\U0010fffd</text>')).note
    monkeypatch.setattr(svg, "_letter", lambda _letter: b"")
    assert shown(drawing('<text y="15">abc</text>')).note == "Its text is not drawn: there are no fonts here."


def test_a_prefix_that_is_not_declared_does_not_hinder() -> None:
    text = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"><rect id="a" width="20" height="20" '
    )
    assert colour(text + 'fill="red" inkscape:label="x"/><use xlink:href="#a"/></svg>') == RED


@pytest.mark.parametrize(
    ("named", "first"),
    [
        ("Helvetica, Arial", "'Helvetica', 'Arial', 'Liberation Sans'"),
        ("&quot;Comic Sans MS&quot;, sans-serif", "'Comic Sans MS', 'Liberation Sans', 'DejaVu Sans'"),
        ("monospace", "'Liberation Mono', 'DejaVu Sans Mono'"),
        ("Georgia,serif", "'Georgia', 'Liberation Serif'"),
    ],
)
def test_families_that_are_not_here_have_others_stand_for_them(named: str, first: str) -> None:
    attribute = written_anew(HeldFile(drawing(f'<text font-family="{named}">a</text>').encode())).text
    style = written_anew(
        HeldFile(drawing(f'<text style="font-family: {named}; fill: red">a</text>').encode())
    ).text
    assert f'font-family="{first}' in attribute
    assert f'style="font-family: {first}' in style
    assert "; fill: red" in style
