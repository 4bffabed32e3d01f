"""Has the preview of a file made away from the keys; of several wishes the newest wins."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from lis_tui.core.bus import spawn
from lis_tui.core.errors import FileRefused, LisError
from lis_tui.core.events import FileEntry, StepAddress
from lis_tui.ui.listing import Open
from lis_tui.ui.media.sheet import Sentences, Sheet
from lis_tui.ui.paint import Paint
from lis_tui.ui.panes.preview import PreviewPane, Shown
from lis_tui.ui.widgets.blocks import BlockList

if TYPE_CHECKING:
    from textual.app import App

    from lis_tui.core.content import Content
    from lis_tui.preview.parts import Preview
    from lis_tui.ui.media.drawing import Easel
    from lis_tui.ui.media.fitting import Room
    from lis_tui.ui.media.tables import Columns
    from lis_tui.ui.media.terminal import Terminal
    from lis_tui.ui.previews import Previews

PATIENCE_S = 0.5
"""So long the preview before stays; then it is said that one is being read."""
_NO_FILES = {"folder": "a folder", "link": "a link, not followed"}
_PLAIN = {"fifo": "a FIFO, not opened", "socket": "a socket, not opened", "device": "a device, not opened"}


class Wish(Struct, frozen=True):
    """A file of a place."""

    entry: FileEntry
    address: StepAddress | None
    open: Open


class Previewing:
    """Fills one pane."""

    def __init__(self, pane: PreviewPane) -> None:
        self._pane = pane
        self._wish: Wish | None = None
        self._line = asyncio.Lock()
        pane.refit = self.again

    @property
    def wished(self) -> Wish | None:
        """The file that is shown, or will be."""
        return self._wish

    def wish(self, wish: Wish | None) -> None:
        """Show this file, as it is now or was then."""
        self._wish = wish
        if wish is None:
            self._pane.show(None)
        else:
            spawn(self._load(wish), "preview")

    def again(self) -> None:
        """Draw for another room or ground."""
        if self._wish is not None:
            # Another wish, so that what is made for the room before comes too late.
            self.wish(Wish(self._wish.entry, self._wish.address, self._wish.open))

    async def _load(self, wish: Wish) -> None:
        timer = asyncio.get_running_loop().call_later(PATIENCE_S, self._say_reading, wish)
        try:
            shown = await self._shown(wish)
        finally:
            timer.cancel()
        if shown is not None and self._is_wanted(wish):
            self._pane.show(shown)

    def _is_wanted(self, wish: Wish) -> bool:
        return self._wish is wish and self._pane.is_attached

    def _say_reading(self, wish: Wish) -> None:
        entry = self._pane.entry
        if self._is_wanted(wish) and (entry is None or entry.path != wish.entry.path):
            self._pane.say(wish.entry, "reading…")

    async def _shown(self, wish: Wish) -> Shown | None:
        """Make it; None where nobody waits for it any more."""
        entry = wish.entry
        if entry.kind != "file":
            return Shown(entry, (Sentences((_NO_FILES | _PLAIN).get(entry.kind, entry.kind)),))
        try:
            async with self._line:
                if not self._is_wanted(wish):
                    return None
                looked = await asyncio.to_thread(_looked, wish)
        except LisError as refused:
            return Shown(entry, (Sentences(refused.sentence),))
        if isinstance(looked, Shown):
            return looked
        with looked:
            return await self._made(wish, looked)

    async def _made(self, wish: Wish, content: "Content") -> Shown | None:
        from lis_tui.preview.parts import CannotShow, Wanted
        from lis_tui.ui.media.drawing import TITLED, first_fact
        from lis_tui.ui.media.fitting import box

        easel = self._easel()
        width, height = box(easel.picture_room(), easel.look)
        wanted = Wanted(name=name_of(wish.entry), width_px=width, height_px=height)
        try:
            preview = await self._previews.preview(content, wanted, asker=self)
        except CannotShow as refused:
            # Where it was overtaken, nobody is shown this.
            return Shown(wish.entry, (Sentences(str(refused)),)) if self._is_wanted(wish) else None
        async with self._line:
            if not self._is_wanted(wish):
                return None
            sheets = await asyncio.to_thread(easel.sheets, preview)
        return Shown(wish.entry, sheets, first_fact(preview, TITLED), is_fitted=True)

    @property
    def _previews(self) -> "Previews":
        found: Previews = self._pane.app.previews  # type: ignore[attr-defined]  # LisApp has it
        return found

    def _easel(self) -> "Easel":
        return easel(self._pane)


def easel(view: BlockList, columns: "Columns | None" = None, *, is_whole: bool = False) -> "Easel":
    """Give what draws for a view as it is now."""
    from lis_tui.ui.media.fitting import Room

    room = Room(max(view.scrollable_content_region.width - 1, 1), max(view.size.height - 1, 1))
    return easel_in(view.app, view.paint, room, columns, is_whole=is_whole)


def easel_in(
    app: "App[Any]",
    paint: Paint,
    room: "Room",
    columns: "Columns | None" = None,
    *,
    is_whole: bool = False,
) -> "Easel":
    """Give what draws in a room of an app."""
    from lis_tui.ui.media.drawing import Easel

    terminal: Terminal = app.terminal  # type: ignore[attr-defined]  # LisApp has it
    return Easel(room, terminal.look(paint.palette.roles.background), columns, is_whole=is_whole)


def _looked(wish: Wish) -> "Shown | Content":
    """Read a text; give anything else as it was opened. Slow, for a thread."""
    from lis_tui.ui.reading import as_text

    content = wish.open(wish.entry)
    try:
        piece = as_text(content, name_of(wish.entry))
    except OSError as error:
        content.close()
        raise FileRefused(f"It cannot be read: {error.strerror}.") from error
    except BaseException:
        content.close()
        raise
    if piece is None:
        return content
    content.close()
    return Shown(wish.entry, text_sheets(piece))


def text_sheets(preview: "Preview", *, is_numbered: bool = False) -> Sequence[Sheet]:
    """Draw a text that was read here. Slow, for a thread."""
    from lis_tui.preview.parts import Lines
    from lis_tui.ui.media.texts import code_sheet, prose_sheet

    found: list[Sheet] = []
    for part in preview.parts:
        if isinstance(part, Lines):
            text = "\n".join(part.lines)
            is_prose = part.language in ("markdown", "md")
            numbered = part.first if is_numbered else None
            found.append(
                prose_sheet(text) if is_prose else code_sheet(text, part.language, numbered=numbered)
            )
    note = preview.note or ("an empty file" if preview.kind == "empty" else "")
    return [*found, Sentences(note)]


def name_of(entry: FileEntry) -> str:
    """Give a file's name without its folders."""
    return entry.path.rpartition("/")[2]
