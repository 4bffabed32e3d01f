"""The dialog that changes a run's limits."""

from collections.abc import Set

import msgspec
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from lis_tui.core.events import LoadMeasured
from lis_tui.core.spec import Limits
from lis_tui.ui import words
from lis_tui.ui.labels import keys, label
from lis_tui.ui.load import gauges

_ENDING = {
    "turns": "max_turns",
    "tokens": "max_tokens",
    "cost": "max_cost_usd",
    "seconds": "timeout_s",
    "command": "command_timeout_s",
}
_FILLING = {"disk": "disk_mb", "files": "files", "output": "output_mb"}
_NAMES = {**_ENDING, **_FILLING}
_SIZES = ("disk", "output")
_UNITS = {"mb": 1, "gb": 1024, "tb": 1024 * 1024}
_ENDING_NOTE = "none: no limit. A run that a limit ended goes on."
_FILLING_NOTE = "What the sandbox may write before the run pauses, and one command print. 20GB is 20480MB."


class LimitsDialog(ModalScreen[Limits | None]):
    """Two editable lines: what ends a run, and what its sandbox may fill; enter applies them."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS = [Binding("escape", "cancel", "cancel")]

    def __init__(
        self, limits: Limits, load: LoadMeasured | None = None, warned: Set[str] = frozenset()
    ) -> None:
        super().__init__()
        self._limits = limits
        self._load = load
        self._warned = warned
        """What the status line warns of: this says the same."""

    def compose(self) -> ComposeResult:
        """Draw the lines."""
        with Vertical(classes="dialog -human") as box:
            box.border_title = label("Limits")
            box.border_subtitle = keys("enter apply · tab next · esc cancel")
            yield Static(label(_ENDING_NOTE), classes="note")
            yield Input(write_limits(self._limits), id="limits")
            yield Static(label(f"{_FILLING_NOTE}{used_words(self._load)}"), classes="note next")
            yield Input(write_limits(self._limits, _FILLING), id="filling")
            yield Static("", classes="problem", markup=False)

    def on_mount(self) -> None:
        """Put the cursor into the line that matters most likely."""
        known = gauges(self._load, self._warned) if self._load else []
        is_full = any(one.name in _FILLING and one.is_near for one in known)
        self.query_one("#filling" if is_full else "#limits", Input).focus()

    def on_input_submitted(self) -> None:
        """Read the lines, or say what is wrong with them."""
        lines = " ".join(field.value for field in self.query(Input))
        limits = read_limits(lines, self._limits)
        if isinstance(limits, str):
            self.query_one(".problem", Static).update(label(limits))
        else:
            self.dismiss(limits)

    def action_cancel(self) -> None:
        """Change nothing."""
        self.dismiss(None)


def used_words(load: LoadMeasured | None) -> str:
    """Say how much of what is limited the sandbox has written."""
    if load is None or load.disk_bytes is None:
        return ""
    files = "" if load.files is None else f" in {words.plural(load.files, 'file')}"
    return f" So far: {words.size(load.disk_bytes)}{files}."


def write_limits(limits: Limits, names: dict[str, str] = _ENDING) -> str:
    """Give some of the limits as one line."""
    parts = []
    for word, name in names.items():
        value = getattr(limits, name)
        unit = "MB" if word in _SIZES else ""
        number = f"{value:g}" if isinstance(value, float) else str(value)
        parts.append(f"{word}={'none' if value is None else f'{number}{unit}'}")
    return "  ".join(parts)


def read_limits(line: str, old: Limits) -> Limits | str:
    """Read the line; a sentence where it makes no sense."""
    values: dict[str, object] = msgspec.structs.asdict(old)
    for word in line.split():
        name, equals, text = word.partition("=")
        if not equals or name not in _NAMES:
            return f"{word!r} is no limit; these are: {', '.join(_NAMES)}."
        try:
            values[_NAMES[name]] = None if text == "none" else _number(text, is_size=name in _SIZES)
        except ValueError:
            return f"{name} needs a number above 0, or none."
    try:
        return msgspec.convert(values, Limits)
    except msgspec.ValidationError:
        return "turns, tokens, disk, files and output are whole numbers; turns and command cannot be none."


def _number(text: str, *, is_size: bool = False) -> int | float:
    """Read a number; of a size, in megabytes where it does not say otherwise."""
    factor = _UNITS.get(text[-2:].lower()) if is_size else None
    value = float(text[:-2] if factor else text) * (factor or 1)
    if not 0 < value < float("inf"):
        raise ValueError(text)
    return int(value) if value.is_integer() else value
