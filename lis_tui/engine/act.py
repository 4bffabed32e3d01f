"""One step: a call is proposed, decided on, carried out and answered."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import msgspec

from lis_tui.core.decisions import (
    Approve,
    ApproveRule,
    ChooseVersion,
    ContinueFrom,
    Edit,
    End,
    GateDecision,
    Reject,
    Resample,
)
from lis_tui.core.errors import SandboxFailed
from lis_tui.core.events import (
    Gate,
    InputAwaited,
    OutputArrived,
    StepAddress,
    StepProposed,
    StepStarted,
    Who,
)
from lis_tui.core.messages import Observation, ToolCall
from lis_tui.core.ports import Sandbox, Tool
from lis_tui.core.text import safe_str
from lis_tui.engine.checkpoints import Keeping
from lis_tui.engine.limits import Ending
from lis_tui.engine.progress import Progress

Arguments = dict[str, object]
LONGEST_S = 86_400.0
EOF_AFTER_S = 1.0
"""Standard input of a command ends after this long where nobody answers."""


class Actor:
    """Carries out the calls of a reply, one after the other."""

    def __init__(
        self,
        progress: Progress,
        sandbox: Sandbox,
        tools: Mapping[str, Tool],
        outputs_dir: Path,
        sync: Callable[[], Awaitable[None]],
        keeping: Keeping,
    ) -> None:
        self._progress = progress
        self._sandbox = sandbox
        self._tools = tools
        self._outputs_dir = outputs_dir
        self._sync = sync
        self._keeping = keeping

    async def act(self, address: StepAddress, call: ToolCall, note: str = "") -> Observation:
        """Propose, decide, run and answer one call; `note` ends what the model sees. Raises SandboxFailed."""
        progress = self._progress
        problem = self._problem(call.name, call.arguments)
        if progress.view.step(address) is None:  # a run that was taken up has proposed it already
            progress.bus.publish(StepProposed(address=address, call=call, problem=problem))
        if problem:
            observation = Observation(text=f"Not run: {problem}", status="malformed")
        elif refusal := self._refusal(call):
            observation = refusal
        else:
            await progress.settled()
            gate: Gate = "before_submit" if call.name == "submit" else "before_step"
            decision, by = await progress.gates.decide(address, gate, lambda one: self.check(call, one))
            observation = await self._carry_out(address, call, decision, by)
        return progress.answer(address, _noted(observation, "" if progress.ending else note))

    def check(self, call: ToolCall, decision: GateDecision) -> str:
        """Say why a decision about this call cannot be carried out."""
        if isinstance(decision, Edit):
            return self._problem(call.name, decision.arguments)
        if isinstance(decision, Resample | ChooseVersion | ContinueFrom):
            return "That cannot be done here."
        return ""

    async def _carry_out(
        self, address: StepAddress, call: ToolCall, decision: GateDecision, by: Who
    ) -> Observation:
        match decision:
            case Approve() | ApproveRule():
                return await self._run(address, call, call.arguments)
            case Edit(arguments):
                is_changed = _parsed(arguments) != _parsed(call.arguments)
                return await self._run(address, call, arguments, by if is_changed else None)
            case Reject(reason):
                why = f" The reason: {reason}" if reason else ""
                text = f"Not run: the user rejected this call.{why}"
                return Observation(text=safe_str(text), status="rejected")
            case End(reason):
                self._progress.end(Ending("ended_by_person", reason))
                return Observation(text="Not run: the run was ended.", status="skipped")
            case _:
                return Observation(text="Not run: the user skipped this call.", status="skipped")

    async def _run(
        self, address: StepAddress, call: ToolCall, arguments: str, changed_by: Who | None = None
    ) -> Observation:
        progress = self._progress
        async with progress.cuttable():
            await self._keeping.wait()
        progress.bus.publish(
            StepStarted(address=address, tool=call.name, arguments=arguments, changed_by=changed_by)
        )
        await progress.settled()
        progress.begun = address
        await self._sync()
        progress.running = address
        context = Step(progress, address, self._sandbox, self._outputs_dir)
        try:
            observation = await self._tools[call.name].run(_parsed(arguments), context)
        except SandboxFailed as error:
            progress.answer(
                address, Observation(text=f"The sandbox failed: {error.sentence}", status="failed")
            )
            progress.running = None
            raise
        progress.running = None
        self._keeping.begin(address)
        if changed_by is not None:
            note = f"[The user changed this call before it ran. What ran: {call.name} {arguments}]\n"
            return msgspec.structs.replace(observation, text=note + observation.text)
        return observation

    def _refusal(self, call: ToolCall) -> Observation | None:
        """A call that makes sense and still is not run, because of what happened meanwhile."""
        if self._progress.ending is not None:
            is_done = self._progress.ending.status == "submitted"
            why = "the answer was already submitted" if is_done else "the run was ended"
            return Observation(text=f"Not run: {why}.", status="skipped")
        if call.name == "submit" and self._progress.said:
            text = "Not submitted yet: the user has something to say first."
            return Observation(text=text, status="skipped")
        return None

    def _problem(self, name: str, arguments: str) -> str:
        tool = self._tools.get(name)
        if tool is None:
            return f"There is no tool {name!r}. The tools are: {', '.join(self._tools)}."
        try:
            parsed = _parsed(arguments)
        except msgspec.DecodeError as error:
            return (
                f"The arguments are no whole JSON object ({error}); they may have been cut off. "
                "Call the tool again with complete arguments."
            )
        return tool.problem(parsed)


class Step:
    """What a tool gets to do its work."""

    def __init__(self, progress: Progress, address: StepAddress, sandbox: Sandbox, outputs_dir: Path) -> None:
        self._progress = progress
        self._address = address
        self.sandbox = sandbox
        self.outputs_dir = outputs_dir
        self.output_name = f"{address}.txt"

    @property
    def command_timeout_s(self) -> float:
        """How long a command may run unless the model asks for another time."""
        return min(self._progress.limits.command_timeout_s, self.most_timeout_s)

    @property
    def most_timeout_s(self) -> float:
        """How long a command may run at most, whatever the model asks for."""
        left = self._progress.seconds_left
        return LONGEST_S if left is None else min(LONGEST_S, left)

    @property
    def eof_after_s(self) -> float | None:
        """A person answers a command's questions only where one steps through the run."""
        progress = self._progress
        nobody_answers = progress.spec.is_headless or progress.gates.mode == "auto"
        return EOF_AFTER_S if nobody_answers and not progress.gates.is_paused else None

    def on_output(self, data: bytes) -> None:
        """More output of the running command."""
        self._progress.bus.publish(OutputArrived(self._address, data))

    def on_input_wait(self, is_waiting: bool) -> None:
        """The command blocks on its input, or no longer does."""
        self._progress.bus.publish(InputAwaited(self._address, is_waiting))


def _parsed(arguments: str) -> Arguments:
    return msgspec.json.decode((arguments or "{}").encode(), type=Arguments)


def _noted(observation: Observation, note: str) -> Observation:
    text = safe_str(observation.text)
    if note and observation.answer is None:
        text = f"{text}{'' if not text or text.endswith(chr(10)) else chr(10)}{note}"
    return msgspec.structs.replace(observation, text=text)
