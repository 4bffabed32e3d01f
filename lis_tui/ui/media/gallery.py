"""Pictures side by side: what was before, what is after, and where they differ."""

from collections.abc import Sequence

from rich.color import Color
from rich.style import Style
from textual.strip import Strip

from lis_tui.preview.parts import Pixels
from lis_tui.ui.media import fitting
from lis_tui.ui.media.fitting import Room
from lis_tui.ui.media.graphics import Colour, Look
from lis_tui.ui.media.pictures import PictureSheet, Sent, picture_sheet
from lis_tui.ui.media.sheet import Drawn
from lis_tui.ui.rows import Ink, Row, cut

GAP = 2
_LEAST = 24
"""Of 255: less than this is how pictures are compressed, no difference."""
_CHANGED: Colour = (255, 64, 64)


class Gallery:
    """Some pictures in columns of equal width, each under its caption."""

    is_calm = True

    def __init__(
        self, captions: Sequence[str], pictures: Sequence[PictureSheet], column: int, ground: Colour
    ) -> None:
        self._captions = captions
        self._pictures = pictures
        self._column = column
        self._ground = Style.from_color(bgcolor=Color.from_rgb(*ground))
        self.inset = 0
        self.size = Room(column * len(pictures), max(len(each) for each in pictures))
        self.sent = Sent(
            before=tuple(sequence for each in pictures for sequence in each.sent.before),
            after="".join(each.sent.after for each in pictures),
        )

    def __len__(self) -> int:
        return 1 + self.size.rows

    def line(self, number: int, width: int) -> Drawn:
        """Give the captions, or a line of each picture."""
        if not number:
            inks: list[Ink] = [(" ", "")]
            for caption in self._captions:
                shown = cut([(caption, "muted")], self._column - GAP)
                inks += [*shown, (" " * (self._column - sum(len(text) for text, _ in shown)), "")]
            return Row(inks)
        strips = [self._part(picture, number - 1) for picture in self._pictures]
        return Strip.join(strips)

    def _part(self, picture: PictureSheet, number: int) -> Strip:
        line = picture.line(number, self._column) if number < len(picture) else Strip.blank(0)
        assert isinstance(line, Strip)
        return line.extend_cell_length(self._column, self._ground)


def gallery(
    names: tuple[str, str], before: Pixels, after: Pixels, room: Room, look: Look
) -> tuple[Gallery, float]:
    """Draw two pictures and what differs, and tell how much of them does; slow, for a thread."""
    column = max(room.columns // 3, 4)
    one = Room(max(column - GAP, 1), max(room.rows - 1, 1))
    difference, share = differing(before, after)
    pictures = [picture_sheet(each, one, look) for each in (before, after, difference)]
    captions = (*names, f"what differs: {share:.1%}" if share else "they look the same")
    return Gallery(captions, pictures, column, look.ground), share


def differing(before: Pixels, after: Pixels) -> tuple[Pixels, float]:
    """Give the second picture pale, with what differs from the first in red, and the share of that."""
    from PIL import Image, ImageChops

    size = (after.width, after.height)
    ground = (128, 128, 128)
    left, right = (
        Image.frombytes("RGB", size, fitting.colours(each, *size, ground)) for each in (before, after)
    )
    bands = ImageChops.difference(left, right).split()
    most = ImageChops.lighter(ImageChops.lighter(bands[0], bands[1]), bands[2])
    mask = most.point([255 if level >= _LEAST else 0 for level in range(256)])
    pale = Image.merge("RGBA", (*right.split(), Image.new("L", size, 48)))
    pale.paste((*_CHANGED, 255), mask=mask)
    return Pixels(*size, pale.tobytes()), mask.histogram()[255] / (size[0] * size[1])
