"""The dialog that changes a run's limits."""

import msgspec
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from lis_tui.core.spec import Limits
from lis_tui.ui.labels import keys, label

_NAMES = {
    "turns": "max_turns",
    "tokens": "max_tokens",
    "cost": "max_cost_usd",
    "seconds": "timeout_s",
    "command": "command_timeout_s",
}


class LimitsDialog(ModalScreen[Limits | None]):
    """One editable line; enter applies it."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS = [Binding("escape", "cancel", "cancel")]

    def __init__(self, limits: Limits) -> None:
        super().__init__()
        self._limits = limits

    def compose(self) -> ComposeResult:
        """Draw the line."""
        with Vertical(classes="dialog -human") as box:
            box.border_title = label("Limits")
            box.border_subtitle = keys("enter apply · esc cancel")
            yield Static("none: no limit. A run that a limit ended goes on.", classes="note", markup=False)
            yield Input(write_limits(self._limits), id="limits")
            yield Static("", classes="problem", markup=False)

    def on_mount(self) -> None:
        """Put the cursor into the line."""
        self.query_one(Input).focus()

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Read the line, or say what is wrong with it."""
        limits = read_limits(message.value, self._limits)
        if isinstance(limits, str):
            self.query_one(".problem", Static).update(label(limits))
        else:
            self.dismiss(limits)

    def action_cancel(self) -> None:
        """Change nothing."""
        self.dismiss(None)


def write_limits(limits: Limits) -> str:
    """Give the limits as one line."""
    parts = []
    for word, name in _NAMES.items():
        value = getattr(limits, name)
        parts.append(f"{word}={'none' if value is None else f'{value:g}'}")
    return "  ".join(parts)


def read_limits(line: str, old: Limits) -> Limits | str:
    """Read the line; a sentence where it makes no sense."""
    values: dict[str, object] = msgspec.structs.asdict(old)
    for word in line.split():
        name, equals, text = word.partition("=")
        if not equals or name not in _NAMES:
            return f"{word!r} is no limit; these are: {', '.join(_NAMES)}."
        try:
            values[_NAMES[name]] = None if text == "none" else _number(text)
        except ValueError:
            return f"{name} needs a number above 0, or none."
    try:
        return msgspec.convert(values, Limits)
    except msgspec.ValidationError:
        return "turns and tokens are whole numbers; turns and command cannot be none."


def _number(text: str) -> int | float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise ValueError(text)
    return int(value) if value.is_integer() else value
