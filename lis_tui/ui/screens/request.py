"""What was sent in a turn, rebuilt from the journal, with what is new since the turn before."""

import json
from collections.abc import Hashable

import msgspec
from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import Screen

from lis_tui.core.conversation import messages_of_turn
from lis_tui.core.events import ModelAsked, Record, ReplyFinished, RunStarted, TrajectoryImported
from lis_tui.core.messages import (
    AssistantMessage,
    Message,
    Request,
    SystemMessage,
    ToolMessage,
    UserMessage,
)
from lis_tui.core.openai import as_curl
from lis_tui.core.text import clean, one_line
from lis_tui.ui import words
from lis_tui.ui.highlight import highlight
from lis_tui.ui.paint import Paint
from lis_tui.ui.rows import Ink, Row, cut
from lis_tui.ui.widgets.blocks import BlockList
from lis_tui.ui.widgets.lines import Lines

FOLDED = 6
MOST_LINES = 4000
NOT_RECORDED = "not recorded"
_PARAMETERS = (
    "temperature",
    "top_p",
    "top_k",
    "min_p",
    "repetition_penalty",
    "reasoning_effort",
    "max_tokens",
    "tool_style",
    "tool_choice",
)


def request_of(facts: list[Record], turn: int) -> Request | None:
    """Rebuild a turn's request; None where the journal does not begin with the run."""
    started = next((record.event for record in facts if isinstance(record.event, RunStarted)), None)
    if started is None:
        return None
    messages = messages_of_turn(facts, turn)
    return Request(turn=turn, messages=messages, tools=started.tools, model=started.spec.model)


def is_foreign(facts: list[Record], turn: int) -> bool:
    """Whether another program asked for this turn: we did of none before a request of ours."""
    is_imported = any(isinstance(record.event, TrajectoryImported) for record in facts)
    asked = (one.event.turn for one in facts if isinstance(one.event, ModelAsked))
    return is_imported and turn not in asked


class Messages(BlockList):
    """One block a message; those that the turn before had already are folded."""

    def __init__(
        self, paint: Paint, request: Request, old: tuple[Message, ...], raw: str, *, is_foreign: bool = False
    ) -> None:
        super().__init__(paint, id="request")
        self._is_foreign = is_foreign
        """Another program sent it, and recorded how as far as it did: our own defaults are nothing of it."""
        self._request = request
        self._old = old
        self._raw = raw
        self._wished: dict[int, bool] = {}
        self.is_following = False

    def block_count(self) -> int:
        """Parameters, tools, the messages, the raw reply."""
        return len(self._request.messages) + 3

    def block_version(self, number: int) -> Hashable:
        """Differs with being open."""
        return self._is_open(number)

    def is_countable(self, number: int) -> bool:
        """Nothing arrives."""
        return False

    def title(self) -> tuple[list[Ink], list[Ink]]:
        """Say how much of it is new."""
        total = len(self._request.messages)
        new = sum(1 for number in range(total) if self._is_new(number))
        left = f" What was sent in turn {self._request.turn}: {words.plural(total, 'message')}, "
        return [(left, "accent bold"), (f"+ {new} new since the turn before", "file-new")], []

    def toggle(self, number: int) -> None:
        """Open or fold a block."""
        self._wished[number] = not self._is_open(number)
        self.update_blocks(is_whole=True)

    def go_to_new(self) -> None:
        """Put the cursor on the first message that is new."""
        total = len(self._request.messages)
        new = next((place for place in range(total) if self._is_new(place)), None)
        if new is not None and self._old:
            self.move_to(new + 2)

    def block_rows(self, number: int, *, is_lit: bool) -> list[Row]:
        """Give a block's rows."""
        title, tone, text, language = self._block(number)
        is_new = self._is_new(number - 2)
        is_open = self._is_open(number)
        sign = "▾" if is_open else "▸"
        head = Row(
            [(f"{sign} ", "muted"), (title, f"{tone} bold")],
            lead=[(" + " if is_new else "   ", "file-new")],
            right=[(words.size(len(text.encode("utf-8", errors="replace"))) + " ", "muted")],
        )
        lines = highlight(text, language, "output") if is_open or is_lit else []
        if not is_open:
            first = one_line(text, 200)
            return [head] + ([Row([(first, "muted")], lead=[("     ", "")])] if first else [])
        rows = [Row(line, lead=[("     ", "")], most=40, is_prose=True) for line in lines[:MOST_LINES]]
        if len(lines) > MOST_LINES:
            rows.append(Row([(f"… {len(lines) - MOST_LINES:,} lines more", "muted")], lead=[("     ", "")]))
        return [head, *rows, Row([])]

    def _block(self, number: int) -> tuple[str, str, str, str]:
        if number == 0:
            return "parameters", "accent", self._parameters(), ""
        if number == 1 and self._is_foreign and not self._request.tools:
            return "tools", "accent", NOT_RECORDED, ""
        if number == 1:
            count = words.plural(len(self._request.tools), "tool")
            return f"tools ({count})", "accent", _tools(self._request), "json"
        if number == self.block_count() - 1:
            return "raw reply", "accent", _pretty(self._raw) if self._raw else "not kept", "json"
        message = self._request.messages[number - 2]
        if self._is_foreign and isinstance(message, SystemMessage) and not message.text:
            return "system", "accent", NOT_RECORDED, ""
        return _message(message)

    def _parameters(self) -> str:
        if not self._is_foreign:
            return _parameters(self._request)
        name = one_line(self._request.model.name, 200)
        return f"model: {name or NOT_RECORDED}\nall others: {NOT_RECORDED}"

    def _is_new(self, place: int) -> bool:
        if not 0 <= place < len(self._request.messages):
            return False
        return place >= len(self._old) or self._old[place] != self._request.messages[place]

    def _is_open(self, number: int) -> bool:
        return self._wished.get(number, number == 0 or self._is_new(number - 2))


class RequestScreen(Screen[None]):
    """Shows one turn's request; `[` and `]` go to the turns beside it."""

    CSS_PATH = "whole.tcss"
    BINDINGS = [
        Binding("escape,q,v", "leave", "back"),
        Binding("j,down", "move(1)", "down"),
        Binding("k,up", "move(-1)", "up"),
        Binding("enter", "fold", "fold"),
        Binding("left_square_bracket", "turn(-1)", "turn before"),
        Binding("right_square_bracket", "turn(1)", "next turn"),
        Binding("y", "copy", "copy as curl"),
        Binding("ctrl+c", "copy_selected", "copy"),
    ]

    def __init__(self, facts: list[Record], turn: int, paint: Paint) -> None:
        super().__init__()
        self._facts = facts
        self._turn = turn
        self._paint = paint
        self._request = request_of(facts, turn)
        self._is_foreign = is_foreign(facts, turn)
        self._hint = ""

    def compose(self) -> ComposeResult:
        """Draw the messages and the keys."""
        if self._request is not None:
            old = messages_of_turn(self._facts, self._turn - 1) if self._turn > 1 else ()
            yield Messages(self._paint, self._request, old, self._raw(), is_foreign=self._is_foreign)
        yield Lines(self._paint, self._keys, id="status", tone="foreground on-surface")

    def on_mount(self) -> None:
        """Begin at what is new."""
        if self._request is not None:
            pane = self.query_one(Messages)
            pane.focus()
            self.call_after_refresh(pane.go_to_new)

    def _raw(self) -> str:
        for record in self._facts:
            if isinstance(record.event, ReplyFinished) and record.event.turn == self._turn:
                return record.event.reply.raw_json
        return ""

    def _keys(self, width: int) -> list[list[Ink]]:
        if self._hint:
            return [cut([(f" {self._hint}", "command")], width)]
        line: list[Ink] = [(" ", "")]
        keys = (
            ("esc", "back"),
            ("enter", "fold"),
            ("[ ]", "turn before, next"),
            ("y", "copy as curl, without the key"),
        )
        for key, text in keys:
            line += [(key, "accent"), (f" {text}   ", "muted")]
        return [cut(line, width)]

    def action_leave(self) -> None:
        """Back to the workbench."""
        self.dismiss()

    def action_move(self, direction: int) -> None:
        """To the message beside."""
        pane = self.query_one(Messages)
        pane.move_to(pane.cursor + direction)

    def action_fold(self) -> None:
        """Open or fold a message."""
        pane = self.query_one(Messages)
        pane.toggle(pane.cursor)

    def action_turn(self, direction: int) -> None:
        """Show the turn beside."""
        asked = (ModelAsked, ReplyFinished)  # another program's file holds no request, only the reply
        turns = [record.event.turn for record in self._facts if isinstance(record.event, asked)]
        turn = self._turn + direction
        if turn in turns:
            self.app.switch_screen(RequestScreen(self._facts, turn, self._paint))

    def action_copy(self) -> None:
        """Copy the request as a command; the key stays a variable's name."""
        if self._request is None:
            return
        if self._is_foreign:
            self._hint = "another program sent this: how it asked is not recorded"
        else:
            self.app.copy_to_clipboard(as_curl(self._request))
            self._hint = "copied as a curl command; put the key into $API_KEY"
        self.query_one("#status").refresh()

    def action_copy_selected(self) -> None:
        """Copy what the mouse selected."""
        if selected := self.get_selected_text():
            self.app.copy_to_clipboard(selected)


def _message(message: Message) -> tuple[str, str, str, str]:
    match message:
        case SystemMessage(text):
            return "system", "accent", text, ""
        case UserMessage(text):
            return "user", "human", text, ""
        case ToolMessage(call_id, name, text):
            return f"tool · {one_line(name, 40)} · {one_line(call_id, 40)}", "ok", text, ""
        case AssistantMessage():
            parts = [f"(reasoning) {message.reasoning}"] if message.reasoning else []
            parts += [message.text] if message.text else []
            parts += [f"call {call.name} · {call.id}\n{_pretty(call.arguments)}" for call in message.calls]
            return "assistant", "command", "\n\n".join(parts), ""


def _parameters(request: Request) -> str:
    model = request.model
    lines = [f"model: {model.name}"]
    if model.api_base:
        lines.append(f"api base: {model.api_base}")
    lines += [
        f"{name}: {getattr(model, name)}"
        for name in _PARAMETERS
        if getattr(model, name) not in (None, "auto")
    ]
    if model.extra_body_json not in ("", "{}"):
        lines.append(f"extra body: {model.extra_body_json}")
    return clean("\n".join(lines))


def _tools(request: Request) -> str:
    return "\n".join(
        f"{tool.name}: {tool.description}\n{_pretty(tool.parameters_json)}\n" for tool in request.tools
    )


def _pretty(text: str) -> str:
    try:
        return json.dumps(
            msgspec.json.decode(text.encode("utf-8", errors="replace")), indent=2, ensure_ascii=False
        )
    except msgspec.DecodeError:
        return text
