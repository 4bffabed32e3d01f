"""The dialog of saving: where to, and whether what is there is replaced."""

import os
from pathlib import Path

from msgspec import Struct
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, Static

from lis_tui.core.errors import UsageWrong
from lis_tui.core.text import safe_str
from lis_tui.core.view import RunView
from lis_tui.ui.labels import keys, label
from lis_tui.ui.paint import Paint
from lis_tui.ui.screens.travel import TravelDialog


class Target(Struct, frozen=True):
    """Where to, as the person said."""

    path: Path
    is_replacing: bool = False


class SaveDialog(TravelDialog[Target]):
    """Asks for a path, or for a folder that several go below; enter saves."""

    def __init__(self, view: RunView, paint: Paint, title: str, path: str, *, is_folder: bool) -> None:
        super().__init__(view, paint)
        self._title = title
        self._path = path
        self._is_folder = is_folder
        self._warned = ""

    def compose(self) -> ComposeResult:
        """Draw the field."""
        with Vertical(classes="dialog -human") as box:
            box.border_title = label(self._title)
            box.border_subtitle = keys("enter save · esc cancel")
            yield self.row("below" if self._is_folder else "to", Input(self._path, id="path"))
            yield Static("", classes="problem", markup=False)

    def on_mount(self) -> None:
        """Put the cursor into the field."""
        self.query_one(Input).focus()

    def given(self) -> Target:
        """Give the path. Raises UsageWrong, also the first time where something would be replaced."""
        text = self.text_of("path")
        path = Path(safe_str(text)).expanduser().absolute()
        if not text or "\0" in text:
            raise UsageWrong("Say where to.")
        if self._is_folder:
            return Target(_new_folder(path))
        if path.is_dir():
            path = path / Path(self._path).name
        if not path.parent.is_dir():
            raise UsageWrong(f"{path.parent} is no folder: choose another path.")
        if os.path.lexists(path) and self._warned != str(path):
            self._warned = str(path)
            raise UsageWrong(f"{path.name} is there already; enter again replaces it.")
        return Target(path, self._warned == str(path))


def _new_folder(path: Path) -> Path:
    if os.path.lexists(path) and not path.is_dir():
        raise UsageWrong(f"{path} is no folder: choose another path.")
    return path
