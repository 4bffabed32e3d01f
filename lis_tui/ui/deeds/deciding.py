"""Deciding about what waits, and talking to the model."""

from lis_tui.core.decisions import Approve, Edit, FollowUp, Reject, SetLimits, Steer
from lis_tui.core.spec import Limits
from lis_tui.ui.deeds.group import Group


class Deciding(Group):
    """Answers the gate that is painted."""

    def approve(self) -> None:
        """Let the painted step happen."""
        address = self.painted()
        if address is not None:
            self.screen.send(Approve(), address)

    def edit(self) -> None:
        """Change the painted step in an editor."""
        from lis_tui.ui.screens.edit import EditDialog

        address = self.painted()
        step = self.screen.view.step(address) if address is not None else None
        if step is None:
            return

        def edited(arguments: str | None) -> None:
            if arguments is not None:
                self.screen.send(Edit(arguments), address)

        self.screen.app.push_screen(EditDialog(step, self.screen.paint), edited)

    def reject(self) -> None:
        """Refuse the painted step, with a reason."""
        address = self.painted()
        if address is not None:
            self.ask(
                f"Reject step {address}",
                "Why? The model reads it. Empty: no reason.",
                lambda text: self.screen.send(Reject(text), address),
                is_empty_fine=True,
            )

    def tell(self) -> None:
        """Say something to the model."""
        self.ask(
            "Tell the model",
            "It reads this before its next turn.",
            self._steer,
        )

    def _steer(self, text: str) -> None:
        self.screen.send(Steer(text))
        self.screen.hint("queued: the model reads it before its next turn")

    def follow_up(self) -> None:
        """Go on after the end."""
        self.ask(
            "Follow-up",
            "The run goes on with this message, in the same sandbox.",
            lambda text: self.screen.send(FollowUp(text)),
        )

    def limits(self) -> None:
        """Change the limits."""
        from lis_tui.ui.screens.limits import LimitsDialog

        def changed(limits: Limits | None) -> None:
            if limits is not None:
                self.screen.send(SetLimits(limits))

        self.screen.app.push_screen(LimitsDialog(self.screen.view.limits), changed)
