"""The parts of a shown run: turns, their steps, the gate that waits, the totals."""

import itertools
from dataclasses import dataclass, field
from typing import Literal

from lis_tui.core.events import Gate, OwnCommandRan, StepAddress, StepReplayed, Who
from lis_tui.core.messages import Observation, Reply, StepStatus, Usage

Phase = Literal["starting", "asking", "thinking", "retrying", "waiting", "running", "between", "ended"]
Origin = Literal[
    "person", "nudge", "follow_up", "limits", "command", "notice", "warning", "error", "trim", "retry"
]
FileMark = Literal["new", "changed", "gone"]
MOST_TAIL = 64 * 1024
"""Bytes of a step's output that a view keeps; the whole is in the run's `outputs/`."""

fresh_version = itertools.count(1).__next__
"""Gives a number that never comes twice: what is drawn of one state is not taken for that of another."""


class GrowingText:
    """Text that arrives in pieces."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self.length = 0
        self.version = 0

    def add(self, text: str) -> None:
        """Append a piece."""
        self._parts.append(text)
        self.length += len(text)
        self.version = fresh_version()

    def set(self, text: str) -> None:
        """Replace all of it."""
        self._parts = [text] if text else []
        self.length = len(text)
        self.version = fresh_version()

    def copy(self) -> "GrowingText":
        """Give one that grows by itself from here."""
        fresh = GrowingText()
        fresh._parts = self._parts.copy()
        fresh.length = self.length
        fresh.version = self.version
        return fresh

    def __str__(self) -> str:
        if len(self._parts) > 1:
            self._parts = ["".join(self._parts)]
        return self._parts[0] if self._parts else ""

    def __bool__(self) -> bool:
        return self.length > 0


@dataclass(slots=True)
class StepView:
    """One action of a turn. `arguments` is what runs or ran; `proposed` what the model wrote."""

    address: StepAddress
    tool: str
    proposed: str
    arguments: str
    problem: str = ""
    status: Literal["proposed", "waiting", "running"] | StepStatus = "proposed"
    changed_by: Who | None = None
    decided_by: Who | None = None
    proposed_at: float = 0.0
    started_at: float | None = None
    ended_at: float | None = None
    tail: bytearray = field(default_factory=bytearray)
    output_bytes: int = 0
    waits_for_input: bool = False
    was_interrupted: bool = False
    signals: list[str] = field(default_factory=list)
    """What was sent to stop it, as far as that is known."""
    timeout_s: float | None = None
    """How long it may take, where a person changed that."""
    inputs: list[bytes] = field(default_factory=list)
    observation: Observation | None = None
    changes: dict[str, FileMark] = field(default_factory=dict)
    has_checkpoint: bool = False
    """The sandbox as it was after this step can be had again."""
    repeats: int = 1
    """How often the model has made this very call in a row."""
    tokens_so_far: int = 0
    cost_so_far: float | None = None
    """What the run had used when the step was proposed; None: no price is known."""
    edited_text: str | None = None
    """What the model sees of the step where a person changed that; the observation stays as it was."""
    is_injected: bool = False
    """A person's command, no call of the model."""
    is_hidden: bool = False
    """The model was not told of it."""
    amended: str | None = None
    """What would run if the waiting step were approved; None: what the model proposed."""
    job: Literal["", "running", "ended"] = ""
    """It went on in the background."""
    replayed: StepReplayed | None = None
    """How it compares with the recording, where this run plays one again."""
    version: int = 0
    epoch: int = 0
    """The view whose epoch this is may change it; for all others it is as it is."""

    def copy(self, epoch: int) -> "StepView":
        """Give one that can be changed in another epoch."""
        fresh = StepView.__new__(StepView)
        for name in StepView.__slots__:
            setattr(fresh, name, getattr(self, name))
        fresh.tail = self.tail.copy()
        fresh.signals = self.signals.copy()
        fresh.inputs = self.inputs.copy()
        fresh.changes = self.changes.copy()
        fresh.epoch = epoch
        return fresh

    @property
    def is_over(self) -> bool:
        """Nothing more comes of it."""
        return self.observation is not None

    @property
    def is_notable(self) -> bool:
        """Worth a look: it failed, a person changed or refused it, or it did not do what was recorded."""
        return (
            self.changed_by is not None
            or self.is_injected
            or (self.replayed is not None and self.replayed.verdict == "diverged")
            or self.status
            in (
                "failed",
                "rejected",
                "malformed",
                "interrupted",
            )
        )


@dataclass(slots=True)
class CallDraft:
    """A call that is still being written."""

    name: str = ""
    text: GrowingText = field(default_factory=GrowingText)

    def copy(self) -> "CallDraft":
        """Give one that grows by itself from here."""
        return CallDraft(self.name, self.text.copy())


@dataclass(slots=True)
class Said:
    """Something said to the model, or to the person, at a turn."""

    text: str
    origin: Origin


@dataclass(slots=True)
class TurnView:
    """One reply of the model and what came of it. Turn 0 is the task."""

    number: int
    said: list[Said] = field(default_factory=list)
    reasoning: GrowingText = field(default_factory=GrowingText)
    text: GrowingText = field(default_factory=GrowingText)
    drafts: dict[int, CallDraft] = field(default_factory=dict)
    steps: list[StepView] = field(default_factory=list)
    call_count: int = 0
    """How many calls the finished reply holds; they are proposed one after the other."""
    asked_at: float | None = None
    first_piece_at: float | None = None
    finished_at: float | None = None
    cut_off: str = ""
    usage: Usage | None = None
    replies: list[Reply] = field(default_factory=list)
    """All versions of the reply, the first one first."""
    chosen: int = 0
    """Which of them counts, from 1; 0: there is none yet."""
    is_edited: bool = False
    """A person changed what the model sees as its own reasoning or text."""
    kept: tuple[str, str] = ("", "")
    """Reasoning and text that counted when the model was asked once more."""
    version: int = 0
    epoch: int = 0
    """The view whose epoch this is may change it; for all others it is as it is."""

    def copy(self, epoch: int) -> "TurnView":
        """Give one that can be changed in another epoch; its steps are still the same."""
        fresh = TurnView.__new__(TurnView)
        for name in TurnView.__slots__:
            setattr(fresh, name, getattr(self, name))
        fresh.said = self.said.copy()
        fresh.reasoning = self.reasoning.copy()
        fresh.text = self.text.copy()
        fresh.drafts = {index: draft.copy() for index, draft in self.drafts.items()}
        fresh.steps = self.steps.copy()
        fresh.replies = self.replies.copy()
        fresh.epoch = epoch
        return fresh

    @property
    def is_streaming(self) -> bool:
        """The reply is not whole yet."""
        return self.asked_at is not None and self.finished_at is None and not self.cut_off


@dataclass(slots=True)
class OwnView:
    """A command in the person's own shell."""

    number: int
    command: str = ""
    tail: bytearray = field(default_factory=bytearray)
    ran: OwnCommandRan | None = None

    def copy(self) -> "OwnView":
        """Give one that grows by itself from here."""
        return OwnView(self.number, self.command, self.tail.copy(), self.ran)


@dataclass(slots=True)
class GateView:
    """A gate that waits for a decision."""

    address: StepAddress
    gate: Gate
    because: str
    opened_at: float
    timeout_s: float | None
    default: str
    answer: str | None = None
    """What would be submitted, at the gate before that."""


@dataclass(slots=True)
class Totals:
    """Tokens and cost so far. `has_unknown_cost`: at least one reply has no known price."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    cost_usd: float = 0.0
    has_known_cost: bool = False
    has_unknown_cost: bool = False
    is_estimated: bool = False
    context_tokens: int = 0
    """Tokens of the newest request."""

    def add(self, usage: Usage | None) -> None:
        """Count one reply."""
        if usage is None:
            self.has_unknown_cost = True
            return
        self.prompt_tokens += usage.prompt_tokens or 0
        self.completion_tokens += usage.completion_tokens or 0
        self.cached_tokens += usage.cached_tokens or 0
        self.is_estimated |= usage.is_estimated
        self.context_tokens = (usage.prompt_tokens or 0) + (usage.completion_tokens or 0)
        if usage.cost_usd is None:
            self.has_unknown_cost = True
        else:
            self.cost_usd += usage.cost_usd
            self.has_known_cost = True
