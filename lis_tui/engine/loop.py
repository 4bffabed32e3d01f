"""The story of a run: think, propose, decide, act, observe, until something ends it."""

from collections.abc import Sequence

from lis_tui.core.decisions import End
from lis_tui.core.events import MessageSent, StepAddress
from lis_tui.core.messages import Reply, ToolCall
from lis_tui.engine import prompts
from lis_tui.engine.act import Actor
from lis_tui.engine.computer import Computer
from lis_tui.engine.gates import nothing_to_reject, only_approve_or_end
from lis_tui.engine.limits import Ending, turn_note
from lis_tui.engine.past import calls_of, silent_replies
from lis_tui.engine.progress import Progress, RunCut
from lis_tui.engine.think import Thinker

MOST_SILENT_REPLIES = 3
"""So many replies in a row without a call end the run."""


class Loop:
    """The paper's loop over one run's model, tools and gates."""

    def __init__(
        self, progress: Progress, thinker: Thinker, actor: Actor, computer: Computer, *, is_plain: bool
    ) -> None:
        self._progress = progress
        self._thinker = thinker
        self._actor = actor
        self._computer = computer
        self._is_plain = is_plain
        self._silent_replies = 0

    async def turns(self) -> Ending:
        """Take turns until something ends the run. Raises ModelFailed, SandboxFailed, ContextFull, RunCut."""
        progress = self._progress
        self._silent_replies = silent_replies(progress.view)
        await self._carry_out(calls_of(progress.view, progress.turn))
        while (ending := progress.over()) is None:
            progress.turn += 1
            await self._hold_before_model()
            self._pass_on_messages()
            reply = await self._think()
            if reply is not None:
                await self._answer(reply)
        return ending

    async def _hold_before_model(self) -> None:
        gates = self._progress.gates
        address = StepAddress(self._progress.turn)
        decision, _ = await gates.decide(address, "before_model", only_approve_or_end)
        if isinstance(decision, End):
            self._progress.end(Ending("ended_by_person", decision.reason))

    async def _think(self) -> Reply | None:
        """Give the reply; None where the run is to end, or a person cut the reply off, so that it holds."""
        if self._progress.ending is not None:
            return None
        try:
            await self._progress.settled()
            return await self._thinker.ask()
        except RunCut as cut:
            if self._progress.ending is None:
                self._progress.gates.pause("person", cut.reason)
            return None

    async def _answer(self, reply: Reply) -> None:
        """Carry out every call of the reply, in order; say something to a model that made none."""
        progress = self._progress
        if self._is_plain:
            progress.end(Ending("answered", "" if reply.text else "The reply was empty.", reply.text))
        elif not reply.calls:
            self._nudge(reply)
        else:
            self._silent_replies = 0
            await self._carry_out(reply.calls)

    async def _carry_out(self, calls: Sequence[ToolCall]) -> None:
        """Carry out those calls of the newest reply that are not answered yet."""
        progress = self._progress
        if not progress.owed:
            return
        await self._computer.wait()
        note = turn_note(progress.turn, progress.limits, progress.spent)
        for step, call in enumerate(calls, start=1):
            address = StepAddress(progress.turn, step)
            if address not in progress.owed:
                continue
            observation = await self._actor.act(address, call, note if step == len(calls) else "")
            self._computer.note_change()
            if observation.answer is not None:
                progress.end(Ending("submitted", " ".join(observation.notes), observation.answer))
            await self._hold_after_step(address)

    async def _hold_after_step(self, address: StepAddress) -> None:
        """What came of the step is written already; until the model is asked, a person may change it."""
        progress = self._progress
        step = progress.view.step(address)
        if progress.ending is not None or step is None or step.started_at is None:
            return
        if progress.gates.breakpoints.need_files:
            await self._computer.look()
        decision, _ = await progress.gates.decide(address, "after_step", nothing_to_reject)
        if isinstance(decision, End):
            progress.end(Ending("ended_by_person", decision.reason))

    def _nudge(self, reply: Reply) -> None:
        progress = self._progress
        self._silent_replies += 1
        if progress.said:
            return
        if self._silent_replies >= MOST_SILENT_REPLIES:
            why = f"{self._silent_replies} replies in a row called no tool."
            progress.end(Ending("no_action", why, reply.text or None))
            return
        note = turn_note(progress.turn, progress.limits, progress.spent)
        text = prompts.nudge(self._progress.spec, reply.finish_reason, note)
        self._progress.bus.publish(MessageSent(turn=progress.turn + 1, text=text, origin="nudge"))

    def _pass_on_messages(self) -> None:
        progress = self._progress
        if progress.ending is not None:
            return
        for text in progress.said:
            self._silent_replies = 0
            self._progress.bus.publish(MessageSent(turn=progress.turn, text=text, origin="person"))
        progress.said.clear()
