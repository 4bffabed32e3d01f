"""The versions of a turn's reply: asked for once more, chosen from, changed by a person; all are kept."""

from msgspec import structs

from lis_tui.core.conversation import is_signed
from lis_tui.core.decisions import ChooseVersion, EditReply, Resample
from lis_tui.core.errors import DecisionRefused, ModelFailed
from lis_tui.core.events import NoticeGiven, ReplyEdited, StepAddress, VersionChosen, Who
from lis_tui.core.messages import Reply
from lis_tui.core.parts import TurnView
from lis_tui.core.text import safe_str
from lis_tui.engine.calls import Calls
from lis_tui.engine.limits import reached
from lis_tui.engine.progress import Progress, RunCut
from lis_tui.engine.think import Thinker


class Versions:
    """Has another version of the newest reply count, as long as nothing of it has run."""

    def __init__(self, progress: Progress, thinker: Thinker, calls: Calls) -> None:
        self._progress = progress
        self._thinker = thinker
        self._calls = calls

    @property
    def _turn(self) -> TurnView:
        return self._progress.view.turns[self._progress.turn]

    def problem(self, address: StepAddress, decision: Resample | ChooseVersion) -> str:
        """Say why no other version can count at this step; empty where one can."""
        turn = self._turn
        if address.step != 1:
            return "Something of this reply is decided already: rewind to before it, or reject the step."
        if isinstance(decision, Resample):
            progress = self._progress
            limits = structs.replace(progress.limits, max_turns=progress.spent.turns + 1)
            ending = reached(limits, progress.spent, progress.stopwatch.seconds)
            return "" if ending is None else ending.reason
        if not 1 <= decision.version <= len(turn.replies):
            return f"There are {len(turn.replies)} versions of this reply."
        return "That version counts already." if decision.version == turn.chosen else ""

    async def another(self, decision: Resample | ChooseVersion, by: Who) -> Reply:
        """Give the reply that counts now: the one asked for, or the old one where none came of it."""
        progress = self._progress
        if isinstance(decision, ChooseVersion):
            progress.bus.publish(VersionChosen(progress.turn, decision.version, by))
        else:
            await self._ask(self._turn.chosen)
        await progress.settled()
        reply = self._turn.replies[self._turn.chosen - 1]
        progress.owe_other(reply)
        return reply

    async def _ask(self, old: int) -> None:
        progress = self._progress
        edited = progress.conversation.reply if self._turn.is_edited else None
        try:
            reply = await self._thinker.ask_again(len(self._turn.replies) + 1)
        except RunCut:
            return  # the old one still counts
        except ModelFailed as error:
            text = f"Asking once more failed, the reply stays as it was. {error.sentence}"
            progress.bus.publish(NoticeGiven(text, "warning"))
            return
        if reply.calls and not self._calls.problem(reply.calls[0]):
            return
        version = len(self._turn.replies)
        text = f"Version {version} makes no call that can wait here, so version {old} still counts."
        progress.bus.publish(NoticeGiven(text, "warning"))
        progress.bus.publish(VersionChosen(progress.turn, old, "rule"))
        if edited is not None:
            words = (edited.reasoning, edited.text)
            progress.bus.publish(
                ReplyEdited(turn=progress.turn, reasoning=words[0], text=words[1], by="rule")
            )

    def edit(self, decision: EditReply, address: StepAddress | None, by: Who) -> None:
        """Have the model see other words as its own. Raises DecisionRefused."""
        progress = self._progress
        waiting = progress.gates.waiting_at
        if waiting is None or waiting.step == 0:
            raise DecisionRefused("No reply waits: its words can be changed while one of its steps does.")
        if address is not None and address != waiting:
            raise DecisionRefused("That step is no longer waiting.")
        reply = self._turn.replies[self._turn.chosen - 1]
        if is_signed(reply.thinking_json):
            raise DecisionRefused(
                "The thinking of this reply is signed: its server refuses a reply that was changed. "
                "Reject the step with a reason, or ask for another version."
            )
        if reply.calls_in_text and decision.text is not None:
            raise DecisionRefused("The model wrote its calls into this text: change the step instead.")
        if decision.reasoning is None and decision.text is None:
            raise DecisionRefused("Nothing was changed.")
        if decision.reasoning is not None and not reply.thinking_json:
            text = "The reasoning of earlier replies is not sent to this model: it will not see the change."
            progress.bus.publish(NoticeGiven(text))
        progress.bus.publish(
            ReplyEdited(
                turn=progress.turn,
                reasoning=None if decision.reasoning is None else safe_str(decision.reasoning),
                text=None if decision.text is None else safe_str(decision.text),
                by=by,
            )
        )
