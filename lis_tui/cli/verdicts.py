"""How a re-execution compares, step by step, for the printer."""

from collections.abc import Iterable

from lis_tui.core.differing import diff_texts
from lis_tui.core.events import Event, ReexecutionBegan, StepReplayed
from lis_tui.core.text import one_line
from lis_tui.core.view import RunView
from lis_tui.trajectory.envelopes import printed
from lis_tui.trajectory.judging import VERDICTS

MOST_LINES = 20
"""Lines of a difference that are printed."""


def verdict_lines(event: Event, view: RunView) -> Iterable[tuple[str, bool]]:
    """Say what is done again, and how a step compares; each line with whether it tells of a divergence."""
    match event:
        case ReexecutionBegan():
            yield from ((f"  ! {line}", False) for line in _beginning(event))
        case StepReplayed():
            yield from _verdict(event, view)
        case _:
            return


def _beginning(event: ReexecutionBegan) -> Iterable[str]:
    place = f" {'before' if event.is_before else 'up to'} {event.last}" if event.last is not None else ""
    then = f"; then {one_line(event.then, 80)} goes on" if event.then else ""
    yield f"what was recorded is done again{place}{then}"
    yield from map(one_line, event.notes)


def _verdict(event: StepReplayed, view: RunView) -> Iterable[tuple[str, bool]]:
    sign, words = VERDICTS[event.verdict]
    is_bad = event.verdict == "diverged"
    because = ", ".join(event.rules) if event.rules else event.because
    yield f"{event.address} {sign} {words}{f': {one_line(because)}' if because else ''}", is_bad
    step = view.step(event.address)
    if is_bad and step is not None and step.observation is not None:
        now = step.observation.text
        diff = diff_texts(printed(event.expected), printed(now), ("recorded", "now"))
        yield from ((f"    {line}", False) for line in diff.lines[:MOST_LINES])
