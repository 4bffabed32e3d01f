"""The marks of a run in a list: go to one, change what is written about it, take it away."""

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from lis_tui.core.events import StepAddress
from lis_tui.core.text import one_line
from lis_tui.core.view import RunView
from lis_tui.ui.calls import short
from lis_tui.ui.labels import content_of, keys, label
from lis_tui.ui.marking import Marks
from lis_tui.ui.paint import Paint
from lis_tui.ui.rows import Ink
from lis_tui.ui.strip import MARKED

_ADDRESS_WIDTH = 7


class MarksDialog(ModalScreen[StepAddress | None]):
    """Lists the marks in the order of the run; gives the one to go to."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS = [
        Binding("escape,q,asterisk", "cancel", "back"),
        Binding("x,delete", "drop", "take away"),
    ]

    def __init__(self, marks: Marks, view: RunView, paint: Paint) -> None:
        super().__init__()
        self._marks = marks
        self._view = view
        self._paint = paint

    def compose(self) -> ComposeResult:
        """Draw the list."""
        with Vertical(classes="dialog") as box:
            box.border_title = label("Marks")
            box.border_subtitle = keys("enter go there · x take away · esc back")
            yield Static(label("None yet: m marks a step, ; writes about it."), classes="note")
            yield OptionList(id="marks", markup=False)

    def on_mount(self) -> None:
        """Fill the list."""
        self._fill(0)

    def _fill(self, place: int) -> None:
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options([Option(content_of(self._lines(one), self._paint)) for one in self._addresses])
        self.query_one(".note").display = not self._addresses
        options.display = bool(self._addresses)
        if self._addresses:
            options.highlighted = min(place, len(self._addresses) - 1)
            options.focus()

    @property
    def _addresses(self) -> list[StepAddress]:
        return sorted(self._marks.addresses)

    def _lines(self, address: StepAddress) -> list[list[Ink]]:
        step, comment = self._view.step(address), self._marks.comment(address)
        told = short(step.tool, step.arguments) if step is not None else ""
        lines: list[list[Ink]] = [
            [(f"{MARKED} ", "human"), (f"{address!s:<{_ADDRESS_WIDTH}}", "muted"), (told, "output")]
        ]
        if comment:
            lines.append([(" " * (_ADDRESS_WIDTH + 2), ""), (one_line(comment, 400), "human")])
        return lines

    @on(OptionList.OptionSelected)
    def _selected(self, message: OptionList.OptionSelected) -> None:
        self.dismiss(self._addresses[message.option_index])

    def action_drop(self) -> None:
        """Take the mark under the cursor away, with what is written about it."""
        place = self.query_one(OptionList).highlighted
        if place is not None and self._addresses:
            self._marks.drop(self._addresses[place])
            self._fill(place)

    def action_cancel(self) -> None:
        """Stay where one is."""
        self.dismiss(None)
