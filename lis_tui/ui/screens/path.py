"""Asking for a path: names are completed while one types."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from lis_tui.core.bus import spawn
from lis_tui.core.text import one_line
from lis_tui.ui.labels import keys, label
from lis_tui.ui.widgets.beside import move_beside

MOST = 200
"""So many names are offered."""
NOTE = "A folder, a log or a trajectory of any program; what it is, is found out by what is in it."


class PathDialog(ModalScreen[Path | None]):
    """Gives a path of something that exists; `begin` stands in the field at first."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS = [
        Binding("escape", "cancel", "cancel"),
        Binding("tab", "complete", "complete", priority=True),
        Binding("down", "move(1)", "down", priority=True),
        Binding("up", "move(-1)", "up", priority=True),
    ]

    def __init__(self, begin: str = "") -> None:
        super().__init__()
        self._begin = begin
        self._wanted = ""
        self._is_reading = False
        self._has_moved = False

    def compose(self) -> ComposeResult:
        """Draw the field and the names."""
        with Vertical(classes="dialog") as box:
            box.border_title = label("Open")
            box.border_subtitle = keys("enter open · tab complete · esc cancel")
            yield Static(NOTE, classes="note", markup=False)
            yield Input(self._begin, id="path", select_on_focus=False, placeholder="a path")
            yield OptionList(id="actions", markup=False)
            yield Static("", classes="problem", markup=False)

    def on_mount(self) -> None:
        """Put the cursor at the end of the field."""
        field = self.query_one(Input)
        field.focus()
        field.cursor_position = len(self._begin)

    # ---- completing

    @on(Input.Changed)
    def _changed(self, message: Input.Changed) -> None:
        self._say("")
        self._wanted = message.value
        self._has_moved = False
        if not self._is_reading:
            spawn(self._offer(), "names")

    async def _offer(self) -> None:
        """List names; a slow folder keeps no key waiting, and only the newest wish counts."""
        self._is_reading = True
        try:
            done = None
            while done != self._wanted and self.is_attached:
                done = self._wanted
                found = await asyncio.to_thread(completions, done)
                if done == self._wanted and self.is_attached:
                    self._show(found)
        finally:
            self._is_reading = False

    def _show(self, found: Sequence[str]) -> None:
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options(Option(label(one_line(path, 300)), id=path) for path in found)
        options.highlighted = 0 if found else None

    @property
    def _highlighted(self) -> str:
        options = self.query_one(OptionList)
        place = options.highlighted
        return options.get_option_at_index(place).id or "" if place is not None else ""

    def action_complete(self) -> None:
        """Take as much of a name as all that are offered have in common; then the one under the cursor."""
        field = self.query_one(Input)
        offered = [option.id or "" for option in self.query_one(OptionList).options]
        common = os.path.commonprefix(offered)  # noqa: RUF071  (half a name is what is wanted)
        taken = common if len(common) > len(field.value) else self._highlighted
        if taken:
            field.value = taken
            field.cursor_position = len(taken)

    def action_move(self, direction: int) -> None:
        """To the name beside; it is what is meant then."""
        self._has_moved = True
        move_beside(self.query_one(OptionList), direction)

    # ---- answering

    @on(Input.Submitted)
    def _submitted(self) -> None:
        text = self.query_one(Input).value.strip()
        is_there = bool(text) and os.path.lexists(Path(text).expanduser())
        self._take(text if is_there and not self._has_moved else self._highlighted or text)

    @on(OptionList.OptionSelected)
    def _selected(self, message: OptionList.OptionSelected) -> None:
        self._take(message.option_id or "")

    def _take(self, text: str) -> None:
        path = Path(text).expanduser()
        if not text:
            self._say("Type a path; tab completes it.")
        elif not os.path.lexists(path):
            self._say(f"There is nothing at {one_line(text, 200)}.")
        else:
            self.dismiss(path)

    def _say(self, sentence: str) -> None:
        self.query_one(".problem", Static).update(sentence)

    def action_cancel(self) -> None:
        """Open nothing."""
        self.dismiss(None)


def completions(text: str) -> list[str]:
    """Give the paths that begin like this, folders with a slash at their end; hidden ones only if asked."""
    folder, name = os.path.split(text)
    try:
        with os.scandir(Path(folder or ".").expanduser()) as found:
            entries = [entry for entry in found if _fits(entry.name, name)]
    except (OSError, ValueError, RuntimeError):  # no such folder, a NUL in it, no such user's home
        return []
    entries.sort(key=lambda entry: (not entry.is_dir(), entry.name.casefold()))
    return [
        os.path.join(folder, entry.name) + ("/" if entry.is_dir() else "")  # noqa: PTH118  (as it was typed)
        for entry in entries[:MOST]
    ]


def _fits(name: str, wanted: str) -> bool:
    is_hidden = name.startswith(".") and not wanted.startswith(".")
    return name.casefold().startswith(wanted.casefold()) and not is_hidden
