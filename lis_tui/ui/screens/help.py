"""Help and palette: the table of actions, to read and to search."""

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from lis_tui.core.view import RunView
from lis_tui.ui.actions import ACTIONS, START_TIPS, Action, Focus
from lis_tui.ui.asking import SETTINGS_HELP
from lis_tui.ui.labels import content_of, keys, label
from lis_tui.ui.paint import Paint
from lis_tui.ui.rows import Ink
from lis_tui.ui.strip import SIGNS
from lis_tui.ui.widgets.beside import move_beside


class HelpDialog(ModalScreen[None]):
    """All keys and what they do; what cannot be done now says why."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS = [Binding("escape,q,question_mark,f1,enter", "leave", "back")]

    def __init__(self, view: RunView, where: Focus, paint: Paint) -> None:
        super().__init__()
        self._view = view
        self._where = where
        self._paint = paint

    def compose(self) -> ComposeResult:
        """Draw the table."""
        with Vertical(classes="dialog") as box:
            box.border_title = label("Keys")
            box.border_subtitle = keys("esc back")
            with VerticalScroll():
                yield Static(content_of(self._lines(), self._paint), markup=False, id="keys")

    def _lines(self) -> list[list[Ink]]:
        lines: list[list[Ink]] = []
        group = ""
        for action in ACTIONS:
            if action.group != group:
                group = action.group
                lines += [[], [(group, "accent bold")]] if lines else [[(group, "accent bold")]]
            lines.append(self._line(action))
        return [*lines, [], [("Marks of the strip", "accent bold")], *_marks()]

    def _line(self, action: Action) -> list[Ink]:
        reason = action.why_not(self._view, self._where)
        line = _told(action.key or "palette", action.tip, is_muted=bool(reason))
        return [*line, (f"  ({reason})", "muted italic")] if reason else line

    def action_leave(self) -> None:
        """Back."""
        self.dismiss()


class StartHelpDialog(HelpDialog):
    """What the start screen's keys and settings are, then the keys that come once a run is shown."""

    def __init__(self, paint: Paint) -> None:
        super().__init__(RunView(), Focus(), paint)

    def _lines(self) -> list[list[Ink]]:
        lines: list[list[Ink]] = [[("Here", "accent bold")], *[_told(*pair) for pair in START_TIPS]]
        lines += [[], [("Settings", "accent bold"), ("  one line, every word optional", "muted")]]
        lines += [_told(*pair, width=14) for pair in SETTINGS_HELP]
        return [*lines, [], [("While a run is shown", "accent bold")], *super()._lines()]

    def _line(self, action: Action) -> list[Ink]:
        return _told(action.key or "palette", action.tip)


def _marks() -> list[list[Ink]]:
    """Give the signs, four a line."""
    lines: list[list[Ink]] = []
    for number, (text, tone) in enumerate(SIGNS):
        if number % 4 == 0:
            lines.append([("  ", "")])
        lines[-1].append((f"{text:<18}", tone))
    return lines


def _told(key: str, tip: str, *, width: int = 10, is_muted: bool = False) -> list[Ink]:
    return [
        (f"  {key:<{width}}", "muted" if is_muted else "command bold"),
        (tip, "muted" if is_muted else "output"),
    ]


class PaletteDialog(ModalScreen[str | None]):
    """Searches the actions; enter does the first that fits."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS = [
        Binding("escape", "cancel", "cancel"),
        Binding("down", "move(1)", "down", priority=True),
        Binding("up", "move(-1)", "up", priority=True),
    ]

    def __init__(self, view: RunView, where: Focus, paint: Paint) -> None:
        super().__init__()
        self._view = view
        self._where = where
        self._paint = paint

    def compose(self) -> ComposeResult:
        """Draw the field and the list."""
        with Vertical(classes="dialog") as box:
            box.border_title = label("All actions")
            box.border_subtitle = keys("enter do it · esc cancel")
            yield Input(placeholder="search", id="search")
            yield OptionList(*self._options(""), id="actions", markup=False)

    def on_mount(self) -> None:
        """Put the cursor into the field."""
        self.query_one(Input).focus()
        self.query_one(OptionList).highlighted = 0

    def _options(self, wanted: str) -> list[Option]:
        fitting = [action for action in ACTIONS if action.id != "palette" and _fits(action, wanted)]
        sought = wanted.lower().strip()
        fitting.sort(
            key=lambda action: (
                bool(action.why_not(self._view, self._where)),
                not action.label.lower().startswith(sought),
                sought not in action.label.lower(),
            )
        )
        return [self._option(action) for action in fitting]

    def _option(self, action: Action) -> Option:
        reason = action.why_not(self._view, self._where)
        tone = "muted" if reason else "command"
        line: list[Ink] = [
            (f"{action.key:<9} ", "accent" if not reason else "muted"),
            (f"{action.label:<14} ", tone),
        ]
        line.append((reason or action.tip, "muted"))
        return Option(content_of([line], self._paint), id=action.id)

    @on(Input.Changed)
    def _search(self, message: Input.Changed) -> None:
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options(self._options(message.value))
        options.highlighted = 0 if options.option_count else None

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.query_one(OptionList).action_select()

    @on(OptionList.OptionSelected)
    def _selected(self, message: OptionList.OptionSelected) -> None:
        self.dismiss(message.option_id)

    def action_move(self, direction: int) -> None:
        """To the option beside."""
        move_beside(self.query_one(OptionList), direction)

    def action_cancel(self) -> None:
        """Do nothing."""
        self.dismiss(None)


def _fits(action: Action, wanted: str) -> bool:
    text = f"{action.label} {action.tip} {action.key}".lower()
    return all(word in text for word in wanted.lower().split())
