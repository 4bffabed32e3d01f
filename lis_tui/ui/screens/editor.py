"""What dialogs with text to edit share: the person's own editor, a line for problems, how one leaves."""

import os
import shlex
import subprocess
from typing import NamedTuple, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static, TextArea

from lis_tui.core.temporary import TemporaryFolder
from lis_tui.ui.labels import keys, label
from lis_tui.ui.paint import Paint
from lis_tui.ui.widgets.code import CodeArea

_SUFFIXES = {"bash": ".sh", "python": ".py", "json": ".json", "markdown": ".md"}
Result = TypeVar("Result")


class Editing(ModalScreen[Result | None]):
    """A dialog with text to edit; ctrl+e hands the text with the cursor to $EDITOR."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS = [
        Binding("escape", "cancel", "cancel", priority=True),
        Binding("ctrl+e", "editor", "$EDITOR", priority=True),
    ]

    def on_mount(self) -> None:
        """Put the cursor into the first text: at the end of a line, at the beginning of more."""
        area = self.query(CodeArea).first()
        if "\n" not in area.text:
            area.move_cursor(area.document.end)
        area.focus()

    def action_cancel(self) -> None:
        """Change nothing."""
        self.dismiss(None)

    def action_editor(self) -> None:
        """Edit in the person's own editor."""
        words = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
        area = self.focused if isinstance(self.focused, CodeArea) else self.query(CodeArea).first()
        suffix = _SUFFIXES.get(area.language_name, ".txt")
        with TemporaryFolder() as folder:
            path = folder / f"step{suffix}"
            path.write_text(area.text, encoding="utf-8")
            problem = self._run_editor([*words, str(path)])
            if problem:
                self.say(problem)
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
        self.say("")

    def say(self, sentence: str) -> None:
        """Say what is wrong."""
        self.query_one(".problem", Static).update(label(sentence))


class Text(NamedTuple):
    """A text to edit; `title` stands above it."""

    text: str
    title: str = ""
    language: str = ""


class TextsDialog(Editing[tuple[str, ...]]):
    """Gives the edited texts; unchanged ones are no edit."""

    BINDINGS = [Binding("ctrl+s,ctrl+enter", "apply", "take it", priority=True)]

    def __init__(
        self,
        title: str,
        note: str,
        texts: tuple[Text, ...],
        paint: Paint,
        *,
        way: str = "take it",
        must_differ: bool = True,
    ) -> None:
        super().__init__()
        self._title = title
        self._note = note
        self._texts = texts
        self._paint = paint
        self._way = way
        self._must_differ = must_differ

    def compose(self) -> ComposeResult:
        """Draw the texts, one below the other."""
        with Vertical(classes="dialog -human") as box:
            box.border_title = label(self._title)
            tab = " · tab next" if len(self._texts) > 1 else ""
            box.border_subtitle = keys(f"ctrl+s {self._way}{tab} · ctrl+e $EDITOR · esc cancel")
            yield Static(label(self._note), classes="note")
            for number, (text, title, language) in enumerate(self._texts):
                if title:
                    yield Static(label(title), classes="heading")
                area = CodeArea(text, language, self._paint, id=f"text-{number}")
                if len(self._texts) > 1:
                    area.tab_behavior = "focus"
                yield area
            yield Static("", classes="problem", markup=False)

    def action_apply(self) -> None:
        """Give the texts."""
        texts = tuple(area.text for area in self.query(CodeArea))
        if self._must_differ and texts == tuple(each.text for each in self._texts):
            self.say("nothing is changed; esc leaves")
            return
        self.dismiss(texts)
