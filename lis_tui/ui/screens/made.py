"""The dialog of what a run made: each file with its size, to open one or all, or to save them."""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from lis_tui.core.events import FileEntry
from lis_tui.core.text import one_line
from lis_tui.ui import words
from lis_tui.ui.labels import content_of, keys, label
from lis_tui.ui.paint import Paint

MOST_LISTED = 500


class Chosen(Struct, frozen=True):
    """What is to be done, with which file."""

    what: Literal["open", "open all", "save"]
    path: str = ""


class MadeDialog(ModalScreen[Chosen | None]):
    """Lists files; enter opens the one under the cursor."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS = [
        Binding("escape,q", "leave", "back"),
        Binding("s,W", "choose('save')", "save all"),
        Binding("o", "choose('open all')", "open all"),
    ]

    def __init__(self, entries: Sequence[FileEntry], paint: Paint) -> None:
        super().__init__()
        self._entries = entries
        self._paint = paint

    def compose(self) -> ComposeResult:
        """Draw the list."""
        total = sum(max(one.size_bytes, 0) for one in self._entries)
        with Vertical(classes="dialog") as box:
            count = words.plural(len(self._entries), "file")
            box.border_title = label(f"What the run made: {count}, {words.size(total)}")
            box.border_subtitle = keys("enter open · o open all · s save all · esc back")
            yield OptionList(*map(self._option, self._entries[:MOST_LISTED]), id="runs", markup=False)

    def on_mount(self) -> None:
        """Begin with the first."""
        options = self.query_one(OptionList)
        options.highlighted = 0
        options.focus()

    def _option(self, entry: FileEntry) -> Option:
        size = words.size(entry.size_bytes) if entry.size_bytes >= 0 else ""
        inks = [(f"{size:>9}  ", "muted"), (one_line(entry.path, 300), "command")]
        return Option(content_of([inks], self._paint))

    @on(OptionList.OptionSelected)
    def _selected(self, message: OptionList.OptionSelected) -> None:
        self.dismiss(Chosen("open", self._entries[message.option_index].path))

    def action_choose(self, what: Literal["open all", "save"]) -> None:
        """All of them."""
        self.dismiss(Chosen(what))

    def action_leave(self) -> None:
        """Back."""
        self.dismiss(None)
