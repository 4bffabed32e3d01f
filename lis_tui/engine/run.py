"""A run as its owner sees it: played, decided on, continued, ended; whatever happens, honestly."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from pathlib import Path

from lis_tui.core.bus import Bus
from lis_tui.core.decisions import Decision
from lis_tui.core.errors import (
    DecisionRefused,
    LisError,
    ModelFailed,
    SandboxFailed,
    ShellLost,
    StorageFailed,
)
from lis_tui.core.events import (
    EXIT_CODES,
    FilesChanged,
    Gate,
    MessageSent,
    NoticeGiven,
    OutputsSaved,
    RunContinued,
    RunEnded,
    RunStarted,
    StepAddress,
    Who,
)
from lis_tui.core.ports import Model, Sandbox, Tool
from lis_tui.core.spec import Network, RunSpec
from lis_tui.engine import prompts
from lis_tui.engine.assembly import assemble
from lis_tui.engine.beside import Copies
from lis_tui.engine.checkpoints import Keeping
from lis_tui.engine.computer import Computer
from lis_tui.engine.hands import Hands
from lis_tui.engine.limits import Ending
from lis_tui.engine.models import MakeModel, Models
from lis_tui.engine.moving import hold_still
from lis_tui.engine.opening import open_again
from lis_tui.engine.past import Past, recall
from lis_tui.engine.progress import Progress, RunCut
from lis_tui.engine.recovery import Means, Recovery
from lis_tui.engine.replaying import Replay, pace_of
from lis_tui.engine.storage import RETRY_S
from lis_tui.engine.think import ContextFull, context_full

SAVE_S = 120.0
"""How long saving the outputs may take."""
TERMINATE_S = 15.0
"""How long a terminated run may take to end by itself before it is cancelled."""


class Run:
    """One run, from its task to its end and, where a person wants it, beyond."""

    def __init__(
        self,
        *,
        name: str,
        spec: RunSpec,
        model: Model,
        sandbox: Sandbox,
        tools: Sequence[Tool],
        bus: Bus,
        outputs_dir: Path,
        results_dir: Path,
        clock: Callable[[], float],
        monotonic: Callable[[], float] | None = None,
        sync: Callable[[], Awaitable[None]],
        app_version: str = "",
        storage_retry_s: float = RETRY_S,
        past: Past | None = None,
        replay: Replay | None = None,
        means: Means | None = None,
        make_model: MakeModel | None = None,
        copies: Copies | None = None,
        mirrors: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.spec = spec
        self.ended: RunEnded | None = None
        """How it ended; None while it goes on."""
        self._is_plain = spec.model.tool_style == "none"
        tools = () if self._is_plain else tools
        self._schemas = tuple(tool.schema for tool in tools)
        self._app_version = app_version
        self._sandbox = sandbox
        self._results_dir = Path(spec.output_dir) if spec.output_dir else results_dir
        self._bus = bus
        self._progress = Progress(spec, bus, clock, storage_retry_s, monotonic)
        self._progress.look_after(sandbox, copies, mirrors)
        self._models = Models(spec.model, model, make_model, bus)
        self._keeping = Keeping(sandbox, bus)
        self._computer = Computer(self._progress, sandbox, bus, self._keeping)
        self._recovery = Recovery(self._progress, self._computer, sandbox, means or Means())
        hands = Hands(self._progress, sandbox, tools, outputs_dir, sync, self._keeping)
        pace = pace_of(replay, self._progress, self._models, sandbox)
        self._loop, self._controls = assemble(
            self._progress, self._models, hands, self._computer, self._recovery, pace, is_plain=self._is_plain
        )
        self._past = past
        if past is not None:
            recall(self._progress, past)
        self._early: list[tuple[Decision, StepAddress | None, Who]] = []
        self._has_begun = past is not None
        self._is_moving = False
        """Its sandbox is being handed over: nothing may be decided meanwhile."""
        self._task: asyncio.Task[object] | None = None
        self._at_rest = asyncio.Event()
        self._at_rest.set()

    # ---- for whoever owns the run

    async def play(self) -> RunEnded:
        """Play the run to its end, from its start or from where its past ends; the sandbox stays up."""
        return await self._to_the_end(self._begin() if self._past is None else self._open_again(self._past))

    async def go_on(self) -> RunEnded:
        """Continue after the end, because a decision asked for it (`wants_to_go_on`)."""
        return await self._to_the_end(self._continue())

    @property
    def wants_to_go_on(self) -> bool:
        """It has ended, and a follow-up message or a raised limit waits for `go_on`."""
        return self.ended is not None and bool(self._controls.go_on_because)

    def decide(
        self,
        decision: Decision,
        address: StepAddress | None = None,
        by: Who = "person",
        gate: Gate | None = None,
    ) -> None:
        """Carry out a decision (once the first event is written). Raises DecisionRefused."""
        if self._is_moving:
            raise DecisionRefused("The run is being rewound.")
        if self._has_begun:
            self._controls.decide(decision, address, by, gate)
        else:
            self._early.append((decision, address, by))

    def tree(self) -> FilesChanged:
        """Give the file tree as last announced, for a reader that comes late."""
        return self._computer.tree()

    # ---- for a rewind

    @property
    def is_held(self) -> bool:
        """Whether a person has it wait at its next gate."""
        return self._progress.gates.is_paused

    async def kept(self) -> None:
        """Wait until the checkpoint that is being taken is done."""
        await self._keeping.wait()

    async def hold_still(self) -> Sandbox:
        """Stop what runs and hold, so that the sandbox can be handed over; gives it.

        Raises DecisionRefused where the run has ended or cannot be had still; it goes on then, held.
        """
        self._is_moving = self._progress.gates.is_still = True
        try:
            await hold_still(self._progress, self._sandbox, self._at_rest.is_set)
            await self._computer.wait()
            await self._keeping.wait()
        except (RunCut, LisError) as error:
            self.stay()
            raise DecisionRefused(f"The run cannot be rewound now: {error}") from error
        return self._sandbox

    def stay(self) -> None:
        """Go on as it is, held: the sandbox was not handed over."""
        self._is_moving = self._progress.gates.is_still = False

    async def give_away(self, reason: str) -> None:
        """End, because the sandbox goes on as another run's."""
        await self._computer.let_go()
        self._controls.end(Ending("rewound", reason), "person")
        await self._at_rest.wait()

    async def terminate(self, reason: str) -> None:
        """End cleanly because the process must go; gives back control when the journal is complete."""
        if self._at_rest.is_set():
            return
        self._controls.end(Ending("terminated", reason), "default")
        try:
            await asyncio.wait_for(self._at_rest.wait(), TERMINATE_S)
        except TimeoutError:
            if self._task is not None:
                self._task.cancel()
            await self._at_rest.wait()

    async def close(self) -> None:
        """Remove the sandbox; a run that still goes on is ended first. Safe to call twice."""
        await self.terminate("The run was closed.")
        await self._computer.close()
        self._progress.door.close()
        await self._progress.beside.close()
        await self._models.close()
        await self._progress.storage.close()

    # ---- beginnings

    async def _begin(self) -> None:
        inlined, problems = await asyncio.to_thread(prompts.read_inline, self.spec.inline)
        found: Network = "auto" if self._is_plain else await self._computer.foresee()
        self._bus.publish(
            RunStarted(
                run=self.name,
                spec=self.spec,
                system_prompt=prompts.system_prompt(self.spec, found),
                task_prompt=prompts.task_prompt(self.spec, inlined),
                tools=self._schemas,
                app_version=self._app_version,
            )
        )
        self._has_begun = True
        await self._progress.settled()
        for problem in problems:
            self._bus.publish(NoticeGiven(problem, "error"))
        for decision, address, by in self._early:
            with suppress(DecisionRefused):
                self._controls.decide(decision, address, by)
        await self._bring_up()

    async def _open_again(self, past: Past) -> None:
        computer = None if self._is_plain else self._computer
        await open_again(self._progress, computer, self._recovery, past)
        is_at_the_start = past.manifest is None and not past.is_up and self._progress.turn == 0
        if is_at_the_start and self.spec.inputs and not self._is_plain:
            await self._put_inputs()

    async def _bring_up(self) -> None:
        """Start the sandbox beside the first request; inputs come first, the model may be told of them."""
        if self._is_plain:
            return
        self._computer.start()
        if self.spec.inputs and self._progress.turn == 0:
            await self._computer.wait()
            await self._put_inputs()

    async def _put_inputs(self) -> None:
        if self._recovery.is_lost:
            return
        try:
            places = await self._computer.put_inputs()
        except ShellLost as error:
            self._recovery.lose(error)
        else:
            if places:
                self._bus.publish(MessageSent(turn=1, text=places, origin="nudge"))

    async def _continue(self) -> None:
        progress, controls = self._progress, self._controls
        because, controls.go_on_because = controls.go_on_because or "asked to go on", ""
        progress.ending = None
        self._bus.publish(RunContinued(because))
        progress.answer_rest("the run had ended.")
        turn = progress.turn + 1
        if because == "limits raised":
            left = progress.limits.max_turns - progress.spent.turns
            text = f"The limits were raised: go on with the task. {left} turns are left."
            self._bus.publish(MessageSent(turn=turn, text=text, origin="limits"))
        self._recovery.begin_anew()
        await self._recovery.is_back()
        for text in self._recovery.take_news():
            self._bus.publish(MessageSent(turn=turn, text=text, origin="nudge"))
        for text in progress.said:
            self._bus.publish(MessageSent(turn=turn, text=text, origin="follow_up"))
        progress.said.clear()
        if not self._recovery.is_lost:
            await self._bring_up()

    # ---- the end

    async def _to_the_end(self, opening: Coroutine[object, object, None]) -> RunEnded:
        """Whatever happens, the run ends with a status of its own and every call answered."""
        self._at_rest.clear()
        self._task = asyncio.current_task()
        self.ended = self._controls.ended_as = None
        self._progress.stopwatch.start()
        self._progress.storage.begin()
        try:
            ended = await self._played(opening)
            await self._progress.storage.wait()
        finally:
            self._progress.stopwatch.stop()
            self._task = None
            self._at_rest.set()
        return ended

    async def _played(self, opening: Coroutine[object, object, None]) -> RunEnded:
        try:
            ending = await self._ending_of(opening)
            await self._save_outputs()
        except asyncio.CancelledError:
            self._end(self._progress.ending or Ending("terminated", "The run was cancelled."))
            raise
        except StorageFailed as error:
            ending = Ending("storage_failed", error.sentence)
        except Exception as error:
            self._end(Ending("bug", f"{type(error).__name__}: {error}"))
            raise
        return self._end(ending)

    async def _ending_of(self, opening: Coroutine[object, object, None]) -> Ending:
        try:
            await opening
            return await self._loop.turns()
        except RunCut as cut:
            return self._progress.ending or Ending("ended_by_person", cut.reason)
        except ContextFull:
            return context_full(self._progress)
        except ModelFailed as error:
            return Ending("model_failed", error.sentence)
        except SandboxFailed as error:
            return Ending("sandbox_failed", error.sentence)

    async def _save_outputs(self) -> None:
        await self._computer.rest()
        await self._keeping.finish()
        if not self._computer.is_up:
            return
        try:
            async with asyncio.timeout(SAVE_S):
                saved = await self._sandbox.save_outputs(self._results_dir)
            files, problems = saved.files, saved.problems
        except (LisError, OSError) as error:
            files, problems = (), (str(error) or "Saving took too long.",)
        self._bus.publish(OutputsSaved(folder=str(self._results_dir), files=files, problems=problems))

    def _end(self, ending: Ending) -> RunEnded:
        self._progress.gates.is_paused = False
        self._progress.running = None
        self._controls.ended_as = ending.status
        self.ended = RunEnded(
            status=ending.status,
            reason=ending.reason,
            answer=ending.answer,
            exit_code=EXIT_CODES[ending.status],
        )
        self._progress.answer_rest("the run was ended.")
        self._bus.publish(self.ended)
        return self.ended
