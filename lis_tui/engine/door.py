"""Which hosts a run's sandbox may reach: rules, a person where they are asked, and a list of what it did."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress

from lis_tui.core.addresses import is_address, is_own_address, why_local
from lis_tui.core.bus import Bus
from lis_tui.core.decisions import AnswerConnection, HostVerdict, SetAllowedHosts
from lis_tui.core.errors import DecisionRefused, SettingsInvalid
from lis_tui.core.events import (
    AllowedHostsChanged,
    ConnectionAnswered,
    ConnectionAsked,
    Event,
    Record,
    RunEnded,
    StepAddress,
    StepFinished,
    Who,
)
from lis_tui.core.network import WEB, Rule, Rules, is_local_name
from lis_tui.core.ports import Connection
from lis_tui.core.spec import RunSpec
from lis_tui.core.view import RunView
from lis_tui.engine.listing import Listing

NOBODY = "Nobody is there who could be asked."
MOST_QUESTIONS = 20
"""Open at once; a person answers no more."""


MOST_REMEMBERED = 1000


class _Question:
    """One host that a person is asked about, on behalf of all connections that wait for it."""

    def __init__(self, number: int, host: str, port: int) -> None:
        self.number = number
        self.host = host
        self.port = port
        self.waiting = 0
        self.answer: asyncio.Future[HostVerdict] = asyncio.get_running_loop().create_future()


class HostDoor:
    """The door of one run. An answer of once, or no, is good for the step that runs."""

    def __init__(
        self,
        bus: Bus,
        view: RunView,
        spec: RunSpec,
        running: Callable[[], StepAddress | None],
        is_own: Callable[[str], bool] = is_own_address,
    ) -> None:
        self._bus = bus
        self._view = view
        self._spec = spec
        self._running = running
        self._is_own = is_own
        self._mirrors: Sequence[str] = ()
        self.hosts = spec.sandbox.allow
        self._rules = Rules(self.hosts, is_own=is_own)
        self._questions: dict[tuple[str, int], _Question] = {}
        self._is_closed = False
        self._asked = 0
        self._answers: dict[tuple[str, int], HostVerdict] = {}
        self._answers_of: StepAddress | None = None
        """The step that they are good for."""
        self._answers_then: Mapping[StepAddress, Mapping[tuple[str, int], HostVerdict]] = {}
        self._is_set_anew = False
        """Somebody has set the hosts in this run: what a recording says of them counts no more."""
        self._begun: dict[tuple[str, int], StepAddress | None] = {}
        """The step that ran when each host was last asked for."""
        self._listing = Listing(
            bus, lambda after_s, call: asyncio.get_running_loop().call_later(after_s, call)
        )
        bus.call(self._see)

    # ---- for the proxy

    async def may_pass(self, host: str, port: int, address: str = "") -> str:
        """Say why this host may not be reached; empty where it may. It may wait for a person's answer."""
        self._begun[(host, port)] = self._running()
        why = self._why_not(host, port, address)
        if not why or not self._spec.sandbox.ask_hosts or _is_local(address or host):
            return why
        if self._answered(host, port) is None:
            if reason := self._why_not_ask():
                return f"{why} {reason}"
            await self._ask(host, port)
        why = self._why_not(host, port, address)
        return (
            "" if self._answered(host, port) == "once" or not why else f"{why} Nobody allowed it when asked."
        )

    def note(self, connection: Connection) -> None:
        """Take down a connection that is over, or was refused; a run that is closed tells nothing more."""
        if self._is_closed:
            return
        self._listing.add(connection, self._begun.get((connection.host, connection.port)))
        if len(self._begun) > MOST_REMEMBERED:
            self._begun.clear()

    # ---- for the run

    def adopt(self, records: Iterable[Record], hosts: tuple[str, ...]) -> None:
        """Go on with the hosts that a run's past allowed, and never use a question's number twice."""
        asked = (record.event.number for record in records if isinstance(record.event, ConnectionAsked))
        self._asked = max(asked, default=0)
        self._set(hosts)

    def answer_as_then(self, answers: Mapping[StepAddress, Mapping[tuple[str, int], HostVerdict]]) -> None:
        """Have what was answered in steps that are done again count in them: nobody is asked twice."""
        self._answers_then = answers

    def allow_as_then(self, before: tuple[str, ...], then: tuple[str, ...]) -> None:
        """Change the hosts as they were changed in a recording; not once somebody has set them anew."""
        if before == then or self._is_set_anew or not self._has_proxy():
            return
        kept = (host for host in self.hosts if host in then or host not in before)
        hosts = tuple(dict.fromkeys((*kept, *(host for host in then if host not in before))))
        with suppress(SettingsInvalid):
            self._set(hosts)
            self._bus.publish(AllowedHostsChanged(hosts, "script"))

    def know(self, mirrors: Sequence[str]) -> None:
        """Let `*` mean these too: the person's own settings send the sandbox there."""
        self._mirrors = mirrors
        self._set(self.hosts)

    def decide(self, decision: AnswerConnection | SetAllowedHosts, by: Who) -> None:
        """Carry out a decision. Raises DecisionRefused."""
        if not self._has_proxy():
            raise DecisionRefused("This run's sandbox has no proxy that could be told.")
        match decision:
            case AnswerConnection(number, verdict):
                self._answer(number, verdict, by)
            case SetAllowedHosts(hosts):
                self._replace(hosts, by)

    def close(self) -> None:
        """Nobody is asked any more, and what is not told yet is told."""
        self._give_up()
        self._listing.close()
        self._is_closed = True

    # ---- rules

    def _why_not(self, host: str, port: int, address: str) -> str:
        rules = self._rules
        return rules.why_not_there(host, port, address) if address else rules.why_not(host, port)

    def _set(self, hosts: tuple[str, ...]) -> None:
        self._rules = Rules(hosts, self._mirrors, self._is_own)
        self.hosts = hosts

    def _replace(self, hosts: tuple[str, ...], by: Who) -> None:
        try:
            self._set(hosts)
        except SettingsInvalid as error:
            raise DecisionRefused(error.sentence) from error
        self._answers.clear()
        self._answers_then, self._is_set_anew = {}, True
        self._bus.publish(AllowedHostsChanged(hosts, by))
        for question in list(self._questions.values()):
            if not self._rules.why_not(question.host, question.port):
                self._settle(question, "always", by)

    def _has_proxy(self) -> bool:
        sandbox = self._view.sandbox
        return (self._spec.sandbox.network if sandbox is None else sandbox.network) == "allow"

    # ---- questions

    def _answered(self, host: str, port: int) -> HostVerdict | None:
        """Give what was said about it in this step."""
        running = self._running()
        if running != self._answers_of:
            self._answers = dict(self._answers_then.get(running, {})) if running is not None else {}
            self._answers_of = running
        return self._answers.get((host, port))

    def _why_not_ask(self) -> str:
        if (
            self._is_closed
            or self._view.ended is not None
            or (self._spec.is_headless and self._spec.gate.timeout_s is None)
        ):
            return NOBODY
        return "Too many questions are open." if len(self._questions) >= MOST_QUESTIONS else ""

    async def _ask(self, host: str, port: int) -> None:
        """Wait until somebody has answered, or the time for it is over."""
        question = self._questions.get((host, port)) or self._new_question(host, port)
        question.waiting += 1
        try:
            await asyncio.wait([question.answer], timeout=self._spec.gate.timeout_s)
        finally:
            question.waiting -= 1
        if not question.answer.done():
            self._settle(question, "once" if self._spec.gate.default == "approve" else "no", "default")

    def _new_question(self, host: str, port: int) -> _Question:
        self._asked += 1
        question = self._questions[(host, port)] = _Question(self._asked, host, port)
        timeout_s = self._spec.gate.timeout_s
        self._bus.publish(ConnectionAsked(number=question.number, host=host, port=port, timeout_s=timeout_s))
        return question

    def _answer(self, number: int, verdict: HostVerdict, by: Who) -> None:
        question = next((one for one in self._questions.values() if one.number == number), None)
        if question is None:
            raise DecisionRefused("That question is no longer open.")
        if verdict == "always":  # written down first: what a person allowed is never lost
            rule = str(Rule(question.host, None if question.port in WEB else question.port))
            hosts = tuple(dict.fromkeys((*self.hosts, rule)))
            self._set(hosts)
            self._bus.publish(AllowedHostsChanged(hosts, by))
        self._settle(question, verdict, by)

    def _settle(self, question: _Question, verdict: HostVerdict, by: Who) -> None:
        key = (question.host, question.port)
        self._questions.pop(key, None)
        self._answered(*key)  # answers of another step are forgotten
        self._answers[key] = verdict
        question.answer.set_result(verdict)
        self._bus.publish(ConnectionAnswered(number=question.number, verdict=verdict, by=by))

    def _see(self, event: Event) -> None:
        """What comes of an event is published after it."""
        if isinstance(event, StepFinished) and (self._questions or self._listing.has_sums):
            asyncio.get_running_loop().call_soon(self._tidy)
        elif isinstance(event, RunEnded):
            self._give_up()

    def _tidy(self) -> None:
        """A step is over: nobody waits any more for what only it wanted, and its sums can be told."""
        if self._view.ended is None:
            for question in [one for one in self._questions.values() if not one.waiting]:
                self._settle(question, "no", "default")
        self._listing.flush()

    def _give_up(self) -> None:
        """The run is over, and with it every question."""
        questions, self._questions = self._questions, {}
        for question in questions.values():
            self._answers[(question.host, question.port)] = "no"
            question.answer.set_result("no")


def _is_local(host: str) -> bool:
    """Whether it is nothing to ask a person about: it must be listed as it is."""
    return is_local_name(host) or (is_address(host) and bool(why_local(host)))
