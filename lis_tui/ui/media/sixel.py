"""Sixel graphics: a picture as bands of six rows, each written once for every colour in it."""

import re

from lis_tui.ui.media.graphics import Colour

MOST_COLOURS = 256
BAND = 6
_RUN = re.compile(rb"(.)\1{3,}", re.DOTALL)
_SIGNS = bytes(range(0x3F, 0x7F)) + bytes(192)
"""Six bits as the character that stands for them."""
_ONE = tuple(bytes(colour == other for other in range(256)) for colour in range(256))


def sixels(data: bytes, width: int, height: int) -> str:
    """Give the sequence that draws RGB pixels where the cursor is; slow, for a thread."""
    indices, palette = _quantised(data, width, height)
    whole = [f'\x1bP0;1;0q"1;1;{width};{height}'.encode()]
    whole += [_defined(number, colour) for number, colour in enumerate(palette)]
    for top in range(0, height, BAND):
        rows = [indices[at * width : (at + 1) * width] for at in range(top, min(top + BAND, height))]
        whole.append(_band(rows, width))
    whole.append(b"\x1b\\")
    return b"".join(whole).decode("ascii")


def _quantised(data: bytes, width: int, height: int) -> tuple[bytes, list[Colour]]:
    from PIL import Image

    image = Image.frombytes("RGB", (width, height), data)
    few = image.quantize(MOST_COLOURS, method=Image.Quantize.MEDIANCUT)
    levels = few.getpalette() or []
    used = max(few.tobytes(), default=0) + 1
    palette = [(levels[at * 3], levels[at * 3 + 1], levels[at * 3 + 2]) for at in range(used)]
    return few.tobytes(), palette


def _defined(number: int, colour: Colour) -> bytes:
    red, green, blue = (round(level * 100 / 255) for level in colour)
    return f"#{number};2;{red};{green};{blue}".encode()


def _band(rows: list[bytes], width: int) -> bytes:
    """Give one band: for each colour which of the six pixels of each column have it."""
    passes = []
    for colour in sorted(set().union(*rows)):
        bits = 0
        for place, row in enumerate(rows):
            if colour in row:
                bits |= int.from_bytes(row.translate(_ONE[colour])) << place
        signs = bits.to_bytes(width).translate(_SIGNS).rstrip(b"?")
        passes.append(b"#%d%b" % (colour, _RUN.sub(_repeated, signs)))
    return b"$".join(passes) + b"-"


def _repeated(run: re.Match[bytes]) -> bytes:
    return b"!%d%b" % (len(run[0]), run[1])
