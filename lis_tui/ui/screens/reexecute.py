"""The dialog of re-execution: how far, whether it stops where it diverges, what counts as the same."""

from pathlib import Path

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from lis_tui.config.normalising import read_rules, rules_path
from lis_tui.core.errors import LisError
from lis_tui.core.parts import StepView
from lis_tui.core.text import one_line, plural
from lis_tui.core.view import RunView
from lis_tui.core.wire import Reexecute
from lis_tui.ui.again import variables_of
from lis_tui.ui.labels import label
from lis_tui.ui.paint import Paint
from lis_tui.ui.rows import Ink
from lis_tui.ui.screens.travel import TravelDialog
from lis_tui.ui.widgets.choice import Choice

_STOPS = ("go on", "stop at the first")
_MODES = ("at once", "wait at each step")


class ReexecuteDialog(TravelDialog[Reexecute]):
    """Asks how what was recorded is done again; enter begins."""

    def __init__(
        self, view: RunView, paint: Paint, step: StepView | None, name: str, *, config_folder: Path | None
    ) -> None:
        super().__init__(view, paint)
        self._step = step
        self._run_name = name
        self._config_folder = config_folder

    def compose(self) -> ComposeResult:
        """Draw the fields."""
        ends = ("the end",) if self._step is None else ("the end", f"{self._step.address}, under the cursor")
        with Vertical(classes="dialog -human") as box:
            box.border_title = label(f"Re-execute {one_line(self._run_name, 40)}")
            box.border_subtitle = label("enter begin · ←→ choose · tab next field · esc cancel")
            yield self.row("until", Choice(self.paint, ends, id="last"))
            yield self.row("diverged", Choice(self.paint, _STOPS, id="stop"))
            yield self.row("runs", Choice(self.paint, _MODES, id="mode"))
            yield Static("", id="lines")
            yield Static("", classes="problem", markup=False)

    def on_mount(self) -> None:
        """Say what it comes to."""
        self.query_one("#last").focus()
        self._tell()

    def on_resize(self) -> None:
        """Fold to the new width."""
        self._tell()

    def _tell(self) -> None:
        count = plural(sum(step.started_at is not None for step in self.view.steps), "step")
        what = f"{count} in a fresh sandbox, each compared with the recording; no model is asked"
        lines: list[tuple[str, Ink]] = [("again", (what, "output"))]
        if self._config_folder is not None:
            lines += _rule_lines(self._config_folder)
        self.query_one("#lines", Static).update(self.told(lines))

    def given(self) -> Reexecute:
        """Give what is asked of the host. Raises LisError."""
        up_to_step = self.query_one("#last", Choice).chosen and self._step is not None
        return Reexecute(
            id=0,
            run=self._run_name,
            last=self._step.address if up_to_step and self._step is not None else None,
            is_stopping=bool(self.query_one("#stop", Choice).chosen),
            mode="step" if self.query_one("#mode", Choice).chosen else "auto",
            rules=None if self._config_folder is None else read_rules(self._config_folder).on,
            secrets=variables_of(self.view),
        )


def _rule_lines(folder: Path) -> list[tuple[str, Ink]]:
    """Say which rules are on, or what is wrong with the file that says it."""
    try:
        names = ", ".join(dict.fromkeys(rule.name for rule in read_rules(folder).on))
    except LisError as error:
        return [("the same", (one_line(error.sentence, 400), "error"))]
    path = one_line(str(rules_path(folder)), 200)
    return [("the same", (f"but for: {names}", "output")), ("", (f"changed in {path}", "muted"))]
