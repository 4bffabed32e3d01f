"""A whole preview as sheets, one below the other: what it is, its parts, and what is not shown."""

from collections.abc import Sequence

from msgspec.structs import replace

from lis_tui.core.text import one_line
from lis_tui.preview.parts import Hex, Lines, Outline, Part, Pixels, Preview, Roll, Table, Wave
from lis_tui.ui.media import fitting
from lis_tui.ui.media.fitting import Room
from lis_tui.ui.media.graphics import Look
from lis_tui.ui.media.hexes import HexSheet
from lis_tui.ui.media.outlines import OutlineSheet
from lis_tui.ui.media.pictures import PictureSheet, picture_sheet
from lis_tui.ui.media.roll import RollSheet
from lis_tui.ui.media.sheet import Gap, Sentences, Sheet
from lis_tui.ui.media.tables import Columns, TableSheet
from lis_tui.ui.media.texts import code_sheet, prose_sheet
from lis_tui.ui.media.wave import WaveSheet

TITLED, TITLED_WHOLE = 11, 40
"""So long a fact may be to stand in the title of a pane, and of a screen."""
_LEAST_ROWS = 3
"""A picture gets so many rows, however little room there is."""


class Easel:
    """Draws previews for a room; slow, for a thread.

    `is_whole`: for a screen of its own, where lines of code are counted, and facts and the head of a table
    that stands alone are shown above.
    """

    def __init__(
        self, room: Room, look: Look, columns: Columns | None = None, *, is_whole: bool = False
    ) -> None:
        self.room = room
        self.look = look
        self.columns = columns
        """Of the table whose rows go on."""
        self._is_whole = is_whole

    def sheets(self, preview: Preview) -> list[Sheet]:
        """Draw a preview: its facts, its parts, its note."""
        found: list[Sheet] = [] if self._is_whole else [Sentences(facts_line(preview, TITLED), most=2)]
        has_picture = self.look.way != "none"
        parts = [part for part in preview.parts if has_picture or not isinstance(part, Pixels)]
        for number, part in enumerate(parts):
            if number:
                found.append(Gap())
            found += self._sheets_of(part, parts)
        if preview.note:
            found.append(Sentences(preview.note))
        if len(parts) < len(preview.parts):
            found.append(Sentences("Pictures are switched off (ui.graphics or NO_COLOR)."))
        return [sheet for sheet in found if len(sheet)]

    def _sheets_of(self, part: Part, parts: Sequence[Part]) -> list[Sheet]:
        match part:
            case Pixels():
                return [self._picture(part, parts)]
            case Lines():
                return self._lines(part)
            case Table():
                return [self._table(part, is_alone=len(parts) == 1)]
            case Outline():
                return [OutlineSheet(part)]
            case Hex():
                return [HexSheet(part, self.room.columns)]
            case Wave():
                return [WaveSheet(part, self.room.rows - 1)]
            case Roll():
                return [RollSheet(part, self.room.rows - 1)]

    def _table(self, part: Table, *, is_alone: bool) -> Sheet:
        if not self._is_whole:
            return TableSheet(part)
        if self.columns is None or len(self.columns.all) != len(part.columns):
            self.columns = Columns(part.columns)
        return TableSheet(part, self.columns, has_head=not is_alone)

    def _picture(self, pixels: Pixels, parts: Sequence[Part]) -> Sheet:
        if not fitting.is_whole(pixels):
            return Sentences("The picture came in pieces that do not fit together.")
        sheet = picture_sheet(pixels, self.picture_room(len(parts)), self.look)
        self.centre(sheet)
        return sheet

    def centre(self, sheet: PictureSheet) -> None:
        """Put a picture into the middle, where it has a screen of its own."""
        if self._is_whole:
            sheet.inset = max(self.room.columns - sheet.size.columns, 0) // 2

    def picture_room(self, parts: int = 1) -> Room:
        """Give the room for a picture: all of it but a line of facts; less where other parts follow."""
        rows = self.room.rows - (not self._is_whole)
        if parts > 1:
            rows = rows * 2 // 3
        return Room(max(self.room.columns, 1), max(rows, _LEAST_ROWS))

    def moving_look(self) -> Look:
        """Give how pictures look that move: half blocks, which nothing has to be sent for."""
        return replace(self.look, way="half")

    def plain_look(self) -> Look:
        """Give how pictures look beside others: what is painted over cells knows one place only."""
        return self.look if self.look.way == "kitty" else replace(self.look, way="half")

    def _lines(self, part: Lines) -> list[Sheet]:
        text = "\n".join(part.lines)
        head: list[Sheet] = [Sentences(part.title, tone="command bold", most=2)]
        if part.language in ("markdown", "md"):
            return [*head, prose_sheet(text)]
        numbered = part.first if self._is_whole else None
        return [*head, code_sheet(text, part.language, numbered=numbered)]


def first_fact(preview: Preview, most: int) -> str:
    """Give what stands in the title beside the length; empty where that would take too much room."""
    return one_line(preview.facts[0], most) if preview.facts and len(preview.facts[0]) <= most else ""


def facts_line(preview: Preview, most: int) -> str:
    """Say in words what a file is, and what its title does not say."""
    called = preview.called.removeprefix("a ").removeprefix("an ")
    said = [called[:1].upper() + called[1:], *preview.facts[bool(first_fact(preview, most)) :]]
    return " · ".join(one_line(each, 80) for each in said if each)
