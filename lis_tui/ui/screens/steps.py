"""Choosing a step out of those whose files are known."""

from collections.abc import Mapping

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from lis_tui.core.events import StepAddress
from lis_tui.core.text import one_line
from lis_tui.ui.labels import content_of, keys, label
from lis_tui.ui.paint import Paint
from lis_tui.ui.widgets.beside import move_beside


class StepDialog(ModalScreen[StepAddress | None]):
    """Gives one of `steps`, each with its words; `wanted` is under the cursor at first."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS = [
        Binding("escape", "cancel", "cancel"),
        Binding("down", "move(1)", "down", priority=True),
        Binding("up", "move(-1)", "up", priority=True),
    ]

    def __init__(
        self, title: str, steps: Mapping[StepAddress, str], wanted: StepAddress, paint: Paint
    ) -> None:
        super().__init__()
        self._title = title
        self._steps = {str(address): (address, words) for address, words in steps.items()}
        self._wanted = wanted
        self._paint = paint

    def compose(self) -> ComposeResult:
        """Draw the field and the steps."""
        with Vertical(classes="dialog") as box:
            box.border_title = label(one_line(self._title, 80))
            box.border_subtitle = keys("enter compare · esc cancel")
            yield Input(placeholder="a number, or words of the command", id="search")
            yield OptionList(*self._options(""), id="actions", markup=False)

    def on_mount(self) -> None:
        """Put the cursor into the field, and on the step that is most likely meant."""
        self.query_one(Input).focus()
        names = [option.id for option in self.query_one(OptionList).options]
        self.query_one(OptionList).highlighted = names.index(str(self._wanted))

    def _options(self, sought: str) -> list[Option]:
        found = []
        for name, (_, words) in self._steps.items():
            if all(name.startswith(word) or word in words.casefold() for word in sought.casefold().split()):
                line = [(f"{name:>7}  ", "accent"), (one_line(words, 200), "output")]
                found.append(Option(content_of([line], self._paint), id=name))
        return found

    @on(Input.Changed)
    def _search(self, message: Input.Changed) -> None:
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options(self._options(message.value))
        names = [option.id for option in options.options]
        place = names.index(str(self._wanted)) if str(self._wanted) in names and not message.value else 0
        options.highlighted = place if names else None

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.query_one(OptionList).action_select()

    @on(OptionList.OptionSelected)
    def _selected(self, message: OptionList.OptionSelected) -> None:
        self.dismiss(self._steps[message.option_id or ""][0])

    def action_move(self, direction: int) -> None:
        """To the step beside."""
        move_beside(self.query_one(OptionList), direction)

    def action_cancel(self) -> None:
        """Choose none."""
        self.dismiss(None)
