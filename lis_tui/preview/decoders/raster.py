"""A decoded picture made to fit a box as 8-bit RGBA: in bands where it is large, and turned upright."""

from collections.abc import Iterable, Iterator

from PIL import Image

from lis_tui.preview.parts import Pixels, Wanted

_LARGE = 4_000_000
"""Pixels from which on a picture is converted in bands: a whole copy of four bytes each would be too much."""
_BAND = 2_000_000
Band = tuple[int, Image.Image]
_TURNS = {
    2: (Image.Transpose.FLIP_LEFT_RIGHT,),
    3: (Image.Transpose.ROTATE_180,),
    4: (Image.Transpose.FLIP_TOP_BOTTOM,),
    5: (Image.Transpose.TRANSPOSE,),
    6: (Image.Transpose.ROTATE_270,),
    7: (Image.Transpose.TRANSVERSE,),
    8: (Image.Transpose.ROTATE_90,),
}


def is_sideways(turn: int) -> bool:
    """Whether the picture's width is seen as its height."""
    return turn in (5, 6, 7, 8)


def fitted(image: Image.Image, wanted: Wanted, turn: int = 1) -> Image.Image:
    """Give it as RGBA, no larger than the box that is wanted; smaller ones keep their size."""
    size = fitting(image.size, box(wanted, turn))
    return _finished(_reduced(image, size), size, turn)


def gathered(bands: Iterable[Band], natural: tuple[int, int], wanted: Wanted, turn: int = 1) -> Image.Image:
    """Make one picture of bands, each with its first line; all but the last have whole `steps` of lines."""
    size = fitting(natural, box(wanted, turn))
    return _finished(_joined(bands, natural, steps(natural, size)), size, turn)


def box(wanted: Wanted, turn: int) -> tuple[int, int]:
    """Give the box that is wanted as the picture has it in its file."""
    return (wanted.height_px, wanted.width_px) if is_sideways(turn) else (wanted.width_px, wanted.height_px)


def steps(natural: tuple[int, int], size: tuple[int, int]) -> tuple[int, int]:
    """Tell how many points across and down may be made one at first; enough are left for a good end."""
    return max(natural[0] // (size[0] * 2), 1), max(natural[1] // (size[1] * 2), 1)


def pixels(image: Image.Image, natural: tuple[int, int], at_s: float | None = None) -> Pixels:
    """Hand over what was fitted."""
    width, height = image.size
    return Pixels(width, height, image.tobytes(), natural[0], natural[1], at_s)


def fitting(size: tuple[int, int], box: tuple[int, int]) -> tuple[int, int]:
    """Make a size fit into a box, with its proportions as far as whole pixels allow."""
    width, height = size
    scale = min(1.0, max(box[0], 1) / width, max(box[1], 1) / height)
    return max(round(width * scale), 1), max(round(height * scale), 1)


def _reduced(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Convert it; a large one is also made smaller by a whole number, band by band."""
    if image.width * image.height < _LARGE:
        return in_colour(image)
    made = steps(image.size, size)
    return _joined(_bands(image, made[1]), image.size, made)


def _bands(image: Image.Image, down: int) -> Iterator[Band]:
    span = image.getextrema() if image.mode in ("I", "F") else None
    mode = "RGBA" if image.has_transparency_data else "RGB"
    rows = max(_BAND // image.width // down, 1) * down
    for top in range(0, image.height, rows):
        band = image.crop((0, top, image.width, min(top + rows, image.height)))
        yield top, in_colour(band, span, mode)


def _joined(bands: Iterable[Band], natural: tuple[int, int], made: tuple[int, int]) -> Image.Image:
    """Make each band smaller and put it in its place; where none comes it stays clear."""
    small = Image.new("RGBA", (-(-natural[0] // made[0]), -(-natural[1] // made[1])))
    for top, band in bands:
        # What has no clear places is four times as fast without them.
        band = in_colour(band, None, "RGBA" if band.has_transparency_data else "RGB")
        small.paste(band.reduce(made), (0, top // made[1]))
    return small


def _finished(small: Image.Image, size: tuple[int, int], turn: int) -> Image.Image:
    if small.size != size:
        small = small.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)
    for step in _TURNS.get(turn, ()):
        small = small.transpose(step)
    return small


def in_colour(image: Image.Image, span: object = None, mode: str = "RGBA") -> Image.Image:
    """Convert any mode to RGBA, or RGB."""
    if image.mode.startswith("I;16"):
        image = image.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    elif image.mode in ("I", "F"):
        image = _spread(image, span or image.getextrema())
    elif image.mode in ("HSV", "YCbCr"):
        image = image.convert("RGB")
    return image if image.mode == mode else image.convert(mode)


def _spread(image: Image.Image, span: object) -> Image.Image:
    """Draw the lowest value black and the highest white, where a mode has no such ends."""
    match span:
        case (int() | float() as low, int() | float() as high) if high > low:
            scale = 255 / (high - low)
            return image.convert("F").point(lambda value: value * scale - low * scale).convert("L")
        case _:
            return Image.new("L", image.size, 128)
