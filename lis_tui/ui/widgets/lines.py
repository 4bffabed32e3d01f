"""A widget of a few lines that are drawn from inks; the cheapest kind there is."""

from collections.abc import Callable

from rich.segment import Segment
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from lis_tui.ui.paint import Paint
from lis_tui.ui.rows import Ink


class ThemeAsked(Message):
    """The next theme, please."""


class Lines(Widget):
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
        self._make = make
        self._tone = tone

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Be as tall as what is drawn."""
        return len(self._make(width))

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        width = self.size.width
        lines = self._make(width)
        inks = lines[y] if y < len(lines) else []
        strip = Strip([Segment(text, self.paint.style(tone)) for text, tone in inks])
        base = self.paint.style(self._tone)
        return strip.crop_extend(0, width, base).apply_style(base)

    def on_click(self, event: events.Click) -> None:
        """Tell where the mouse was pressed."""
        self.post_message(self.Pressed(self, event.x, event.y))

    def repaint(self, paint: Paint) -> None:
        """Draw with another theme."""
        self.paint = paint
        self.refresh()
