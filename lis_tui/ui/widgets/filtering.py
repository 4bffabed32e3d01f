"""The field above a list in which a filter is typed; the screen narrows the list meanwhile."""

from textual.binding import Binding
from textual.widgets import Input


class FilterField(Input):
    """Enter leads to the rows, esc shows all of them; the screen does both."""

    BINDINGS = [
        Binding("escape", "screen.clear_filter", "all of them", priority=True),
        Binding("enter,down,tab", "screen.to_rows", "to the rows", priority=True),
    ]
