"""Plays moving pictures as half blocks, ten a second: asks for some at a time, and draws them ahead."""

import asyncio
from collections import deque
from collections.abc import Callable

from msgspec import Struct

from lis_tui.core.bus import spawn
from lis_tui.core.errors import LisError
from lis_tui.preview.parts import CannotShow, Pixels, Preview, Wanted
from lis_tui.ui.folio import Folio
from lis_tui.ui.media import fitting
from lis_tui.ui.media.drawing import Easel
from lis_tui.ui.media.pictures import PictureSheet, picture_sheet
from lis_tui.ui.previewing import name_of

INTERVAL_S = 0.1
AHEAD = 20
"""So many pictures are asked for at once."""
MOST_COLUMNS, MOST_ROWS = 100, 32
"""What can be drawn ten times a second."""


class Frame(Struct, frozen=True):
    """A picture of a moment, drawn."""

    at_s: float
    sheet: PictureSheet


class Projector:
    """Plays one file; `show` is given each picture in its time, and None at the end."""

    def __init__(
        self, folio: Folio, easel: Callable[[], Easel], show: Callable[[Frame | None], None]
    ) -> None:
        self._folio = folio
        self._easel = easel
        self._show = show
        self._at_s = 0.0
        self._ready: deque[Frame] = deque()
        self._is_over = False
        self.is_playing = False

    def toggle(self) -> None:
        """Play on from where it stands, or hold."""
        self.is_playing = not self.is_playing
        if self.is_playing:
            if self._is_over and not self._ready:
                self._is_over, self._at_s = False, 0.0
            spawn(self._play(), "projector", self._failed)

    def stop(self) -> None:
        """Play no more; the next time it begins anew."""
        self.is_playing = False
        self._ready.clear()
        self._is_over, self._at_s = False, 0.0

    async def _play(self) -> None:
        loop = asyncio.get_running_loop()
        asking: asyncio.Task[None] | None = None
        while self.is_playing:
            due = loop.time() + INTERVAL_S
            if not self._is_over and len(self._ready) < AHEAD // 2 and (asking is None or asking.done()):
                asking = spawn(self._fetch(), "frames", self._failed)
            if self._ready:
                self._show(self._ready.popleft())
            elif self._is_over:
                self.is_playing = False
                self._show(None)
            await asyncio.sleep(max(due - loop.time(), 0.01))

    async def _fetch(self) -> None:
        easel = self._easel()
        room = easel.picture_room()
        room = fitting.Room(min(room.columns, MOST_COLUMNS), min(room.rows, MOST_ROWS))
        look = easel.moving_look()
        width, height = fitting.box(room, look)
        wanted = Wanted(
            name=name_of(self._folio.entry), width_px=width, height_px=height, at_s=self._at_s, count=AHEAD
        )
        preview = await self._folio.ask(wanted)
        pictures = [part for part in preview.parts if isinstance(part, Pixels) and fitting.is_whole(part)]
        sheets = [await asyncio.to_thread(picture_sheet, each, room, look) for each in pictures]
        for sheet in sheets:
            easel.centre(sheet)
        times = [round(self._at_s + number * INTERVAL_S, 3) for number in range(len(sheets))]
        self._ready += [Frame(at_s, sheet) for at_s, sheet in zip(times, sheets, strict=True)]
        self._at_s = round(self._at_s + max(len(sheets), 1) * INTERVAL_S, 3)
        self._is_over = not sheets or not _goes_on(preview, self._at_s)

    def _failed(self, error: Exception) -> None:
        if not isinstance(error, CannotShow | LisError):
            raise error
        self._is_over = True


def _goes_on(preview: Preview, at_s: float) -> bool:
    if preview.kind == "picture":  # an animation gives one picture at a time
        return preview.duration_s is not None and at_s < preview.duration_s
    return preview.has_more
