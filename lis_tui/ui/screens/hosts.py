"""The dialog that changes the hosts which a sandbox may reach."""

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static, TextArea

from lis_tui.core.errors import LisError
from lis_tui.core.network import check_rules
from lis_tui.core.text import safe_str
from lis_tui.ui.labels import keys, label

_NOTE = (
    "One a line: name, *.name, name:port, an address; * is every host but local ones. "
    "Without a port 80 and 443 are meant. It counts from the next connection on."
)


class HostsDialog(ModalScreen[tuple[str, ...] | None]):
    """A host a line; gives them all, or None where nothing was changed."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS = [
        Binding("escape", "cancel", "cancel"),
        Binding("ctrl+s", "apply", "apply", priority=True),
    ]

    def __init__(self, hosts: tuple[str, ...]) -> None:
        super().__init__()
        self._hosts = hosts

    def compose(self) -> ComposeResult:
        """Draw the hosts."""
        with Vertical(classes="dialog -human") as box:
            box.border_title = label("Hosts that the sandbox may reach")
            box.border_subtitle = keys("ctrl+s apply · esc cancel")
            yield Static(label(_NOTE), classes="note")
            yield TextArea("\n".join(self._hosts), id="words", show_line_numbers=False)
            yield Static("", classes="problem", markup=False)

    def on_mount(self) -> None:
        """Put the cursor below the last."""
        area = self.query_one(TextArea)
        area.move_cursor(area.document.end)
        area.focus()

    def action_apply(self) -> None:
        """Give them, or say what is wrong with one."""
        hosts = tuple(dict.fromkeys(safe_str(self.query_one(TextArea).text).replace(",", " ").split()))
        try:
            check_rules(hosts)
        except LisError as error:
            self.query_one(".problem", Static).update(label(error.sentence))
            return
        self.dismiss(hosts if hosts != self._hosts else None)

    def action_cancel(self) -> None:
        """Change nothing."""
        self.dismiss(None)
