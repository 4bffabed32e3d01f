"""What the sandbox reaches: the list of it, the hosts it may reach, and the answer where it asks for one."""

from lis_tui.core.decisions import AnswerConnection, HostVerdict, SetAllowedHosts
from lis_tui.ui.deeds.group import Group
from lis_tui.ui.reaching import asked_host

_SAID: dict[HostVerdict, str] = {
    "once": "it may, while this step runs",
    "always": "it may, from now on in this run",
    "no": "it may not, while this step runs",
}


class Reaching(Group):
    """Answers the question that is painted, and shows the connections."""

    def host_once(self) -> None:
        """Let it, this once."""
        self._answer("once")

    def host_always(self) -> None:
        """Let it, from now on."""
        self._answer("always")

    def host_no(self) -> None:
        """Do not let it."""
        self._answer("no")

    def connections(self) -> None:
        """List them."""
        from lis_tui.ui.screens.connections import ConnectionsScreen

        self.screen.app.push_screen(ConnectionsScreen(self.screen))

    def hosts(self) -> None:
        """Edit the hosts that may be reached."""
        from lis_tui.ui.screens.hosts import HostsDialog

        def changed(hosts: tuple[str, ...] | None) -> None:
            if hosts is not None:
                self.screen.send(SetAllowedHosts(hosts))

        self.screen.app.push_screen(HostsDialog(self.screen.view.allowed_hosts), changed)

    def _answer(self, verdict: HostVerdict) -> None:
        number = self._painted_host()
        if number is not None:
            self.screen.send(AnswerConnection(number, verdict))
            self.screen.hint(_SAID[verdict])

    def _painted_host(self) -> int | None:
        """Give the question that the person saw when they pressed the key; else say why it did nothing."""
        commands = self.screen.commands
        number = commands.painted_host
        if number is None and asked_host(self.screen.view) is not None:
            self.focus(commands)
            commands.show_host()
            self.screen.hint("this is what the sandbox asks for; press again to answer")
        elif number is not None and self.is_too_soon(commands.host_age_s):
            return None
        return number
