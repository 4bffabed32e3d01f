"""The dialogs of time travel: go back to a step, or fork at it."""

from pathlib import Path
from typing import TypeVar, get_args

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input, Static, TextArea

from lis_tui.core.errors import LisError, UsageWrong
from lis_tui.core.parts import StepView
from lis_tui.core.spec import Mode, ModelSpec
from lis_tui.core.text import one_line, safe_str
from lis_tui.core.view import RunView
from lis_tui.core.wire import Changes
from lis_tui.ui.calls import short
from lis_tui.ui.departure import Departure, Point, default_point, fork_lines, needs_rebuilding, rewind_lines
from lis_tui.ui.labels import content_of, label
from lis_tui.ui.models import read_model, write_model
from lis_tui.ui.paint import Paint
from lis_tui.ui.rows import Ink, Row
from lis_tui.ui.screens.edit import part_of, with_part
from lis_tui.ui.widgets.choice import Choice
from lis_tui.ui.widgets.code import CodeArea

MOST_PROMPT = 1 << 20
MODES: tuple[Mode, ...] = get_args(Mode)
SIDES = ("after it", "before it, which is then next")
SANDBOXES = ("rebuilt by re-execution", "a new one, without what was done")
_NAME_WIDTH = 9
Given = TypeVar("Given")


class TravelDialog(ModalScreen[Given | None]):
    """What the dialogs of time travel share: rows of a name and a field, and sentences below."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS = [
        Binding("escape", "cancel", "cancel", priority=True),
        Binding("ctrl+s", "apply", "do it", priority=True),
        Binding("enter", "apply", "do it"),
    ]

    def __init__(self, view: RunView, paint: Paint) -> None:
        super().__init__()
        self.view = view
        self.paint = paint

    def given(self) -> Given:
        """Give what was chosen. Raises LisError where it makes no sense, which is said."""
        raise NotImplementedError

    def action_cancel(self) -> None:
        """Do nothing."""
        self.dismiss(None)

    @on(Input.Submitted)
    def action_apply(self) -> None:
        """Give what was chosen, or say what is wrong with it."""
        try:
            given = self.given()
        except LisError as error:
            self.query_one(".problem", Static).update(label(error.sentence))
        else:
            self.dismiss(given)

    def row(self, name: str, field: Widget) -> Horizontal:
        """Give a field with its name before it."""
        return Horizontal(Static(label(name), classes="name"), field, classes="row", id=f"row-{name}")

    def text_of(self, field: str) -> str:
        """Give what a field says."""
        return self.query_one(f"#{field}", Input).value.strip()

    def told(self, lines: list[tuple[str, Ink]]) -> Content:
        """Give lines of a word and a sentence, folded to the dialog."""
        width = max(min(self.app.size.width * 9 // 10, 110) - 4, 20)
        rows = [
            Row([ink], lead=[(f"{name:<{_NAME_WIDTH}}", "muted")], most=4, is_prose=True)
            for name, ink in lines
        ]
        return content_of([line for row in rows for line in row.lines(width)], self.paint)

    def model(self, now: ModelSpec | None) -> ModelSpec | None:
        """Give the model where it is another one than now. Raises LisError."""
        if now is None:
            return None
        read = read_model(self.text_of("model"), now)
        return read if read != now else None


class RewindDialog(TravelDialog[Point]):
    """Says what comes back, what is dropped and what is lost; enter goes back."""

    def __init__(self, view: RunView, paint: Paint, step: StepView, name: str) -> None:
        super().__init__(view, paint)
        self._step = step
        self._run_name = name
        self._point = default_point(step)

    def compose(self) -> ComposeResult:
        """Draw it."""
        with Vertical(classes="dialog -warning") as box:
            box.border_title = label(f"Rewind to {self._step.address}")
            box.border_subtitle = label("enter rewind · ←→ side of the step · esc stay")
            yield Static(label(short(self._step.tool, self._step.arguments)), classes="step")
            if self._step.is_over:
                yield self.row("to", Choice(self.paint, SIDES, id="side"))
            yield Static("", id="lines")
            yield Static("", classes="problem", markup=False)

    def on_mount(self) -> None:
        """Say what it comes to."""
        for choice in self.query(Choice):
            choice.focus()
        self._tell()

    def on_resize(self) -> None:
        """Fold to the new width."""
        self._tell()

    @on(Choice.Changed)
    def _side_chosen(self, message: Choice.Changed) -> None:
        self._point = Point(self._step.address, is_before=bool(message.choice.chosen))
        self._tell()

    def _tell(self) -> None:
        lines = rewind_lines(self.view, self._point, self._run_name)
        self.query_one("#lines", Static).update(self.told(lines))

    def given(self) -> Point:
        """Give the step and its side."""
        return self._point


class ForkDialog(TravelDialog[Departure]):
    """Asks where a fork leaves the run and what is different in it; enter forks."""

    def __init__(self, view: RunView, paint: Paint, step: StepView, name: str, *, is_live: bool) -> None:
        super().__init__(view, paint)
        self._step = step
        self._run_name = name
        self._is_live = is_live
        self._point = default_point(step)
        self._part = part_of(step.tool, step.arguments)

    def compose(self) -> ComposeResult:
        """Draw the fields."""
        model = write_model(self.view.model) if self.view.model is not None else ""
        with Vertical(classes="dialog -human -fork") as box:
            box.border_title = label(f"Fork {one_line(self._run_name, 40)} at {self._step.address}")
            box.border_subtitle = label("enter fork · tab next field · ctrl+s from the editor · esc cancel")
            with VerticalScroll(can_focus=False):
                yield Static(label(short(self._step.tool, self._step.arguments)), classes="step")
                if self._step.is_over:
                    yield self.row("leave", Choice(self.paint, SIDES, id="side"))
                yield Static(label(f"it runs this instead ({self._part.title}):"), classes="note edits")
                yield CodeArea(self._part.text, self._part.language, self.paint)
                yield self.row("model", Input(model, id="model"))
                yield self.row(
                    "message", Input(placeholder="said to the model before its next turn", id="message")
                )
                yield self.row(
                    "prompt", Input(placeholder="file that replaces the system prompt", id="prompt")
                )
                yield self.row("mode", Choice(self.paint, MODES, MODES.index(self.view.mode), id="mode"))
                if needs_rebuilding(self.view, self._point) and self.view.imported is None:
                    yield self.row("sandbox", Choice(self.paint, SANDBOXES, id="sandbox"))
                yield Static("", id="lines")
            yield Static("", classes="problem", markup=False)

    def on_mount(self) -> None:
        """Say what it comes to."""
        self.query_one("#side" if self._step.is_over else "#message").focus()
        self._tell()

    def on_resize(self) -> None:
        """Fold to the new width."""
        self._tell()

    @on(Choice.Changed, "#side")
    def _side_chosen(self, message: Choice.Changed) -> None:
        self._point = Point(self._step.address, is_before=bool(message.choice.chosen))
        self._tell()

    @on(Choice.Changed, "#sandbox")
    def _sandbox_chosen(self) -> None:
        self._tell()

    @property
    def _is_rebuilt(self) -> bool:
        choice = next(iter(self.query("#sandbox").results(Choice)), None)
        is_needed = needs_rebuilding(self.view, self._point)
        return is_needed and (self.view.imported is not None or choice is None or not choice.chosen)

    def _tell(self) -> None:
        rebuilt = self._is_rebuilt
        name = self._run_name
        lines = fork_lines(self.view, self._point, name, is_live=self._is_live, is_rebuilt=rebuilt)
        self.query_one("#lines", Static).update(self.told(lines))
        for widget in (*self.query(".edits"), self.query_one(CodeArea)):
            widget.display = self._point.is_before

    def given(self) -> Departure:
        """Give where and what. Raises LisError."""
        mode = MODES[self.query_one("#mode", Choice).chosen]
        changes = Changes(
            model=self._model(),
            mode=mode if mode != self.view.mode else None,
            system_prompt=_read_prompt(self.text_of("prompt")),
            message=safe_str(self.text_of("message")),
            arguments=self._arguments() if self._point.is_before else None,
        )
        return Departure(self._point, changes, is_rebuilt=self._is_rebuilt)

    def _model(self) -> ModelSpec | None:
        """Of another program's model only the name is known: what is written here is what is meant."""
        now = self.view.model
        if self.view.imported is None or now is None:
            return self.model(now)
        if not self.text_of("model"):
            raise UsageWrong("Say which model goes on live from there.")
        return read_model(self.text_of("model"), now)

    def _arguments(self) -> str | None:
        text = self.query_one(TextArea).text
        if text == self._part.text:
            return None
        try:
            return with_part(self._step.arguments, self._part, safe_str(text))
        except ValueError as error:
            raise UsageWrong(str(error)) from error


def _read_prompt(path: str) -> str | None:
    if not path:
        return None
    try:
        with Path(path).expanduser().open("rb") as file:
            data = file.read(MOST_PROMPT + 1)
    except OSError as error:
        raise UsageWrong(f"{path} cannot be read: {error.strerror}.") from error
    if len(data) > MOST_PROMPT:
        raise UsageWrong(f"{path} is too long for a system prompt.")
    return safe_str(data.decode("utf-8", errors="replace"))
