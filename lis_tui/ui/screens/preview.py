"""A file on a screen of its own: pages, rows on demand, folds, moving pictures, and how it is written."""

from collections.abc import Awaitable, Sequence
from functools import cached_property

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import Screen

from lis_tui.core.bus import spawn
from lis_tui.core.errors import LisError
from lis_tui.core.events import FileEntry
from lis_tui.core.paths import pasteable, unescape_path
from lis_tui.core.text import one_line
from lis_tui.preview.parts import CannotShow
from lis_tui.ui import words
from lis_tui.ui.folio import Folio
from lis_tui.ui.growing import EVERY_S, Growing, Newest
from lis_tui.ui.media.drawing import TITLED_WHOLE, Easel, facts_line, first_fact
from lis_tui.ui.media.sheet import Sentences, Sheet
from lis_tui.ui.media.tables import Columns
from lis_tui.ui.media.view import MediaView
from lis_tui.ui.media.whole import WholeView
from lis_tui.ui.paint import Paint
from lis_tui.ui.previewing import PATIENCE_S, Wish, easel
from lis_tui.ui.rows import Ink, cells, cut
from lis_tui.ui.screens.diff import key_line
from lis_tui.ui.theatre import Theatre
from lis_tui.ui.widgets.lines import Lines


class PreviewScreen(Screen[None]):
    """Shows one file; what is read and drawn is read and drawn away from the keys."""

    CSS_PATH = "whole.tcss"
    BINDINGS = [
        Binding("escape,q,z", "leave", "back"),
        Binding("j,down", "move(1)", "down"),
        Binding("k,up", "move(-1)", "up"),
        Binding("g,home", "ends(-1)", "top"),
        Binding("G,end", "ends(1)", "end"),
        Binding("left_square_bracket,p,N", "page(-1)", "page before"),
        Binding("right_square_bracket,n", "page(1)", "next page"),
        Binding("left,h", "sideways(-1)", "left"),
        Binding("right,l", "sideways(1)", "right"),
        Binding("space", "space", "play, fold"),
        Binding("enter", "fold", "fold"),
        Binding("t", "source", "source"),
        Binding("y", "copy", "copy the path"),
    ]

    def __init__(self, wish: Wish, paint: Paint, newest: Newest | None = None) -> None:
        super().__init__()
        self.paint = paint
        self.entry = wish.entry
        self._growing = Growing(wish.entry, newest)
        self._wish = wish
        self._said = ""
        self._is_reading_on = False
        self.head = Lines(paint, self._head, id="request-title", tone="foreground on-surface")
        self.view = WholeView(paint, self._caption, self._near)
        self.status = Lines(paint, self._keys, id="status", tone="foreground on-surface")

    @cached_property
    def folio(self) -> Folio:
        """The file."""
        return Folio(self._wish, self.app.previews, self._easel)  # type: ignore[attr-defined]  # LisApp's

    @cached_property
    def theatre(self) -> Theatre:
        """Plays it."""
        return Theatre(
            self.folio,
            lambda: self._easel(None),
            lambda: self._wish.open(self.entry),
            self._show_playing,
            lambda: self.is_attached,
        )

    def _easel(self, columns: Columns | None) -> Easel:
        return easel(self.view, columns, is_whole=True)

    def compose(self) -> ComposeResult:
        """Draw title, content and keys."""
        yield self.head
        yield self.view
        yield self.status

    def on_mount(self) -> None:
        """Have the keys act on the content, and read it once it is known how much room there is."""
        self.view.focus()
        self.call_after_refresh(self._begin)
        self.set_interval(EVERY_S, self._follow)

    # ---- reading

    def _begin(self, first: int = 0, *, is_end: bool = False, keeps_place: bool = False) -> None:
        timer = self.set_timer(PATIENCE_S, self._say_reading)

        async def read() -> None:
            try:
                if await self.folio.begin(first) and self.is_attached:
                    self._show(is_end=is_end, keeps_place=keeps_place)
            finally:
                timer.stop()

        self._reading(read())

    def _follow(self) -> None:
        """The model may still write to it."""
        is_busy = self.theatre.is_playing or self._is_reading_on
        entry = None if is_busy or not self.folio.sheets else self._growing.look()
        if entry is not None:
            self.entry, self._is_reading_on = entry, True
            self._reading(self._read_again(entry))

    async def _read_again(self, entry: FileEntry) -> None:
        is_end = not self.folio.is_cut_after and self.view.cursor >= self.view.block_count() - 1
        try:
            is_read = await self.folio.renew(entry, to_end=is_end)
        finally:
            self._is_reading_on = False
        if is_read and self.is_attached:
            self._show(is_end=is_end, keeps_place=not is_end)

    def _reading(self, work: Awaitable[None]) -> None:
        async def run() -> None:
            await work

        spawn(run(), "preview", self._failed)

    def _say_reading(self) -> None:
        self._said = "reading…"
        self._redraw_lines()

    def _failed(self, error: Exception) -> None:
        if not isinstance(error, CannotShow | LisError):
            raise error
        if self.is_attached:
            self._said = ""
            self.view.put([Sentences(str(error))])
            self._redraw_lines()

    def _show(self, *, is_end: bool, keeps_place: bool) -> None:
        self._said = ""
        preview = self.folio.preview
        sheets = self.folio.sheets
        if preview is not None and preview.kind == "empty":
            sheets = [Sentences("an empty file")]
        self.view.put(sheets, keeps_place=keeps_place)
        if is_end:
            self.view.move_to(self.view.block_count() - 1)
        self._redraw_lines()
        spawn(self._photograph(), "photograph", self._failed)

    async def _photograph(self) -> None:
        """A web page is shown as a browser shows it, too: above the text, unless somebody reads there."""
        sheets = await self.folio.photograph()
        if sheets and self.is_attached:
            is_first = self.view.cursor == 0 and len(sheets[0]) > 1
            self.folio.show_photo(sheets, is_first=is_first)
            self.view.put(self.folio.sheets, keeps_place=not is_first)
            self._redraw_lines()

    def _near(self, direction: int) -> None:
        """What is shown ends soon: read on."""
        if not self._is_reading_on:
            self._is_reading_on = True
            self._reading(self._read_on(direction))

    async def _read_on(self, direction: int) -> None:
        try:
            shift = await (self.folio.later() if direction > 0 else self.folio.earlier())
        finally:
            self._is_reading_on = False
        if shift is not None and self.is_attached:
            self.view.put(self.folio.sheets, keeps_place=True, shift=shift)
            self._redraw_lines()

    # ---- drawing

    @on(MediaView.Moved)
    def _moved(self) -> None:
        self.head.renew()

    def _redraw_lines(self) -> None:
        self.head.refresh()
        self.status.refresh()
        self.view.refresh_title()

    def _head(self, width: int) -> list[list[Ink]]:
        folio, right = self.folio, [self.theatre.moment, self._said, self._row]
        if folio.is_source:
            right.append("as it is written")
        if folio.pages > 1:
            right += [one_line(folio.title, 40), f"{folio.page + 1} of {folio.pages:,}"]
        if folio.preview is not None:
            right.append(first_fact(folio.preview, TITLED_WHOLE))
        right.append(words.size(self.entry.size_bytes))
        facts: list[Ink] = [(" · ".join(each for each in right if each) + " ", "muted")]
        name = cut([(f" {one_line(self.entry.path, 300)}", "command bold")], max(width - cells(facts) - 2, 8))
        return [[*name, (" " * max(width - cells([*name, *facts]), 1), ""), *facts]]

    @property
    def _row(self) -> str:
        """Say at which row of a table one is."""
        if self.folio.columns is None:
            return ""
        return f"row {self.folio.first + self.view.cursor + 1:,}"

    def _caption(self, width: int) -> list[Ink]:
        """Give the line that stays above: the names of columns, or what is to be said of the file."""
        if self.folio.columns is not None:
            return [(" ", ""), *self.folio.columns.names(width)]
        preview = self.folio.preview
        return [(f" {facts_line(preview, TITLED_WHOLE)}" if preview is not None else "", "muted")]

    def _keys(self, width: int) -> list[list[Ink]]:
        folio = self.folio
        keys = [("esc", "back"), ("j k", "move"), ("g G", "ends")]
        if folio.pages > 1:
            keys.append(("[ ]", "page"))
        if folio.columns is not None:
            keys.append(("← →", "columns"))
        if any(hasattr(sheet, "can_fold") for sheet in folio.sheets):
            keys.append(("enter", "fold"))
        keys += self.theatre.keys()
        if folio.has_source:
            keys.append(("t", "as it looks" if folio.is_source else "as it is written"))
        return [key_line([*keys, ("y", "copy the path")], width)]

    def on_resize(self, event: events.Resize) -> None:
        """Draw for the new size."""
        if self.folio.preview is not None:
            self.call_after_refresh(self._begin, keeps_place=True)

    def repaint(self, paint: Paint) -> None:
        """Draw everything with another theme."""
        self.paint = paint
        for part in (self.head, self.view, self.status):
            part.repaint(paint)
        self._begin(keeps_place=True)

    def _show_playing(self, sheets: Sequence[Sheet] | None) -> None:
        """Draw what is played, in the place where one is."""
        if sheets is not None:
            self.view.put([*sheets], keeps_place=True)
        self._redraw_lines()

    # ---- keys

    def on_unmount(self) -> None:
        """Be silent."""
        self.theatre.stop()

    def action_leave(self) -> None:
        """Back."""
        self.theatre.stop()
        self.dismiss()

    def action_move(self, direction: int) -> None:
        """To another line."""
        self.view.move_to(self.view.cursor + direction)

    def action_ends(self, direction: int) -> None:
        """To an end of the file, where that is known, else of what was read."""
        count = self.folio.rows_in_all
        if direction < 0 and self.folio.is_cut_before:
            self._begin()
        elif direction > 0 and count is not None and self.folio.is_cut_after:
            self._begin(self.folio.last_first(count), is_end=True)
        else:
            self.view.move_to(0 if direction < 0 else self.view.block_count() - 1)

    def action_page(self, direction: int) -> None:
        """To another page, sheet, table or frame."""
        page = min(max(self.folio.page + direction, 0), self.folio.pages - 1)
        if page != self.folio.page:
            self.theatre.projector.stop()
            self.folio.page = page
            self._begin()

    def action_sideways(self, direction: int) -> None:
        """To other columns; where there are none, to another page."""
        if self.folio.columns is None:
            self.action_page(direction)
        else:
            self.folio.columns.move(direction)
            self.view.renumber()
            self.view.rebuild()

    def action_fold(self) -> None:
        """Fold or open what is under the cursor."""
        self.view.toggle(self.view.cursor)

    def action_space(self) -> None:
        """Play or hold moving pictures, play or stop sound; fold all else."""
        if self.theatre.toggle():
            self.status.refresh()
        else:
            self.action_fold()

    def action_source(self) -> None:
        """Show how it is written, or again how it looks."""
        if self.folio.has_source:
            self.theatre.projector.stop()
            self.folio.is_source = not self.folio.is_source
            self._begin()

    def action_copy(self) -> None:
        """Copy the path."""
        self.app.copy_to_clipboard(pasteable(unescape_path(self.entry.path)))
