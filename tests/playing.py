"""A run on fakes, played in a test: start it, wait for an event, decide, look at what was written."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from lis_tui.core.breakpoints import Breakpoint
from lis_tui.core.bus import Bus
from lis_tui.core.conversation import Conversation, digest_of, messages_of_turn
from lis_tui.core.decisions import Decision
from lis_tui.core.errors import KeyMissing
from lis_tui.core.events import Event, ModelAsked, RunEnded, StepAddress, StepFinished
from lis_tui.core.messages import AssistantMessage, Observation, ToolMessage
from lis_tui.core.ports import Model, Tool
from lis_tui.core.spec import GateSpec, Limits, Mode, ModelSpec, RunSpec, ToolStyle
from lis_tui.engine.beside import Copies
from lis_tui.engine.past import Past
from lis_tui.engine.recovery import Means
from lis_tui.engine.replaying import Replay
from lis_tui.engine.run import Run
from lis_tui.tools.registry import default_tools
from lis_tui.trajectory.replay import RecordedModel
from tests.fakes import FakeClock, ListKeeper, MemorySandbox, ScriptedModel, Turn

E = TypeVar("E", bound=Event)
PATIENCE_S = 5.0
"""A test that waits this long for an event has failed."""


def make_spec(
    *,
    task: str = "Count the words.",
    mode: Mode = "auto",
    limits: Limits | None = None,
    gate: GateSpec | None = None,
    tool_style: ToolStyle = "auto",
    max_tokens: int = 1000,
    inputs: tuple[str, ...] = (),
    inline: tuple[str, ...] = (),
    is_headless: bool = False,
    breakpoints: tuple[Breakpoint, ...] = (),
) -> RunSpec:
    """Give the spec of a small run."""
    return RunSpec(
        task=task,
        model=ModelSpec(name="scripted", tool_style=tool_style, max_tokens=max_tokens),
        limits=limits or Limits(max_cost_usd=None),
        gate=gate or GateSpec(),
        mode=mode,
        inputs=inputs,
        inline=inline,
        is_headless=is_headless,
        breakpoints=breakpoints,
    )


class Game:
    """One run with all its fakes."""

    def __init__(
        self,
        folder: Path,
        *turns: Turn,
        spec: RunSpec | None = None,
        sandbox: MemorySandbox | None = None,
        tools: Sequence[Tool] | None = None,
        window: int = 128_000,
        storage_retry_s: float = 0.0,
        copies: Copies | None = None,
        past: Past | None = None,
        replay: Replay | None = None,
        means: Means | None = None,
    ) -> None:
        self.clock = FakeClock()
        self.keeper = ListKeeper()
        self.keeper.records += () if past is None else past.records
        self.bus = Bus(self.keeper, self.clock, len(self.keeper.records) + 1)
        self.model = ScriptedModel(*turns, window=window)
        self.sandbox = sandbox or MemorySandbox()
        self.models: list[ScriptedModel] = []
        """Those that took the first one's place."""
        self.syncs: list[int] = []
        self._waiting: list[tuple[Callable[[Event], bool], asyncio.Future[Event]]] = []
        self.bus.call(self._hear)
        self.run = Run(
            name="game-1",
            spec=spec or make_spec(),
            model=self.model if replay is None else RecordedModel(replay.recorded),
            sandbox=self.sandbox,
            tools=default_tools() if tools is None else tools,
            bus=self.bus,
            outputs_dir=folder,
            results_dir=folder / "results",
            clock=self.clock,
            sync=self._sync,
            storage_retry_s=storage_retry_s,
            copies=copies,
            make_model=self._make_model,
            past=past,
            replay=replay,
            means=means or Means(gaps_s=()),
        )
        self._task: asyncio.Task[RunEnded] | None = None

    async def play(self) -> RunEnded:
        """Play from start to end, then remove the sandbox."""
        ended = await asyncio.wait_for(self.run.play(), 4 * PATIENCE_S)
        await self.run.close()
        return ended

    def start(self) -> None:
        """Play beside the test."""
        self._task = asyncio.ensure_future(self.run.play())

    def go_on(self) -> None:
        """Go on beside the test."""
        self._task = asyncio.ensure_future(self.run.go_on())

    async def ended(self) -> RunEnded:
        """Wait for the end of what was started."""
        assert self._task is not None
        return await asyncio.wait_for(self._task, PATIENCE_S)

    def cancel(self) -> None:
        """Cancel what was started."""
        assert self._task is not None
        self._task.cancel()

    async def pass_by(self) -> None:
        """Let everything that can go on go on for a while."""
        for _ in range(20):
            await asyncio.sleep(0)

    async def next(self, kind: type[E], where: Callable[[E], bool] = lambda _: True) -> E:
        """Wait for the next event of a kind."""
        future: asyncio.Future[Event] = asyncio.get_running_loop().create_future()
        self._waiting.append((lambda event: isinstance(event, kind) and where(event), future))
        event = await asyncio.wait_for(future, PATIENCE_S)
        assert isinstance(event, kind)
        return event

    def decide(
        self, decision: Decision, address: tuple[int, int] | tuple[int, int, int] | None = None
    ) -> None:
        """Decide, as a person would."""
        self.run.decide(decision, StepAddress(*address) if address else None)

    # ---- looking

    def all(self, kind: type[E]) -> list[E]:
        """Give the facts of a kind."""
        return [event for event in self.keeper.events if isinstance(event, kind)]

    def fragments(self, kind: type[E]) -> list[E]:
        """Give the fragments of a kind."""
        return [record.event for record in self.keeper.fragments if isinstance(record.event, kind)]

    def kinds(self) -> list[str]:
        """Give the names of the facts, in order."""
        return [type(event).__name__ for event in self.keeper.events]

    def observation(self, turn: int, step: int, extra: int = 0) -> Observation:
        """Give what came of a step."""
        found = [e for e in self.all(StepFinished) if e.address == StepAddress(turn, step, extra)]
        assert len(found) == 1, f"step {turn}.{step}+{extra} has {len(found)} observations"
        return found[0].observation

    def check_history(self) -> None:
        """The history is one a server accepts, and a journal alone gives every request again."""
        conversation = Conversation()
        for event in self.keeper.events:
            conversation.apply(event)
        check_calls(conversation)
        for asked, request in zip(self.all(ModelAsked), self.model.asked, strict=True):
            assert asked.digest == digest_of(request.messages)
            last = [one for one in self.all(ModelAsked) if one.turn == asked.turn][-1]
            if last is asked:
                assert messages_of_turn(self.keeper.records, asked.turn) == request.messages

    def _hear(self, event: Event) -> None:
        for is_wanted, future in list(self._waiting):
            if is_wanted(event) and not future.done():
                future.set_result(event)
                self._waiting.remove((is_wanted, future))

    def _make_model(self, spec: ModelSpec) -> tuple[ModelSpec, Model]:
        """Give another model that plays the rest of the same script."""
        if spec.name == "nobody":
            raise KeyMissing("No API key for nobody.")
        other = ScriptedModel(window=self.model.window)
        other.turns, other.asked, other.cannot = self.model.turns, self.model.asked, spec.profile
        self.models.append(other)
        return spec, other

    async def _sync(self) -> None:
        self.syncs.append(len(self.keeper.records))


def check_calls(conversation: Conversation) -> None:
    """Every call is answered exactly once, in order, directly after the reply that made it."""
    owed: list[str] = []
    for message in conversation.messages:
        if isinstance(message, ToolMessage):
            assert owed, f"{message.call_id} was answered and not asked"
            assert owed.pop(0) == message.call_id
        else:
            assert not owed, f"{owed} were never answered"
        if isinstance(message, AssistantMessage):
            owed = [call.id for call in message.calls]
    assert not owed, f"{owed} were never answered"
