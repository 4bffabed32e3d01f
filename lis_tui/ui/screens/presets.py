"""Choosing a task that is ready to run: what there is, each with one sentence."""

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from lis_tui.config.presets import Preset
from lis_tui.core.text import one_line
from lis_tui.ui.labels import content_of, keys, label
from lis_tui.ui.paint import Paint


class PresetDialog(ModalScreen[Preset | None]):
    """Gives the preset that a person chose; None where they chose none."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS = [Binding("escape,f4", "cancel", "cancel")]

    def __init__(self, presets: Sequence[Preset], paint: Paint) -> None:
        super().__init__()
        self._presets = {preset.name: preset for preset in presets}
        self._paint = paint

    def compose(self) -> ComposeResult:
        """Draw the list."""
        with Vertical(classes="dialog") as box:
            box.border_title = label("Begin with a task that is ready")
            box.border_subtitle = keys("enter fill it in · esc cancel")
            yield OptionList(*map(self._option, self._presets.values()), id="actions", markup=False)

    def on_mount(self) -> None:
        """Put the cursor on the first."""
        self.query_one(OptionList).highlighted = 0

    def _option(self, preset: Preset) -> Option:
        width = max(len(name) for name in self._presets)
        line = [(f"{preset.name:<{width}}  ", "command"), (one_line(preset.sentence, 120), "muted")]
        return Option(content_of([line], self._paint), id=preset.name)

    @on(OptionList.OptionSelected)
    def _selected(self, message: OptionList.OptionSelected) -> None:
        self.dismiss(self._presets[message.option_id or ""])

    def action_cancel(self) -> None:
        """Choose none."""
        self.dismiss(None)
