"""The editor for a waiting step: its command, the text of its change, or its arguments as JSON."""

import json
from typing import NamedTuple

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import Static, TextArea

from lis_tui.core.arguments import arguments_of
from lis_tui.core.parts import StepView
from lis_tui.core.text import one_line
from lis_tui.ui.highlight import language_of
from lis_tui.ui.labels import keys, label
from lis_tui.ui.paint import Paint
from lis_tui.ui.screens.editor import Editing
from lis_tui.ui.widgets.code import CodeArea

_FIELDS = {"create": "file_text", "str_replace": "new_str", "insert": "new_str"}


class Part(NamedTuple):
    """What of a step's arguments is edited; `key` empty: all of them, as JSON."""

    key: str
    text: str
    language: str
    title: str


def part_of(tool: str, arguments_json: str) -> Part:
    """Choose what is edited."""
    arguments = arguments_of(arguments_json)
    if arguments is None:
        return Part("", arguments_json, "json", "arguments (JSON)")
    command = str(arguments.get("command", ""))
    if tool == "execute_bash" and command:
        return Part("command", command, "bash", "command")
    key = _FIELDS.get(command, "") if tool == "str_replace_editor" else ""
    if isinstance(arguments.get(key), str):
        path = str(arguments.get("path", ""))
        return Part(key, str(arguments[key]), language_of(path), f"{one_line(path, 60)}: {key}")
    return Part("", json.dumps(arguments, indent=2, ensure_ascii=False), "json", "arguments (JSON)")


def with_part(arguments_json: str, part: Part, text: str) -> str:
    """Give the arguments with the edited part. Raises ValueError where they are no JSON object."""
    if not part.key:
        if not text or arguments_of(text) is None:
            raise ValueError("These arguments are no JSON object.")
        return text
    arguments = arguments_of(arguments_json) or {}
    return json.dumps(arguments | {part.key: text}, ensure_ascii=False)


class Edited(NamedTuple):
    """The changed arguments; `is_kept`: the step goes on waiting with them."""

    arguments: str
    is_kept: bool = False


class EditDialog(Editing[Edited]):
    """Gives the changed arguments, or None."""

    BINDINGS = [
        Binding("ctrl+s,ctrl+enter", "apply", "run it now", priority=True),
        Binding("f2", "apply(True)", "keep it waiting", priority=True),
    ]

    def __init__(self, step: StepView, paint: Paint) -> None:
        super().__init__()
        self._step = step
        self._paint = paint
        self._arguments = step.arguments if step.amended is None else step.amended
        self._part = part_of(step.tool, self._arguments)

    def compose(self) -> ComposeResult:
        """Draw the editor."""
        with Vertical(classes="dialog -human") as box:
            box.border_title = label(f"Edit step {self._step.address} · {self._part.title}")
            ways = "ctrl+s run it now · f2 keep it waiting · ctrl+e $EDITOR · esc cancel"
            box.border_subtitle = keys(ways)
            yield CodeArea(self._part.text, self._part.language, self._paint)
            yield Static("", classes="problem", markup=False)

    def action_apply(self, is_kept: bool = False) -> None:
        """Give the changed arguments; unchanged ones are no edit."""
        text = self.query_one(TextArea).text
        if text == self._part.text:
            self.say("nothing is changed; esc leaves, a approves")
            return
        try:
            self.dismiss(Edited(with_part(self._arguments, self._part, text), is_kept))
        except ValueError as error:
            self.say(str(error))
