"""The dialogs of the viewer: its address where no browser took it, and whether a page may use the network."""

import getpass
import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from lis_tui.core.text import one_line
from lis_tui.preview.opener import Opened
from lis_tui.ui.labels import keys, label


class AddressDialog(ModalScreen[bool | None]):
    """Shows an address and how it is reached; gives True where the page shall have the network."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS = [
        Binding("escape,enter,q", "leave", "back"),
        Binding("y", "copy", "copy"),
        Binding("t", "copy_tunnel", "copy the ssh line"),
        Binding("H", "network", "allow the network"),
    ]

    def __init__(self, name: str, opened: Opened, *, is_remote: bool) -> None:
        super().__init__()
        self._shown_name = name
        self._opened = opened
        self._tunnel = tunnel(opened.address, os.environ) if is_remote else ""

    @property
    def _asks_network(self) -> bool:
        return self._opened.is_page and not self._opened.has_network

    def compose(self) -> ComposeResult:
        """Draw it."""
        offered = ["y copy address", *(["t copy ssh line"] if self._tunnel else [])]
        offered += ["H with network"] if self._asks_network else []
        with Vertical(classes="dialog") as box:
            box.border_title = label(f"{one_line(self._shown_name, 60)} is served to a browser")
            box.border_subtitle = keys(" · ".join([*offered, "esc back"]))
            yield Static(
                label(f"No program opened it: {self._opened.why_served.rstrip('.')}."), classes="note"
            )
            yield Static(label(self._opened.address), classes="rule")
            if self._tunnel:
                yield Static(label("From your machine, this line leads there first:"), classes="note")
                yield Static(label(self._tunnel), classes="rule")
            yield Static(label(self._about), classes="note")

    @property
    def _about(self) -> str:
        about = "Only this machine is answered, and only at this address, until lis-tui is left."
        if not self._opened.is_page:
            return about
        is_open = self._opened.has_network
        return f"{about}\nThe page runs, {'and may' if is_open else 'but cannot'} use the network."

    def action_copy(self) -> None:
        """Copy the address."""
        self._copy(self._opened.address)

    def action_copy_tunnel(self) -> None:
        """Copy the line that makes the tunnel."""
        if self._tunnel:
            self._copy(self._tunnel)

    def _copy(self, text: str) -> None:
        self.app.copy_to_clipboard(text)
        self.query_one(".dialog", Vertical).border_title = label(f"Copied: {one_line(text, 80)}")

    def action_network(self) -> None:
        """Have the network asked for."""
        if self._asks_network:
            self.dismiss(True)

    def action_leave(self) -> None:
        """Back; it stays served."""
        self.dismiss(None)


class NetworkDialog(ModalScreen[bool | None]):
    """Asks once whether a page may use the network, and says what that means."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS = [Binding("escape,n", "leave", "no"), Binding("enter,y", "allow", "allow it")]

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path

    def compose(self) -> ComposeResult:
        """Draw it."""
        folder = self._path.rpartition("/")[0] or "the work folder"
        with Vertical(classes="dialog -warning") as box:
            box.border_title = label("Let this page use the network?")
            box.border_subtitle = keys("enter allow it · esc no")
            yield Static(label(one_line(self._path, 200)), classes="rule")
            yield Static(
                label(
                    "Maps need it for their tiles. It may then load from any https address, and also tell "
                    f"any: what it holds, what lies beside it in {one_line(folder, 60)}, and that you "
                    "look at it. It still reads nothing else of yours. This counts for the file, also "
                    "when it changes, until lis-tui is left."
                ),
                classes="note",
            )

    def action_allow(self) -> None:
        """Allow it."""
        self.dismiss(True)

    def action_leave(self) -> None:
        """Allow nothing."""
        self.dismiss(None)


def tunnel(address: str, environ: Mapping[str, str]) -> str:
    """Give the line that leads a port of the person's machine here, by the address they came in at."""
    port = urlsplit(address).port
    came = environ.get("SSH_CONNECTION", "").split()
    host, at = (came[2], came[3]) if len(came) == 4 else ("HOST", "22")
    other = "" if at == "22" else f" -p {at}"
    return f"ssh -N -L {port}:127.0.0.1:{port}{other} {getpass.getuser()}@{host}"
