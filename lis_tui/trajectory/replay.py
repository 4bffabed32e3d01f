"""What was recorded of a run, as it is done again: replies, what ran, what was observed, what was said."""

from bisect import bisect_left
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

from msgspec import structs

from lis_tui.core.arguments import arguments_of
from lis_tui.core.errors import ModelFailed
from lis_tui.core.events import (
    CommandInjected,
    Event,
    MessageSent,
    ObservationEdited,
    OwnCommandRan,
    Record,
    ReplyFinished,
    StepAddress,
    StepStarted,
)
from lis_tui.core.messages import (
    CallPiece,
    Observation,
    Piece,
    ReasoningPiece,
    Reply,
    ReplyEnded,
    Request,
    TextPiece,
    ToolCall,
    Usage,
)
from lis_tui.core.parts import StepView, TurnView
from lis_tui.core.view import RunView
from lis_tui.trajectory.forking import Point, facts_up_to
from lis_tui.trajectory.permitted import Permitted

REPLAY = "replay/"
"""Names of models that begin so answer from the recording of a run."""
_SWE_AGENTS = frozenset(
    [
        *("open", "goto", "scroll_down", "scroll_up", "create", "edit", "undo_edit", "insert", "submit"),
        *(
            "search_dir",
            "search_file",
            "find_file",
            "set_cursors",
            "exit_cost",
            "exit_context",
            "exit_format",
        ),
    ]
)
_FREE = Usage(prompt_tokens=0, completion_tokens=0, cost_usd=0.0)


@dataclass(frozen=True, slots=True)
class RecordedStep:
    """One step as it was recorded."""

    address: StepAddress
    call: ToolCall
    """As it was proposed, under our tool's name."""
    edited: str | None = None
    """What a person had run instead."""
    has_run: bool = False
    observation: Observation | None = None
    edited_text: str | None = None
    """What a person had the model see of it."""
    inputs: tuple[bytes, ...] = ()
    """What a person typed into it; an empty one ended its input."""
    timeout_s: float | None = None
    """How long it could take, where a person changed that."""
    injected: CommandInjected | None = None
    """It is no call of the model's."""
    is_before_reply: bool = False
    """It was put in before its turn's reply."""
    is_foreign: bool = False
    """Another program ran it."""
    no_hands: str = ""
    """Why it cannot be run here, where the program that recorded it has commands of its own."""


class Recorded:
    """A recording up to a point (None: all of it)."""

    def __init__(self, records: Iterable[Record], point: Point | None = None) -> None:
        facts = [record for record in records if record.n]
        view = RunView().apply_all(facts)
        self.point = point
        self.is_foreign = view.imported is not None
        self.own_commands = sum(isinstance(one.event, OwnCommandRan) for one in facts)
        self._notes = _Notes(one.event for one in facts)
        self.messages = self._notes.messages
        self.permitted = Permitted(facts if point is None else [*facts[:1], *facts_up_to(facts, point)])
        self.steps = {
            step.address: self._step(view, step) for step in view.steps if self.includes(step.address)
        }
        self.replies = {
            turn.number: self._reply(turn)
            for turn in view.turns
            if turn.replies and self.includes_turn(turn.number)
        }

        self._turns = sorted(self.replies)
        self._extras: dict[tuple[int, int], list[RecordedStep]] = {}
        for step in sorted(self.steps.values(), key=lambda one: one.address):
            if step.injected is not None:
                place = (step.address.turn, step.address.step)
                self._extras.setdefault(place, []).append(step)

    @property
    def last(self) -> StepAddress | None:
        """The last step that has run."""
        return max((one.address for one in self.steps.values() if one.has_run), default=None)

    def includes(self, address: StepAddress) -> bool:
        """Whether this step is to be done again."""
        return self.point is None or self.point.includes(address)

    def includes_turn(self, turn: int) -> bool:
        """Whether the reply of this turn is to be given again."""
        if self.point is None:
            return True
        at = self.point.address
        return turn < at.turn if self.point.is_before and at.step == at.extra == 0 else turn <= at.turn

    def next_turn(self, turn: int) -> int | None:
        """Give this turn, or the next one, that has a reply; cut-off ones have none."""
        place = bisect_left(self._turns, turn)
        return self._turns[place] if place < len(self._turns) else None

    def extras_of(self, address: StepAddress) -> list[RecordedStep]:
        """Give what a person put in after this step (step 0: before the turn's first)."""
        return self._extras.get((address.turn, address.step), [])

    def _step(self, view: RunView, step: StepView) -> RecordedStep:
        turn = view.turns[step.address.turn] if step.address.turn < len(view.turns) else None
        number = step.address.step - 1
        calls = turn.replies[turn.chosen - 1].calls if turn is not None and turn.replies else ()
        call_id = calls[number].id if 0 <= number < len(calls) else ""
        return RecordedStep(
            address=step.address,
            call=ToolCall(call_id, step.tool, step.proposed),
            edited=step.arguments if step.changed_by is not None else None,
            has_run=step.address in self._notes.started,
            observation=step.observation,
            edited_text=self._notes.edits.get(step.address),
            inputs=tuple(step.inputs),
            timeout_s=step.timeout_s,
            injected=self._notes.injected.get(step.address),
            is_before_reply=step.address in self._notes.early,
            is_foreign=self.is_foreign,
            no_hands=self._no_hands(view, step),
        )

    @staticmethod
    def _no_hands(view: RunView, step: StepView) -> str:
        """Some programs give the model commands that are no programs of any computer."""
        if view.imported is None or view.imported.format != "SWE-agent" or step.tool != "execute_bash":
            return ""
        command = str((arguments_of(step.arguments) or {}).get("command", ""))
        word = command.split(maxsplit=1)[0] if command.strip() else ""
        return f"{word} is a command of SWE-agent's own" if word in _SWE_AGENTS else ""

    def _reply(self, turn: TurnView) -> Reply:
        reply = turn.replies[turn.chosen - 1]
        places = ((StepAddress(turn.number, n), call) for n, call in enumerate(reply.calls, 1))
        calls = tuple(self.steps[at].call if at in self.steps else call for at, call in places)
        return structs.replace(
            reply,
            text=str(turn.text),
            reasoning=str(turn.reasoning),
            calls=calls,
            usage=_FREE,
            calls_in_text=reply.calls_in_text and not self.is_foreign,
            raw_json="",
        )


class _Notes:
    """What a fold of the run does not keep, and its doing again needs."""

    def __init__(self, events: Iterable[Event]) -> None:
        self.messages: list[MessageSent] = []
        self.injected: dict[StepAddress, CommandInjected] = {}
        self.early: set[StepAddress] = set()
        self.edits: dict[StepAddress, str] = {}
        self.started: set[StepAddress] = set()
        replied = 0
        for event in events:
            if isinstance(event, ReplyFinished):
                replied = event.turn
            self._note(event, replied)

    def _note(self, event: Event, replied: int) -> None:
        match event:
            case MessageSent():
                if event.origin != "command":
                    self.messages.append(event)
            case CommandInjected(address=address):
                self.injected[address] = event
                if replied < address.turn:
                    self.early.add(address)
            case ObservationEdited(address, text):
                self.edits[address] = text
            case StepStarted(address=address):
                self.started.add(address)
            case _:
                pass


class RecordedModel:
    """Answers each turn with the reply that was recorded of it; nothing is spent. A `core.ports.Model`."""

    def __init__(self, recorded: Recorded | None = None) -> None:
        self._replies = {} if recorded is None else recorded.replies

    async def ask(self, request: Request) -> AsyncIterator[Piece]:
        """Give the turn's reply. Raises ModelFailed where none is recorded."""
        reply = self._replies.get(request.turn)
        if reply is None:
            raise ModelFailed(
                "The recording is over and no model is asked: choose the model that is to go on from here."
            )
        if reply.reasoning:
            yield ReasoningPiece(reply.reasoning)
        if reply.text:
            yield TextPiece(reply.text)
        for number, call in enumerate(reply.calls):
            yield CallPiece(number, call.id, call.name, call.arguments)
        yield ReplyEnded(reply)

    def count_tokens(self, request: Request) -> int:  # noqa: ARG002  (the port's)
        """Nothing is sent, so nothing is counted."""
        return 0

    def context_tokens(self, request: Request) -> int:  # noqa: ARG002  (the port's)
        """Whatever was recorded fits."""
        return 1 << 40

    def cannot_continue(self, request: Request) -> str:  # noqa: ARG002  (the port's)
        """A recording is as it is."""
        return "A recording gives its replies whole."

    async def close(self) -> None:
        """Nothing to let go of."""
