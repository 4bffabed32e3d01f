"""What each action of the table does on the workbench."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from lis_tui.core.decisions import (
    Approve,
    CloseInput,
    Edit,
    End,
    FollowUp,
    Interrupt,
    Pause,
    Reject,
    Resume,
    RetryNow,
    SendInput,
    SetLimits,
    SetMode,
    Steer,
)
from lis_tui.core.events import StepAddress
from lis_tui.core.spec import Limits, Mode
from lis_tui.core.text import one_line
from lis_tui.ui.calls import command_of, short
from lis_tui.ui.widgets.blocks import BlockList
from lis_tui.ui.widgets.lines import ThemeAsked

if TYPE_CHECKING:
    from lis_tui.ui.screens.workbench import Workbench

GRACE_S = 0.4
"""Keys that come sooner after a gate appeared were meant for something else."""
BLINK_S = 0.15
_NEXT_MODE: dict[Mode, Mode] = {"auto": "confirm", "confirm": "step", "step": "auto"}


class Deeds:
    """Carries out actions for one workbench."""

    def __init__(self, screen: "Workbench") -> None:
        self._screen = screen

    def do(self, action_id: str) -> None:
        """Carry out an action that can run now."""
        deed: Callable[[], None] = getattr(self, {"continue": "continue_"}.get(action_id, action_id))
        deed()

    # ---- deciding

    def approve(self) -> None:
        """Let the painted step happen."""
        address = self._painted()
        if address is not None:
            self._screen.send(Approve(), address)

    def edit(self) -> None:
        """Change the painted step in an editor."""
        from lis_tui.ui.screens.edit import EditDialog

        address = self._painted()
        step = self._screen.view.step(address) if address is not None else None
        if step is None:
            return

        def edited(arguments: str | None) -> None:
            if arguments is not None:
                self._screen.send(Edit(arguments), address)

        self._screen.app.push_screen(EditDialog(step, self._screen.paint), edited)

    def reject(self) -> None:
        """Refuse the painted step, with a reason."""
        address = self._painted()
        if address is not None:
            self._ask(
                f"Reject step {address}",
                "Why? The model reads it. Empty: no reason.",
                lambda text: self._screen.send(Reject(text), address),
                is_empty_fine=True,
            )

    def tell(self) -> None:
        """Say something to the model."""
        self._ask(
            "Tell the model",
            "It reads this before its next turn.",
            self._steer,
        )

    def _steer(self, text: str) -> None:
        self._screen.send(Steer(text))
        self._screen.hint("queued: the model reads it before its next turn")

    def follow_up(self) -> None:
        """Go on after the end."""
        self._ask(
            "Follow-up",
            "The run goes on with this message, in the same sandbox.",
            lambda text: self._screen.send(FollowUp(text)),
        )

    def limits(self) -> None:
        """Change the limits."""
        from lis_tui.ui.screens.limits import LimitsDialog

        def changed(limits: Limits | None) -> None:
            if limits is not None:
                self._screen.send(SetLimits(limits))

        self._screen.app.push_screen(LimitsDialog(self._screen.view.limits), changed)

    def _painted(self) -> StepAddress | None:
        """Give the gate that the person saw when they pressed the key; else say why the key did nothing."""
        commands = self._screen.commands
        address = commands.painted_gate
        if address is None:
            self.pane_2()
            commands.show_gate()
            self._screen.hint("this is what waits; press again to decide")
            return None
        if commands.gate_age_s < GRACE_S:
            self._blink()
            return None
        return address

    def _blink(self) -> None:
        commands = self._screen.commands
        commands.is_blinking = True
        commands.update_blocks()
        self._screen.hint("typed before this could be read; nothing was decided")
        self._screen.set_timer(BLINK_S, self._end_blink)

    def _end_blink(self) -> None:
        self._screen.commands.is_blinking = False
        self._screen.commands.update_blocks()

    def _ask(
        self, title: str, note: str, answer: Callable[[str], None], *, is_empty_fine: bool = False
    ) -> None:
        from lis_tui.ui.screens.dialogs import AskDialog

        def answered(text: str | None) -> None:
            if text is not None:
                answer(text)

        self._screen.app.push_screen(AskDialog(title, note, is_empty_fine=is_empty_fine), answered)

    # ---- running

    def pause(self) -> None:
        """Hold at the next gate; pressed again, cut what goes on; at the gate, go on."""
        view = self._screen.view
        if not view.is_held:
            self._screen.send(Pause())
            self._screen.hint("holds at the next gate · p again cuts now · c goes on")
        elif view.gate is not None:
            self._screen.send(Resume())
        else:
            self._screen.send(Interrupt())

    def hold(self) -> None:
        """Hold at the next gate."""
        if not self._screen.view.is_held:
            self.pause()

    def next(self) -> None:
        """Take one step."""
        address: StepAddress | None = None
        if self._screen.view.gate is not None:
            address = self._painted()
            if address is None:
                return
        if self._screen.view.mode != "step":
            self._screen.send(SetMode("step"))
        if address is not None:
            self._screen.send(Approve(), address)

    def continue_(self) -> None:
        """Go on to the next gate that waits by itself."""
        view = self._screen.view
        address: StepAddress | None = None
        if view.gate is not None:
            address = self._painted()
            if address is None:
                return
        because = view.gate.because if view.gate is not None else ""
        if view.is_held:
            self._screen.send(Resume())
        if view.mode == "step":
            self._screen.send(SetMode("auto"))
        is_released = because == "paused" or (view.mode == "step" and not because.startswith("breakpoint"))
        if address is not None and not is_released:
            self._screen.send(Approve(), address)

    def mode(self) -> None:
        """Change which gates wait."""
        wished = _NEXT_MODE[self._screen.view.mode]
        if self._screen.view.gate is not None and self._painted() is None:
            return
        self._screen.send(SetMode(wished))
        said = {
            "auto": "nothing waits",
            "confirm": "every step waits for you",
            "step": "waits at the next gate, each time",
        }
        self._screen.hint(f"mode {wished}: {said[wished]}")

    def interrupt(self) -> None:
        """Stop the running command."""
        running = self._screen.view.running
        self._screen.send(Interrupt(), running.address if running is not None else None)

    def type(self) -> None:
        """Type into the running command."""
        from lis_tui.ui.screens.dialogs import InputDialog

        step = self._screen.view.running
        if step is None:
            return
        address = step.address

        def typed(decision: SendInput | CloseInput | None) -> None:
            if decision is not None:
                self._screen.send(decision, address)

        what = short(step.tool, step.arguments)
        self._screen.app.push_screen(InputDialog(f"Type into {address} {what}"), typed)

    def retry_now(self) -> None:
        """Do not wait for the countdown."""
        self._screen.send(RetryNow())

    def end(self) -> None:
        """End the run."""
        self._screen.send(End())

    # ---- moving

    def down(self) -> None:
        """To the next block."""
        self._step(1)

    def up(self) -> None:
        """To the block before."""
        self._step(-1)

    def first(self) -> None:
        """To the beginning."""
        self._pane.is_following = False
        self._pane.move_to(0)

    def last(self) -> None:
        """To the end."""
        self._pane.follow()

    def follow(self) -> None:
        """Follow the live end in both columns."""
        self._screen.commands.follow()
        self._screen.reasoning.follow()

    def next_notable(self) -> None:
        """To the next step worth a look."""
        self._jump(1)

    def previous_notable(self) -> None:
        """To the one before."""
        self._jump(-1)

    @property
    def _pane(self) -> BlockList:
        focused = self._screen.focused
        return focused if isinstance(focused, BlockList) else self._screen.commands

    def _step(self, direction: int) -> None:
        pane = self._pane
        pane.move_to(pane.cursor + direction)

    def _jump(self, direction: int) -> None:
        number = self._screen.commands.notable(direction)
        if number is None:
            self._screen.hint("no other step failed or was changed")
            return
        self._screen.commands.focus()
        self._screen.commands.move_to(number)

    # ---- looking

    def open(self) -> None:
        """Open what is under the cursor."""
        pane, screen = self._pane, self._screen
        if pane is screen.reasoning:
            screen.reasoning.toggle(pane.cursor)
        elif pane is screen.files:
            entry = screen.files.selected()
            if entry is not None and entry.kind == "folder":
                screen.files.toggle(pane.cursor)
            elif entry is not None:
                self.pane_4()
            else:
                screen.hint("no file is here yet")
        elif pane is screen.commands and screen.commands.step is not None:
            from lis_tui.ui.screens.output import OutputScreen

            screen.app.push_screen(OutputScreen(screen.commands.step, screen.source.outputs, screen.paint))

    def sent(self) -> None:
        """Show what was sent in the turn under the cursor."""
        from lis_tui.ui.screens.request import RequestScreen

        step = self._screen.commands.step
        turn = len(self._screen.view.turns) - 1 if step is None else step.address.turn
        if self._pane is self._screen.reasoning:
            turn = self._screen.reasoning.cursor
        self._screen.app.push_screen(RequestScreen(self._screen.facts, max(turn, 1), self._screen.paint))

    def copy(self) -> None:
        """Copy the block under the cursor."""
        pane, screen = self._pane, self._screen
        if pane is screen.reasoning:
            text = screen.reasoning.text_of_turn(pane.cursor)
        elif pane is screen.files or pane is screen.preview:
            entry = screen.preview.entry if pane is screen.preview else screen.files.selected()
            text = entry.path if entry is not None else ""
        else:
            step = screen.commands.step
            text = command_of(step) if step is not None else ""
        screen.app.copy_to_clipboard(text)
        screen.hint(f"copied: {one_line(text, 60)}" if text else "nothing to copy here")

    def copy_or_interrupt(self) -> None:
        """Copy the selection, else interrupt, else say how to leave."""
        selected = self._screen.get_selected_text()
        if selected:
            self._screen.app.copy_to_clipboard(selected)
            self._screen.hint("copied")
        elif self._screen.view.running is not None and not self._screen.source.is_recorded:
            self.interrupt()
            self._screen.hint("interrupting the command")
        else:
            self._screen.hint("q leaves · p pauses · with text selected, ctrl+c copies it")

    def pane_1(self) -> None:
        """To the reasoning."""
        self._focus(self._screen.reasoning)

    def pane_2(self) -> None:
        """To the commands."""
        self._focus(self._screen.commands)

    def pane_3(self) -> None:
        """To the files."""
        self._focus(self._screen.files)

    def pane_4(self) -> None:
        """To the preview."""
        self._focus(self._screen.preview)

    def _focus(self, pane: BlockList) -> None:
        self._screen.arrangement.show(pane.id or "")
        pane.focus()

    def zoom(self) -> None:
        """One pane alone."""
        self._screen.arrangement.zoom()

    def narrower(self) -> None:
        """Make the pane narrower."""
        self._screen.arrangement.resize(-1)

    def wider(self) -> None:
        """Make the pane wider."""
        self._screen.arrangement.resize(1)

    def theme(self) -> None:
        """Take the next theme."""
        self._screen.post_message(ThemeAsked())

    # ---- always

    def help(self) -> None:
        """Show all keys."""
        from lis_tui.ui.screens.help import HelpDialog

        self._screen.app.push_screen(HelpDialog(self._screen.view, self._screen.where, self._screen.paint))

    def palette(self) -> None:
        """Search all actions."""
        from lis_tui.ui.screens.help import PaletteDialog

        def chosen(action_id: str | None) -> None:
            if action_id is not None:
                self._screen.action_do(action_id)

        self._screen.app.push_screen(
            PaletteDialog(self._screen.view, self._screen.where, self._screen.paint), chosen
        )

    def quit(self) -> None:
        """Leave; of a live run it is asked what becomes of it."""
        self._screen.leave()
