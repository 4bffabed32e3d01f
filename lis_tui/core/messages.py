"""What is said between the loop and a model: messages, calls, usage, replies, pieces of a stream."""

from typing import Literal

from msgspec import Struct, field

from lis_tui.core.spec import ModelSpec


class ToolCall(Struct, frozen=True):
    """A call as the model wrote it; `arguments` is its JSON text, which may be broken or cut off."""

    id: str
    name: str
    arguments: str


class Usage(Struct, frozen=True, kw_only=True):
    """Tokens and price of one reply. None: not known. `cost_usd` None: no price is known, not zero."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None
    cost_usd: float | None = None
    is_estimated: bool = False
    """Counted by us, because the server sent no usage."""


class Reply(Struct, frozen=True, kw_only=True):
    """One whole answer of a model."""

    text: str = ""
    reasoning: str = ""
    calls: tuple[ToolCall, ...] = ()
    finish_reason: str = ""
    usage: Usage | None = None
    thinking_json: str = ""
    """Thinking blocks with their signatures, as the provider sent them (JSON text), to be sent back."""
    calls_in_text: bool = False
    """The calls were read out of `text`; the model speaks no tool protocol."""
    raw_json: str = ""
    """The reply as it came, before we read it (JSON text)."""


class SystemMessage(Struct, frozen=True, tag="system"):
    """The rules of the house."""

    text: str


class UserMessage(Struct, frozen=True, tag="user"):
    """Said to the model by a person, or by lis-tui on their behalf."""

    text: str


class AssistantMessage(Struct, frozen=True, tag="assistant"):
    """A reply that became history; its arguments are always valid JSON objects."""

    text: str
    reasoning: str = ""
    calls: tuple[ToolCall, ...] = ()
    thinking_json: str = ""
    calls_in_text: bool = False


class ToolMessage(Struct, frozen=True, tag="tool"):
    """The answer to one call."""

    call_id: str
    name: str
    text: str


Message = SystemMessage | UserMessage | AssistantMessage | ToolMessage


class ToolSchema(Struct, frozen=True):
    """What the model is told of a tool; `parameters_json` is a JSON schema."""

    name: str
    description: str
    parameters_json: str


class Request(Struct, frozen=True, kw_only=True):
    """Exactly what a model is asked."""

    turn: int
    messages: tuple[Message, ...]
    tools: tuple[ToolSchema, ...]
    model: ModelSpec
    begun: "AssistantMessage | None" = None
    """The beginning of the reply, from which the model is to go on; only where it can."""


# The pieces of a stream, in the order they come; the last is always ReplyEnded.


class ReasoningPiece(Struct, frozen=True):
    """More of the model's reasoning."""

    text: str


class TextPiece(Struct, frozen=True):
    """More of the reply's text."""

    text: str


class CallPiece(Struct, frozen=True):
    """More of a tool call. `index` counts the calls of this reply from 0; id and name come once."""

    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""


class RetryPiece(Struct, frozen=True, kw_only=True):
    """The request failed and will be tried again after `wait_s`; what was streamed before it is void."""

    attempt: int
    max_attempts: int
    wait_s: float
    reason: str
    status: int | None = None


class ReplyEnded(Struct, frozen=True):
    """The whole reply, read and parsed."""

    reply: Reply


Piece = ReasoningPiece | TextPiece | CallPiece | RetryPiece | ReplyEnded

StepStatus = Literal[
    "done", "failed", "rejected", "skipped", "malformed", "interrupted", "background", "unknown"
]
"""`unknown`: it ran, and the recording does not say whether it went well."""


class Observation(Struct, frozen=True, kw_only=True):
    """What came of a step. `text` is exactly what the model sees; the rest is for people.

    `exit_code` None: the tool has none, or it is not known. `output_name` names the file in the run's
    `outputs/` that holds the full output. `diff` is a unified diff of what an editor call changed.
    """

    text: str
    status: StepStatus = "done"
    exit_code: int | None = None
    duration_s: float | None = 0.0
    """None: not known."""
    output_bytes: int = 0
    output_name: str = ""
    is_cut: bool = False
    ended_by: Literal["itself", "time limit", "limit", "person", "shell lost", "background"] = "itself"
    cwd: str = ""
    diff: str = ""
    notes: tuple[str, ...] = ()
    answer: str | None = field(default=None)
    """Set by `submit`: the run is over with this answer."""
    output: str | None = None
    """What the command itself wrote, where a recording tells that from `text`; None: it does not."""
