"""What an action is: an entry of the table that keys, footer, palette, help and README are printed from."""

from typing import Literal

from msgspec import Struct

from lis_tui.ui.conditions import Condition, always

Group = Literal["Run", "Decide", "Travel", "Move", "Note", "Look", "Always"]


class Action(Struct, frozen=True):
    """Something a person can do on the workbench."""

    id: str
    keys: str
    """As Textual names them, separated by commas."""
    label: str
    tip: str
    group: Group
    in_footer: bool = False
    why_not: Condition = always
    shown: str = ""
    """The keys as people read them, where Textual's names differ."""

    @property
    def key(self) -> str:
        """The keys as people read them."""
        return self.shown or self.keys.replace(",", " ")
