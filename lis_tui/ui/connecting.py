"""The part of the table of actions that is about what the sandbox reaches."""

from lis_tui.core.view import RunView
from lis_tui.ui.action import Action
from lis_tui.ui.conditions import Focus, Why, changeable, has_step, live
from lis_tui.ui.reaching import network_of

HOST_IDS = ("host_once", "host_always", "host_no")
"""What answers the question about a host, in the order of its box."""
_MEANT = {"approve": "host_once", "allow": "host_always", "reject": "host_no"}


def host_asked(view: RunView, focus: Focus) -> Why:
    """The sandbox asks for a host."""
    return live(view, focus) or ("" if view.asked_hosts else "the sandbox asks for no host")


def hosts_editable(view: RunView, focus: Focus) -> Why:
    """The run goes on, or could, and knows hosts by name."""
    if why := changeable(view, focus):
        return why
    network = network_of(view)
    if network == "none":
        return "this run has no network"
    if network != "allow":
        return "this run's network is not limited to hosts (network=allow is)"
    return ""


def meant_host(action_id: str, focus: Focus) -> str:
    """Give what a key means while the sandbox asks for a host and nothing else waits."""
    return _MEANT.get(action_id, action_id) if focus.asks_host else action_id


ANSWERING: tuple[Action, ...] = (
    Action(
        "host_once",
        "",
        "once",
        "Where the sandbox asks for a host: let it reach that while this step runs.",
        "Decide",
        False,
        host_asked,
        "a",
    ),
    Action(
        "host_always",
        "",
        "always",
        "Where it asks for a host: let it reach that from now on in this run.",
        "Decide",
        False,
        host_asked,
        "A",
    ),
    Action(
        "host_no",
        "",
        "no",
        "Where it asks for a host: do not let it.",
        "Decide",
        False,
        host_asked,
        "x",
    ),
)
CONNECTING: tuple[Action, ...] = (
    Action(
        "connections",
        "S",
        "connections",
        "What the sandbox reached, and what it was refused; edit the hosts that it may reach.",
        "Look",
        False,
        has_step,
    ),
    Action(
        "hosts",
        "",
        "allowed hosts",
        "Change the hosts that the sandbox may reach.",
        "Look",
        False,
        hosts_editable,
    ),
)
