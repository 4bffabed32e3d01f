"""Deciding about what waits, and talking to the model."""

from lis_tui.core.breakpoints import AllowRule
from lis_tui.core.decisions import (
    Approve,
    ApproveRule,
    End,
    FollowUp,
    Reject,
    SetAllowRules,
    SetLimits,
    Skip,
    Steer,
)
from lis_tui.core.spec import Limits
from lis_tui.ui.deeds.group import Group


class Deciding(Group):
    """Answers the gate that is painted."""

    def approve(self) -> None:
        """Let the painted step happen."""
        address = self.painted()
        if address is not None:
            self.screen.send(Approve(), address)

    def skip(self) -> None:
        """Do not run the painted step."""
        address = self.painted()
        if address is not None:
            self.screen.send(Skip(), address)

    def allow(self) -> None:
        """Approve the painted call, and ask about it no more."""
        from lis_tui.ui.screens.choosing import AllowDialog

        address = self.painted()
        step = self.screen.view.step(address) if address is not None else None
        if step is None:
            return

        def allowed(rule: AllowRule | None) -> None:
            if rule is not None:
                self.screen.send(ApproveRule(rule), address)

        rule = AllowRule(step.tool, step.proposed)
        self.screen.app.push_screen(AllowDialog(rule, self.screen.paint), allowed)

    def rules(self) -> None:
        """List the calls that are allowed."""
        from lis_tui.ui.screens.choosing import RulesDialog

        def changed(rules: tuple[AllowRule, ...] | None) -> None:
            if rules is not None:
                self.screen.send(SetAllowRules(rules))

        dialog = RulesDialog(self.screen.view.allow_rules, self.screen.paint)
        self.screen.app.push_screen(dialog, changed)

    def reject(self) -> None:
        """Refuse the painted step, with a reason."""
        address = self.painted()
        if address is not None:
            self.ask(
                f"Reject step {address}",
                "Why? The model reads it. Empty: no reason.",
                lambda text: self.screen.send(Reject(text), address),
                verb="reject",
                is_empty_fine=True,
            )

    def tell(self) -> None:
        """Say something to the model; after the end, the run goes on with it."""
        if self.screen.view.ended is not None:
            self._follow_up()
            return
        self.ask(
            "Tell the model",
            "It reads this before its next turn.",
            self._steer,
        )

    def _steer(self, text: str) -> None:
        self.screen.send(Steer(text))
        self.screen.hint("queued: the model reads it before its next turn")

    def _follow_up(self) -> None:
        self.ask(
            "Follow-up",
            "The run goes on with this message, in the same sandbox.",
            lambda text: self.screen.send(FollowUp(text)),
        )

    def end(self) -> None:
        """End the run, with an answer or without."""
        self.ask(
            "End the run",
            "What it made is kept. An answer of yours, if there is one; empty: none.",
            lambda text: self.screen.send(End(answer=text or None)),
            verb="end it",
            is_empty_fine=True,
        )

    def limits(self) -> None:
        """Change the limits."""
        from lis_tui.ui.screens.limits import LimitsDialog

        def changed(limits: Limits | None) -> None:
            if limits is not None:
                self.screen.send(SetLimits(limits))

        view, warned = self.screen.view, self.screen.around.loads.warned
        self.screen.app.push_screen(LimitsDialog(view.limits, view.load, warned), changed)
