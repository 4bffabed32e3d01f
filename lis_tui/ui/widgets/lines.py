"""A widget of a few lines that are drawn from inks; the cheapest kind there is."""

from collections.abc import Callable

from rich.segment import Segment
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from lis_tui.ui.paint import Paint
from lis_tui.ui.rows import Ink
from lis_tui.ui.widgets.direct import Direct


class ThemeAsked(Message):
    """The next theme, please."""


class Lines(Direct):
    """Draws what `make` gives for a width: one list of inks a line."""

    ALLOW_SELECT = False

    class Pressed(Message):
        """The mouse was pressed on a cell."""

        def __init__(self, widget: "Lines", x: int, y: int) -> None:
            super().__init__()
            self.widget = widget
            self.x = x
            self.y = y

    def __init__(
        self,
        paint: Paint,
        make: Callable[[int], list[list[Ink]]],
        *,
        id: str,  # noqa: A002  (Textual's word)
        tone: str = "foreground on-background",
    ) -> None:
        super().__init__(id=id)
        self.paint = paint
        self.tone = tone
        self._make = make
        self._drawn: tuple[list[list[Ink]], int, list[Strip]] = ([], 0, [])

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Be as tall as what is drawn."""
        return len(self._make(width))

    def renew(self) -> None:
        """Draw again where something looks different."""
        if self._make(self.size.width) != self._drawn[0]:
            self.refresh()

    def draw_line(self, y: int) -> Strip:
        """Draw one line."""
        width = self.size.width
        lines, drawn_width, strips = self._drawn
        if y == 0 or width != drawn_width:
            made = self._make(width)
            if made != lines or width != drawn_width:
                strips = [self.finished(self._strip(inks)) for inks in made]
                self._drawn = (made, width, strips)
        return strips[y] if y < len(strips) else self.finished(Strip.blank(0))

    def _strip(self, inks: list[Ink]) -> Strip:
        return Strip([Segment(text, self.paint.style(tone)) for text, tone in inks])

    def on_click(self, event: events.Click) -> None:
        """Tell where the mouse was pressed."""
        self.post_message(self.Pressed(self, event.x, event.y))

    def repaint(self, paint: Paint) -> None:
        """Draw with another theme."""
        self.paint = paint
        self._drawn = ([], 0, [])
        self.refresh()
