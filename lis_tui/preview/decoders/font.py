"""A font as a specimen: its own letters in some sizes, as FreeType draws them."""

import io
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

from lis_tui.preview.decoders import raster, room
from lis_tui.preview.file import File
from lis_tui.preview.kinds import called
from lis_tui.preview.parts import CannotShow, Preview, Wanted

_MOST_BYTES = 64 << 20
_SAMPLES = (
    (
        "The quick brown fox jumps over the lazy dog",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "abcdefghijklmnopqrstuvwxyz 0123456789",
    ),
    ("Съешь же ещё этих мягких французских булок",),
    ("Ξεσκεπάζω την ψυχοφθόρα βδελυγμία",),
    ("いろはにほへと ちりぬるを",),
    ("天地玄黄 宇宙洪荒 日月盈昃",),
    ("다람쥐 헌 쳇바퀴에 타고파",),
    ("صِف خَلقَ خَودِ كَمِثلِ الشَمسِ",),
    ("दीवारबंद जयपुर ऐसी दुर्भेद्य",),
    ("∀∂∈ℝ∧∪≡∞ ↑↗↨↻⇣ ┐┼╔╘░►☺♀",),
)
_OWN_AREA = range(0xE000, 0xF900)
"""Where fonts of icons keep them."""
_MISSING = "\U000ffffd"
_SHARE = 0.7
_STEPS = (0.13, 0.085, 0.055, 0.035)
"""Sizes of the lines as shares of the height; what is next smaller is next below."""
_BORDER = 0.04


class _Line(NamedTuple):
    text: str
    size: int


def decode(file: File, wanted: Wanted) -> Preview:
    """Draw a page of its letters, black on white."""
    if file.size_bytes > _MOST_BYTES:
        raise CannotShow(
            f"The font has {file.size_bytes >> 20} MB; more than {_MOST_BYTES >> 20} are not read."
        )
    room.must_fit(file.size_bytes * 3, "The font is kept whole")
    face = _face(file, 24, min(max(wanted.page, 0), 255))
    family, style = (name or "" for name in face.getname())
    try:
        texts = _texts(face)
        specimen = _specimen(file, wanted, f"{family} {style}".strip(), texts)
    except OSError as error:
        raise CannotShow(f"The letters of this font cannot be drawn: {error}.") from error
    return Preview(
        kind="font",
        called=called(file, wanted.name),
        facts=tuple(fact for fact in (family, style) if fact),
        parts=(raster.pixels(specimen, (0, 0)),),
        note="" if texts else "It has none of the letters that a specimen is made of.",
    )


def _face(file: File, size: int, index: int = 0) -> ImageFont.FreeTypeFont:
    data = io.BytesIO(file.read_at(0, file.size_bytes))
    try:
        # The simple layout: it leaves the font's own programs for shaping alone.
        return ImageFont.truetype(data, size, index, layout_engine=ImageFont.Layout.BASIC)
    except OSError as error:
        raise CannotShow(f"This font cannot be read: {error}.") from error


def _texts(face: ImageFont.FreeTypeFont) -> tuple[str, ...]:
    """Choose what the font has letters for."""
    missing = _look(face, _MISSING)
    texts = tuple(
        line
        for sample in _SAMPLES
        if sum(_look(face, letter) != missing for letter in sample[0] if letter != " ") / len(sample[0])
        > _SHARE
        for line in sample
    )
    if texts:
        return texts
    icons = "".join(letter for letter in map(chr, _OWN_AREA) if _look(face, letter) != missing)[:60]
    return tuple(" ".join(icons[start : start + 12]) for start in range(0, len(icons), 12))


def _look(face: ImageFont.FreeTypeFont, letter: str) -> tuple[tuple[int, int], bytes]:
    mask = face.getmask(letter)
    return mask.size, bytes(mask)


def _specimen(file: File, wanted: Wanted, name: str, texts: tuple[str, ...]) -> Image.Image:
    width, height = wanted.width_px, wanted.height_px
    image = Image.new("RGBA", (width, height), "white")
    draw = ImageDraw.Draw(image)
    border = top = round(height * _BORDER)
    faces: dict[int, ImageFont.FreeTypeFont] = {}
    for line in _lines(name, texts, height):
        face = faces.setdefault(line.size, _face(file, line.size))
        draw.text((border, top), line.text, font=face, fill="black")
        top += round(line.size * 1.45)
        if top > height - border:
            break
    return image


def _lines(name: str, texts: tuple[str, ...], height: int) -> list[_Line]:
    sizes = [max(round(height * share), 8) for share in _STEPS]
    first = texts[0] if texts else name
    lines = [_Line(name or first, sizes[0]), *(_Line(first, size) for size in sizes[1:])]
    return lines + [_Line(text, sizes[2]) for text in texts[1:]]
