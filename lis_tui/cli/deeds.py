"""What people (or scripts, or rules) did to a run, each in one line for the printer."""

from functools import singledispatch

from lis_tui.core.events import (
    BreakpointsChanged,
    CommandInjected,
    Event,
    JobEnded,
    ModeChanged,
    ModelChanged,
    OwnCommandRan,
    PauseAsked,
    PauseLifted,
    ReplyEdited,
    ReplyResampled,
    RunForked,
    SentToBackground,
    StepAmended,
    TimeoutChanged,
    VersionChosen,
)
from lis_tui.core.text import one_line

MOST_REASON = 600
"""Signs of why a run holds that are shown."""


@singledispatch
def deed(event: Event) -> str:  # noqa: ARG001  (what is not listed says nothing)
    """Say it; empty where the event is none of these."""
    return ""


@deed.register
def _(event: PauseAsked) -> str:
    why = one_line(event.reason.replace("\n", " "), MOST_REASON) or "the run holds at its next gate"
    return f"paused by a {event.by}: {why}"


@deed.register
def _(event: PauseLifted) -> str:
    return f"let go on by a {event.by}"


@deed.register
def _(event: ModeChanged) -> str:
    return f"mode {event.mode}, set by a {event.by}"


@deed.register
def _(event: BreakpointsChanged) -> str:
    return f"the breakpoints were changed by a {event.by}"


@deed.register
def _(event: ModelChanged) -> str:
    return f"from now on {one_line(event.model.name, 60)} is asked, by the will of a {event.by}"


@deed.register
def _(event: CommandInjected) -> str:
    hidden = ", hidden from the model" if event.is_hidden else ""
    return f"{event.address} is a command of a {event.by}{hidden}"


@deed.register
def _(event: StepAmended) -> str:
    what = "as the model proposed it, again" if event.arguments is None else one_line(event.arguments)
    return f"{event.address} would now run as changed by a {event.by}: {what}"


@deed.register
def _(event: ReplyResampled) -> str:
    return f"the model was asked once more: version {event.version} of the reply counts"


@deed.register
def _(event: VersionChosen) -> str:
    return f"version {event.version} of the reply counts, chosen by a {event.by}"


@deed.register
def _(event: ReplyEdited) -> str:
    return f"what the model sees as its own words was changed by a {event.by}"


@deed.register
def _(event: OwnCommandRan) -> str:
    code = "" if event.exit_code is None else f" (exit {event.exit_code})"
    return f"in a person's own shell{code}: {one_line(event.command)}"


@deed.register
def _(event: TimeoutChanged) -> str:
    return f"{event.address} may take {event.timeout_s:g} s, set by a {event.by}"


@deed.register
def _(event: SentToBackground) -> str:
    return f"{event.address} goes on in the background, sent there by a {event.by}"


@deed.register
def _(event: JobEnded) -> str:
    code = "" if event.exit_code is None else f" with exit code {event.exit_code}"
    return f"{event.address}: its background job has ended{code}"


@deed.register
def _(event: RunForked) -> str:
    point = f"before {event.point}" if event.is_before else f"after {event.point}"
    return f"{event.kind} of {one_line(event.parent, 60)} {point}"
