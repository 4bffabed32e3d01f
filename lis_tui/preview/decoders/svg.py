"""Drawings as resvg draws them, from a text of our own: resvg would load what the drawing refers to."""

import io
import re

import resvg_py
from PIL import Image

from lis_tui.preview.decoders import raster
from lis_tui.preview.decoders.drawing import Drawing, written_anew
from lis_tui.preview.file import File
from lis_tui.preview.parts import CannotShow, Preview, Wanted

_DPI = 96.0
_LENGTH = re.compile(r"\s*\+?([0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]{1,3})?)\s*(px|pt|pc|mm|cm|in|em|)\s*\Z")
_UNITS = {
    "": 1.0,
    "px": 1.0,
    "pt": 4 / 3,
    "pc": 16.0,
    "mm": 96 / 25.4,
    "cm": 96 / 2.54,
    "in": 96.0,
    "em": 16.0,
}
_NO_FONT_HAS = "\U000f1234"
"""A letter for private use, to see what is drawn for a letter that is missing."""
_MOST_LETTERS = 48
_NAMED = 5
_LONGEST = 80


def decode(file: File, wanted: Wanted) -> Preview:
    """Draw it as large as is wanted."""
    drawing = written_anew(file)
    letters = {letter for letter in drawing.letters if not letter.isspace()}
    image = _drawn(drawing.text, (wanted.width_px, wanted.height_px), has_text=bool(letters))
    natural = _natural(drawing.root) or image.size
    facts = (f"{natural[0]}×{natural[1]}", drawing.title[:_LONGEST])
    return Preview(
        kind="svg",
        called="an SVG drawing",
        facts=tuple(fact for fact in facts if fact),
        parts=(raster.pixels(image, natural),),
        note=" ".join(_remarks(drawing, letters)),
    )


def _drawn(text: str, box: tuple[int, int], *, has_text: bool) -> Image.Image:
    """Draw a harmless text; its proportions stay."""
    width, height = (min(max(side, 1), 8192) for side in box)
    try:
        data = resvg_py.svg_to_bytes(
            svg_string=text,
            width=width,
            height=height,
            dpi=_DPI,
            font_family="Liberation Sans",
            skip_system_fonts=not has_text,
        )
    except ValueError as error:
        raise CannotShow(f"This SVG drawing cannot be drawn: {error}") from error
    with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
        return image.convert("RGBA")


def _natural(root: dict[str, str]) -> tuple[int, int] | None:
    """Tell the size that it gives itself, in pixels."""
    box = re.split(r"[\s,]+", root.get("viewBox", "").strip())
    found = [_pixels(root.get(side, "")) for side in ("width", "height")]
    if len(box) == 4:
        found = [own or _pixels(inner) for own, inner in zip(found, box[2:], strict=True)]
    width, height = (round(side) for side in found)
    return (width, height) if width > 0 and height > 0 else None


def _pixels(length: str) -> float:
    found = _LENGTH.match(length)
    return min(float(found[1]) * _UNITS[found[2]], 1e9) if found else 0.0


def _remarks(drawing: Drawing, letters: set[str]) -> list[str]:
    """Say what is not to be seen, and why."""
    remarks = []
    if drawing.trouble:
        remarks.append(f"It is damaged ({drawing.trouble}); what stands before that is drawn.")
    if drawing.outside:
        named = [address[:_LONGEST] for address in drawing.outside[:_NAMED]]
        more = ", …" if len(drawing.outside) > _NAMED else ""
        count = len(drawing.outside)
        what = "something outside, which is" if count == 1 else f"{count} things outside, which are"
        remarks.append(f"It refers to {what} not loaded: {', '.join(named)}{more}.")
    if drawing.left_out:
        remarks.append(f"Left out: {', '.join(drawing.left_out)}.")
    missing = _missing(letters)
    if missing:
        remarks.append(missing)
    return remarks


def _missing(letters: set[str]) -> str:
    """Say which letters no font here can draw."""
    if not letters:
        return ""
    if _letter("n") == _letter(" "):
        return "Its text is not drawn: there are no fonts here."
    rare = sorted(letter for letter in letters if letter > "\u00ff")[:_MOST_LETTERS]
    if not rare:
        return ""
    unknown = _letter(_NO_FONT_HAS)
    missing = "".join(letter for letter in rare if _letter(letter) == unknown)
    return (
        f"No font here has the letters {missing[:20]}{'…' if len(missing) > 20 else ''}." if missing else ""
    )


def _letter(letter: str) -> bytes:
    text = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24">'
        f'<text x="4" y="18" font-size="16">&#{ord(letter)};</text></svg>'
    )
    return _drawn(text, (24, 24), has_text=True).tobytes()
