"""Pictures made of points, still and moving, as Pillow reads them."""

import struct
import warnings
import zlib
from collections.abc import Iterator
from importlib import import_module
from itertools import accumulate
from typing import NamedTuple

from PIL import Image, ImageFile, UnidentifiedImageError

from lis_tui.preview.decoders import animation, raster, room, strips
from lis_tui.preview.decoders.orientation import turn_of
from lis_tui.preview.file import File
from lis_tui.preview.kinds import called
from lis_tui.preview.parts import CannotShow, Preview, Wanted

_BEGINNINGS = (
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8", "JPEG"),
    (b"GIF8", "GIF"),
    (b"RIFF", "WEBP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"8BPS", "PSD"),
    (b"qoif", "QOI"),
    (b"DDS ", "DDS"),
    (b"icns", "ICNS"),
    (b"BM", "BMP"),
    (b"\0\0\1\0", "ICO"),
    (b"\0\0\2\0", "CUR"),
    (b"P", "PPM"),
    (b"\0\0\0\x0cjP", "JPEG2000"),
    (b"\xff\x4f", "JPEG2000"),
)
_MODULES = {
    "PNG": "Png",
    "JPEG": "Jpeg",
    "GIF": "Gif",
    "WEBP": "WebP",
    "TIFF": "Tiff",
    "PSD": "Psd",
    "QOI": "Qoi",
    "DDS": "Dds",
    "ICNS": "Icns",
    "BMP": "Bmp",
    "ICO": "Ico",
    "CUR": "Cur",
    "PPM": "Ppm",
    "JPEG2000": "Jpeg2K",
    "AVIF": "Avif",
}
_READ_WHOLE = {"WEBP", "AVIF", "JPEG2000", "TIFF", "ICNS"}
"""Their libraries take the bytes of the whole file at once."""
_COPIES = {"WEBP": 3, "AVIF": 3, "JPEG2000": 3, "GIF": 2}
"""How often such a picture is in memory while it is decoded."""
_MUCH = 144 << 20
"""From here on a PNG is read in strips, where it can be."""
_AROUND = 48 << 20
"""What converting takes beside the picture."""
_BYTES = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16L": 2, "I;16B": 2}
_WORDS = {
    "1": "black and white",
    "L": "grey",
    "LA": "grey",
    "P": "palette",
    "PA": "palette",
    "CMYK": "CMYK",
    "I": "grey, 32 bits",
    "F": "grey, floating point",
    "LAB": "CIE Lab",
}
_TORN = "The file is cut off or damaged; what could be read of it is shown."


# What Pillow's readers raise about damaged files, each in its own way.
_FAILURES = (
    *(OSError, SyntaxError, EOFError, ValueError, LookupError, TypeError, RuntimeError),
    *(ArithmeticError, AttributeError, struct.error, zlib.error),
)


class _Found(NamedTuple):
    """A file as far as it is known before anything is decoded."""

    file: File
    format: str
    lengths_s: tuple[float, ...]
    """Of each frame; empty where it stands still."""


class _Frame(NamedTuple):
    image: Image.Image
    natural: tuple[int, int]
    """Its size as it is seen."""
    place: int
    pages: int
    facts: tuple[str, ...]
    is_torn: bool


def decode(file: File, wanted: Wanted) -> Preview:
    """Show one frame of it, made to fit."""
    format_ = _format(file)
    found = _Found(file, format_, animation.lengths_of(file, format_))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what a library thinks of a hostile file is in the preview's note
        frame = _frame(found, wanted)
    duration_s = round(sum(found.lengths_s), 3) or None
    at_s = round(sum(found.lengths_s[: frame.place]), 3) if found.lengths_s else None
    return Preview(
        kind="picture",
        called=called(file, wanted.name),
        facts=frame.facts + ((f"{duration_s:.1f} s",) if duration_s else ()),
        parts=(raster.pixels(frame.image, frame.natural, at_s),),
        note=_TORN if frame.is_torn else "",
        pages=frame.pages,
        duration_s=duration_s,
    )


def _format(file: File) -> str:
    head = file.read_at(0, 32)
    if head[4:8] == b"ftyp":
        if head[8:12] in (b"avif", b"avis") or b"avif" in head[16:]:
            return "AVIF"
        raise CannotShow("HEIC pictures cannot be shown: their decoder is not part of Pillow.")
    format_ = next((name for beginning, name in _BEGINNINGS if head.startswith(beginning)), "")
    if not format_:
        raise CannotShow(f"There is no decoder for {called(file)}.")
    return format_


def _frame(found: _Found, wanted: Wanted) -> _Frame:
    """Read it; what is torn is read again without minding that."""
    try:
        return _read(found, wanted, is_torn=False)
    except Image.DecompressionBombError as error:
        raise CannotShow("It holds a picture with more pixels than there is memory for.") from error
    except _FAILURES:
        pass
    try:
        return _read(found, wanted, is_torn=True)
    except _FAILURES as error:
        what = called(found.file).partition(" ")[2]
        is_plain = isinstance(error, UnidentifiedImageError | UnicodeError)
        why = "what it says about itself is damaged" if is_plain else str(error).rstrip(".")
        raise CannotShow(f"This {what} cannot be read: {why}.") from error


def _read(found: _Found, wanted: Wanted, *, is_torn: bool) -> _Frame:
    ImageFile.LOAD_TRUNCATED_IMAGES = is_torn
    with found.file.stream() as stream, _opened(found, stream) as image:
        mode, turn = image.mode, _turn(image, found.format)
        natural = image.size[::-1] if raster.is_sideways(turn) else image.size
        pages = len(found.lengths_s) or min(getattr(image, "n_frames", 1), animation.MOST_FRAMES)
        place = _place(found.lengths_s, pages, wanted)
        if found.format == "JPEG":
            image.draft(None, raster.fitting(image.size, raster.box(wanted, turn)))
        facts = _facts(image, mode, natural, pages, found)
        needed = _needed(found, image, natural)
        large = strips.large(found.file) if pages == 1 and needed > _MUCH else None
        if large:
            small, is_torn = _in_strips(found.file, large, wanted, turn)
        else:
            room.must_fit(needed, f"The picture has {natural[0]:,}×{natural[1]:,} pixels")
            if place:
                image.seek(place)
            image.load()
            small = raster.fitted(image, wanted, turn)
        return _Frame(small, natural, place, pages, facts, is_torn)


def _in_strips(file: File, large: strips.Large, wanted: Wanted, turn: int) -> tuple[Image.Image, bool]:
    """Draw a picture that is never whole in memory; tell whether its lines ended too early."""
    natural, read = (large.width, large.height), 0

    def bands() -> Iterator[raster.Band]:
        nonlocal read
        down = raster.steps(natural, raster.fitting(natural, raster.box(wanted, turn)))[1]
        for top, strip in strips.strips(file, large, down):
            read = top + strip.height
            yield top, strip

    return raster.gathered(bands(), natural, wanted, turn), read < large.height


def _opened(found: _Found, stream: object) -> Image.Image:
    """Open it as nothing but the format that it begins as."""
    import_module(f"PIL.{_MODULES[found.format]}ImagePlugin")
    # An icon holds pictures with sizes of their own; all others are measured here.
    Image.MAX_IMAGE_PIXELS = room.left_bytes() // 8 if found.format in ("ICO", "ICNS") else None
    return Image.open(stream, formats=[found.format])  # type: ignore[arg-type]  # a stream of bytes


def _needed(found: _Found, image: Image.Image, natural: tuple[int, int]) -> int:
    """Count what decoding takes, by the size after a JPEG was drafted."""
    needed = image.width * image.height * _BYTES.get(image.mode, 4) * _COPIES.get(found.format, 1) + _AROUND
    if found.format in _READ_WHOLE:
        needed += found.file.size_bytes
    if image.info.get("progressive"):
        needed += _coefficients(image, natural)
    return needed


def _coefficients(image: Image.Image, natural: tuple[int, int]) -> int:
    """A progressive JPEG is kept whole, two bytes for each value, until its last part was read."""
    layers: list[tuple[int, int, int, int]] = getattr(image, "layer", [])
    shares = [across * down for _, across, down, _ in layers] or [1]
    return 2 * natural[0] * natural[1] * sum(shares) // max(shares)


def _turn(image: Image.Image, format_: str) -> int:
    return 1 if format_ in ("TIFF", "AVIF") else turn_of(image.info.get("exif"))


def _place(lengths_s: tuple[float, ...], pages: int, wanted: Wanted) -> int:
    """Tell which frame is asked for: by its moment, else by its number."""
    if lengths_s and wanted.at_s is not None:
        ends = accumulate(lengths_s)
        return next((place for place, end in enumerate(ends) if end > wanted.at_s), pages - 1)
    return min(max(wanted.page, 0), pages - 1)


def _facts(
    image: Image.Image, mode: str, natural: tuple[int, int], pages: int, found: _Found
) -> tuple[str, ...]:
    is_deep = mode.startswith("I;16") or (found.format == "PNG" and found.file.read_at(24, 1) == b"\x10")
    words = (
        "grey" if mode.startswith("I;16") else _WORDS.get(mode, ""),
        "16 bits" if is_deep else "",
        "with transparency" if image.has_transparency_data else "",
    )
    colour = ", ".join(word for word in words if word)
    many = f"{pages} {'pages' if found.format == 'TIFF' else 'frames'}" if pages > 1 else ""
    return tuple(fact for fact in (f"{natural[0]}×{natural[1]}", colour, many) if fact)
