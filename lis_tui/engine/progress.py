"""Where a run is: its conversation, what it has spent, what was said meanwhile, and whether it is to end."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager

from lis_tui.core.bus import Bus
from lis_tui.core.conversation import Conversation
from lis_tui.core.decisions import Approve
from lis_tui.core.errors import DecisionRefused
from lis_tui.core.events import (
    Event,
    FilesChanged,
    Fragment,
    LimitsChanged,
    ModelAsked,
    ObservationEdited,
    Record,
    StepAddress,
    StepFinished,
    Who,
)
from lis_tui.core.messages import Observation, Reply, StepStatus, ToolCall
from lis_tui.core.parts import StepView
from lis_tui.core.ports import Sandbox
from lis_tui.core.spec import Limits, RunSpec
from lis_tui.core.text import safe_str
from lis_tui.core.view import RunView
from lis_tui.engine.beside import Beside, Copies
from lis_tui.engine.door import HostDoor
from lis_tui.engine.gates import Gates
from lis_tui.engine.limits import Ending, Spent, Stopwatch, reached, seconds_left
from lis_tui.engine.shown import Shown
from lis_tui.engine.storage import RETRY_S, Storage


class RunCut(Exception):
    """What was being awaited was given up: the run is to end, or a person cut the reply."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Progress:
    """The one place where a run keeps what changes while it goes on."""

    def __init__(
        self,
        spec: RunSpec,
        bus: Bus,
        clock: Callable[[], float],
        storage_retry_s: float = RETRY_S,
        monotonic: Callable[[], float] | None = None,
    ) -> None:
        self.spec, self.bus = spec, bus
        self.clock, self.monotonic = clock, monotonic or clock
        """The time of day, to be written down; seconds that only pass, for limits and durations."""
        self.limits = spec.limits
        self.spent = Spent()
        self.turn, self.is_asking = 0, False
        self.stopwatch = Stopwatch(self.monotonic)
        self.view = RunView()
        """The run as a screen would show it, without its streams: what breakpoints look at."""
        self.gates = Gates(bus, self.view, self.stopwatch, spec.mode, spec.gate, spec.breakpoints)
        self.storage = Storage(bus, is_watched=not spec.is_headless, retry_s=storage_retry_s)
        self.conversation = Conversation()
        bus.call(self._see)
        self._unseen: set[StepAddress] = set()
        """The steps of whose results the model has not been told."""
        self.said: list[str] = []
        """What a person said, and the model was not told yet."""
        self.shown = Shown(self.view)
        self.ending: Ending | None = None
        self.running: StepAddress | None = None
        self.beside = Beside(bus, self.view, clock, self.monotonic)
        self.door = HostDoor(bus, self.view, spec, lambda: self.running)
        self.begun: StepAddress | None = None
        """The step that was started and is not answered yet."""
        self._cutter: asyncio.Timeout | None = None
        self._cut_reason = ""
        self._unanswered: dict[StepAddress, ToolCall] = {}
        self.call_ids: set[str] = set()
        """The ids of all calls so far; some servers refuse a history in which one is used twice."""

    def look_after(self, sandbox: Sandbox, copies: Copies | None, mirrors: Sequence[str]) -> None:
        """Watch over the sandbox's connections, and have copies of it for a person to look around in."""
        self.beside.copies = copies
        self.door.know(mirrors)
        sandbox.guard(self.door)

    # ---- the end

    def end(self, ending: Ending) -> None:
        """Have the run end as soon as it can; the first reason counts."""
        if self.ending is None:
            self.ending = ending
            self.cut(ending.reason)

    def over(self) -> Ending | None:
        """The reason to stop now, if there is one."""
        return self.ending or reached(self.limits, self.spent, self.stopwatch.seconds)

    @property
    def seconds_left(self) -> float | None:
        """How long the run may still take."""
        return seconds_left(self.limits, self.stopwatch.seconds)

    async def settled(self) -> None:
        """Hold while facts wait for room on the disk; nothing new is begun before they are written.

        Raises RunCut where the run is to end meanwhile, StorageFailed where trying again was no use.
        """
        if not self.storage.is_stuck:
            return
        self.stopwatch.stop()
        try:
            await self.storage.wait()
        finally:
            self.stopwatch.start()
        if self.ending is not None:
            raise RunCut(self.ending.reason)

    # ---- what can be cut

    @asynccontextmanager
    async def cuttable(self) -> AsyncIterator[None]:
        """Run a block that `cut`, the end of the run or its time limit gives up. Raises RunCut."""
        if self.ending is not None:
            raise RunCut(self.ending.reason)
        self._cut_reason = ""
        cutter = asyncio.timeout(self.seconds_left)
        try:
            async with cutter:
                self._cutter = cutter
                yield
        except TimeoutError:
            if not cutter.expired():
                raise
            raise RunCut(self._cut_reason or self._time_is_up()) from None
        finally:
            self._cutter = None

    def cut(self, reason: str) -> None:
        """Give up what is being awaited, where that can be given up."""
        if self._cutter is not None and not self._cutter.expired():
            self._cut_reason = reason or "The run was ended."
            self._cutter.reschedule(asyncio.get_running_loop().time())

    def set_limits(self, limits: Limits) -> None:
        """Use other limits from now on, also for what is being awaited."""
        self.limits = limits
        self.bus.publish(LimitsChanged(limits))
        if self._cutter is not None and not self._cutter.expired() and not self._cut_reason:
            left = self.seconds_left
            self._cutter.reschedule(None if left is None else asyncio.get_running_loop().time() + left)

    def _time_is_up(self) -> str:
        self.ending = Ending("time_limit", f"The limit of {self.limits.timeout_s:g} seconds is reached.")
        return self.ending.reason

    # ---- calls and their answers

    @property
    def owed(self) -> Mapping[StepAddress, ToolCall]:
        """The calls of the newest reply that are not answered yet."""
        return self._unanswered

    def owe(self, reply: Reply) -> None:
        """Remember that every call of this reply must be answered."""
        for step, call in enumerate(reply.calls, start=1):
            self._unanswered[StepAddress(self.turn, step)] = call

    def owe_other(self, reply: Reply) -> None:
        """Have this version of the newest reply count: of the other one nothing has run."""
        self._unanswered.clear()
        self.owe(reply)

    def owe_at(self, address: StepAddress, call: ToolCall, *, is_begun: bool) -> None:
        """Remember an unanswered call of a reply that came before this process had the run."""
        self._unanswered[address] = call
        if is_begun:
            self.begun = address

    def answer(self, address: StepAddress, observation: Observation) -> Observation:
        """Answer a call."""
        call = self._unanswered[address]
        self.bus.publish(
            StepFinished(address=address, call_id=call.id, tool=call.name, observation=observation)
        )
        del self._unanswered[address]
        return observation

    def edit_observation(self, address: StepAddress | None, text: str, by: Who) -> None:
        """Have the model see this of a step that has run. Raises DecisionRefused."""
        if self.gates.waiting_at is None:
            raise DecisionRefused("The run goes on: pause it first, then change what the model sees next.")
        step = None if address is None else self.view.step(address)
        if address is None or address not in self._unseen or (step is not None and step.is_hidden):
            raise DecisionRefused("Of that step nothing is to be told, or the model has already seen it.")
        self.bus.publish(ObservationEdited(address, safe_str(text), by))
        if (self.gates.waiting_at, self.gates.gate) == (address, "after_step"):
            self.gates.answer(Approve(), address, by)

    def answer_rest(self, why: str) -> None:
        """Answer what is still unanswered, so that the history stays valid."""
        for address in list(self._unanswered):
            status: StepStatus = "interrupted" if address == self.begun else "skipped"
            text = f"No result: {why}" if status == "interrupted" else f"Not run: {why}"
            self.answer(address, Observation(text=text, status=status))
        for step in self.view.steps:
            if step.is_injected and not step.is_over:
                self.bus.publish(_without_result(step, why))
        self.begun = None

    def _see(self, event: Event) -> None:
        self.conversation.apply(event)
        if not isinstance(event, Fragment) or isinstance(event, FilesChanged):
            self.view.apply(Record(0, self.clock(), event))
        self._note_seen(event)

    def recall(self, records: Iterable[Record]) -> None:
        """Take in what happened before this process had the run, as if it had been here."""
        for record in records:
            self.conversation.apply(record.event)
            self.view.apply(record)
            self._note_seen(record.event)

    def _note_seen(self, event: Event) -> None:
        if isinstance(event, StepFinished):
            self._unseen.add(event.address)
        elif isinstance(event, ModelAsked):
            self._unseen.intersection_update(self.shown.waiting)
        self.shown.note(event)


def _without_result(step: StepView, why: str) -> StepFinished:
    """Close a person's command; the model is owed nothing for it."""
    observation = Observation(text=f"Not run: {why}", status="skipped")
    if step.started_at is not None:
        observation = Observation(text=f"No result: {why}", status="interrupted")
    return StepFinished(address=step.address, call_id="", tool=step.tool, observation=observation)
