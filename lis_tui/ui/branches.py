"""The runs that are open in one app: one is in front, the others go on behind it and keep their place."""

from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING

from textual.message import Message

from lis_tui.core.bus import spawn
from lis_tui.core.decisions import Decision, End, Pause
from lis_tui.core.errors import LisError
from lis_tui.ui.bridge import Source
from lis_tui.ui.screens.workbench import Workbench

if TYPE_CHECKING:
    from lis_tui.ui.app import LisApp


class RunWanted(Message):
    """Show this run; `is_instead`: the one that is shown is closed."""

    def __init__(self, source: Source, hint: str = "", *, is_instead: bool = False) -> None:
        super().__init__()
        self.source = source
        self.hint = hint
        self.is_instead = is_instead


class Branches:
    """Opens runs beside the one that is shown, switches between them, and leaves them."""

    def __init__(self, app: "LisApp") -> None:
        self._app = app
        self._behind: list[Workbench] = []
        self._numbers = count(1)

    @property
    def front(self) -> Workbench | None:
        """The run that is shown, also while a dialog stands before it."""
        screens = reversed(self._app.screen_stack)
        return next((screen for screen in screens if isinstance(screen, Workbench)), None)

    @property
    def open(self) -> tuple[Workbench, ...]:
        """All of them, the one in front first, then as they were last looked at."""
        front = self.front
        return (*((front,) if front is not None else ()), *self._behind)

    @property
    def live(self) -> tuple[Workbench, ...]:
        """Those whose runs go on."""
        return tuple(bench for bench in self.open if bench.leaving.is_going_on)

    def show(self, source: Source, hint: str = "") -> None:
        """Bring a run to the front; one that is open already keeps its place and its own source."""
        front = self.front
        if front is None or front.source.name == source.name:
            return
        if front is not self._app.screen:  # somebody is at work in a dialog
            front.hint(f"{source.name} is there; O shows it")
            return
        bench = self._opened(source.name)
        if bench is None:
            bench = front.another(source)
        else:
            self._behind.remove(bench)
        self._keep(front)
        self._bring(bench, hint)

    def replace(self, source: Source, hint: str = "") -> None:
        """Show a run instead of the one in front, which is closed."""
        front = self.front
        if front is None:
            return
        spawn(front.source.leave(), "leave the run")
        self._bring(front.another(source), hint)
        self._app.uninstall_screen(front)

    def _bring(self, bench: Workbench, hint: str) -> None:
        while not isinstance(self._app.screen, Workbench):
            self._app.pop_screen()
        shown = self._app.screen
        if not shown._result_callbacks:
            # The first screen of an app has none, and Textual takes one from each screen that it puts away.
            shown._push_result_callback(shown, None)
        self._app.switch_screen(bench)
        if hint:
            bench.hint(hint)

    def _opened(self, name: str) -> Workbench | None:
        return next((bench for bench in self._behind if bench.source.name == name), None)

    def _keep(self, bench: Workbench) -> None:
        """Have it live on while another one is in front."""
        if not self._app.is_screen_installed(bench):
            self._app.install_screen(bench, f"run {next(self._numbers)}")
        self._behind.insert(0, bench)

    # ---- leaving

    def ask_and_leave(self) -> None:
        """Leave; of live runs it is asked first what becomes of them."""
        front = self.front
        if front is None:
            return
        live = self.live
        if not live:
            front.post_message(Workbench.Left())
            return
        from lis_tui.ui.screens.dialogs import QuitDialog

        def chosen(what: str | None) -> None:
            if what is not None:
                spawn(self._end_or_leave(what), "leaving", front.refused)

        here = front.source.name if front in live else ""
        names = [bench.source.name for bench in live]
        self._app.push_screen(QuitDialog(names, here), chosen)

    async def _end_or_leave(self, what: str) -> None:
        front, live = self.front, self.live
        decisions: dict[str, Decision] = {"pause": Pause(), "end": End(), "end_here": End()}
        for bench in live:
            if what in decisions and (what != "end_here" or bench is front):
                await bench.source.decide(decisions[what])
        # What ends is shown, with what was made.
        if what in ("detach", "pause") and front is not None:
            front.post_message(Workbench.Left())

    async def leave(self) -> None:
        """Stop watching all of them; ended runs need no follow-up any more."""
        for bench in self.open:
            if bench.leaving.needs_closing:
                with suppress(LisError):
                    await bench.source.close_run()
            with suppress(LisError):
                await bench.source.leave()
        for bench in self._behind:
            self._app.uninstall_screen(bench)
            bench.remove()
        self._behind.clear()
