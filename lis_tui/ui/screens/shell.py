"""The person's own shell in the sandbox: a line to type, what came of it, and sharing it with the model."""

from collections.abc import Callable

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from lis_tui.core.decisions import Decision, RunOwn, ShareOwn, StopOwn
from lis_tui.core.events import StepAddress
from lis_tui.core.parts import OwnView
from lis_tui.core.text import Sanitiser, one_line, safe_str
from lis_tui.core.view import RunView
from lis_tui.ui import words
from lis_tui.ui.labels import content_of, keys, label
from lis_tui.ui.paint import Paint
from lis_tui.ui.rows import Ink, toned

MOST_COMMANDS = 50
MOST_LINES = 200
"""Of a command that is over or still runs, so many lines at its end are shown."""
MOST_BYTES = 64 * 1024
_NOTE = "Its files are those that the model works on."


class ShellDialog(ModalScreen[None]):
    """Stands below what one looks at; enter runs the line, up and down bring back earlier ones."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS = [
        Binding("escape", "leave", "back"),
        Binding("enter", "run", "run", priority=True),
        Binding("up", "recall(-1)", "earlier", priority=True),
        Binding("down", "recall(1)", "later", priority=True),
        Binding("ctrl+s", "share", "share", priority=True),
        Binding("ctrl+c", "stop", "stop", priority=True),
    ]

    def __init__(
        self, view: RunView, paint: Paint, send: Callable[[Decision], None], at: StepAddress | None = None
    ) -> None:
        super().__init__()
        self._place = f" in a throw-away copy of {at}" if at is not None else ""
        self._view = view
        self._paint = paint
        self._send = send
        self._at = 0
        """How many lines back the history is looked at; 0: the line that is being written."""
        self._draft = ""
        self._shown: object = None

    def compose(self) -> ComposeResult:
        """Draw what was run, and the line."""
        with Vertical(classes="dialog -human -low") as box:
            box.border_title = label(f"Your shell{self._place} · recorded, the model sees nothing of it")
            box.border_subtitle = keys("enter run · up earlier · ctrl+s share the last · esc back")
            with VerticalScroll(id="ran"):
                yield Static("", markup=False)
            yield Input(placeholder="$ a command for the sandbox", id="line")

    def on_mount(self) -> None:
        """Put the cursor into the line."""
        self.query_one("#ran").can_focus = False
        self.query_one(Input).focus()
        self.renew()

    def renew(self) -> None:
        """Draw what came since."""
        own = list(self._view.own.values())[-MOST_COMMANDS:]
        seen = [(one.number, len(one.tail), one.ran is None) for one in own]
        if seen == self._shown:
            return
        self._shown = seen
        lines = [line for one in own for line in _lines(one)]
        if not lines:
            note = "Each command has the sandbox as it was then." if self._place else _NOTE
            lines = [[("Nothing was run here yet. " + note, "muted")]]
        self.query_one("#ran Static", Static).update(content_of(lines, self._paint))
        self.query_one("#ran").scroll_end(animate=False)

    def action_run(self) -> None:
        """Run the line."""
        field = self.query_one(Input)
        command = safe_str(field.value).strip()
        if command:
            self._send(RunOwn(command))
            field.value = ""
            self._at = 0

    def action_recall(self, direction: int) -> None:
        """Bring back an earlier line, or the one that was being written."""
        lines = self._history
        field = self.query_one(Input)
        if not self._at:
            self._draft = field.value
        self._at = min(max(self._at - direction, 0), len(lines))
        field.value = lines[-self._at] if self._at else self._draft
        field.cursor_position = len(field.value)

    @property
    def _history(self) -> list[str]:
        ran = [one.ran.command for one in self._view.own.values() if one.ran is not None]
        return [line for place, line in enumerate(ran) if not place or line != ran[place - 1]]

    def action_stop(self) -> None:
        """Stop what runs here."""
        if any(one.ran is None for one in self._view.own.values()):
            self._send(StopOwn())

    def action_share(self) -> None:
        """Show the model the last command and its output."""
        done = [one for one in self._view.own.values() if one.ran is not None]
        if done:
            self._send(ShareOwn(done[-1].number))
            self.query_one(".dialog").border_title = label("Your shell · shared: the model reads it next")

    def action_leave(self) -> None:
        """Back."""
        self.dismiss()


def _lines(own: OwnView) -> list[list[Ink]]:
    """Give a command, its output and how it ended."""
    ran = own.ran
    command = one_line(ran.command if ran is not None else own.command, 400) or "…"
    lines: list[list[Ink]] = [[("$ ", "human"), (command, "command bold")]]
    if ran is not None and ran.at is not None:
        lines[0].append((f"  in a copy of {ran.at}", "muted"))
    data = bytes(own.tail)[-MOST_BYTES:] or (ran.output.encode(errors="replace") if ran is not None else b"")
    sanitiser = Sanitiser()
    out = [*sanitiser.feed(data), *sanitiser.finish()]
    while out and not out[-1].text.strip():
        out.pop()
    if len(out) > MOST_LINES:
        lines.append([(f"… {words.plural(len(out) - MOST_LINES, 'line')} before", "muted")])
    lines += [toned(line, "output") for line in out[-MOST_LINES:]]
    if ran is None:
        lines.append([("▶ running", "accent"), (" · ctrl+c stops it", "muted")])
    elif ran.exit_code:
        took = words.duration(ran.duration_s)
        lines.append([(f"✗ exit code {ran.exit_code}", "error"), (f"  {took}", "muted")])
    return lines
