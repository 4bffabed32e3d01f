import io
import resource
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from PIL import Image

from lis_tui.preview.decoders import decode, picture, room, strips
from lis_tui.preview.file import HeldFile
from lis_tui.preview.parts import CannotShow, Pixels, Preview, Wanted

MEDIA = Path(__file__).parents[2] / "media"
RED, GREEN, BLUE, WHITE = (255, 0, 0, 255), (0, 255, 0, 255), (0, 0, 255, 255), (255, 255, 255, 255)
FIELDS = {(20, 20): RED, (100, 20): GREEN, (20, 60): BLUE, (100, 60): WHITE}


def shown(data: bytes | str, **wanted: int | float) -> Preview:
    held = (MEDIA / data).read_bytes() if isinstance(data, str) else data
    return decode("picture", HeldFile(held), Wanted(**wanted))  # type: ignore[arg-type]  # names of numbers


def pixels(preview: Preview) -> Pixels:
    (part,) = preview.parts
    assert isinstance(part, Pixels)
    assert len(part.data) == part.width * part.height * 4
    return part


def colour(part: Pixels, place: tuple[int, int]) -> tuple[int, ...]:
    start = (place[1] * part.width + place[0]) * 4
    return tuple(part.data[start : start + 4])


def near(found: tuple[int, ...], meant: tuple[int, ...], by: int = 3) -> bool:
    return all(abs(one - other) <= by for one, other in zip(found, meant, strict=True))


def encoded(image: Image.Image, format_: str, **settings: object) -> bytes:
    held = io.BytesIO()
    image.save(held, format_, **settings)
    return held.getvalue()


def png(width: int, height: int) -> bytes:
    """Give a picture that says it is so large; hardly anything of it is there."""

    def chunk(word: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + word + data + struct.pack(">I", zlib.crc32(word + data))

    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", size) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("name", ["known.png", "palette.png", "known.jpg", "turned.jpg", "cmyk.jpg"])
def test_each_field_has_its_colour_whatever_the_format_and_the_way_it_was_held(name: str) -> None:
    part = pixels(shown(name))
    assert (part.width, part.height, part.natural_width, part.natural_height) == (120, 80, 120, 80)
    assert all(near(colour(part, place), meant) for place, meant in FIELDS.items())


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("known.png", ("120×80",)),
        ("palette.png", ("120×80", "palette")),
        ("alpha.png", ("120×80", "with transparency")),
        ("deep.png", ("120×80", "grey, 16 bits")),
        ("cmyk.jpg", ("120×80", "CMYK")),
        ("moving.gif", ("40×30", "palette", "3 frames", "0.6 s")),
    ],
)
def test_the_facts_are_its_size_its_colours_and_its_frames(name: str, facts: tuple[str, ...]) -> None:
    assert shown(name).facts == facts


def test_what_is_clear_stays_clear() -> None:
    part = pixels(shown("alpha.png"))
    assert colour(part, (20, 20)) == RED
    assert colour(part, (100, 60))[3] == 0


def test_sixteen_bits_become_eight_of_the_same_brightness() -> None:
    with Image.open(MEDIA / "known.png") as image:
        deep = image.convert("L").point(lambda value: value).convert("I").point(lambda value: value * 257)
    part = pixels(shown(encoded(deep.convert("I;16"), "PNG")))
    assert [colour(part, place)[0] for place in FIELDS] == [76, 150, 29, 255]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I", "F"])
def test_every_mode_is_drawn(mode: str) -> None:
    with Image.open(MEDIA / "known.png") as image:
        other = image.convert("L") if mode in ("I", "F") else image
        part = pixels(shown(encoded(other.convert(mode), "TIFF")))
    assert colour(part, (100, 60)) == WHITE
    assert colour(part, (20, 60)) != WHITE


@pytest.mark.parametrize(
    ("turn", "first"),
    [(1, RED), (2, GREEN), (3, WHITE), (4, BLUE), (5, RED), (6, BLUE), (7, WHITE), (8, GREEN)],
)
@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_turned_as_its_camera_says(turn: int, first: tuple[int, ...], format_: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = turn
    with Image.open(MEDIA / "known.png") as image:
        part = pixels(shown(encoded(image.resize((1200, 800)), format_, exif=exif)))
    is_sideways = turn > 4
    assert (part.natural_width, part.natural_height) == ((800, 1200) if is_sideways else (1200, 800))
    assert (part.width, part.height) == ((320, 480) if is_sideways else (640, 427))
    assert near(colour(part, (10, 10)), first, by=6)


@pytest.mark.parametrize("name", ["moving.gif", "moving.webp", "moving.png"])
def test_a_moving_picture_gives_the_frame_and_the_moment_that_are_asked_for(name: str) -> None:
    told = [shown(name, page=page) for page in range(3)]
    assert [colour(pixels(one), (5, 5)) for one in told] == [RED, GREEN, BLUE]
    assert [pixels(one).at_s for one in told] == [0, 0.2, 0.4]
    assert [(one.pages, one.duration_s) for one in told] == [(3, 0.6)] * 3
    assert colour(pixels(shown(name, at_s=0.3)), (5, 5)) == GREEN
    assert colour(pixels(shown(name, at_s=9.0)), (5, 5)) == BLUE
    assert colour(pixels(shown(name, page=99)), (5, 5)) == BLUE


def test_a_large_picture_fits_the_box_and_a_small_one_keeps_its_size() -> None:
    with Image.open(MEDIA / "known.png") as image:
        large = encoded(image.resize((3000, 2000), Image.Resampling.NEAREST).convert("P"), "PNG")
    part = pixels(shown(large, width_px=90, height_px=90))
    assert (part.width, part.height, part.natural_width) == (90, 60, 3000)
    assert [colour(part, place) for place in ((10, 10), (80, 10), (10, 50), (80, 50))] == [
        RED,
        GREEN,
        BLUE,
        WHITE,
    ]


def test_the_pages_of_a_document_are_counted() -> None:
    pages = [Image.new("L", (30, 20), shade) for shade in (10, 200)]
    preview = shown(encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:]), page=1)
    assert (preview.pages, preview.facts[-1], colour(pixels(preview), (1, 1))[0]) == (2, "2 pages", 200)


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "BMP"])
def test_what_is_there_of_a_torn_picture_is_shown_and_said(format_: str) -> None:
    noise = Image.effect_noise((200, 200), 90).convert("RGB")
    noise.paste("red", (0, 0, 200, 40))
    whole = encoded(noise, format_)
    # A bitmap is written from its last line up.
    torn = shown(whole[: len(whole) // 2])
    assert "cut off or damaged" in torn.note
    assert shown(whole).note == ""
    assert near(
        colour(pixels(torn), (5, 195 if format_ == "BMP" else 5)),
        colour(pixels(shown(whole)), (5, 195 if format_ == "BMP" else 5)),
        by=12,
    )


@pytest.mark.parametrize(
    "data", [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff" + bytes(50), b"GIF89a", b"RIFF\0\0\0\0WEBPVP8 "]
)
def test_what_only_begins_as_a_picture_is_refused_with_a_reason(data: bytes) -> None:
    with pytest.raises(CannotShow, match="picture cannot be read"):
        shown(data)


@pytest.mark.parametrize("size", [(2**31 - 1, 2**31 - 1), (2**31 - 1, 1), (100_000, 100_000)])
def test_more_pixels_than_fit_are_refused_before_they_are_decoded(size: tuple[int, int]) -> None:
    with pytest.raises(CannotShow, match=r"it would take .* of memory"):
        shown(png(*size))


def test_pictures_that_no_decoder_here_reads_are_named() -> None:
    with pytest.raises(CannotShow, match="HEIC"):
        shown(b"\0\0\0\x18ftypheic" + bytes(40))
    with pytest.raises(CannotShow, match="JPEG XL"):
        shown(b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(40))


@pytest.mark.slow
def test_a_jpeg_of_400_million_pixels_is_shown_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    code = (
        "import sys; from PIL import Image; Image.new('L', (20000, 20000), 200).save(sys.argv[1], quality=20)"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)
    limited = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_DATA, (384 << 20, 384 << 20))\n"
        "from lis_tui.preview.decoders import decode; from lis_tui.preview.file import HeldFile\n"
        "from lis_tui.preview.parts import Wanted; from pathlib import Path\n"
        "part = decode('picture', HeldFile(Path(sys.argv[1]).read_bytes()), Wanted()).parts[0]\n"
        "assert (part.width, part.height) == (480, 480) and abs(part.data[0] - 200) < 4\n"
        # not by getrusage, which begins with the peak of the process that started this one
        "import re; peak = re.search(r'VmHWM:\\s*([0-9]+)', Path('/proc/self/status').read_text())\n"
        "assert int(peak[1]) < 200_000, peak[1]"
    )
    subprocess.run([sys.executable, "-c", limited, str(path)], check=True)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "clear P", "RGB", "RGBA"])
def test_a_png_read_in_strips_is_the_same_picture(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shades = Image.effect_noise((900, 700), 60).convert("RGB")
    shades.paste("red", (100, 100, 500, 300))
    shades.putalpha(Image.linear_gradient("L").resize((900, 700)))
    settings = {"transparency": 3} if mode == "clear P" else {}
    data = encoded(
        shades.convert("RGB").convert("P") if "P" in mode else shades.convert(mode), "PNG", **settings
    )
    whole = shown(data, width_px=200, height_px=200)
    monkeypatch.setattr(picture, "_MUCH", 0)
    monkeypatch.setattr(strips, "_STRIP_BYTES", 50_000)
    in_strips = shown(data, width_px=200, height_px=200)
    assert (in_strips.facts, in_strips.note) == (whole.facts, "")
    # The whole one is made smaller in one step, the other in two.
    one, other = pixels(whole).data, pixels(in_strips).data
    assert sum(abs(a - b) for a, b in zip(one, other, strict=True)) / len(one) < 4
    torn = shown(data[: len(data) // 2], width_px=200, height_px=200)
    assert "cut off or damaged" in torn.note
    assert pixels(torn).data[:40_000] == pixels(in_strips).data[:40_000]
    assert not any(pixels(torn).data[-4_000:])


@pytest.mark.slow
def test_a_png_in_strips_is_drawn_in_the_memory_that_there_is(tmp_path: Path) -> None:
    """Its 110 million pixels would take 441 MB."""
    path = tmp_path / "large.png"
    lines = zlib.compressobj(1)
    with path.open("wb") as file:
        file.write(png(10_500, 10_500)[:33])
        packed = b"".join(lines.compress(b"\0" + b"\0\xc8\0" * 10_500) for _ in range(10_500)) + lines.flush()
        file.write(struct.pack(">I", len(packed)) + b"IDAT" + packed + bytes(4))
        file.write(struct.pack(">I", 0) + b"IEND" + struct.pack(">I", zlib.crc32(b"IEND")))
    limited = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_DATA, (384 << 20, 384 << 20))\n"
        "from lis_tui.preview.decoders import decode; from lis_tui.preview.file import HeldFile\n"
        "from lis_tui.preview.parts import Wanted; from pathlib import Path\n"
        "part = decode('picture', HeldFile(Path(sys.argv[1]).read_bytes()), Wanted()).parts[0]\n"
        "assert (part.width, part.height) == (480, 480) and part.data[-4:] == bytes((0, 200, 0, 255))"
    )
    subprocess.run([sys.executable, "-c", limited, str(path)], check=True)


def test_the_room_that_is_left_is_what_the_limit_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _what: (1 << 40, 1 << 40))
    assert room.left_bytes() > 1 << 38
    monkeypatch.setattr(resource, "getrlimit", lambda _what: (1000, 1000))
    assert room.left_bytes() == 0
