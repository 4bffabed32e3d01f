"""The last net before the terminal: what a widget, a title or a crash would pass on raw is caught here."""

import base64
import re
import sys
import traceback
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import TypeVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.app import App
from textual.color import Color
from textual.filter import LineFilter
from textual.worker import WorkerFailed

from lis_tui.core.errors import LisError
from lis_tui.core.hostile import CLASS, HOSTILE, is_safe
from lis_tui.core.text import Secrets, clean, clip, one_line

ReturnType = TypeVar("ReturnType")

_PROGRESS = re.compile(r"\d+;")


class Net(LineFilter):
    """Takes out of every line that Textual is about to write what may not reach a terminal.

    Widths stay as Textual counted them, so nothing moves. Textual's own control sequences are made after it.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Give the segments with their texts and links made safe."""
        if is_safe("".join([segment.text for segment in segments])) and not any(
            segment.style is not None and segment.style.link for segment in segments
        ):
            return segments
        return [
            Segment(text if is_safe(text) else _caught(text), _unlinked(style) if style else style)
            for text, style, _ in segments
        ]


def _caught(text: str) -> str:
    return set_cell_size(_net().sub("", text), cell_len(text))


@cache
def _net() -> re.Pattern[str]:
    # Compiling it costs as much as a whole frame, and most screens never need it.
    return re.compile(rf"{HOSTILE.pattern}|[{CLASS}\t\n]")


@lru_cache(maxsize=1024)
def _unlinked(style: Style) -> Style:
    """Drop a link whose address would break out of its sequence."""
    link = style.link
    return style.update_link(None) if link and (clean(link) != link or not link.isascii()) else style


_THE_NET = Net()


class SafeApp(App[ReturnType]):
    """An app whose lines go through the net, and whose end shows no variables, secrets or controls."""

    secrets = Secrets()
    """What is hidden in a crash report; the app may set one that knows the keys in use."""

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Put the net behind all other filters."""
        return [*super().get_line_filters(), _THE_NET]

    def copy_to_clipboard(self, text: str) -> None:
        """Copy the cleaned text: what is pasted into a shell must not hold controls either."""
        super().copy_to_clipboard(clean(text))

    def _fatal_error(self) -> None:
        error = self._exception or sys.exc_info()[1]
        self.bell()
        if error is not None:
            self._exit_renderables.append(Text(crash_report(error, self.secrets)))
        self._close_messages_no_wait()

    def _print_error_renderables(self) -> None:
        """Print what an exit or a crash left to say, as plain cleaned text."""
        for renderable in self._exit_renderables:
            segments = self.error_console.render(renderable)
            text = "".join(segment.text for segment in segments if not segment.control)
            self.error_console.print(Text(clean(self.secrets.hide(text)).rstrip()), soft_wrap=True)
        self._exit_renderables.clear()


def crash_report(error: BaseException, secrets: Secrets) -> str:
    """Say in one sentence what happened, then where; never with the values of variables."""
    if isinstance(error, WorkerFailed):
        error = error.error
    if isinstance(error, LisError):
        return clean(secrets.hide(error.sentence))
    what = one_line(secrets.hide(f"{type(error).__name__}: {error}"))
    where = clean(secrets.hide("".join(traceback.format_exception(error))))
    where, _ = clip(where, most_bytes=16_000, most_lines=120, note="")
    return f"lis-tui stopped because of a bug of its own ({what}).\n\n{where.rstrip()}"


def terminal_title(text: str) -> str:
    """Give the sequence that sets the window's title."""
    return f"\x1b]0;{one_line(text, 120)}\x07"


def terminal_notice(text: str) -> str:
    """Give the sequence (OSC 9) that shows a desktop notice; a number first would mean something else."""
    said = one_line(text)
    return f"\x1b]9;{' ' if _PROGRESS.match(said) else ''}{said}\x07"


def clipboard(text: str) -> str:
    """Give the sequence (OSC 52) that puts the cleaned text on the clipboard."""
    return f"\x1b]52;c;{base64.b64encode(clean(text).encode()).decode('ascii')}\x07"
