"""Telling a person who looks elsewhere: the window's name, and a notice when the run waits or ends."""

from typing import TYPE_CHECKING

from textual.message import Message

from lis_tui.core.events import StepAddress
from lis_tui.ui import words
from lis_tui.ui.held import held_words
from lis_tui.ui.reaching import asked_host, place

if TYPE_CHECKING:
    from lis_tui.ui.screens.workbench import Workbench


class Notable(Message):
    """Something a person should know who looks elsewhere."""

    def __init__(self, sentence: str, run: str, *, has_bell: bool) -> None:
        super().__init__()
        self.sentence = sentence
        self.run = run
        self.has_bell = has_bell


class Announcer:
    """Speaks for one workbench."""

    def __init__(self, screen: "Workbench", *, has_bell: bool) -> None:
        self._screen = screen
        self.has_bell = has_bell
        self._title = ""
        self._told: tuple[str, StepAddress | int | None] | None = None

    def announce(self) -> None:
        """Tell by bell and title, once, that the run waits or ended."""
        view, source = self._screen.view, self._screen.source
        gate, ended, asking = view.gate, view.ended, view.asking
        host = asked_host(view)
        why = held_words(view)
        waits_ = f"paused: {why}" if why else "waits for you"
        state = waits_ if gate is not None else words.end_words(ended.status)[0] if ended else ""
        state = "waits for input" if asking is not None else state
        state = f"asks for {place(host.host, host.port)}" if host is not None and not state else state
        task = words.task(view, 60) or "lis-tui"
        self._title = f"{state} · {task}" if state else task
        self.name_window()
        waits = gate or asking
        told = (state, waits.address if waits is not None else host.number if host is not None else None)
        if state and told != self._told and not source.is_recorded:
            self._screen.post_message(Notable(self._title, source.name, has_bell=self.has_bell))
        self._told = told

    def name_window(self) -> None:
        """Name the window after what is shown; what goes on behind another run leaves it alone."""
        app = self._screen.app
        if self._screen in app.screen_stack and self._title and app.title != self._title:
            app.title = self._title
