"""Sheets on a screen of their own, under a line that stays; more of them come where one nears an end."""

from collections.abc import Callable

from lis_tui.ui.media.view import MediaView
from lis_tui.ui.paint import Paint
from lis_tui.ui.rows import Ink

NEAR = 120
"""So many lines before an end more is asked for."""


class WholeView(MediaView):
    """`caption` gives the line above for a width; `near` is told of an end (-1, 1) that is near."""

    def __init__(
        self, paint: Paint, caption: Callable[[int], list[Ink]], near: Callable[[int], None]
    ) -> None:
        super().__init__(paint, id="whole")
        self._caption = caption
        self._near = near

    def title(self) -> tuple[list[Ink], list[Ink]]:
        """Give the line above."""
        return self._caption(self.size.width), []

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Look ahead."""
        super().watch_scroll_y(old_value, new_value)
        self._look_ahead(new_value - old_value)

    def move_to(self, number: int, *, is_scrolling: bool = True) -> None:
        """Move, and look ahead."""
        before = self.cursor
        super().move_to(number, is_scrolling=is_scrolling)
        self._look_ahead(number - before)

    def action_page_down(self) -> None:
        """Go on by what is seen."""
        self._turn(1)

    def action_page_up(self) -> None:
        """Go back by what is seen."""
        self._turn(-1)

    def _turn(self, direction: int) -> None:
        step = max(self.size.height - 2, 1) * direction
        self.scroll_to(y=self.scroll_y + step, animate=False)
        self.move_to(self.cursor + step)

    def _look_ahead(self, direction: float) -> None:
        top = round(self.scroll_y)
        if direction > 0 and top + self.size.height + NEAR > self._heights.total:
            self._near(1)
        elif direction < 0 and top < NEAR:
            self._near(-1)
