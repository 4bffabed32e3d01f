"""The runs of a family and those that are live besides: enter shows one, each keeps its place."""

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from lis_tui.trajectory.summary import RunSummary
from lis_tui.ui.family import Kin, kin_row
from lis_tui.ui.labels import content_of, label
from lis_tui.ui.paint import Paint
from lis_tui.ui.widgets.beside import move_beside


class FamilyDialog(ModalScreen[RunSummary | None]):
    """Gives the chosen run, or None."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS = [
        Binding("escape,q,O", "cancel", "stay"),
        Binding("j", "move(1)", "down"),
        Binding("k", "move(-1)", "up"),
    ]

    def __init__(self, kin: list[Kin], here: str, now: float, paint: Paint) -> None:
        super().__init__()
        self._kin = kin
        self._here = here
        self._now = now
        self._paint = paint

    def compose(self) -> ComposeResult:
        """Draw the tree."""
        with Vertical(classes="dialog") as box:
            box.border_title = label("Runs of this family, and live ones")
            box.border_subtitle = label("enter show it · esc stay")
            if self._kin:
                yield OptionList(*self._options(), id="runs", markup=False)
            else:
                yield Static("No run is known here.", classes="note", markup=False)

    def _options(self) -> list[Option]:
        width = max(min(self.app.size.width * 9 // 10, 110) - 6, 20)
        found: list[Option] = []
        for kin in self._kin:
            sign = "▸" if kin.run.name == self._here else " "
            lines = kin_row(kin, self._now, width=width, sign=sign).lines(width)
            found.append(Option(content_of(lines, self._paint)))
        return found

    def on_mount(self) -> None:
        """Put the cursor on the run that is shown."""
        for options in self.query(OptionList):
            options.focus()
            names = [kin.run.name for kin in self._kin]
            options.highlighted = names.index(self._here) if self._here in names else 0

    @on(OptionList.OptionSelected)
    def _selected(self, message: OptionList.OptionSelected) -> None:
        self.dismiss(self._kin[message.option_index].run)

    def action_move(self, direction: int) -> None:
        """To the run beside."""
        for options in self.query(OptionList):
            move_beside(options, direction)

    def action_cancel(self) -> None:
        """Stay."""
        self.dismiss(None)
