"""The Textual app: screens, theme, exit, and the doors by which the command line opens it."""

import asyncio
import os
import shutil
import sys
from collections.abc import Awaitable, Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import BindingType
from textual.events import Event, InputEvent, Key, Resize
from textual.geometry import Size
from textual.screen import Screen
from textual.timer import Timer

from lis_tui.core.spec import RunSpec
from lis_tui.core.text import clean
from lis_tui.ui.announcing import Notable
from lis_tui.ui.branches import Branches, RunWanted
from lis_tui.ui.bridge import Source
from lis_tui.ui.garbage import RESTING_S, Garbage
from lis_tui.ui.net import SafeApp, terminal_notice, terminal_title
from lis_tui.ui.paint import Paint
from lis_tui.ui.previews import LazyStudio, Previews
from lis_tui.ui.runs import Runs
from lis_tui.ui.screens.workbench import Workbench
from lis_tui.ui.sources import LiveSource
from lis_tui.ui.themes import PREFIX, Palette, read_themes, textual_theme
from lis_tui.ui.widgets.blocks import BlockList
from lis_tui.ui.widgets.lines import ThemeAsked

if TYPE_CHECKING:
    from lis_tui.config.load import Loaded
    from lis_tui.config.places import Places
    from lis_tui.preview.opener import Opener
    from lis_tui.trajectory.foreign.opening import Collection
    from lis_tui.ui.media.terminal import Terminal

MOST_TURNS = 200
"""So many turns of the event loop a key waits at most for the field that has the focus."""

SETTLED_S = 0.1
"""A window that keeps its size for so long has come to rest."""


async def nothing() -> None:
    """There is nobody to say good-bye to."""


class LisApp(SafeApp[int]):
    """Shows one screen after the other; its result is the exit code."""

    CSS_PATH = Path(__file__).with_name("lis.tcss")
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(
        self,
        first: Callable[["LisApp"], Screen[None]],
        themes: dict[str, Palette],
        theme: str = "dark",
        *,
        goodbye: Callable[[], Awaitable[None]] = nothing,
    ) -> None:
        self.palettes = themes
        self.paint = Paint(themes.get(theme) or next(iter(themes.values())))
        self._first = first
        self._goodbye = goodbye
        self.branches = Branches(self)
        self.farewell = ""
        """What is printed once the screen is gone."""
        self.config_folder: Path | None = None
        """Where what a person sets for more than one run is kept."""
        self.owns_process = False
        """Nothing but this app lives in the process, so that what was imported is for good."""
        self.previews: Previews = LazyStudio()
        self.graphics = "auto"
        """In which way pictures are asked to be shown."""
        self._garbage: Garbage | None = None
        self._sizing: Timer | None = None
        super().__init__()
        self.title = "lis-tui"
        for palette in themes.values():
            self.register_theme(textual_theme(palette))
        self.theme = PREFIX + self.paint.palette.name

    def on_ready(self) -> None:
        """Choose when garbage is collected: each time stops the screen for longer than a key may take."""
        if self.owns_process:
            self._garbage = Garbage()
            self._garbage.begin()
            self.set_interval(RESTING_S, self._garbage.look)

    def on_resize(self) -> None:
        """Look at the window once more when it has come to rest."""
        if not self.is_headless:
            if self._sizing is not None:
                self._sizing.stop()
            self._sizing = self.set_timer(SETTLED_S, self._look_at_size)

    def _look_at_size(self) -> None:
        """Take the size that the window has now.

        Textual reads it in the handler of a signal and queues it after: where a second signal
        comes between the two, what is queued last is a size that has passed.
        """
        self._sizing = None
        size = Size(*shutil.get_terminal_size())
        if size != self.size:
            self.post_message(Resize(size, size))

    @cached_property
    def terminal(self) -> "Terminal":
        """What pictures are shown with; told by the environment when the first one is."""
        from lis_tui.ui.media.terminal import terminal_of

        return terminal_of(self)

    async def on_unmount(self) -> None:
        """End what works on previews, and what serves files."""
        await self.previews.close()
        if "opener" in self.__dict__:
            await self.opener.close()

    @cached_property
    def opener(self) -> "Opener":
        """What files are opened with; there with the first one."""
        from lis_tui.config.places import cache_folder
        from lis_tui.preview.opener import Opener

        return Opener(lambda: cache_folder(os.environ) / "opened")

    async def on_event(self, event: Event) -> None:
        """Take note of when somebody is at work; no key may overtake those before it."""
        if self._garbage is not None and isinstance(event, InputEvent):
            self._garbage.key_pressed()
        if isinstance(event, Key):
            await self._let_typing_arrive()
            if not event.is_forwarded and await self._edit(event.key):
                return
        await super().on_event(event)

    async def _edit(self, key: str) -> bool:
        """Textual has a field's own keys, such as backspace, climb up to here, and letters overtake them."""
        field = self.focused
        if field is None or isinstance(field, BlockList):
            return False
        from textual.widgets import Input, TextArea

        if not isinstance(field, Input | TextArea):
            return False
        bound = self.screen.active_bindings.get(key)
        if bound is None or bound.node is not field or not bound.enabled:
            return False
        return await self.run_action(bound.binding.action, field)

    async def _let_typing_arrive(self) -> None:
        """Textual runs the key that ends a dialog at once, while what was typed still waits for its field."""
        field = self.focused
        for _ in range(MOST_TURNS):
            if field is None or not field.message_queue_size:
                return
            await asyncio.sleep(0)

    def get_default_screen(self) -> Screen[None]:
        """Begin with the screen that was asked for, so that nothing is painted twice."""
        screen = self._first(self)
        for path in screen.css_path:  # Textual reads a screen's sheet only when it is pushed
            self.stylesheet.read(path)
        if screen.css_path:
            self.stylesheet.reparse()
        return screen

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Give every role a value before a theme is chosen."""
        return self.paint.palette.colours()

    async def action_quit(self) -> None:
        """Leave: Textual's own key asks the same question as ours."""
        if isinstance(self.screen, Workbench):
            self.screen.action_do("quit")
        elif len(self.screen_stack) > 1:
            self.screen.dismiss(None)
        else:
            self.exit(0)

    async def action_press(self, key: str) -> None:
        """Do what a key of the screen in front does: a dialog's keys are written on it, for the mouse too."""
        found = self.screen.active_bindings.get(key)
        if found is not None and found.enabled:
            await self.run_action(found.binding.action, found.node)

    def take_theme(self, name: str) -> None:
        """Draw everything with another theme."""
        self.paint = Paint(self.palettes[name])
        self.theme = PREFIX + name
        for screen in self.screen_stack:
            repaint = getattr(screen, "repaint", None)
            if repaint is not None:
                repaint(self.paint)

    def next_theme(self) -> None:
        """Take the theme after this one."""
        names = list(self.palettes)
        place = names.index(self.paint.palette.name)
        self.take_theme(names[(place + 1) % len(names)])

    @on(ThemeAsked)
    def _theme_asked(self) -> None:
        self.next_theme()

    @on(Workbench.LeaveAsked)
    def _leave_asked(self) -> None:
        self.branches.ask_and_leave()

    @on(RunWanted)
    def _run_wanted(self, message: RunWanted) -> None:
        if message.is_instead:
            self.branches.replace(message.source, message.hint)
        else:
            self.branches.show(message.source, message.hint)

    @on(Workbench.Left)
    async def _left(self) -> None:
        """Leave the runs: back to the start screen, or out."""
        screen = self.branches.front
        if screen is None:
            return
        code = screen.leaving.exit_code
        await self.branches.leave()
        self.farewell = screen.leaving.farewell
        if self.screen_stack[0] is not screen:
            while screen in self.screen_stack:  # a key may have opened a dialog since
                self.pop_screen()
            self.uninstall_screen(screen)
            self.title = "lis-tui"
        else:
            await self._goodbye()
            self.exit(code)

    @on(Notable)
    def _tell(self, message: Notable) -> None:
        """Tell a person who looks elsewhere."""
        if message.has_bell:
            self.bell()
        self.write(terminal_notice(message.sentence))
        front = self.branches.front
        if front is not None and front.source.name != message.run:
            front.hint(f"{message.run}: {message.sentence}")

    def watch_title(self, title: str) -> None:
        """Name the window."""
        self.write(terminal_title(title))

    def write(self, sequence: str) -> None:
        """Send the terminal something, in order with what is drawn."""
        if self._driver is not None and not self.is_headless:
            self._driver.write(sequence)


def open_live(
    places: "Places",
    loaded: "Loaded",
    run: str | None = None,
    spec: RunSpec | None = None,
    secrets: dict[str, str] | None = None,
) -> int:
    """Show a live run: start what `spec` asks for, or attach to `run`. Gives the exit code."""
    runs = Runs(places)

    async def start() -> str:
        if spec is None:
            return run or ""
        return await (await runs.client()).start_run(spec, secrets or {})

    source = LiveSource(start, runs)
    return show(places, loaded, lambda app: workbench(app, source, loaded), runs)


def open_recorded(places: "Places", loaded: "Loaded", path: Path) -> int:
    """Show a run on disk, read only. Gives the exit code."""
    runs = Runs(places)
    source = runs.recorded(path)
    return show(places, loaded, lambda app: workbench(app, source, loaded), runs)


def open_collection(places: "Places", loaded: "Loaded", found: "Collection", place: int | None) -> int:
    """Show a trajectory that any program recorded; without a place the first one. Gives the exit code."""
    from lis_tui.ui.gathering import Gathering
    from lis_tui.ui.series import Series

    runs = Runs(places)
    series = Series(Gathering.of(found, runs).source)
    series.order = range(len(found.rows))
    source = series.open(place or 0)
    return show(places, loaded, lambda app: workbench(app, source, loaded), runs)


def open_start(places: "Places", loaded: "Loaded") -> int:
    """Show the start screen. Gives the exit code."""
    from lis_tui.ui.home import Home

    runs = Runs(places)
    home = Home(places, loaded, runs)
    code = show(places, loaded, home.screen, runs)
    return home.play_demo() if home.wants_demo else code


def workbench(app: LisApp, source: Source, loaded: "Loaded") -> Workbench:
    """Give a source's workbench."""
    settings = loaded.settings
    return Workbench(
        source,
        app.paint,
        has_bell=settings.bell,
        is_following=settings.follow,
        config_folder=app.config_folder,
    )


def show(places: "Places", loaded: "Loaded", first: Callable[[LisApp], Screen[None]], runs: Runs) -> int:
    """Run the app with its first screen, then print what is left to say."""
    themes, problems = read_themes(places.config / "themes")
    app = LisApp(first, themes, loaded.settings.theme, goodbye=runs.close)
    app.owns_process = True
    app.config_folder = places.config
    app.graphics = loaded.settings.ui.graphics
    code = app.run()
    for sentence in (app.farewell, *problems):
        if sentence:
            sys.stdout.write(clean(sentence) + "\n")
    return app.return_code or 0 if code is None else code
