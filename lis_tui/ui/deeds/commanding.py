"""Commands of the person's: injected as steps, in a shell of their own; and the command that runs."""

from lis_tui.core.decisions import Inject, SetTimeout, ToBackground
from lis_tui.ui.calls import short
from lis_tui.ui.deeds.group import Group


class Commanding(Group):
    """Runs commands beside the model's, and handles the model's while it runs."""

    def inject(self) -> None:
        """Run a command as a step of the person's."""
        from lis_tui.ui.screens.inject import InjectDialog

        gate = self.screen.view.gate
        address = self.painted() if gate is not None else None
        if gate is not None and address is None:
            return
        when = "It runs as soon as nothing else does."
        if gate is not None:
            when = "It runs at once; then the run waits here again."

        def injected(decision: Inject | None) -> None:
            if decision is not None:
                self.screen.send(decision, address)

        has_place = gate is not None and gate.gate == "before_step"
        if has_place:
            when = "Before the step it runs at once, and the step waits again."
        self.screen.app.push_screen(InjectDialog(self.screen.paint, when=when, has_place=has_place), injected)

    def own_shell(self) -> None:
        """Open the person's own shell: in the sandbox, or in a copy of it as it was after an earlier step."""
        from lis_tui.ui.screens.shell import ShellDialog

        screen, step = self.screen, self.screen.commands.step
        is_past = step is not None and screen.commands.is_held
        at = step.address if step is not None and is_past and step.has_checkpoint else None
        screen.app.push_screen(
            ShellDialog(screen.view, screen.paint, lambda decision: screen.send(decision, at), at)
        )
        if is_past and at is None:
            screen.hint("no checkpoint of this step is kept; this is the sandbox as it is now")

    def background(self) -> None:
        """Let the running command go on as a job."""
        running = self.screen.view.running
        if running is not None:
            self.screen.send(ToBackground(), running.address)

    def timeout(self) -> None:
        """Change how long the running command may take."""
        from lis_tui.ui.screens.choosing import TimeDialog

        step = self.screen.view.running
        if step is None:
            return
        address = step.address

        def changed(seconds: float | None) -> None:
            if seconds is not None:
                self.screen.send(SetTimeout(seconds), address)

        limit_s = step.timeout_s or self.screen.view.limits.command_timeout_s
        spent_s = self.screen.clock() - (step.started_at or self.screen.clock())
        title = f"Time limit of {address} {short(step.tool, step.arguments)}"
        self.screen.app.push_screen(TimeDialog(title, limit_s, spent_s), changed)
