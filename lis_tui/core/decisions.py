"""What a person (or a rule, or a script) may answer: imperatives, as plain data.

A decision at a gate names the step address that was on the screen when the key was pressed.
Decisions about the run as a whole name none.
"""

from msgspec import Struct

from lis_tui.core.breakpoints import AllowRule, Breakpoint
from lis_tui.core.spec import Limits, Mode


class Approve(Struct, frozen=True, tag=True):
    """Let it happen as proposed."""


class ApproveRule(Struct, frozen=True, tag=True):
    """Let it happen, and ask about this very call no more. The rule must be that of the call that waits."""

    rule: AllowRule


class Edit(Struct, frozen=True, tag=True):
    """Let it happen with these arguments (a JSON object) instead of the proposed ones."""

    arguments: str


class EditObservation(Struct, frozen=True, tag=True):
    """Have the model see this of a step that has run, as long as a gate waits and it saw nothing of it yet.

    At the gate after that step it also lets the run go on.
    """

    text: str


class Reject(Struct, frozen=True, tag=True):
    """Do not run it; the model sees the reason."""

    reason: str = ""


class Skip(Struct, frozen=True, tag=True):
    """Do not run it and say only that it was skipped."""


class Steer(Struct, frozen=True, tag=True):
    """Say something to the model before its next turn."""

    text: str


class Pause(Struct, frozen=True, tag=True):
    """Hold at the next gate."""


class Resume(Struct, frozen=True, tag=True):
    """Stop holding, and approve what waits only because of the pause."""


class SetMode(Struct, frozen=True, tag=True):
    """Change which gates wait."""

    mode: Mode


class SetBreakpoints(Struct, frozen=True, tag=True):
    """Replace all breakpoints."""

    breakpoints: tuple[Breakpoint, ...]


class SetAllowRules(Struct, frozen=True, tag=True):
    """Replace all rules that keep a gate from waiting."""

    rules: tuple[AllowRule, ...]


class Interrupt(Struct, frozen=True, tag=True):
    """Stop the running command: INT, then TERM, then KILL. The shell lives on."""


class SendInput(Struct, frozen=True, tag=True):
    """Type into the running command's standard input."""

    data: bytes


class CloseInput(Struct, frozen=True, tag=True):
    """End the running command's standard input."""


class RetryNow(Struct, frozen=True, tag=True):
    """Do not wait for the countdown before the next try."""


class SetLimits(Struct, frozen=True, tag=True):
    """Replace the limits; a run that a limit ended goes on."""

    limits: Limits


class FollowUp(Struct, frozen=True, tag=True):
    """Go on after the end, in the same sandbox, with this message."""

    text: str


class End(Struct, frozen=True, tag=True):
    """End the run now."""

    reason: str = ""


GateDecision = Approve | ApproveRule | Edit | Reject | Skip | End
"""What may answer a gate."""

Decision = (
    Approve
    | ApproveRule
    | Edit
    | EditObservation
    | Reject
    | Skip
    | Steer
    | Pause
    | Resume
    | SetMode
    | SetBreakpoints
    | SetAllowRules
    | Interrupt
    | SendInput
    | CloseInput
    | RetryNow
    | SetLimits
    | FollowUp
    | End
)
