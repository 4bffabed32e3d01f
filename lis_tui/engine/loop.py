"""The story of a run: think, propose, decide, act, observe, until something ends it."""

from collections.abc import Sequence

from lis_tui.core.conversation import as_begun
from lis_tui.core.decisions import ContinueFrom, End, GateDecision
from lis_tui.core.errors import ModelFailed, NobodyAnswers
from lis_tui.core.events import MessageSent, StepAddress
from lis_tui.core.messages import AssistantMessage, Reply, ToolCall
from lis_tui.engine import prompts
from lis_tui.engine.act import Actor, Anew
from lis_tui.engine.computer import Computer
from lis_tui.engine.gates import nothing_proposed, nothing_to_reject
from lis_tui.engine.injecting import Injecting
from lis_tui.engine.limits import Ending, turn_note
from lis_tui.engine.past import calls_of, silent_replies
from lis_tui.engine.progress import Progress, RunCut
from lis_tui.engine.recovery import Recovery, no_reply
from lis_tui.engine.replaying import Pace
from lis_tui.engine.think import Thinker
from lis_tui.engine.versions import Versions

MOST_SILENT_REPLIES = 3
"""So many replies in a row without a call end the run."""


class Loop:
    """The paper's loop over one run's model, tools and gates."""

    def __init__(
        self,
        progress: Progress,
        thinker: Thinker,
        actor: Actor,
        versions: Versions,
        injecting: Injecting,
        computer: Computer,
        recovery: Recovery,
        pace: Pace,
        *,
        is_plain: bool,
    ) -> None:
        self._progress = progress
        self._thinker = thinker
        self._actor = actor
        self._versions = versions
        self._injecting = injecting
        self._computer = computer
        self._recovery = recovery
        self._pace = pace
        self._is_plain = is_plain
        self._silent_replies = 0
        self._no_reply = ""
        """Why the run holds where the model could not be asked."""

    async def turns(self) -> Ending:
        """Take turns until something ends the run. Raises ModelFailed, SandboxFailed, ContextFull, RunCut."""
        progress = self._progress
        self._silent_replies = silent_replies(progress.view)
        other = await self._carry_out(calls_of(progress.view, progress.turn))
        await self._answer_all(other)
        while (ending := progress.over()) is None:
            progress.turn += 1
            self._pace.begin_turn()
            begun = await self._hold_before_model()
            self._pass_on_messages()
            await self._answer_all(await self._think(begun))
        return ending

    async def _hold_before_model(self) -> AssistantMessage | None:
        """Wait where a rule says so; gives the beginning from which the model is to go on, if any."""
        address = StepAddress(self._progress.turn)
        await self._injecting.run_waiting()
        decision, _ = await self._injecting.hold(address, "before_model", self._check_before_model)
        while not (isinstance(decision, End) or await self._recovery.is_back()):
            decision, _ = await self._injecting.hold(address, "before_model", self._check_before_model)
        await self._injecting.run_waiting()
        if isinstance(decision, End):
            self._progress.end(Ending("ended_by_person", decision.reason, decision.answer))
        return as_begun(decision) if isinstance(decision, ContinueFrom) else None

    def _check_before_model(self, decision: GateDecision) -> str:
        if not isinstance(decision, ContinueFrom):
            return nothing_proposed(decision)
        turns, turn = self._progress.view.turns, self._progress.turn
        if turn > len(turns) or not turns[turn - 1].cut_off:
            return "No reply was cut off: there is nothing to go on from."
        begun = as_begun(decision)
        if not (begun.text or begun.reasoning):
            return "There is nothing to go on from: let the model be asked anew."
        return self._thinker.cannot_continue(begun)

    async def _think(self, begun: AssistantMessage | None) -> Reply | None:
        """Give the reply; None where the run is to end, or a person cut the reply off, so that it holds."""
        if self._progress.ending is not None:
            return None
        try:
            await self._progress.settled()
            reply = await self._thinker.ask(begun)
        except RunCut as cut:
            if self._progress.ending is None:
                self._progress.gates.pause("person", cut.reason)
            return None
        except NobodyAnswers as nobody:
            self._progress.gates.pause("rule", nobody.sentence)
            return None
        except ModelFailed as error:
            if self._progress.spec.is_headless or self._pace.is_active:
                raise
            self._no_reply = no_reply(error)
            self._progress.gates.pause("rule", self._no_reply)
            return None
        self._progress.gates.relieve(self._no_reply)
        return reply

    async def _answer_all(self, reply: Reply | None) -> None:
        """Answer the reply, or the version of it that a person has take its place."""
        while reply is not None:
            reply = await self._answer(reply)

    async def _answer(self, reply: Reply) -> Reply | None:
        """Carry out every call of the reply, in order; say something to a model that made none.

        Gives another version of the reply where a person asked for one before anything of it ran.
        """
        progress = self._progress
        if self._is_plain:
            progress.end(Ending("answered", "" if reply.text else "The reply was empty.", reply.text))
        elif not reply.calls:
            self._nudge(reply)
        else:
            self._silent_replies = 0
            return await self._carry_out(reply.calls)
        return None

    async def _carry_out(self, calls: Sequence[ToolCall]) -> Reply | None:
        """Carry out those calls of the newest reply that are not answered yet."""
        progress = self._progress
        if not progress.owed:
            return None
        await self._computer.wait()
        note = turn_note(progress.turn, progress.limits, progress.spent)
        for step, call in enumerate(calls, start=1):
            address = StepAddress(progress.turn, step)
            if address not in progress.owed:
                continue
            self._pace.before_step(address)
            await self._injecting.run_waiting(before=address)
            came = await self._actor.act(address, call, note if step == len(calls) else "")
            if isinstance(came, Anew):
                return await self._versions.another(came.decision, came.by)
            self._computer.note_change()
            self._pace.settle()
            if came.answer is not None and not self._pace.goes_on_after(address):
                progress.end(Ending("submitted", " ".join(came.notes), came.answer))
            await self._hold_after_step(address)
        await self._injecting.run_waiting()
        return None

    async def _hold_after_step(self, address: StepAddress) -> None:
        """What came of the step is written already; until the model is asked, a person may change it."""
        progress = self._progress
        step = progress.view.step(address)
        if progress.ending is not None or step is None or step.started_at is None:
            return
        if progress.gates.breakpoints.need_files:
            await self._computer.look()
        decision, _ = await self._injecting.hold(address, "after_step", nothing_to_reject)
        if isinstance(decision, End):
            progress.end(Ending("ended_by_person", decision.reason, decision.answer))

    def _nudge(self, reply: Reply) -> None:
        progress = self._progress
        if self._pace.is_active:
            return  # what was said then is said again
        self._silent_replies += 1
        if progress.said or progress.shown.waiting:
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
        for text in () if self._pace.is_active else progress.beside.jobs.news:
            progress.bus.publish(MessageSent(turn=progress.turn, text=text, origin="nudge"))
        progress.beside.jobs.news.clear()
        for text in self._recovery.take_news():
            progress.bus.publish(MessageSent(turn=progress.turn, text=text, origin="nudge"))
        for text in progress.shown.texts():
            progress.bus.publish(MessageSent(turn=progress.turn, text=text, origin="command"))
        for text in progress.said:
            self._silent_replies = 0
            self._progress.bus.publish(MessageSent(turn=progress.turn, text=text, origin="person"))
        progress.said.clear()
