"""Letting the run go on, holding it, and handling the command that runs."""

from lis_tui.core.decisions import (
    Approve,
    CloseInput,
    Interrupt,
    Pause,
    Resume,
    RetryNow,
    SendInput,
    SetMode,
)
from lis_tui.core.events import StepAddress
from lis_tui.core.spec import Mode
from lis_tui.ui.calls import short
from lis_tui.ui.conditions import stoppable
from lis_tui.ui.deeds.group import Group

_NEXT_MODE: dict[Mode, Mode] = {"auto": "confirm", "confirm": "step", "step": "auto"}


class Running(Group):
    """Steers how the run goes on."""

    def pause(self) -> None:
        """Hold at the next gate; pressed again, cut what goes on; at the gate, go on."""
        view = self.screen.view
        if not view.is_held:
            self.screen.send(Pause())
            self.screen.hint("holds at the next gate · p again cuts now · c goes on")
        elif view.gate is not None:
            self.screen.send(Resume())
        else:
            self.screen.send(Interrupt())

    def hold(self) -> None:
        """Hold at the next gate; a recording that a table lies behind: back to that."""
        if self.screen.source.series is not None and len(self.screen.app.screen_stack) > 1:
            self.screen.post_message(self.screen.LeaveAsked())
        elif self.screen.walk.replay is not None:
            self.screen.walk.replay.player.stop()
            self.screen.status.refresh()
        elif not self.screen.view.is_held:
            self.pause()

    def next(self) -> None:
        """Take one step; in a recording, to the next one."""
        if self.screen.walk.replay is not None:
            self.screen.walk.go_on(1)
            return
        address: StepAddress | None = None
        if self.screen.view.gate is not None:
            address = self.painted()
            if address is None:
                return
        if self.screen.view.mode != "step":
            self.screen.send(SetMode("step"))
        if address is not None:
            self.screen.send(Approve(), address)

    def continue_(self) -> None:
        """Go on to the next gate that waits by itself; in a recording, to the next match."""
        if self.screen.walk.replay is not None:
            self.screen.walk.seek(1)
            return
        view = self.screen.view
        address: StepAddress | None = None
        if view.gate is not None:
            address = self.painted()
            if address is None:
                return
        because = view.gate.because if view.gate is not None else ""
        is_released = because == "paused" or (view.mode == "step" and not because.startswith("breakpoint"))
        if address is not None and not is_released:
            self.screen.send(Approve(), address)  # first: to resume at a lost sandbox shows the step again
        if view.is_held:
            self.screen.send(Resume())
        if view.mode == "step":
            self.screen.send(SetMode("auto"))

    def mode(self) -> None:
        """Change which gates wait."""
        wished = _NEXT_MODE[self.screen.view.mode]
        if self.screen.view.gate is not None and self.painted() is None:
            return
        self.screen.send(SetMode(wished))
        said = {
            "auto": "nothing waits",
            "confirm": "every step waits for you",
            "step": "waits at the next gate, each time",
        }
        self.screen.hint(f"mode {wished}: {said[wished]}")

    def interrupt(self) -> None:
        """Stop the running command."""
        running, here = self.screen.view.running, self.screen.commands.step
        if here is not None and here.job == "running" and (running is None or self.screen.commands.is_held):
            running = here
        self.screen.send(Interrupt(), running.address if running is not None else None)

    def copy_or_interrupt(self) -> None:
        """Copy the selection, else interrupt, else say how to leave."""
        selected = self.screen.get_selected_text()
        if selected:
            self.screen.app.copy_to_clipboard(selected)
            self.screen.hint("copied")
        elif not stoppable(self.screen.view, self.screen.where):
            self.interrupt()
            self.screen.hint("interrupting the command")
        else:
            self.screen.hint("q leaves · p pauses · with text selected, ctrl+c copies it")

    def type(self) -> None:
        """Type into the running command."""
        from lis_tui.ui.screens.dialogs import InputDialog

        step = self.screen.view.running
        if step is None:
            return
        address = step.address

        def typed(decision: SendInput | CloseInput | None) -> None:
            if decision is not None:
                self.screen.send(decision, address)

        what = short(step.tool, step.arguments)
        self.screen.app.push_screen(InputDialog(f"Type into {address} {what}"), typed)

    def retry_now(self) -> None:
        """Do not wait for the countdown."""
        self.screen.send(RetryNow())
