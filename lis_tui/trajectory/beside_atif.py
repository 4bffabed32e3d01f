"""What lis-tui writes beside ATIF's own fields, under one key of `extra`, and reads back from there.

ATIF's fields tell what the model saw and what ran; here stands who did it, and all that has no field there.
`n` is the number of the fact that something was, so that the facts of a run can be put in order again.
"""

import json
from typing import Literal

import msgspec
from msgspec import Struct

from lis_tui.core.arguments import arguments_of
from lis_tui.core.events import StepAddress, Who
from lis_tui.core.messages import ToolCall

KEY = "lis_tui"
VERSION = 1
Json = dict[str, object]
Style = Literal["", "spaced", "ascii"]
_COMPACT = msgspec.json.Encoder()


class Told(Struct, omit_defaults=True, kw_only=True):
    """A fact that ATIF's own fields tell: which one it was, and when."""

    n: int
    at: float = 0.0


class Proposal(Told):
    """A call became a step. `call`: as it was then; None: as the model wrote it."""

    problem: str = ""
    call: ToolCall | None = None


class BesideCall(Struct, omit_defaults=True, kw_only=True):
    """At a tool call, which is what ran, or would have."""

    changed_by: Who | None = None
    """Who had this run instead of what was asked for."""
    asked_for: ToolCall | None = None
    """The call as the model wrote it, or whoever had a command run; None: it is this one."""
    style: Style = ""
    """How the arguments were written as JSON text."""
    text: str | None = None
    """Their text, where it was written in yet another way, or was no JSON object."""
    proposed: Proposal | None = None
    started: Told | None = None


class BesideResult(Told):
    """At a result."""

    changed_by: Who | None = None
    """Who had the model see this instead of what came of the step, which is `really`."""
    really: str | None = None
    call_id: str | None = None
    tool: str | None = None
    observation: Json = {}
    """What is known of it besides its text."""


class BesideReply(Struct, omit_defaults=True, kw_only=True):
    """At a step that is the only reply of its turn, as it was written."""

    finish_reason: str = ""
    thinking_json: str = ""
    calls_in_text: bool = False
    first_piece_s: float | None = None
    duration_s: float | None = 0.0


class Wrote(Struct, omit_defaults=True):
    """What the model itself wrote."""

    message: str = ""
    reasoning_content: str = ""


class Beside(Struct, omit_defaults=True, kw_only=True):
    """At a step."""

    n: int = 0
    """0: what the step is, is told in `facts`."""
    at: float = 0.0
    part: Literal["", "system_prompt", "task_prompt"] = ""
    turn: int = 0
    origin: Literal["", "person", "nudge", "follow_up", "limits", "command"] = ""
    """Who said it, at a message."""
    by: Who | None = None
    """Who ran the command, where the model did not ask for it; then `address` says where it stands."""
    address: StepAddress | None = None
    is_hidden: bool = False
    """The model was not told of the command."""
    changed_by: Who | None = None
    """Who changed what the model takes for its own words; `model_wrote` is what it wrote."""
    model_wrote: Wrote | None = None
    reply: BesideReply | None = None
    facts: list[Json] = []
    """What else happened, as lines of the journal."""


class BesideRun(Struct, kw_only=True):
    """At the root. `started` is the first fact of the run, without the prompts, which are steps."""

    version: int
    n: int
    at: float
    started: Json
    facts: list[Json] = []


def style_of(text: str) -> tuple[Json, Style, str | None]:
    """Give a call's arguments as an object, and how to have their text again: by a style, or whole."""
    given = arguments_of(text) if text else None
    if given is None:
        return {}, "", text
    styles: tuple[Style, ...] = ("", "spaced", "ascii")
    try:
        style = next((style for style in styles if written(given, style) == text), None)
    except (msgspec.EncodeError, ValueError, OverflowError, RecursionError):
        return {}, "", text
    return (given, "", text) if style is None else (given, style, None)


def text_of(arguments: Json, beside: BesideCall) -> str:
    """Give the arguments' text as it was; where somebody changed the arguments since, theirs count."""
    if beside.text is not None and (arguments_of(beside.text) or {}) == arguments:
        return beside.text
    return written(arguments, beside.style)


def written(arguments: Json, style: Style) -> str:
    """Write arguments as JSON text."""
    if style == "":
        return _COMPACT.encode(arguments).decode()
    return json.dumps(arguments, ensure_ascii=style == "ascii", allow_nan=False)
