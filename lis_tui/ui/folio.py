"""A file that is looked at whole: its pages, and of one page the rows around where one reads."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from lis_tui.core.content import Content
from lis_tui.core.events import FileEntry
from lis_tui.preview.parts import CannotShow, Hex, Lines, Outline, Preview, Table, Wanted
from lis_tui.ui.media.drawing import Easel
from lis_tui.ui.media.fitting import box
from lis_tui.ui.media.sheet import Sheet
from lis_tui.ui.media.tables import Columns
from lis_tui.ui.photo import Photo
from lis_tui.ui.previewing import Wish, name_of

if TYPE_CHECKING:
    from lis_tui.preview.kinds import Kind
    from lis_tui.ui.previews import Previews

STEP = 400
"""So many rows are asked for at once."""
MOST_PIECES = 6
"""What lies further away is asked for again when one comes back to it."""
_HEX_ROW = 16
_SOURCES = ("svg", "html", "markdown", "json", "jsonl", "csv", "notebook")
"""Kinds that are texts with a better look."""


class Piece(Struct, frozen=True):
    """Some rows, and the sheets that show them."""

    preview: Preview
    sheets: Sequence[Sheet]
    first: int
    count: int
    """So many rows were asked for."""
    after: int | None
    """What to ask for next; None: there is nothing more."""

    @property
    def lines(self) -> int:
        """How many lines it has on the screen."""
        return sum(map(len, self.sheets))


class Folio:
    """One file. `easel` gives what draws for the room of the moment."""

    def __init__(self, wish: Wish, previews: "Previews", easel: Callable[[Columns | None], Easel]) -> None:
        self.entry = wish.entry
        self.page = 0
        self.is_source = False
        """It is shown as it is written."""
        self._wish = wish
        self._previews = previews
        self._easel = easel
        self._columns: Columns | None = None
        self._pieces: deque[Piece] = deque()
        self._serial = 0
        self._photo = Photo(wish, previews)
        self._photo_sheets: Sequence[Sheet] = ()
        self._is_photo_first = True

    # ---- what there is

    @property
    def preview(self) -> Preview | None:
        """The first piece that is shown."""
        return self._pieces[0].preview if self._pieces else None

    @property
    def sheets(self) -> list[Sheet]:
        """All that is shown, in order."""
        read = [sheet for piece in self._pieces for sheet in piece.sheets]
        if self._is_photo_first:
            return [*(() if self.is_cut_before else self._photo_sheets), *read]
        return [*read, *(() if self.is_cut_after else self._photo_sheets)]

    @property
    def first(self) -> int:
        """The first row that is shown."""
        return self._pieces[0].first if self._pieces else 0

    @property
    def columns(self) -> Columns | None:
        """Of the table that is shown alone."""
        preview = self.preview
        alone = preview is not None and len(preview.parts) == 1 and isinstance(preview.parts[0], Table)
        return self._columns if alone else None

    @property
    def pages(self) -> int:
        """How many there are."""
        return self.preview.pages if self.preview is not None and not self.is_source else 1

    @property
    def title(self) -> str:
        """What the table that is shown alone is called: a sheet, a table of a database."""
        preview = self.preview
        part = preview.parts[0] if preview is not None and self.columns is not None else None
        return part.title if isinstance(part, Table) else ""

    @property
    def has_source(self) -> bool:
        """Whether it can be shown as it is written, too."""
        return self.is_source or (self.preview is not None and self.preview.kind in _SOURCES)

    @property
    def rows_in_all(self) -> int | None:
        """How many rows the page has; None where nobody knows."""
        part = _going_on(self.preview) if self.preview is not None else None
        if isinstance(part, Hex):
            return self.entry.size_bytes
        return part.rows_in_all if isinstance(part, Table) else None

    @property
    def is_cut_before(self) -> bool:
        """There is something before what was read."""
        return bool(self._pieces) and self._pieces[0].first > 0

    @property
    def is_cut_after(self) -> bool:
        """There is something after what was read."""
        return bool(self._pieces) and self._pieces[-1].after is not None

    def last_first(self, count: int) -> int:
        """Give where to begin to see the end of so many rows."""
        part = _going_on(self.preview) if self.preview is not None else None
        if isinstance(part, Hex):
            return max(count - STEP * _HEX_ROW, 0) // _HEX_ROW * _HEX_ROW
        return max(count - STEP, 0)

    # ---- asking

    async def begin(self, first: int = 0) -> bool:
        """Read a page from this row on; False: another was asked for since. Raises CannotShow, LisError."""
        self._serial += 1
        serial = self._serial
        self._columns = None
        self._photo_sheets = ()
        piece = await self._piece(first, STEP)
        if serial != self._serial:
            return False
        self._pieces = deque([piece])
        return True

    async def renew(self, entry: FileEntry, *, to_end: bool) -> bool:
        """Read again what differs in a file that was written to; False: another was asked for since.

        Where one reads stays where it is as long as the file only grew. Raises CannotShow, LisError.
        """
        self.entry = entry
        if not await self._read_again():
            return False
        while to_end and self.is_cut_after and await self.later() is not None:
            pass
        return True

    async def _read_again(self) -> bool:
        if len(self._pieces) <= 1:
            return await self.begin(self.first)
        serial, first, last = self._serial, self._pieces[0], self._pieces[-1]
        same = await self._piece(first.first, first.count)
        if same.preview.parts != first.preview.parts:
            return await self.begin()
        grown = await self._piece(last.first, STEP)
        if serial != self._serial or self._pieces[-1] is not last:
            return False
        self._pieces[-1] = grown
        return True

    async def photograph(self) -> Sequence[Sheet]:
        """Have a picture of a web page; gives nothing where it is none, or another was asked for since."""
        preview, serial = self.preview, self._serial
        if preview is None or preview.kind != "html" or self.is_source:
            return ()
        sheets = await self._photo.sheets(self._easel(None))
        return sheets if serial == self._serial else ()

    def show_photo(self, sheets: Sequence[Sheet], *, is_first: bool) -> None:
        """Show it before what was read of the page, or after that."""
        self._photo_sheets, self._is_photo_first = sheets, is_first

    async def later(self) -> int | None:
        """Read on; gives how many lines went at the top, None where nothing came."""
        last = self._pieces[-1] if self._pieces else None
        if last is None or last.after is None:
            return None
        piece = await self._next(last.after, STEP)
        if piece is None:
            return None
        self._pieces.append(piece)
        return -self._pieces.popleft().lines if len(self._pieces) > MOST_PIECES else 0

    async def earlier(self) -> int | None:
        """Read what is before; gives how many lines came at the top, None where nothing came."""
        if not self._pieces or self._pieces[0].first <= 0:
            return None
        end = self._pieces[0].first
        unit = _HEX_ROW if isinstance(_going_on(self._pieces[0].preview), Hex) else 1
        first = max(end - STEP * unit, 0)
        piece = await self._next(first, (end - first) // unit)
        if piece is None:
            return None
        self._pieces.appendleft(piece)
        if len(self._pieces) > MOST_PIECES:
            self._pieces.pop()
        return piece.lines

    async def _next(self, first: int, count: int) -> Piece | None:
        serial = self._serial
        try:
            piece = await self._piece(first, count)
        except CannotShow:  # the file changed: what is shown stays
            return None
        return piece if serial == self._serial and piece.lines else None

    async def _piece(self, first: int, count: int) -> Piece:
        easel = self._easel(self._columns)
        preview = await self._asked(easel, first, count)
        sheets = await asyncio.to_thread(easel.sheets, preview)
        self._columns = easel.columns
        return Piece(preview, sheets, first, count, _after(preview, first, count))

    async def _asked(self, easel: Easel, first: int, count: int) -> Preview:
        width, height = box(easel.picture_room(), easel.look)
        wanted = Wanted(
            name=name_of(self.entry),
            width_px=width,
            height_px=height,
            page=self.page,
            first=first,
            count=max(count, 1),
        )
        return await self.ask(wanted, "text" if self.is_source else None)

    async def ask(self, wanted: Wanted, kind: "Kind | None" = None) -> Preview:
        """Ask for something of the file. Raises CannotShow, LisError."""
        content: Content = await asyncio.to_thread(self._wish.open, self.entry)
        with content:
            return await self._previews.preview(content, wanted, kind)


def _going_on(preview: Preview) -> Table | Lines | Hex | Outline | None:
    """Give the part whose rows may go on after those that are shown."""
    parts = [part for part in preview.parts if isinstance(part, Table | Lines | Hex | Outline)]
    return parts[-1] if parts else None


def _after(preview: Preview, first: int, count: int) -> int | None:
    if not preview.has_more:
        return None
    if preview.next_first is not None:
        return preview.next_first if preview.next_first > first else None
    match _going_on(preview):
        case Table(rows=rows, first=begin):
            return begin + len(rows) if rows else None
        case Lines(lines=lines, first=begin):
            return begin + len(lines) if lines else None
        case Hex(data=data, first=begin):
            return begin + len(data) if data else None
        case Outline():
            return first + count
        case None:
            return None
