"""What an action is: an entry of the table that keys, footer, palette, help and README are printed from."""

from typing import Literal

from msgspec import Struct

from lis_tui.core.view import RunView
from lis_tui.ui.conditions import Condition, Focus, Why, always

Group = Literal["Run", "Decide", "Travel", "Move", "Note", "Look", "Always"]
_OF_THE_WHOLE = frozenset(
    {
        *("Run", "Decide", "Travel", "Note"),
        *("continue", "back_to_match", "last", "follow", "search", "next_hit", "previous_hit"),
        *("file_diff", "sent", "compare", "numbers", "export", "judge"),
    }
)
"""Groups, and single actions of others, that take all of a recording."""
_LEAFING = ("next_trajectory", "previous_trajectory")


class Action(Struct, frozen=True):
    """Something a person can do on the workbench."""

    id: str
    keys: str
    """As Textual names them, separated by commas."""
    label: str
    tip: str
    group: Group
    in_footer: bool = False
    condition: Condition = always
    shown: str = ""
    """The keys as people read them, where Textual's names differ."""

    @property
    def key(self) -> str:
        """The keys as people read them."""
        return self.shown or self.keys.replace(",", " ")

    @property
    def is_of_the_whole(self) -> bool:
        """Of a recording it takes all of it, not the beginning alone."""
        return not _OF_THE_WHOLE.isdisjoint((self.group, self.id)) and self.id not in _LEAFING

    def why_not(self, view: RunView, focus: Focus) -> Why:
        """Say why it cannot run now; empty where it can."""
        if focus.is_partial and (self.is_of_the_whole or (self.id == "next" and focus.is_last)):
            return "only the beginning of this recording has been read"
        return self.condition(view, focus)
