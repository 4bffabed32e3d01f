"""What screens that are lists share: keys that move, a hint above the keys, sorting and filtering."""

from collections.abc import Sequence
from typing import ClassVar, Generic

from textual import on
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Input

from lis_tui.core.errors import LisError
from lis_tui.ui.hints import Hint
from lis_tui.ui.paint import Paint
from lis_tui.ui.rows import Ink, cut
from lis_tui.ui.screens.diff import key_line
from lis_tui.ui.widgets.blocks import BlockList
from lis_tui.ui.widgets.columned import ColumnedList, Order
from lis_tui.ui.widgets.filtering import FilterField
from lis_tui.ui.widgets.lines import Lines, ThemeAsked

Keys = Sequence[tuple[str, str]]
FILTER_KEYS: Keys = (("enter", "to the rows"), ("esc", "all of them"))


class ListScreen(Screen[None]):
    """Moves in the list in front; its status line says the keys, or a hint for a few seconds."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(1)", "down"),
        Binding("k,up", "move(-1)", "up"),
        Binding("g,home", "ends(-1)", "first"),
        Binding("G,end", "ends(1)", "last"),
        Binding("escape,q,ctrl+q", "leave", "back"),
        Binding("T", "theme", "theme"),
    ]
    keys: Keys = ()

    def __init__(self, paint: Paint) -> None:
        super().__init__()
        self.paint = paint
        self._hint = Hint(self, lambda: self.status.refresh())
        self.status = Lines(paint, self._status, id="status", tone="foreground on-surface")

    @property
    def front(self) -> BlockList:
        """The list that the keys move in."""
        raise NotImplementedError

    @property
    def said(self) -> str:
        """What is said in place of the keys; empty where nothing is."""
        return self._hint.text

    @property
    def keys_now(self) -> Keys:
        """The keys where the person is, and what they do."""
        return self.keys

    def _status(self, width: int) -> list[list[Ink]]:
        if self.said:
            return [cut([(f" {self.said}", "warning")], width)]
        return [key_line(self.keys_now, width)]

    def hint(self, sentence: str) -> None:
        """Say something for a few seconds."""
        self._hint.say(sentence)

    def refused(self, error: Exception) -> None:
        """Say why something was not done; anything but a LisError is a bug."""
        if not isinstance(error, LisError):
            raise error
        self.hint(error.sentence)

    def action_move(self, direction: int) -> None:
        """To another line."""
        self.front.move_to(self.front.cursor + direction)

    def action_ends(self, direction: int) -> None:
        """To an end."""
        self.front.move_to(0 if direction < 0 else self.front.block_count() - 1)

    def action_leave(self) -> None:
        """Back to where one came from, or out."""
        if len(self.app.screen_stack) > 1:
            self.dismiss()
        else:
            self.app.exit(0)

    def action_theme(self) -> None:
        """Take the next theme."""
        self.post_message(ThemeAsked())

    def repaint(self, paint: Paint) -> None:
        """Draw everything with another theme."""
        self.paint = paint
        for widget in self.query("*"):
            if isinstance(widget, Lines | BlockList):
                widget.repaint(paint)


class SortedScreen(ListScreen, Generic[Order]):
    """One list in columns, sorted by any of them and filtered as one types."""

    CSS_PATH = "table.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "open"),
        Binding("pagedown,ctrl+f,ctrl+d", "page(1)", "page down"),
        Binding("pageup,ctrl+b,ctrl+u", "page(-1)", "page up"),
        Binding("slash", "filter", "filter"),
        Binding("s", "next_column", "sort by the next column"),
        Binding("S", "turn", "turn the order round"),
        *(Binding(str(number), f"column({number})", "sort") for number in range(1, 10)),
    ]

    def __init__(self, paint: Paint, rows: ColumnedList[Order]) -> None:
        super().__init__(paint)
        self._rows = rows

    def on_mount(self) -> None:
        """Begin in the rows."""
        self._rows.focus()
        self.watch(self, "focused", self._focus_moved, init=False)

    # ---- what subclasses say

    def arrange_rows(self) -> None:
        """Choose and sort the rows."""
        raise NotImplementedError

    def begins_down(self, column: Order) -> bool:
        """Whether a column's order begins with the largest, as that of numbers does."""
        raise NotImplementedError

    @property
    def orders(self) -> Sequence[Order]:
        """The orders that one key goes through."""
        return self._rows.columns

    def action_open(self) -> None:
        """Show what is under the cursor."""
        raise NotImplementedError

    # ---- moving

    @property
    def front(self) -> BlockList:
        """The only one."""
        return self._rows

    def action_page(self, direction: int) -> None:
        """A page on, or back."""
        self._rows.move_to(self._rows.cursor + direction * max(self._rows.size.height - 2, 1))

    @on(BlockList.Opened)
    def _opened(self) -> None:
        self.action_open()

    # ---- filtering

    @property
    def wanted(self) -> str:
        """The filter, as it was typed so far."""
        return self.query_one(FilterField).value

    @property
    def keys_now(self) -> Keys:
        """Those of the filter, while one types."""
        return FILTER_KEYS if isinstance(self.focused, FilterField) else self.keys

    def _focus_moved(self) -> None:
        self.status.refresh()

    @on(Input.Changed)
    def _filtered(self) -> None:
        self.arrange_rows()

    def action_filter(self) -> None:
        """To the filter."""
        self.query_one(FilterField).focus()

    def action_to_rows(self) -> None:
        """Back to the rows; the filter stays."""
        self._rows.focus()

    def action_clear_filter(self) -> None:
        """Show all of them again."""
        self.query_one(FilterField).value = ""
        self.action_to_rows()

    # ---- sorting

    @on(ColumnedList.HeadPressed)
    def _head_pressed(self, message: ColumnedList.HeadPressed) -> None:
        self.action_column(message.number)

    def action_column(self, number: int) -> None:
        """Sort by a column, counted from the left; once more turns the order round."""
        columns = self._rows.columns
        if number > len(columns):
            self.hint(f"there are {len(columns)} columns")
        elif self._rows.by == columns[number - 1]:
            self.action_turn()
        else:
            self._sort(columns[number - 1])

    def action_next_column(self) -> None:
        """Sort by the column beside."""
        orders = self.orders
        place = orders.index(self._rows.by) if self._rows.by in orders else 0
        self._sort(orders[(place + 1) % len(orders)])

    def action_turn(self) -> None:
        """Turn the order round."""
        self._rows.is_down = not self._rows.is_down
        self.arrange_rows()

    def _sort(self, by: Order) -> None:
        self._rows.by, self._rows.is_down = by, self.begins_down(by)
        self.arrange_rows()
