"""The start screen: say what to do and enter runs it; below, recent runs and what is not ready."""

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import Screen
from textual.widgets import Input, Static, TextArea

from lis_tui.config.presets import Preset
from lis_tui.core.bus import spawn
from lis_tui.core.errors import LisError
from lis_tui.core.spec import RunSpec
from lis_tui.core.text import one_line
from lis_tui.trajectory.summary import RunSummary
from lis_tui.ui.actions import START_KEYS
from lis_tui.ui.paint import Paint
from lis_tui.ui.rows import Ink, Row, cut
from lis_tui.ui.widgets.blocks import BlockList
from lis_tui.ui.widgets.lines import Lines, ThemeAsked
from lis_tui.ui.widgets.recent import RunList, can_resume
from lis_tui.ui.widgets.task import TaskField

ABOUT = "See, stop and change what a model does in its sandbox."
SETTINGS_NOTE = (
    "model=NAME base=URL profile=NAME · mode=auto, confirm or step · network=auto, bridge, allow or none · "
    "allow=HOST,HOST ask-hosts · image=NAME · turns=N · cost=DOLLARS · input=PATH …; f1 says more"
)


class StartScreen(Screen[None]):
    """`make_spec` turns task and settings line into a run; `check` says what is not ready.

    `on_run` and `on_run_chosen` may raise LisError, which is said on the screen.
    """

    CSS_PATH = "start.tcss"
    BINDINGS = [
        Binding("f1", "help", "help"),
        Binding("f2", "demo", "demo", priority=True),
        Binding("f3", "theme", "theme", priority=True),
        Binding("f4", "preset", "presets", priority=True),
        Binding("ctrl+o", "open_path", "open a file", priority=True),
        Binding("ctrl+q,escape", "leave", "leave"),
        Binding("ctrl+c", "copy_or_hint", "copy", priority=True),
    ]

    def __init__(
        self,
        paint: Paint,
        *,
        settings: str,
        make_spec: Callable[[str, str], RunSpec],
        list_runs: Callable[[], list[RunSummary]],
        check: Callable[[str], str],
        on_ready: Callable[[], None],
        on_run: Callable[[RunSpec], None],
        on_run_chosen: Callable[[RunSummary], None],
        on_resume: Callable[[RunSummary], None],
        on_demo: Callable[[], None],
        on_open: Callable[[Path], None],
        with_preset: Callable[[str, Preset | None], str],
        now: Callable[[], float] = time.time,
    ) -> None:
        super().__init__()
        self.paint = paint
        self._settings = settings
        self._make_spec = make_spec
        self._list_runs = list_runs
        self._check = check
        self._on_ready = on_ready
        self._on_run = on_run
        self._on_run_chosen = on_run_chosen
        self._on_resume = on_resume
        self._on_demo = on_demo
        self._on_open = on_open
        self._with_preset = with_preset
        self._note: Ink = ("", "")
        self.head = Lines(paint, self._head, id="start-head")
        self.note = Lines(paint, self._notes, id="start-note")
        self.recent = RunList(paint, now)
        self.status = Lines(paint, self._keys, id="status", tone="foreground on-surface")

    def compose(self) -> ComposeResult:
        """Lay it out."""
        with Vertical(id="start"), Vertical(id="start-column"):
            yield self.head
            yield TaskField(
                id="task", soft_wrap=True, show_line_numbers=False, placeholder="What should be done?"
            )
            yield Input(self._settings, id="settings", select_on_focus=False)
            yield self.note
            yield self.recent
        yield self.status
        yield Static("lis-tui needs 60 × 15 characters; this window is smaller.", id="small", markup=False)

    def on_mount(self) -> None:
        """Put the cursor into the task."""
        self.query_one(TaskField).focus()
        self.call_after_refresh(self._to_model)
        self.call_after_refresh(self._on_ready)

    def _to_model(self) -> None:
        """Put the settings' cursor behind the model; that is what is changed most."""
        settings = self.query_one("#settings", Input)
        before, name, rest = settings.value.partition("model=")
        settings.cursor_position = len(before + name + rest.split(" ", 1)[0])

    def on_screen_resume(self) -> None:
        """Runs may have come and gone."""
        self.reload()

    def on_resize(self, event: events.Resize) -> None:
        """Say so where the window is too small."""
        self.set_class(event.size.width < 60 or event.size.height < 15, "-tiny")

    @on(events.DescendantFocus)
    def _moved(self) -> None:
        """Say what the settings may be; what was wrong with them before they were changed is not said."""
        if self.focused is self.query_one("#settings"):
            self.say(SETTINGS_NOTE, "muted")
        elif self._note[0] == SETTINGS_NOTE:
            self.say("", "")
            self.reload()

    def reload(self) -> None:
        """List runs and look what is not ready, away from the keys."""
        spawn(self._reload(), "recent runs", self._failed)

    async def _reload(self) -> None:
        runs = await asyncio.to_thread(self._list_runs)
        if self.is_attached:
            self.recent.show(runs)
        problem = await asyncio.to_thread(self._check, self.query_one("#settings", Input).value)
        if self.is_attached:
            self.say(problem, "warning")

    def _failed(self, error: Exception) -> None:
        if not isinstance(error, LisError):
            raise error
        self.say(error.sentence, "error")

    def say(self, sentence: str, tone: str) -> None:
        """Say something below the settings."""
        self._note = (one_line(sentence, 400), tone)
        self.note.refresh(layout=True)

    # ---- drawn lines

    def _head(self, width: int) -> list[list[Ink]]:
        return [cut([("lis-tui  ", "accent bold"), (ABOUT, "muted")], width), []]

    def _notes(self, width: int) -> list[list[Ink]]:
        text, tone = self._note
        return Row([(text, tone)], most=3, is_prose=True).lines(width) if text else [[]]

    def _keys(self, width: int) -> list[list[Ink]]:
        line: list[Ink] = [(" ", "")]
        for key, text in START_KEYS:
            line += [(key, "accent"), (f" {text}  ", "muted")]
        return [cut(line, width)]

    # ---- what a person does

    @on(TaskField.Submitted)
    @on(Input.Submitted, "#settings")
    def _run(self) -> None:
        task = self.query_one(TaskField).text.strip()
        if not task:
            self.say("Say in the field above what should be done; enter runs it.", "warning")
            self.query_one(TaskField).focus()
            return
        try:
            self._on_run(self._make_spec(task, self.query_one("#settings", Input).value))
        except LisError as error:
            self.say(error.sentence, "error")
        else:
            self._begin_anew()

    def _begin_anew(self) -> None:
        """Leave no task behind: enter shall not start the same run twice."""
        self.say("", "")
        self._fill("", None)

    def _fill(self, task: str, preset: Preset | None) -> None:
        settings = self.query_one("#settings", Input)
        settings.value = self._with_preset(settings.value, preset)
        self.call_after_refresh(self._to_model)
        field = self.query_one(TaskField)
        field.text = task
        field.focus()

    def on_key(self, event: events.Key) -> None:
        """Move in the list of runs."""
        moves = {"down": 1, "j": 1, "up": -1, "k": -1}
        if self.focused is not self.recent:
            return
        if event.key in moves:
            self.recent.move_to(self.recent.cursor + moves[event.key])
            self.recent.refresh_title()
            event.stop()
        elif event.key in ("enter", "r"):
            event.stop()
            self._choose(is_resumed=event.key == "r")

    @on(BlockList.Opened)
    def _opened(self) -> None:
        self._choose()

    def _choose(self, *, is_resumed: bool = False) -> None:
        run = self.recent.run
        if run is None:
            return
        if is_resumed and not can_resume(run):
            self.say("This run cannot be resumed; enter shows it.", "muted")
            return
        try:
            (self._on_resume if is_resumed or run.was_cut_off else self._on_run_chosen)(run)
        except LisError as error:
            self.say(error.sentence, "error")

    def action_demo(self) -> None:
        """Play the demo."""
        self._on_demo()

    def action_open_path(self) -> None:
        """Ask for a path, and show what is there."""
        from lis_tui.ui.screens.path import PathDialog

        def chosen(path: Path | None) -> None:
            if path is not None:
                self._on_open(path)

        self.app.push_screen(PathDialog(), chosen)

    def action_preset(self) -> None:
        """Offer the tasks that are ready, and write the chosen one into the fields."""
        from lis_tui.config.presets import read_presets
        from lis_tui.ui.screens.presets import PresetDialog

        def chosen(preset: Preset | None) -> None:
            if preset is not None:
                self._fill(preset.task, preset)

        try:
            self.app.push_screen(PresetDialog(read_presets(), self.paint), chosen)
        except LisError as error:
            self.say(error.sentence, "error")

    def action_theme(self) -> None:
        """Take the next theme."""
        self.post_message(ThemeAsked())

    def action_help(self) -> None:
        """Show what the keys do."""
        from lis_tui.ui.screens.help import StartHelpDialog

        self.app.push_screen(StartHelpDialog(self.paint))

    def action_leave(self) -> None:
        """Leave lis-tui."""
        self.app.exit(0)

    def action_copy_or_hint(self) -> None:
        """Copy what is selected; else say how to leave."""
        focused = self.focused
        selected = focused.selected_text if isinstance(focused, Input | TextArea) else ""
        selected = selected or self.get_selected_text() or ""
        if selected:
            self.app.copy_to_clipboard(selected)
        else:
            self.say("ctrl+q or esc leaves", "muted")

    def repaint(self, paint: Paint) -> None:
        """Draw everything with another theme."""
        self.paint = paint
        for lines in (self.head, self.note, self.status):
            lines.repaint(paint)
        self.recent.repaint(paint)


def engine_note(environ: Mapping[str, str], home: Path) -> str:
    """Say if plainly no container engine is there; what cannot be told cheaply is left to `doctor`."""
    if environ.get("DOCKER_HOST") or (home / ".docker" / "contexts").is_dir():
        return ""
    places = (Path("/var/run/docker.sock"), home / ".docker" / "run" / "docker.sock")
    if any(os.access(place, os.W_OK) for place in places):
        return ""
    reason = "you may not use it" if any(place.exists() for place in places) else "none is running"
    return f"No container engine: {reason}."
