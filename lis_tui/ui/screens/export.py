"""The dialog of exports: in which format, and where to."""

from pathlib import Path

from msgspec import Struct
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, OptionList, Static

from lis_tui.core.errors import UsageWrong
from lis_tui.core.text import one_line, safe_str
from lis_tui.core.view import RunView
from lis_tui.trajectory.exporting.names import FORMATS, ExportFormat
from lis_tui.trajectory.naming import slug
from lis_tui.ui.labels import keys, label
from lis_tui.ui.paint import Paint
from lis_tui.ui.screens.travel import TravelDialog

ABOUT: dict[ExportFormat, tuple[str, str]] = {
    "markdown": ("md", "who did what, to read"),
    "json": ("json", "who did what, for programs"),
    "html": ("html", "one page: steps fold, pictures inside"),
    "cast": ("cast", "a terminal recording (asciinema 2)"),
    "cast3": ("cast", "a terminal recording (asciinema 3)"),
    "atif": ("atif.json", "ATIF 1.8; read back, it is the run again"),
    "openai": ("jsonl", "chat messages to train on"),
    "llm-in-sandbox": ("json", "as llm-in-sandbox writes it"),
    "mini": ("traj.json", "as mini-swe-agent writes it"),
}
"""Ending and words of each."""


class Wanted(Struct, frozen=True):
    """A format and a file that is not there yet."""

    to: ExportFormat
    path: Path


class ExportDialog(TravelDialog[Wanted]):
    """Asks what the run is written down as; enter writes it."""

    def __init__(self, view: RunView, paint: Paint, name: str, folder: Path) -> None:
        super().__init__(view, paint)
        self._run_name = name
        self._folder = folder
        self._suggested = ""

    def compose(self) -> ComposeResult:
        """Draw the formats and the path."""
        width = max(map(len, FORMATS)) + 2
        with Vertical(classes="dialog -human") as box:
            box.border_title = label(f"Export {one_line(self._run_name, 40)}")
            box.border_subtitle = keys("enter write it · ↑ ↓ format · tab path · esc cancel")
            yield OptionList(*(label(f"{name:<{width}}{ABOUT[name][1]}") for name in FORMATS), id="formats")
            yield self.row("to", Input(id="path"))
            yield Static("", classes="problem", markup=False)

    def on_mount(self) -> None:
        """Begin with the first format."""
        self.query_one("#formats").focus()
        self._suggest()

    @property
    def _format(self) -> ExportFormat:
        return FORMATS[self.query_one("#formats", OptionList).highlighted or 0]

    @on(OptionList.OptionHighlighted, "#formats")
    def _suggest(self) -> None:
        """Name the file after the run, until a person has named it."""
        field = self.query_one("#path", Input)
        if field.value == self._suggested:
            self._suggested = str(self._folder / f"{slug(self._run_name)}.{ABOUT[self._format][0]}")
            field.value = self._suggested

    @on(OptionList.OptionSelected, "#formats")
    def _selected(self) -> None:
        self.action_apply()

    def given(self) -> Wanted:
        """Give format and path. Raises UsageWrong."""
        path = Path(safe_str(self.text_of("path"))).expanduser()
        if path.exists():
            raise UsageWrong(f"{path} is there already: choose another name.")
        if not path.parent.is_dir():
            raise UsageWrong(f"{path.parent} is no folder: choose another path.")
        return Wanted(self._format, path)
