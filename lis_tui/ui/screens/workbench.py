"""The workbench: one run, live or recorded, in panes; passes messages between them and keys to the run."""

import asyncio
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.message import Message
from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from lis_tui.core.bus import spawn
from lis_tui.core.cursor import Moved
from lis_tui.core.decisions import Decision
from lis_tui.core.errors import LisError
from lis_tui.core.events import Record, StepAddress
from lis_tui.core.parts import StepView
from lis_tui.core.view import RunView
from lis_tui.ui.actions import ACTIONS, Focus, meant, why_not
from lis_tui.ui.announcing import Announcer
from lis_tui.ui.around import Around
from lis_tui.ui.boxes import Boxes
from lis_tui.ui.bridge import INTERVAL_S, Feed, Source
from lis_tui.ui.filing import Filing
from lis_tui.ui.header import Header
from lis_tui.ui.highlight import highlight
from lis_tui.ui.hints import Hint
from lis_tui.ui.layout import Layout
from lis_tui.ui.leaving import Leaving
from lis_tui.ui.outputs import read_output
from lis_tui.ui.paint import Paint
from lis_tui.ui.panes.commands import CommandsPane
from lis_tui.ui.panes.files import FilesPane
from lis_tui.ui.panes.preview import PreviewPane
from lis_tui.ui.panes.reasoning import ReasoningPane
from lis_tui.ui.rows import cells
from lis_tui.ui.walk import Walk
from lis_tui.ui.widgets.blocks import BlockList
from lis_tui.ui.widgets.direct import Covered
from lis_tui.ui.widgets.lines import Lines

if TYPE_CHECKING:
    from lis_tui.ui.deeds import Deeds

BUSY_S = 0.5
"""So long after a key somebody is thought to press more."""
STATE_CELLS = 24
"""What the run's state takes of the status line, beside a hint."""
TICK_S = 1.0


class Workbench(Screen[None]):
    """Shows a source's run. `now` is wall-clock time, `monotonic` measures how long something was shown."""

    BINDINGS = [
        Binding(action.keys, f"do('{action.id}')", action.label, show=False, priority=action.id == "palette")
        for action in ACTIONS
        if action.keys
    ]

    # The panes draw their own focus; Textual would paint the whole screen again, and keys would wait for it.
    focused = Reactive[Widget | None](None, repaint=False)

    class Arrived(Message):
        """Records came; `done` is set once they are drawn."""

        def __init__(self, records: list[Record], done: asyncio.Event) -> None:
            super().__init__()
            self.records = records
            self.done = done

    class LeaveAsked(Message):
        """The person wants to leave."""

    class Left(Message):
        """The person leaves: this run, and all that are open beside it."""

    def __init__(
        self,
        source: Source,
        paint: Paint,
        *,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        interval_s: float = INTERVAL_S,
        has_bell: bool = True,
        is_following: bool = True,
        config_folder: Path | None = None,
    ) -> None:
        super().__init__()
        self.source = source
        self.view = RunView()
        self.facts: list[Record] = []
        """The run's facts, from which any turn's request is rebuilt."""
        self.paint = paint
        self.announcer = Announcer(self, has_bell=has_bell)
        self.config_folder = config_folder
        """Where breakpoints for more than this run are kept."""
        self.now = now
        self._interval_s = interval_s
        self.monotonic = monotonic
        self._acted_at = -BUSY_S
        self._hint = Hint(self, lambda: self.status.refresh())
        self.lost = ""  # why the connection to the host is gone, once it is
        self.lost_code = 0
        self.walk = Walk(self)
        self._top = Header(self)
        self.header = Lines(paint, self._top.lines, id="header")
        self.around = Around(self)
        self.status = Lines(paint, self.around.status_lines, id="status", tone="foreground on-surface")
        self.reasoning = ReasoningPane(paint, self.view)
        boxes = Boxes(
            self.view,
            now=self.clock,
            monotonic=monotonic,
            keys=self.around.keys,
            box_keys=self.around.box_keys,
        )
        self.commands = CommandsPane(paint, self.view, boxes, now=self.clock)
        self.reasoning.is_following = self.commands.is_following = is_following
        self.files = FilesPane(paint, self.view)
        self.preview = PreviewPane(paint)
        self.filing = Filing(self)
        self.panes: tuple[BlockList, ...] = (self.reasoning, self.commands, self.files, self.preview)
        self.arrangement = Layout(self)

    def compose(self) -> ComposeResult:
        """Lay out the panes."""
        yield self.header
        with Covered(id="body"):
            with Covered(id="left"):
                yield self.reasoning
                yield self.commands
            with Vertical(id="right"):
                yield self.files
                yield self.preview
        yield self.status
        yield Static("lis-tui needs 60 × 15 characters; this window is smaller.", id="small", markup=False)

    def on_mount(self) -> None:
        """Begin to follow the run, after the first paint."""
        self.commands.focus()
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        spawn(asyncio.to_thread(highlight, "true", "bash"), "colours")
        if self.walk.replay is not None:
            spawn(self.walk.replay.read(), "feed", self._feed_failed)
            return
        feed = Feed(
            self.source,
            self._deliver,
            interval_s=self._interval_s,
            monotonic=self.monotonic,
            is_busy=lambda: self.monotonic() - self._acted_at < BUSY_S,
        )
        spawn(feed.run(), "feed", self._feed_failed)
        self.set_interval(TICK_S, self._tick)

    async def _deliver(self, records: list[Record]) -> None:
        done = asyncio.Event()
        if self.post_message(self.Arrived(records, done)):
            await done.wait()

    def _feed_failed(self, error: Exception) -> None:
        if not isinstance(error, LisError):
            raise error
        self.lost = error.sentence
        self.lost_code = error.exit_code
        self.status.refresh()

    # ---- records

    @on(Arrived)
    def _take(self, message: Arrived) -> None:
        self.view.apply_all(message.records)
        self.facts += [record for record in message.records if record.n]
        self.around.take(message.records)
        message.done.set()
        self._redraw()
        renew = getattr(self.app.screen, "renew", None)
        if renew is not None:  # a dialog that shows the run as it goes on
            renew()

    def _redraw(self) -> None:
        self.reasoning.update_blocks()
        self.commands.update_blocks()
        self.commands.rest()
        self._redraw_others()

    def show_place(self, moved: Moved, address: StepAddress) -> None:
        """Draw the view at another place of a recording."""
        self.reasoning.show_turn(moved.turn)
        self.commands.show_step(address, moved.step)
        self._redraw_others()

    def _redraw_others(self) -> None:
        self.walk.marks.look()
        self.filing.follow()
        self.header.renew()
        # Whether the gate is in sight is known once it is painted.
        self.call_after_refresh(self.status.renew)
        self.announcer.announce()

    def _tick(self) -> None:
        """Times on the screen go on by themselves while something is under way."""
        if self.view.ended is None and not self.lost:
            self.commands.update_blocks()
            self.status.renew()

    # ---- what is drawn around the panes

    def clock(self) -> float:
        """Give the time that durations end at: now, or a recording's last moment."""
        return self.view.last_at if self.source.is_recorded else self.now()

    @property
    def where(self) -> Focus:
        """Where the person is."""
        pane = self.focused.id if self.focused is not None and self.focused.id else "commands"
        has_selection = bool(self.get_selected_text())
        is_asked = bool(self.view.asked_hosts) and self.view.gate is None and not self.source.is_recorded
        here = Focus(pane, self.source.is_recorded, self.commands.step, has_selection, asks_host=is_asked)
        return self.walk.focus(here)

    @property
    def hinted(self) -> str:
        """What is said in the status line for a few seconds."""
        return self._hint.text

    def hint(self, sentence: str) -> None:
        """Say something for a few seconds in the status line."""
        self._hint.say(sentence)

    # ---- panes talk to each other through here

    @on(BlockList.Moved)
    def _moved(self, message: BlockList.Moved) -> None:
        pane = message.pane
        if pane is self.commands and self.walk.replay is not None:
            self.walk.go_to_number(message.number)
        elif pane is self.commands:
            step = self.commands.step
            if step is not None and self.commands.is_held:
                self.reasoning.read(step.address.turn)
            elif step is not None:
                self.reasoning.read(None)
            self.filing.go(step.address if step is not None else None)
            self.header.refresh()
            self.call_after_refresh(self.status.renew)
        elif pane is self.files:
            self.files.has_chosen = True
            self.filing.choose()

    @on(BlockList.Opened)
    def _opened(self, message: BlockList.Opened) -> None:
        message.pane.focus()
        self.deeds.do("open")

    @on(Lines.Pressed)
    def _strip_pressed(self, message: Lines.Pressed) -> None:
        if message.widget is self.header:
            self._top.press(message.x, message.y, self.header.size.width)

    @on(CommandsPane.Wanted)
    def _wanted(self, message: CommandsPane.Wanted) -> None:
        if self.source.outputs is not None:
            spawn(self._load_output(message.step, self.source.outputs), "output")

    async def _load_output(self, step: StepView, folder: Path) -> None:
        """Give a step the output that went by before this screen looked, so that its colours are shown."""
        data = await asyncio.to_thread(read_output, folder, step)
        if data and self.is_attached:
            self.commands.take_output(step, data)

    # ---- keys

    @cached_property
    def deeds(self) -> "Deeds":
        """What actions do; loaded with the first key."""
        from lis_tui.ui.deeds import Deeds

        return Deeds(self)

    def action_do(self, action_id: str) -> None:
        """Do an action of the table, or say why it cannot be done."""
        self._acted_at = self.monotonic()
        action_id = meant(action_id, self.where)
        reason = why_not(action_id, self.view, self.where)
        if reason:
            self.hint(reason)
        else:
            self.deeds.do(action_id)

    def send(self, decision: Decision, address: StepAddress | None = None) -> None:
        """Send a decision; a refusal is said."""
        gate = self.view.gate.gate if address is not None and self.view.gate is not None else None
        spawn(self.source.decide(decision, address, gate), "decision", self.refused)

    def refused(self, error: Exception) -> None:
        """Say why something was not done; anything but a LisError is a bug."""
        if not isinstance(error, LisError):
            raise error
        self.refuse(error.sentence)

    def refuse(self, sentence: str) -> None:
        """Say why something was not done, in the status line where that has the room for it."""
        if cells([(sentence, "")]) <= self.status.size.width - STATE_CELLS:
            self.hint(sentence)
        else:
            from lis_tui.ui.screens.refusal import RefusalDialog

            self.app.push_screen(RefusalDialog(sentence))

    def another(self, source: Source) -> "Workbench":
        """Give the workbench of another run, drawn and timed like this one."""
        return Workbench(
            source,
            self.paint,
            now=self.now,
            monotonic=self.monotonic,
            interval_s=self._interval_s,
            has_bell=self.announcer.has_bell,
            config_folder=self.config_folder,
        )

    @cached_property
    def leaving(self) -> Leaving:
        """What remains of the run when one leaves."""
        return Leaving(self)

    def on_screen_resume(self) -> None:
        """Be in front, again."""
        self.announcer.name_window()
        spawn(self._find_forks(), "find forks", self.refused)

    async def _find_forks(self) -> None:
        """Learn where other runs left this one."""
        runs = await asyncio.to_thread(self.source.runs)
        points = {run.parent_step for run in runs if run.parent == self.source.name and run.parent_step}
        if self.is_attached and points != self.commands.forks:
            self.commands.forks = points
            self.header.renew()

    def on_resize(self, event: events.Resize) -> None:
        """Arrange the panes for the new size."""
        self.arrangement.fit(event.size)

    def repaint(self, paint: Paint) -> None:
        """Draw everything with another theme."""
        self.paint = paint
        for line in (self.header, self.status):
            line.repaint(paint)
        for pane in self.panes:
            pane.repaint(paint)
