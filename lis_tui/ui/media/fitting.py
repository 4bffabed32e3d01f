"""How large a picture becomes, in cells and in pixels, and its colours over the theme's ground."""

from msgspec import Struct

from lis_tui.preview.parts import Pixels
from lis_tui.ui.media.graphics import Cell, Colour, Look


class Room(Struct, frozen=True):
    """Columns and rows for a picture."""

    columns: int
    rows: int


def box(room: Room, look: Look) -> tuple[int, int]:
    """Give the width and height in pixels that a picture should fit for this room."""
    if look.way in ("half", "none"):
        return max(room.columns, 1), max(round(room.rows * 2 / look.cell.half_ratio), 1)
    return max(room.columns * look.cell.width, 1), max(room.rows * look.cell.height, 1)


def fit(pixels: Pixels, room: Room, look: Look) -> Room:
    """Give the columns and rows that a picture takes: what its shape allows, never enlarged."""
    unit = Cell(1, 2) if look.way in ("half", "none") else look.cell
    width = pixels.width / unit.width
    height = pixels.height / unit.height
    if look.way in ("half", "none"):
        height *= look.cell.half_ratio
    scale = min(1.0, room.columns / width, room.rows / height)
    return Room(
        max(min(round(width * scale), room.columns), 1),
        # Half blocks may end in the middle of a row.
        max(min(-int(-height * scale // 1), room.rows), 1),
    )


def half_rows(pixels: Pixels, size: Room, look: Look) -> int:
    """Give how many half rows a picture of so many columns is high; fewer than two a row where it is odd."""
    if look.way != "half":
        return size.rows * 2
    exact = size.columns / pixels.width * pixels.height * look.cell.half_ratio
    return max(min(round(exact), size.rows * 2), 1)


def colours(pixels: Pixels, width: int, height: int, ground: Colour) -> bytes:
    """Give the picture at this size over the ground, as RGB row by row; slow, for a thread."""
    from PIL import Image

    data = pixels.data[: pixels.width * pixels.height * 4]
    image = Image.frombytes("RGBA", (pixels.width, pixels.height), data)
    if image.size != (width, height):
        image = image.resize((width, height), Image.Resampling.LANCZOS)
    over = Image.new("RGBA", image.size, (*ground, 255))
    return Image.alpha_composite(over, image).convert("RGB").tobytes()


def is_whole(pixels: Pixels) -> bool:
    """Whether there are as many bytes as its size says; a decoder is not believed."""
    return (
        0 < pixels.width <= MOST_SIDE
        and 0 < pixels.height <= MOST_SIDE
        and len(pixels.data) >= pixels.width * pixels.height * 4
    )


MOST_SIDE = 16_384
