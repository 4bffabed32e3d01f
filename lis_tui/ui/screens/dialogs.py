"""Small dialogs: a question that is answered in words, and what becomes of a live run when one leaves."""

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static, TextArea
from textual.widgets.option_list import Option

from lis_tui.core.decisions import CloseInput, SendInput
from lis_tui.core.text import one_line, safe_str
from lis_tui.ui.labels import keys, label


class AskDialog(ModalScreen[str | None]):
    """Asks for some words; enter gives them, ctrl+j begins a new line, esc gives nothing."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS = [
        Binding("escape", "cancel", "cancel"),
        Binding("enter,ctrl+s", "apply", "say", priority=True),
        Binding("ctrl+j", "new_line", "new line", priority=True),
    ]

    def __init__(self, title: str, note: str, *, verb: str = "say", is_empty_fine: bool = False) -> None:
        super().__init__()
        self._title = title
        self._note = note
        self._verb = verb
        """What enter does."""
        self._is_empty_fine = is_empty_fine

    def compose(self) -> ComposeResult:
        """Draw the question and a field."""
        with Vertical(classes="dialog -human") as box:
            box.border_title = label(one_line(self._title, 80))
            box.border_subtitle = keys(f"enter {self._verb} · ctrl+j new line · esc cancel")
            yield Static(self._note, classes="note", markup=False)
            yield TextArea(id="words", soft_wrap=True, show_line_numbers=False)

    def on_mount(self) -> None:
        """Put the cursor into the field."""
        self.query_one(TextArea).focus()

    def action_cancel(self) -> None:
        """Give nothing."""
        self.dismiss(None)

    def action_new_line(self) -> None:
        """Begin a new line."""
        self.query_one(TextArea).insert("\n")

    def action_apply(self) -> None:
        """Give the words."""
        text = self.query_one(TextArea).text.strip()
        if text or self._is_empty_fine:
            self.dismiss(text)


class InputDialog(ModalScreen[SendInput | CloseInput | None]):
    """Asks for a line that a running command reads; ctrl+d ends its input."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS = [
        Binding("escape", "cancel", "cancel"),
        Binding("enter", "apply", "type", priority=True),
        Binding("ctrl+d", "end", "end of input", priority=True),
    ]

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title

    def compose(self) -> ComposeResult:
        """Draw a field."""
        with Vertical(classes="dialog -human") as box:
            box.border_title = label(one_line(self._title, 80))
            box.border_subtitle = keys("enter type it · ctrl+d end its input · esc cancel")
            note = "The command reads this line. It is kept in the journal."
            yield Static(note, classes="note", markup=False)
            yield Input(id="words")

    def on_mount(self) -> None:
        """Put the cursor into the field."""
        self.query_one(Input).focus()

    def action_cancel(self) -> None:
        """Type nothing."""
        self.dismiss(None)

    def action_apply(self) -> None:
        """Give the line, with its end."""
        text = safe_str(self.query_one(Input).value)
        self.dismiss(SendInput(f"{text}\n".encode()))

    def action_end(self) -> None:
        """End the input."""
        self.dismiss(CloseInput())


class QuitDialog(ModalScreen[str | None]):
    """Asks what becomes of the live runs; `here` is the one that is shown, empty where that one is over."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS = [
        Binding("escape", "cancel", "stay"),
        Binding("d", "choose('detach')", "detach"),
        Binding("p", "choose('pause')", "pause"),
        Binding("e", "choose('end')", "end"),
        Binding("h", "choose('end_here')", "end this one"),
    ]

    def __init__(self, runs: list[str], here: str) -> None:
        super().__init__()
        self._runs = [one_line(run, 60) for run in runs]
        self._here = one_line(here, 60)

    def compose(self) -> ComposeResult:
        """Draw the choices."""
        with Vertical(classes="dialog -warning") as box:
            is_one = len(self._runs) == 1
            box.border_title = label("The run is live" if is_one else f"{len(self._runs)} runs are live")
            box.border_subtitle = keys("esc stay")
            if not is_one:
                yield Static(label(", ".join(self._runs)), classes="note")
            yield OptionList(*(self._one() if is_one else self._several()))

    def _one(self) -> list[Option]:
        return [
            Option(label(f"d  detach: it goes on; lis-tui attach {self._runs[0]}"), id="detach"),
            Option(label("p  pause: it holds at the next gate; attach again any time"), id="pause"),
            Option(label("e  end it now; what it made is kept"), id="end"),
        ]

    def _several(self) -> list[Option]:
        found = [
            Option(label("d  detach: all go on; lis-tui attach NAME"), id="detach"),
            Option(label("p  pause: all hold at their next gate; attach again any time"), id="pause"),
            Option(label("e  end all of them now; what they made is kept"), id="end"),
        ]
        if self._here:
            found.append(Option(label(f"h  end {self._here} alone, and stay"), id="end_here"))
        return found

    @on(OptionList.OptionSelected)
    def _selected(self, message: OptionList.OptionSelected) -> None:
        self.dismiss(message.option_id)

    def action_choose(self, what: str) -> None:
        """Choose by letter, if it is offered."""
        if any(option.id == what for option in self.query_one(OptionList).options):
            self.dismiss(what)

    def action_cancel(self) -> None:
        """Stay."""
        self.dismiss(None)
