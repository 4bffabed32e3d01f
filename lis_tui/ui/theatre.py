"""Plays the file of a screen: its pictures are shown, its sound is heard, and it is told how far it is."""

from collections.abc import Callable, Sequence

from lis_tui.core.content import Content
from lis_tui.ui import words
from lis_tui.ui.folio import Folio
from lis_tui.ui.listening import KINDS, Listening, mark
from lis_tui.ui.media.drawing import Easel
from lis_tui.ui.media.sheet import Sentences, Sheet
from lis_tui.ui.projector import Frame, Projector

_MOVING = ("video", "picture")


class Theatre:
    """Plays one file; `show` is given what is to be drawn while `is_open`, None where that stays as it is."""

    def __init__(
        self,
        folio: Folio,
        easel: Callable[[], Easel],
        reading: Callable[[], Content],
        show: Callable[[Sequence[Sheet] | None], None],
        is_open: Callable[[], bool],
    ) -> None:
        self.moment = ""
        """How far it is, in words; empty while nothing is played."""
        self.projector = Projector(folio, easel, self._take_frame)
        self.listening = Listening(reading, self._take_moment, self._say)
        self._folio = folio
        self._show = show
        self._is_open = is_open

    @property
    def is_playing(self) -> bool:
        """Something is seen or heard."""
        return self.projector.is_playing or self.listening.is_playing

    def keys(self) -> list[tuple[str, str]]:
        """Give the key that plays, where there is something to play."""
        if self._can_play:
            return [("space", "hold" if self.projector.is_playing else "play")]
        if self._can_listen:
            return [("space", "stop" if self.listening.is_playing else "play")]
        return []

    def toggle(self) -> bool:
        """Play or hold moving pictures, play or stop sound; False where there is neither."""
        if self._can_listen:
            self.listening.toggle()
        elif self._can_play:
            self.projector.toggle()
        else:
            return False
        return True

    def stop(self) -> None:
        """Play no more."""
        self.projector.stop()
        self.listening.stop()

    @property
    def _can_play(self) -> bool:
        preview = self._folio.preview
        if preview is None or preview.kind not in _MOVING:
            return False
        return bool(preview.duration_s) and not self._folio.is_source

    @property
    def _can_listen(self) -> bool:
        preview = self._folio.preview
        return preview is not None and preview.kind in KINDS and bool(preview.duration_s)

    def _told(self, sign: str, at_s: float | None) -> str:
        if at_s is None:
            return ""
        total = self._folio.preview.duration_s if self._folio.preview is not None else None
        of = f" of {words.clock(total)}" if total else ""
        return f"{sign} {words.clock(at_s)}{of}"

    def _take_moment(self, at_s: float | None) -> None:
        if self._is_open():
            self.moment = self._told("♪", at_s)
            mark(self._folio.sheets, at_s)
            self._show(self._folio.sheets)

    def _say(self, sentence: str) -> None:
        if self._is_open():
            self._show([*self._folio.sheets, Sentences(sentence, tone="warning")])

    def _take_frame(self, frame: Frame | None) -> None:
        if not self._is_open():
            self.projector.stop()
            return
        self.moment = self._told("▶", frame.at_s if frame is not None else None)
        self._show([frame.sheet] if frame is not None else None)
