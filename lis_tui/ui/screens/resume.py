"""The dialog that asks with what a run goes on that no process has any more."""

from collections.abc import Callable

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import Input, Static

from lis_tui.core.errors import UsageWrong
from lis_tui.core.spec import Limits
from lis_tui.core.text import one_line, safe_str
from lis_tui.core.view import RunView
from lis_tui.core.wire import Changes
from lis_tui.ui.labels import label
from lis_tui.ui.models import write_model
from lis_tui.ui.paint import Paint
from lis_tui.ui.rows import Ink
from lis_tui.ui.screens.limits import read_limits, write_limits
from lis_tui.ui.screens.travel import TravelDialog


class ResumeDialog(TravelDialog[Changes]):
    """Asks with what a run goes on that no process has any more; enter resumes."""

    BINDINGS = [Binding("ctrl+o", "look", "only look", priority=True)]

    def __init__(
        self, view: RunView, paint: Paint, name: str, *, look: Callable[[], None] | None = None
    ) -> None:
        super().__init__(view, paint)
        self._run_name = name
        self._look = look

    def compose(self) -> ComposeResult:
        """Draw the fields."""
        model = write_model(self.view.model) if self.view.model is not None else ""
        hint = " · ctrl+o only look" if self._look is not None else ""
        with Vertical(classes="dialog -human") as box:
            box.border_title = label(f"Resume {one_line(self._run_name, 40)}")
            box.border_subtitle = label(f"enter resume · tab next field{hint} · esc cancel")
            yield self.row(
                "message", Input(placeholder="said to the model before its next turn", id="message")
            )
            yield self.row("limits", Input(write_limits(self.view.limits), id="limits"))
            yield self.row("model", Input(model, id="model"))
            yield Static("", id="lines")
            yield Static("", classes="problem", markup=False)

    def on_mount(self) -> None:
        """Say what comes back."""
        self.query_one("#message").focus()
        self._tell()

    def on_resize(self) -> None:
        """Fold to the new width."""
        self._tell()

    def _tell(self) -> None:
        self.query_one("#lines", Static).update(self.told(_resume_lines(self.view)))

    def action_look(self) -> None:
        """Open the recording instead."""
        if self._look is not None:
            self.dismiss(None)
            self._look()

    def given(self) -> Changes:
        """Give what is different. Raises LisError."""
        limits = read_limits(self.text_of("limits"), self.view.limits)
        if not isinstance(limits, Limits):
            raise UsageWrong(limits)
        return Changes(
            message=safe_str(self.text_of("message")),
            limits=limits if limits != self.view.limits else None,
            model=self.model(self.view.model),
        )


def _resume_lines(view: RunView) -> list[tuple[str, Ink]]:
    lines: list[tuple[str, Ink]] = [("goes on", ("in its own journal, from where it stopped", "output"))]
    if view.checkpoints:
        lines.append(("back", (f"the sandbox as it was after {max(view.checkpoints)}", "output")))
    elif any(step.started_at is not None for step in view.steps):
        lines.append(("not back", ("no checkpoint was taken: the sandbox is new", "error")))
    ended = view.ended
    if ended is not None and ended.status.endswith("_limit"):
        lines.append(("ended", ("at a limit: raise it, or it ends there again", "warning")))
    return lines
