"""A model that plays a written scenario: no key, no network, and what it says next depends on what it saw."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from importlib import resources
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from lis_tui.core.errors import SettingsInvalid
from lis_tui.core.messages import (
    AssistantMessage,
    CallPiece,
    Message,
    Piece,
    ReasoningPiece,
    Reply,
    ReplyEnded,
    Request,
    TextPiece,
    ToolCall,
    Usage,
)
from lis_tui.core.openai import estimate_tokens

_WORDS = re.compile(r"\s*\S+\s*?(?=\s|$)|\s+$")
_PIECE = 24
"""Characters of a call's arguments in one piece."""
_OVER = "This is a scripted model and its scenario is over: it has nothing to add."


class ScriptedCall(Struct, frozen=True, forbid_unknown_fields=True):
    """A tool and the arguments it is called with."""

    tool: str
    arguments: dict[str, object] = {}


class Turn(Struct, frozen=True, forbid_unknown_fields=True):
    """One reply. `when` is searched in what the model saw since its last reply; without it the turn fits."""

    reasoning: str = ""
    text: str = ""
    calls: tuple[ScriptedCall, ...] = ()
    when: str | None = None


class Scenario(Struct, frozen=True, forbid_unknown_fields=True):
    """A task, the files it starts from, what the model does, and the answer that is right.

    After each reply the next turn that fits is played; those before it are passed over for good.
    """

    turns: Annotated[tuple[Turn, ...], Meta(min_length=1)]
    task: str = ""
    """Empty: that of the preset of the same name, and its files."""
    title: str = ""
    inputs: dict[str, str] = {}
    """File name to content: what a run puts into `documents/`."""
    expect: str | None = None
    """What `answer.txt` must hold, spaces around it aside."""
    pace: float = 1.0
    """1: about as fast as people read along. 0: at once."""


class ScriptModel:
    """Plays a scenario; its place is found from the conversation, so a resumed run goes on where it was.

    The profile's extra body may set another pace: `{"pace": 0}`.
    """

    def __init__(
        self,
        scenario: Scenario,
        *,
        pace: float | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._turns = scenario.turns
        self._pace = scenario.pace if pace is None else pace
        self._sleep = sleep

    async def ask(self, request: Request) -> AsyncIterator[Piece]:
        """Stream the turn that fits, or what of it follows its beginning."""
        place = _place(self._turns, request.messages)
        turn = self._turns[place] if place < len(self._turns) else Turn(text=_OVER)
        if request.begun is not None:
            turn = _rest(turn, request.begun)
        pace = _pace_of(request, self._pace)
        for piece, seconds in _pieces(turn, request.turn):
            if pace > 0:
                await self._sleep(seconds * pace)
            yield piece
        yield ReplyEnded(_reply(turn, request.turn))

    def count_tokens(self, request: Request) -> int:
        """Estimate the request's tokens."""
        return estimate_tokens(request)

    def context_tokens(self, request: Request) -> int:
        """A script reads no window; this is what the profile says, or plenty."""
        return request.model.context_tokens or 128_000

    def cannot_continue(self, request: Request) -> str:  # noqa: ARG002  (the port asks about one)
        """A scenario can go on from anywhere."""
        return ""

    async def close(self) -> None:
        """Nothing is held."""


def load_scenario(name: str) -> Scenario:
    """Read a scenario: a shipped one by name (`demo`, `script/demo`), or a file by its path (`….yaml`).

    Raises SettingsInvalid.
    """
    import yaml

    name = name.removeprefix("script/")
    try:
        text = _text_of(name)
        scenario = msgspec.convert(yaml.safe_load(text), Scenario)
        for turn in scenario.turns:
            re.compile(turn.when or "")
    except OSError as error:
        known = ", ".join(list_scenarios())
        raise SettingsInvalid(
            f"There is no scenario {name}: known are {known}, or the path of a file."
        ) from error
    except (yaml.YAMLError, msgspec.ValidationError, UnicodeDecodeError, re.error) as error:
        raise SettingsInvalid(f"The scenario {name} cannot be read: {error}") from error
    return scenario


def list_scenarios() -> tuple[str, ...]:
    """Name the scenarios that are shipped."""
    names = (entry.name for entry in _shipped().iterdir())
    return tuple(sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml")))


def _shipped() -> resources.abc.Traversable:
    return resources.files("lis_tui.model") / "scenarios"


def _text_of(name: str) -> str:
    if name.endswith((".yaml", ".yml")):
        return Path(name).expanduser().read_text(encoding="utf-8")
    if not re.fullmatch(r"[\w-]+", name):
        raise FileNotFoundError(name)
    return (_shipped() / f"{name}.yaml").read_text(encoding="utf-8")


def _place(turns: tuple[Turn, ...], messages: tuple[Message, ...]) -> int:
    """Walk the conversation: where in the scenario the next reply stands."""
    place, seen = -1, ""
    for message in messages:
        if isinstance(message, AssistantMessage):
            place, seen = _next(turns, place, seen), ""
        else:
            seen += message.text + "\n"
    return _next(turns, place, seen)


def _next(turns: tuple[Turn, ...], place: int, seen: str) -> int:
    for number in range(place + 1, len(turns)):
        when = turns[number].when
        if when is None or re.search(when, seen):
            return number
    return len(turns)


def _rest(turn: Turn, begun: AssistantMessage) -> Turn:
    """Give what of the turn follows; where a person wrote another beginning, that is all of its text."""
    reasoning = _after(turn.reasoning, begun.reasoning) if not begun.text else ""
    return msgspec.structs.replace(turn, reasoning=reasoning, text=_after(turn.text, begun.text))


def _after(text: str, begun: str) -> str:
    return text[len(begun) :] if text.startswith(begun) else ""


def _pace_of(request: Request, pace: float) -> float:
    try:
        given = msgspec.json.decode(request.model.extra_body_json, type=dict[str, object]).get("pace")
    except msgspec.DecodeError:
        return pace
    return float(given) if isinstance(given, int | float) else pace


def _pieces(turn: Turn, number: int) -> Iterator[tuple[Piece, float]]:
    """Give the pieces, each with the seconds before it at pace 1."""
    wait = 0.4
    for word in _words(turn.reasoning):
        yield ReasoningPiece(word), wait
        wait = 0.032
    for word in _words(turn.text):
        yield TextPiece(word), wait
        wait = 0.032
    for index, call in enumerate(_calls(turn, number)):
        yield CallPiece(index, call.id, call.name), wait
        wait = 0.012
        for start in range(0, len(call.arguments), _PIECE):
            yield CallPiece(index, arguments=call.arguments[start : start + _PIECE]), wait


def _words(text: str) -> Iterator[str]:
    for match in _WORDS.finditer(text):
        yield match.group()


def _calls(turn: Turn, number: int) -> tuple[ToolCall, ...]:
    return tuple(
        ToolCall(f"script_{number}_{index}", call.tool, msgspec.json.encode(call.arguments).decode())
        for index, call in enumerate(turn.calls, 1)
    )


def _reply(turn: Turn, number: int) -> Reply:
    calls = _calls(turn, number)
    finish = "tool_calls" if calls else "stop"
    usage = Usage(
        cost_usd=0.0, is_estimated=True
    )  # its price is known: nothing; tokens are counted by the run
    return Reply(text=turn.text, reasoning=turn.reasoning, calls=calls, finish_reason=finish, usage=usage)
