"""A picture on the screen: cells that stand for it, and what the terminal is sent beside them."""

from msgspec import Struct
from textual.strip import Strip

from lis_tui.preview.parts import Pixels
from lis_tui.ui.media import fitting
from lis_tui.ui.media.fitting import Room
from lis_tui.ui.media.graphics import Look
from lis_tui.ui.media.halfblocks import half_blocks
from lis_tui.ui.media.kitty import forgetting, most_cells, new_number, placeholders, sending
from lis_tui.ui.media.sheet import Drawn


class Sent(Struct, frozen=True):
    """What a terminal with graphics of its own is sent."""

    before: tuple[str, ...] = ()
    """Once, before the cells are shown."""
    over: str = ""
    """Each time after the cells were drawn, with the cursor on the first of them."""
    after: str = ""
    """Once the picture is shown no more."""


NOTHING_SENT = Sent()


class PictureSheet:
    """The cells of one picture."""

    def __init__(self, strips: list[Strip], size: Room, sent: Sent = NOTHING_SENT) -> None:
        self._strips = strips
        self.size = size
        self.sent = sent
        self.inset = 0
        """So many cells stay free at its left."""

    def __len__(self) -> int:
        return len(self._strips)

    def line(self, number: int, width: int) -> Drawn:
        """Give a line of cells."""
        return self._strips[number]


def picture_sheet(pixels: Pixels, room: Room, look: Look) -> PictureSheet:
    """Draw a picture for this room; slow, for a thread."""
    if look.way == "kitty":
        room = Room(min(room.columns, most_cells()), min(room.rows, most_cells()))
    size = fitting.fit(pixels, room, look)
    if look.way == "kitty":
        return _placed(pixels, size, look)
    strips = _half(pixels, size, look)
    return PictureSheet(strips, size, Sent(over=_painted(pixels, size, look)))


def _half(pixels: Pixels, size: Room, look: Look) -> list[Strip]:
    height = min(fitting.half_rows(pixels, size, look), size.rows * 2)
    data = fitting.colours(pixels, size.columns, height, look.ground)
    return half_blocks(data, size.columns, height, look.ground, has_true_colour=look.has_true_colour)


def _placed(pixels: Pixels, size: Room, look: Look) -> PictureSheet:
    number = new_number(has_true_colour=look.has_true_colour)
    data = pixels.data[: pixels.width * pixels.height * 4]
    before = sending(number, data, (pixels.width, pixels.height), (size.columns, size.rows))
    strips = placeholders(number, size.columns, size.rows, look.ground, has_true_colour=look.has_true_colour)
    return PictureSheet(strips, size, Sent(before=tuple(before), after=forgetting(number)))


def _painted(pixels: Pixels, size: Room, look: Look) -> str:
    """Give what draws the picture over its cells, in as many pixels as they have."""
    width, height = size.columns * look.cell.width, size.rows * look.cell.height
    if look.way == "sixel":
        from lis_tui.ui.media.sixel import BAND, sixels

        height = max(height // BAND * BAND, BAND)  # a band that is cut would reach below the cells
        return sixels(fitting.colours(pixels, width, height, look.ground), width, height)
    if look.way == "iterm":
        from lis_tui.ui.media.iterm import inline

        data = fitting.colours(pixels, width, height, look.ground)
        return inline(data, width, height, size.columns, size.rows)
    return ""
