"""Small events told in one sentence each, as a run is printed."""

import re

from lis_tui.cli.connections import host_sentence
from lis_tui.cli.deeds import deed
from lis_tui.core.decisions import Decision
from lis_tui.core.events import (
    BreakpointHit,
    ContextTrimmed,
    DecisionMade,
    Event,
    GateOpened,
    InterruptSent,
    MessageSent,
    ModelRetried,
    NoticeGiven,
    ObservationEdited,
    RunContinued,
    RunForked,
    SandboxStarted,
    StorageTrouble,
    UnknownEvent,
)
from lis_tui.core.text import one_line


def sentences(event: Event) -> tuple[str, ...]:
    """What an event says, where it says something here."""
    sentence = _sentence(event) or _sentence_of_a_wait(event) or host_sentence(event) or deed(event)
    return (sentence,) if sentence else ()


def _sentence(event: Event) -> str:
    """What a small event says in one line; empty where it says nothing here."""
    match event:
        case SandboxStarted(kind="embedded"):
            return one_line(f"embedded sandbox up in {event.took_s:.1f} s; {'; '.join(event.notes)}", 500)
        case SandboxStarted():
            return f"sandbox {event.container[:12]} up in {event.took_s:.1f} s"
        case NoticeGiven(text):
            return one_line(text, 500)
        case MessageSent():
            return f"said to the model ({event.origin.replace('_', ' ')}): {one_line(event.text)}"
        case ModelRetried():
            tries = f"{event.attempt} of {event.max_attempts}"
            return f"{one_line(event.reason)} Try {tries} in {event.wait_s:.0f} s."
        case ContextTrimmed():
            return f"to fit the window, {len(event.trims)} older observations were shortened"
        case UnknownEvent():
            return f"an event that this version does not know: {one_line(bytes(event.raw).decode())}"
        case _:
            return ""


def _sentence_of_a_wait(event: Event) -> str:
    match event:
        case StorageTrouble(text, is_over):
            return "the journal can be written again" if is_over else f"{one_line(text)} The run holds."
        case GateOpened():
            then = f"; {event.default} after {event.timeout_s:g} s" if event.timeout_s is not None else ""
            return f"{event.address} waits for a decision ({one_line(event.because)}){then}"
        case DecisionMade():
            return f"{event.address}: {_name(event.decision)} by {event.by}"
        case BreakpointHit():
            return f"{event.address} breakpoint {one_line(event.name, 60)}: {one_line(event.text)}"
        case ObservationEdited():
            return f"{event.address}: what the model sees of it was changed by a {event.by}"
        case InterruptSent():
            return f"{event.address} is interrupted{f': {event.signal}' if event.signal else ''}"
        case RunContinued() | RunForked():
            return _sentence_of_going_on(event)
        case _:
            return ""


def _sentence_of_going_on(event: RunContinued | RunForked) -> str:
    if isinstance(event, RunContinued):
        return " · ".join([f"the run goes on: {one_line(event.reason)}", *map(one_line, event.lost)])
    return " · ".join(map(one_line, (event.about, *event.lost, *event.problems)))


def _name(decision: Decision) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(decision).__name__).lower()
