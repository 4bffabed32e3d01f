"""A web page as it looks in a browser without a network: a picture that takes a second or two."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from lis_tui.preview.parts import CannotShow, Wanted
from lis_tui.ui.media.drawing import Easel
from lis_tui.ui.media.fitting import box
from lis_tui.ui.media.sheet import Gap, Sentences, Sheet
from lis_tui.ui.previewing import Wish

if TYPE_CHECKING:
    from lis_tui.ui.previews import Previews

WIDTH_PX, HEIGHT_PX = 1280, 800
"""The window of that browser."""
MOST_BYTES = 32 << 20
Photograph = Callable[[bytes, int, int], Awaitable[bytes]]


async def in_chromium(html: bytes, width: int, height: int) -> bytes:
    """Give a PNG. Raises CannotShow."""
    from lis_tui.preview.chromium import photograph

    return await photograph(html, width, height)


class Photo:
    """The picture of one page; taken once, drawn for any room."""

    def __init__(self, wish: Wish, previews: "Previews", photograph: Photograph = in_chromium) -> None:
        self._wish = wish
        self._previews = previews
        self._photograph = photograph
        self._png: bytes | None = None

    async def sheets(self, easel: Easel) -> list[Sheet]:
        """Give the picture, or why there is none, with a line's room around it. Raises LisError."""
        try:
            if self._png is None:
                html = await asyncio.to_thread(self._read)
                self._png = await self._photograph(html, WIDTH_PX, HEIGHT_PX)
            width, height = box(easel.room, easel.look)
            wanted = Wanted(name="page.png", width_px=width, height_px=height)
            preview = await self._previews.preview(self._png, wanted, "picture")
        except CannotShow as reason:
            return [Gap(), Sentences(str(reason))]
        return [*await asyncio.to_thread(easel.sheets, preview), Gap()]

    def _read(self) -> bytes:
        with self._wish.open(self._wish.entry) as content:
            return content.read(MOST_BYTES)
