"""What a person (or a rule, or a script) may answer: imperatives, as plain data.

A decision at a gate names the step address that was on the screen when the key was pressed.
Decisions about the run as a whole name none.
"""

from typing import Literal

from msgspec import Struct

from lis_tui.core.breakpoints import AllowRule, Breakpoint
from lis_tui.core.spec import Limits, Mode, ModelSpec

HostVerdict = Literal["once", "always", "no"]
"""Whether a host may be reached: this once, from now on in this run, or not."""


class Approve(Struct, frozen=True, tag=True):
    """Let it happen as proposed."""


class ApproveRule(Struct, frozen=True, tag=True):
    """Let it happen, and ask about this very call no more. The rule must be that of the call that waits."""

    rule: AllowRule


class Edit(Struct, frozen=True, tag=True):
    """Let it happen with these arguments (a JSON object) instead of the proposed ones."""

    arguments: str


class Amend(Struct, frozen=True, tag=True):
    """Have the waiting step be this instead, and go on waiting; None: what the model proposed, again."""

    arguments: str | None


class Inject(Struct, frozen=True, tag=True):
    """Run this command as a step of the person's; `is_hidden`: the model is not told.

    At a gate it runs before the waiting step, which then waits again, or right `is_after` it. Elsewhere it
    runs as soon as nothing else does.
    """

    command: str
    is_hidden: bool = False
    is_after: bool = False


class Resample(Struct, frozen=True, tag=True):
    """Ask the model once more for the reply of which nothing has run yet; all versions are kept."""


class ChooseVersion(Struct, frozen=True, tag=True):
    """Of the replies to this request have this one count (from 1), as long as nothing of it has run."""

    version: int


class EditReply(Struct, frozen=True, tag=True):
    """Have the model see this as its own reasoning and text, while its reply waits; None: as it is."""

    reasoning: str | None = None
    text: str | None = None


class ContinueFrom(Struct, frozen=True, tag=True):
    """Before the model is asked again after a cut: have it go on from this beginning of its reply."""

    text: str
    reasoning: str = ""


class ChangeModel(Struct, frozen=True, tag=True):
    """Ask another model, or the same in another way, from the next request on."""

    model: ModelSpec


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


class Withdraw(Struct, frozen=True, tag=True):
    """Take back what was said and not sent yet, word for word."""

    text: str


class RunOwn(Struct, frozen=True, tag=True):
    """Run this in the person's own shell, beside the model's; it sees nothing of it.

    Decided at the address of a past step: in a throw-away copy of the sandbox as it was after that.
    """

    command: str


class StopOwn(Struct, frozen=True, tag=True):
    """Stop the command that runs in the person's own shell."""


class ShareOwn(Struct, frozen=True, tag=True):
    """Show the model the person's own command of this number, with its output, before its next turn."""

    number: int


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


class AnswerConnection(Struct, frozen=True, tag=True):
    """Let the sandbox reach the host that this question was about: once, from now on, or not."""

    number: int
    verdict: HostVerdict


class SetAllowedHosts(Struct, frozen=True, tag=True):
    """Replace the hosts that the sandbox may reach."""

    hosts: tuple[str, ...]


class Interrupt(Struct, frozen=True, tag=True):
    """Stop the running command: INT, then TERM, then KILL. The shell lives on."""


class SetTimeout(Struct, frozen=True, tag=True):
    """Let the running command take this long in all."""

    timeout_s: float


class ToBackground(Struct, frozen=True, tag=True):
    """Let the running command go on as a job; the model is told, and goes on."""


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
    """End the run now; with an `answer` of the person's where they give one."""

    reason: str = ""
    answer: str | None = None


GateDecision = (
    Approve | ApproveRule | Edit | Reject | Skip | Inject | Resample | ChooseVersion | ContinueFrom | End
)
"""What may answer a gate."""

Decision = (
    Approve
    | ApproveRule
    | Edit
    | Amend
    | Inject
    | Resample
    | ChooseVersion
    | EditReply
    | ContinueFrom
    | ChangeModel
    | EditObservation
    | Reject
    | Skip
    | Steer
    | Withdraw
    | RunOwn
    | StopOwn
    | ShareOwn
    | Pause
    | Resume
    | SetMode
    | SetBreakpoints
    | SetAllowRules
    | AnswerConnection
    | SetAllowedHosts
    | Interrupt
    | SetTimeout
    | ToBackground
    | SendInput
    | CloseInput
    | RetryNow
    | SetLimits
    | FollowUp
    | End
)
