"""The whole output of a step on a screen of its own."""

import asyncio
from codecs import getincrementaldecoder
from pathlib import Path

from rich.style import Style as RichStyle
from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import Screen

from lis_tui.core.beneath import read_beneath
from lis_tui.core.bus import spawn
from lis_tui.core.errors import FileRefused
from lis_tui.core.hostile import HOSTILE
from lis_tui.core.hostile import shown as visible
from lis_tui.core.messages import Observation
from lis_tui.core.parts import StepView
from lis_tui.core.text import Style, clean
from lis_tui.ui import words
from lis_tui.ui.calls import command_of, result_sign, short
from lis_tui.ui.paint import Paint
from lis_tui.ui.rows import Ink, cells, cut, tone_of
from lis_tui.ui.widgets.lines import Lines
from lis_tui.ui.widgets.output import OutputView

MOST_BYTES = 64 << 20
POLL_S = 0.5


class OutputScreen(Screen[None]):
    """Shows the file that holds the output, or what the model saw of it where there is no file."""

    CSS_PATH = "whole.tcss"
    BINDINGS = [
        Binding("escape,q,enter", "leave", "back"),
        Binding("j", "scroll(1)", "down"),
        Binding("k", "scroll(-1)", "up"),
        Binding("g", "ends(-1)", "top"),
        Binding("G,F", "ends(1)", "end"),
        Binding("w", "wrap", "wrap"),
        Binding("r", "raw", "raw"),
        Binding("m", "model", "what the model saw"),
        Binding("y", "copy", "copy"),
        Binding("ctrl+c", "copy_selected", "copy"),
    ]

    def __init__(self, step: StepView, outputs: Path | None, paint: Paint) -> None:
        super().__init__()
        self._step = step
        self._outputs = outputs
        self._paint = paint
        self._offset = 0
        self._is_reading = False
        self._has_head = False
        self._is_raw = False
        """Control codes are shown, not applied."""
        self._is_models = False
        """What the model saw is shown, where that is not what the command wrote."""
        self._decode = getincrementaldecoder("utf-8")("backslashreplace").decode
        self._output = OutputView(look=self._look)

    def compose(self) -> ComposeResult:
        """Draw title, output and keys."""
        yield Lines(self._paint, self._title, id="request-title", tone="foreground on-surface")
        yield self._output
        yield Lines(self._paint, self._keys, id="status", tone="foreground on-surface")

    def on_mount(self) -> None:
        """Read the output, and go on reading while the command runs."""
        self._output.focus()
        spawn(self._read(), "output")
        if not self._step.is_over:
            self.set_interval(POLL_S, self._poll)

    def _poll(self) -> None:
        if not self._is_reading:
            spawn(self._read(), "output")

    async def _read(self) -> None:
        self._is_reading = True
        try:
            data = await asyncio.to_thread(self._load)
        finally:
            self._is_reading = False
        if data is not None and self.is_attached:
            shown = HOSTILE.sub(visible, self._decode(data)).encode() if self._is_raw else data
            self._output.feed(self._head() + shown)
        if self._step.is_over and self._output.is_attached:
            self._output.finish()
            self._output.is_following = self._output.is_following and self._offset > 1 << 20
        self.query_one("#request-title").refresh()

    def _head(self) -> bytes:
        """Give the command once, whole: the workbench shows the beginning of a long one."""
        if (
            self._has_head
            or self._step.tool != "execute_bash"
            or (self._step.started_at is None and not self._step.is_over)
        ):
            return b""
        self._has_head = True
        command = clean(command_of(self._step))
        return f"\x1b[1m$ {command}\x1b[0m\n\n".encode("utf-8", errors="replace")

    def _load(self) -> bytes | None:
        step = self._step
        if step.started_at is None and step.observation is None:
            return self._proposal()
        name = step.observation.output_name if step.observation is not None else ""
        name = name or f"{step.address}.txt"
        if self._outputs is not None and not self._is_models:
            try:
                whole = read_beneath(self._outputs, name.encode(), MOST_BYTES, self._offset)
            except FileRefused:
                pass
            else:
                self._offset += len(whole.data)
                return whole.data
        if self._offset:
            return None
        self._offset = 1
        if step.observation is not None:
            return self._told(step.observation).encode("utf-8", errors="replace")
        return bytes(step.tail)

    def _told(self, seen: Observation) -> str:
        if self._is_models:
            return seen.text if self._step.edited_text is None else self._step.edited_text
        return seen.diff or (seen.text if seen.output is None else seen.output)

    @property
    def _has_two(self) -> bool:
        """Whether it is known what the command wrote and, apart from that, what the model saw of it."""
        seen = self._step.observation
        return seen is not None and seen.output is not None

    def _proposal(self) -> bytes | None:
        """Give what waits, whole: nobody should have to approve what cannot be seen."""
        if self._offset:
            return None
        self._offset = 1
        return command_of(self._step).encode("utf-8", errors="replace")

    def _look(self, style: Style, is_escape: bool) -> RichStyle:
        found = self._paint.style(tone_of(style, "output"))
        return found + RichStyle(reverse=True) if is_escape else found

    def _title(self, width: int) -> list[list[Ink]]:
        step = self._step
        right = result_sign(step, step.started_at or 0.0)
        left: list[Ink] = [
            (f" {step.address}  ", "muted"),
            (short(step.tool, step.arguments), "command bold"),
        ]
        left = cut(left, width - cells(right) - 2)
        gap = width - cells(left) - cells(right) - 1
        return [[*left, (" " * max(gap, 1), ""), *right, (" ", "")]]

    def _keys(self, width: int) -> list[list[Ink]]:
        line: list[Ink] = [(" ", "")]
        for key, text in (
            ("esc", "back"),
            ("j k", "scroll"),
            ("g G", "ends"),
            ("w", "wrap"),
            ("r", "apply controls" if self._is_raw else "raw"),
            *([("m", "the output" if self._is_models else "what the model saw")] if self._has_two else []),
            ("y", "copy the command"),
        ):
            line += [(key, "accent"), (f" {text}   ", "muted")]
        told = "raw, controls shown" if self._is_raw else "as recorded, controls applied"
        return [cut([*line, (f"{words.size(self._step.output_bytes)} {told}", "muted")], width)]

    def action_leave(self) -> None:
        """Back to the workbench."""
        self.dismiss()

    def action_scroll(self, direction: int) -> None:
        """Move by a line."""
        self._output.scroll_relative(y=direction, animate=False)

    def action_ends(self, direction: int) -> None:
        """Move to an end."""
        if direction < 0:
            self._output.scroll_home(animate=False)
        else:
            self._output.scroll_end(animate=False)

    def action_wrap(self) -> None:
        """Fold long lines, or do not."""
        self._output.wrap = not self._output.wrap

    def action_raw(self) -> None:
        """Show what came with its control codes, or have them applied, as a terminal does."""
        if not self._is_reading:
            self._is_raw = not self._is_raw
            self._show_again()

    def action_model(self) -> None:
        """Show what the model saw of it, or again what the command wrote."""
        if self._has_two and not self._is_reading:
            self._is_models = not self._is_models
            self._show_again()

    def _show_again(self) -> None:
        self._offset, self._has_head = 0, False
        self._decode = getincrementaldecoder("utf-8")("backslashreplace").decode
        self._output.clear()
        self.query_one("#status").refresh()
        spawn(self._read(), "output")

    def action_copy(self) -> None:
        """Copy what ran."""
        self.app.copy_to_clipboard(command_of(self._step))

    def action_copy_selected(self) -> None:
        """Copy what the mouse selected."""
        if selected := self.get_selected_text():
            self.app.copy_to_clipboard(selected)
