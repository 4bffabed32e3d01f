"""A run that another program recorded, as text: only what its recording says, and nothing of ours."""

from collections.abc import Iterable

from lis_tui.cli.printer import BOLD, DIM, Out, Printer, step_lines
from lis_tui.core.events import (
    Event,
    ForeignKept,
    MessageSent,
    ModelAsked,
    ReplyFinished,
    RunStarted,
    StepProposed,
    StepStarted,
    TrajectoryImported,
)
from lis_tui.core.text import one_line, plural

_Lines = Iterable[tuple[str, str]]


class ForeignPrinter(Printer):
    """Prints a foreign run. A step is told when it is proposed: of some nothing more is known."""

    def __init__(self, out: Out) -> None:
        super().__init__(out)
        self._asked = 0

    def finish(self) -> None:
        """Say that the recording says nothing of an end, where it has none."""
        if self.view.ended is None:
            self._say_all([("■ the recording ends here", BOLD), (_totals(self), DIM)])
        super().finish()

    def _lines(self, event: Event) -> _Lines:
        match event:
            case RunStarted():
                yield from _beginning(event)
            case TrajectoryImported():
                yield _read_as(event), DIM
            case ForeignKept():
                return
            case ReplyFinished() | ModelAsked():
                yield from self._turn(event)
            case StepProposed(address=address, call=call):
                yield from step_lines(address, call.name, call.arguments)
            case StepStarted(changed_by=None):
                return
            case MessageSent():
                yield f"  said to the model: {one_line(event.text)}", DIM  # by whom is a guess
            case _:
                yield from super()._lines(event)

    def _turn(self, event: ReplyFinished | ModelAsked) -> _Lines:
        if self._asked != event.turn:
            self._asked = event.turn
            yield f"── turn {event.turn} ──", BOLD
        if isinstance(event, ReplyFinished):
            yield from super()._lines(event)


def _beginning(event: RunStarted) -> _Lines:
    yield " · ".join(filter(None, (event.run, event.spec.model.name))), BOLD
    yield from ((line, "") for line in event.spec.task.strip().splitlines())


def _read_as(event: TrajectoryImported) -> str:
    version = f" {one_line(event.version, 40)}" if event.version else ""
    parts = [f"recorded by {one_line(event.format, 60)}{version}"]
    if event.problems:
        parts.append(f"{plural(len(event.problems), 'record')} could not be read")
    if event.kept:
        verb = "has" if len(event.kept) == 1 else "have"
        parts.append(f"{plural(len(event.kept), 'kind')} of fields {verb} no place here")
    more = " (--report names them)" if len(parts) > 1 else ""
    return f"{'; '.join(parts)}{more}"


def _totals(printer: Printer) -> str:
    view = printer.view
    tokens = view.totals.prompt_tokens + view.totals.completion_tokens
    parts = [plural(view.turn.number, "turn"), plural(len(view.steps), "step")]
    parts += [plural(tokens, "token")] if tokens else []
    return " · ".join(parts)
