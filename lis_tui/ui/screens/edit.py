"""The editor for a waiting step: its command, the text of its change, or its arguments as JSON."""

import json
import os
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static, TextArea

from lis_tui.core.parts import StepView
from lis_tui.core.text import one_line
from lis_tui.ui.calls import arguments_of
from lis_tui.ui.highlight import language_of
from lis_tui.ui.labels import label
from lis_tui.ui.paint import Paint
from lis_tui.ui.widgets.code import CodeArea

_FIELDS = {"create": "file_text", "str_replace": "new_str", "insert": "new_str"}
_SUFFIXES = {"bash": ".sh", "python": ".py", "json": ".json"}


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
        if arguments_of(text) is None:
            raise ValueError("These arguments are no JSON object.")
        return text
    arguments = arguments_of(arguments_json) or {}
    return json.dumps(arguments | {part.key: text}, ensure_ascii=False)


class EditDialog(ModalScreen[str | None]):
    """Gives the changed arguments, or None."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS = [
        Binding("escape", "cancel", "cancel", priority=True),
        Binding("ctrl+s,ctrl+enter", "apply", "run this instead", priority=True),
        Binding("ctrl+e", "editor", "$EDITOR", priority=True),
    ]

    def __init__(self, step: StepView, paint: Paint) -> None:
        super().__init__()
        self._step = step
        self._paint = paint
        self._part = part_of(step.tool, step.arguments)

    def compose(self) -> ComposeResult:
        """Draw the editor."""
        with Vertical(classes="dialog -human") as box:
            box.border_title = label(f"Edit step {self._step.address} · {self._part.title}")
            box.border_subtitle = label("ctrl+s run this instead · ctrl+e $EDITOR · esc cancel")
            yield CodeArea(self._part.text, self._part.language, self._paint)
            yield Static("", classes="problem", markup=False)

    def on_mount(self) -> None:
        """Put the cursor into the text."""
        self.query_one(TextArea).focus()

    def action_cancel(self) -> None:
        """Change nothing."""
        self.dismiss(None)

    def action_apply(self) -> None:
        """Give the changed arguments; unchanged ones are no edit."""
        text = self.query_one(TextArea).text
        if text == self._part.text:
            self._say("nothing is changed; esc leaves, a approves")
            return
        try:
            self.dismiss(with_part(self._step.arguments, self._part, text))
        except ValueError as error:
            self._say(str(error))

    def action_editor(self) -> None:
        """Edit in the person's own editor."""
        words = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
        area = self.query_one(TextArea)
        suffix = _SUFFIXES.get(self._part.language, ".txt")
        with tempfile.TemporaryDirectory(prefix="lis-tui-") as folder:
            path = Path(folder) / f"step{suffix}"
            path.write_text(area.text, encoding="utf-8")
            problem = self._run_editor([*words, str(path)])
            if problem:
                self._say(problem)
                return
            area.text = path.read_text(encoding="utf-8", errors="replace").removesuffix("\n")

    def _run_editor(self, words: list[str]) -> str:
        """Lend the terminal to the editor; nothing may be raised meanwhile, or the terminal stays lent."""
        with self.app.suspend():
            try:
                done = subprocess.run(words, check=False)
            except OSError as error:
                return f"{words[0]} cannot be started: {error.strerror}. $EDITOR names another."
        return f"{words[0]} ended with {done.returncode}; its text was not taken" if done.returncode else ""

    @on(TextArea.Changed)
    def _changed(self) -> None:
        self._say("")

    def _say(self, sentence: str) -> None:
        self.query_one(".problem", Static).update(label(sentence))
