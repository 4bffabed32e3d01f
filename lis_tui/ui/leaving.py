"""What remains of a run when one leaves its screen: what is printed, the exit code, what is to close."""

from typing import TYPE_CHECKING

from lis_tui.core.events import EXIT_CODES
from lis_tui.ui import words

if TYPE_CHECKING:
    from lis_tui.ui.screens.workbench import Workbench


class Leaving:
    """Tells it of one workbench, as it stands."""

    def __init__(self, screen: "Workbench") -> None:
        self._screen = screen

    @property
    def is_going_on(self) -> bool:
        """The run is live, and goes on when one leaves."""
        screen = self._screen
        return screen.view.is_live and not screen.source.is_recorded and not screen.lost

    @property
    def needs_closing(self) -> bool:
        """The run has ended and holds a sandbox, unless another run took that over."""
        screen, ended = self._screen, self._screen.view.ended
        is_over = ended is not None and ended.status != "rewound"
        return is_over and not screen.source.is_recorded and not screen.lost

    @property
    def exit_code(self) -> int:
        """What the program's exit code says of the run; 0 where it goes on or was only looked at."""
        screen, ended = self._screen, self._screen.view.ended
        if screen.source.is_recorded:
            return 0
        if screen.lost:
            return screen.lost_code
        return EXIT_CODES[ended.status] if ended is not None else 0

    @property
    def farewell(self) -> str:
        """What is printed when the screen is gone: the answer, or how to come back."""
        view, source = self._screen.view, self._screen.source
        if self._screen.lost:
            return self._screen.lost
        if view.ended is None:
            is_live = view.started is not None and not source.is_recorded
            return f"The run goes on: lis-tui attach {source.name}" if is_live else ""
        parts = [view.ended.answer or f"{words.end_words(view.ended.status)[0]}. {view.ended.reason}".strip()]
        if view.outputs is not None:
            parts.append(f"Saved in {view.outputs.folder}")
        return "\n".join(part.rstrip() for part in parts)
