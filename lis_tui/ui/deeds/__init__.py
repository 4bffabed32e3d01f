"""What each action of the table does on the workbench: a method of its name in one of the groups."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from lis_tui.ui.deeds.breaking import Breaking
from lis_tui.ui.deeds.changing import Changing
from lis_tui.ui.deeds.commanding import Commanding
from lis_tui.ui.deeds.comparing import Comparing
from lis_tui.ui.deeds.deciding import Deciding
from lis_tui.ui.deeds.exporting import Exporting
from lis_tui.ui.deeds.handing import Handing
from lis_tui.ui.deeds.leafing import Leafing
from lis_tui.ui.deeds.listing import Listing
from lis_tui.ui.deeds.looking import Looking
from lis_tui.ui.deeds.marking import Marking
from lis_tui.ui.deeds.moving import Moving
from lis_tui.ui.deeds.reaching import Reaching
from lis_tui.ui.deeds.replaying import Replaying
from lis_tui.ui.deeds.running import Running
from lis_tui.ui.deeds.searching import Searching
from lis_tui.ui.deeds.travelling import Travelling

if TYPE_CHECKING:
    from lis_tui.ui.screens.workbench import Workbench

GROUPS = (
    *(Deciding, Changing, Commanding, Breaking, Running),
    *(Moving, Replaying, Searching, Marking, Leafing, Listing, Looking, Travelling, Comparing),
    *(Exporting, Handing, Reaching),
)
_NAMES = {"continue": "continue_"}
"""Actions that are named by a word of Python."""


class Deeds:
    """Carries out actions for one workbench."""

    def __init__(self, screen: "Workbench") -> None:
        self._groups = tuple(group(screen) for group in GROUPS)

    def do(self, action_id: str) -> None:
        """Carry out an action that can run now."""
        name = _NAMES.get(action_id, action_id)
        group = next(each for each in self._groups if hasattr(each, name))
        deed: Callable[[], None] = getattr(group, name)
        deed()
