"""Has a recording or a song played by a program of the desktop, and tells how far it is."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol

from lis_tui.core.bus import spawn
from lis_tui.core.content import Content
from lis_tui.core.errors import LisError
from lis_tui.preview.parts import CannotShow
from lis_tui.ui.media.sheet import Sheet
from lis_tui.ui.media.wave import WaveSheet

_INTERVAL_S = 0.25
KINDS = ("audio", "midi")


class Sounding(Protocol):
    """A sound that is being played."""

    @property
    def is_over(self) -> bool:
        """It has ended."""
        ...

    def end(self) -> None:
        """Make it silent at once."""
        ...

    async def ended(self) -> str:
        """Wait for its end; give a sentence where it failed."""
        ...


Play = Callable[[Content], Awaitable[Sounding]]


class Listening:
    """Plays one file; `tell` is given each moment, and None at the end; `say` is given what went wrong."""

    def __init__(
        self, reading: Callable[[], Content], tell: Callable[[float | None], None], say: Callable[[str], None]
    ) -> None:
        self.is_playing = False
        self.play: Play = _play
        self._reading = reading
        self._tell = tell
        self._say = say
        self._turn = 0
        self._playback: Sounding | None = None

    def toggle(self) -> None:
        """Play it from its beginning, or be silent."""
        if self.is_playing:
            self.stop()
            self._tell(None)
            return
        self.is_playing = True
        self._turn += 1
        spawn(self._listen(self._turn), "listening", self._failed)

    def stop(self) -> None:
        """Be silent at once."""
        self.is_playing = False
        self._turn += 1
        playback, self._playback = self._playback, None
        if playback is not None:
            playback.end()

    async def _listen(self, turn: int) -> None:
        self._tell(0.0)
        with await asyncio.to_thread(self._reading) as content:
            playback = await self.play(content)
        if turn != self._turn:
            playback.end()
            return
        self._playback = playback
        loop = asyncio.get_running_loop()
        begun = loop.time()
        while not playback.is_over and turn == self._turn:
            self._tell(loop.time() - begun)
            with suppress(TimeoutError):
                async with asyncio.timeout(_INTERVAL_S):
                    await playback.ended()
        why = await playback.ended()
        if turn == self._turn:
            self._over(why)

    def _over(self, why: str) -> None:
        self.is_playing = False
        self._playback = None
        self._tell(None)
        if why:
            self._say(why)

    def _failed(self, error: Exception) -> None:
        if not isinstance(error, CannotShow | LisError):
            raise error
        self._over(str(error))


def mark(sheets: list[Sheet], at_s: float | None) -> None:
    """Have wave forms show what was heard."""
    for sheet in sheets:
        if isinstance(sheet, WaveSheet):
            sheet.move_to(at_s)


async def _play(content: Content) -> Sounding:
    from lis_tui.preview.playing import play

    return await play(content)
