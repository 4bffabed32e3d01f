"""Which hosts a recorded run's sandbox could reach in each step, and what a person answered about others."""

from collections.abc import Iterable, Mapping

from lis_tui.core.decisions import HostVerdict
from lis_tui.core.events import (
    AllowedHostsChanged,
    ConnectionAnswered,
    ConnectionAsked,
    Event,
    Record,
    RunStarted,
    StepAddress,
    StepFinished,
    StepStarted,
)

Answers = Mapping[tuple[str, int], HostVerdict]
"""By host and port."""


class Permitted:
    """The hosts of a recording up to a point, as its records tell of them."""

    def __init__(self, records: Iterable[Record]) -> None:
        self.first: tuple[str, ...] = ()
        """What it began with."""
        self.last: tuple[str, ...] = ()
        """What it could reach at the end, or the point."""
        self.answers: dict[StepAddress, dict[tuple[str, int], HostVerdict]] = {}
        """What was answered about others, once or no, for a step alone."""
        self._by_step: dict[StepAddress, tuple[str, ...]] = {}
        self._running: StepAddress | None = None
        self._asked: dict[int, tuple[StepAddress | None, str, int]] = {}
        for record in records:
            self._take(record.event)

    def by(self, step: StepAddress) -> tuple[str, ...]:
        """Give what could be reached by the end of this step: what is asked for in it waits for an answer."""
        return self._by_step.get(step, self.last)

    @property
    def later(self) -> tuple[str, ...]:
        """What a person allowed at any time since it began."""
        known = [*self._by_step.values(), self.last]
        return tuple(dict.fromkeys(host for hosts in known for host in hosts if host not in self.first))

    def _take(self, event: Event) -> None:
        match event:
            case RunStarted(spec=spec):
                self.first = self.last = spec.sandbox.allow
            case StepStarted(address=address):
                self._running = address
                self._by_step[address] = self.last
            case StepFinished():
                self._running = None
            case AllowedHostsChanged(hosts=hosts):
                self.last = hosts
                if self._running is not None:
                    self._by_step[self._running] = hosts
            case ConnectionAsked() | ConnectionAnswered():
                self._take_question(event)
            case _:
                pass

    def _take_question(self, event: ConnectionAsked | ConnectionAnswered) -> None:
        if isinstance(event, ConnectionAsked):
            self._asked[event.number] = (self._running, event.host, event.port)
            return
        step, host, port = self._asked.pop(event.number, (None, "", 0))
        if step is not None and event.verdict != "always":
            self.answers.setdefault(step, {})[(host, port)] = event.verdict
