"""A list of sheets on the screen; pictures in their own colours, or in the terminal's own graphics."""

from bisect import bisect_right
from collections.abc import Hashable, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from rich.segment import Segment
from textual.geometry import Offset, Region
from textual.strip import Strip

from lis_tui.ui.media.sheet import Sheet
from lis_tui.ui.paint import Paint
from lis_tui.ui.rows import Ink, Row
from lis_tui.ui.widgets.blocks import BlockList

if TYPE_CHECKING:
    from lis_tui.ui.media.pictures import PictureSheet
    from lis_tui.ui.media.terminal import Terminal


class MediaView(BlockList):
    """Shows sheets one below the other; a block is a line of one of them."""

    has_bar = False
    usual_height = 1

    def __init__(self, paint: Paint, *, id: str) -> None:  # noqa: A002  (Textual's word)
        super().__init__(paint, id=id)
        self.is_following = False
        self.sheets: Sequence[Sheet] = ()
        self._starts: list[int] = [0]
        self._version = 0
        self._ready: dict[tuple[int, int], Strip] = {}
        self._pictures: list[PictureSheet] = []
        self._is_due = False

    # ---- what is shown

    def put(
        self, sheets: Sequence[Sheet], *, keeps_place: bool = False, shift: int = 0, follows: bool = False
    ) -> None:
        """Show these sheets, from the top, or from where one is; `shift` lines came above that (or went).

        With `follows` who is at the end stays there.
        """
        self.is_following = self.is_following and follows
        anchor, cursor = self._anchor(), self.cursor
        self._exchange(sheets)
        self.renumber()
        if not keeps_place:
            anchor, cursor = (0, 0), 0
        self._forget()
        self._heights.clear()
        self._grow([], 0, self.block_count())
        self.cursor = min(max(cursor + shift, 0), max(self.block_count() - 1, 0))
        self._settle((max(anchor[0] + shift, 0), anchor[1]))
        self.refresh()

    def toggle(self, number: int) -> bool:
        """Fold or open what a line stands for; False where there is nothing to fold."""
        if not self.can_fold(number):
            return False
        sheet, line = self.at(number)
        sheet.toggle(line)  # type: ignore[attr-defined]  # one that can fold
        self.put(self.sheets, keeps_place=True)
        return True

    def can_fold(self, number: int) -> bool:
        """Whether a line stands for something that folds."""
        if number >= self.block_count():
            return False
        sheet, line = self.at(number)
        return hasattr(sheet, "can_fold") and bool(sheet.can_fold(line))

    def renumber(self) -> None:
        """Take note that there are other lines."""
        self._starts = list(accumulate(map(len, self.sheets), initial=0))
        self._version += 1
        self._ready.clear()

    def at(self, number: int) -> tuple[Sheet, int]:
        """Give the sheet of a line, and which of its lines that is."""
        place = min(bisect_right(self._starts, number), len(self.sheets)) - 1
        return self.sheets[place], number - self._starts[place]

    def first_line(self, sheet: Sheet) -> int:
        """Give the number of a sheet's first line."""
        return next(start for start, each in zip(self._starts, self.sheets, strict=False) if each is sheet)

    # ---- blocks

    def block_count(self) -> int:
        """All lines."""
        return self._starts[-1]

    def block_version(self, number: int) -> Hashable:
        """Sheets are replaced whole."""
        return self._version

    def block_rows(self, number: int, *, is_lit: bool) -> list[Row]:
        """Give a line of text; of a picture an empty one, for its height."""
        sheet, line = self.at(number)
        drawn = sheet.line(line, self._width)
        return [drawn if isinstance(drawn, Row) else Row([("", "")])]

    def title(self) -> tuple[list[Ink], list[Ink]]:
        """Give an empty line."""
        return [], []

    def is_countable(self, number: int) -> bool:
        """Nothing is counted."""
        return False

    # ---- pictures

    def _line_strip(self, line: int) -> Strip:
        if line < self._heights.total:
            number = self._heights.at(line)
            sheet, place = self.at(number)
            drawn = sheet.line(place, self._width)
            if isinstance(drawn, Strip):
                return self._of_cells(drawn, number, getattr(sheet, "inset", 0))
        return super()._line_strip(line)

    def _line(self, line: int) -> Strip:
        """Give a line; words about a file have no ground under the cursor."""
        if line < self._heights.total and self.has_focus:
            number = self._heights.at(line)
            if hasattr(self.at(number)[0], "is_calm"):
                lines, place = self._drawn(number).lines, line - self._heights.top(number)
                return self._strip(lines[place]) if place < len(lines) else Strip.blank(0)
        return super()._line(line)

    def _of_cells(self, cells: Strip, number: int, inset: int) -> Strip:
        """Give a picture's line as it is: its colours are no roles, and its characters are ours."""
        width = self.line_width
        key = (number, width)
        if key not in self._ready:
            lead = inset + 1
            cells = cells.crop(0, max(width - lead, 0))
            ground = self.paint.style(self.tone)
            rule = [Segment("│", self._rule())] * self._kept.gutter.left
            rest = Segment(" " * (width - lead - cells.cell_length), ground)
            whole = [*rule, Segment(" " * lead, ground), *cells, rest]
            self._ready[key] = Strip(whole, self._kept.gutter.left + width)
        return self._ready[key]

    def _forget(self) -> None:
        super()._forget()
        self._ready.clear()

    @property
    def _terminal(self) -> "Terminal | None":
        return getattr(self.app, "terminal", None)

    def _exchange(self, sheets: Sequence[Sheet]) -> None:
        """Send the pictures that come, and have those forgotten that go."""
        gone, self.sheets = self._pictures, sheets
        self._pictures = [sheet for sheet in sheets if hasattr(sheet, "sent")]  # type: ignore[misc]
        terminal = self._terminal
        if terminal is None:
            return
        for picture in self._pictures:
            if picture not in gone:
                terminal.send(*picture.sent.before)
        for picture in gone:
            if picture not in self._pictures:
                terminal.send(picture.sent.after)

    def on_unmount(self) -> None:
        """Have the terminal forget the pictures."""
        self._exchange(())

    def render_lines(self, crop: Region) -> list[Strip]:
        """Give some lines; what is painted over them has to be painted again."""
        if not self._is_due and any(self._is_touched(picture, crop) for picture in self._pictures):
            self._is_due = True
            self.call_after_refresh(self._paint_over)
        return super().render_lines(crop)

    def _is_touched(self, picture: "PictureSheet", crop: Region) -> bool:
        """Whether something that is painted over cells has some of them among these lines."""
        if not picture.sent.over:
            return False
        top = self._heights.top(self.first_line(picture)) - round(self.scroll_y) + self.gutter.top + 1
        return crop.y < top + picture.size.rows and crop.bottom > top

    def _paint_over(self) -> None:
        """Paint pictures over their cells, where nothing hides them; else the half blocks are seen."""
        self._is_due = False
        terminal = self._terminal
        if terminal is None or not self.is_attached or self.app.screen is not self.screen:
            return
        for picture in self._pictures:
            place = self._place(picture)
            if picture.sent.over and place is not None:
                terminal.paint(place.offset, picture.sent.over)

    def _place(self, picture: "PictureSheet") -> Region | None:
        """Give where a picture is on the screen; None: not all of it is seen."""
        top = self._heights.top(self.first_line(picture)) - round(self.scroll_y)
        left = self.region.x + self.gutter.left + 1 + picture.inset
        corner = Offset(left, self.region.y + self.gutter.top + 1 + top)
        size = picture.size
        place = Region(corner.x, corner.y, size.columns, size.rows)
        if top < 0 or not self.region.contains_region(place):
            return None
        middle = Offset(corner.x + size.columns // 2, corner.y + size.rows // 2)
        seen = (corner, middle, Offset(place.right - 1, place.bottom - 1))
        is_clear = all(self.screen.get_widget_at(*spot)[0] is self for spot in seen)
        return place if is_clear else None
